"""The topic table: every message that travels, its direction, quality of service and whether the broker keeps it.

Also how the broker's address is written, the one other thing both ends must agree on. MQTT 3.1.1 features only. Prose twin: README.md beside this file; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from urllib.parse import unquote, urlsplit

ROOT = "pleaselock/v1"
DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
HOW_TO_WRITE_IT = "write it as mqtt://host:port or mqtts://user:password@host:port"


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


class TopicName(StrEnum):
    WORKER_STATUS = "worker_status"
    CAMERA_HEALTH = "camera_health"
    STAY = "stay"
    ALERT = "alert"
    SNAPSHOT = "snapshot"
    RACK_OCCUPANCY = "rack_occupancy"
    ACK = "ack"
    COMMAND = "command"
    ANNOUNCE = "announce"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class TopicRule:
    """One row. `pattern` stands below `pleaselock/v1/<site>/`; `{name}` marks one level."""

    name: TopicName
    pattern: str
    direction: Direction
    qos: Literal[0, 1]
    retained: bool
    durable: bool
    """True where the edge keeps the message in its outbox until the bridge has acknowledged it."""


TOPICS: tuple[TopicRule, ...] = (
    TopicRule(TopicName.WORKER_STATUS, "worker/{worker}/status", Direction.UP, 1, retained=True, durable=False),
    TopicRule(TopicName.CAMERA_HEALTH, "camera/{camera}/health", Direction.UP, 0, retained=True, durable=False),
    TopicRule(TopicName.STAY, "camera/{camera}/stay", Direction.UP, 1, retained=False, durable=True),
    TopicRule(TopicName.ALERT, "camera/{camera}/alert", Direction.UP, 1, retained=False, durable=True),
    TopicRule(TopicName.SNAPSHOT, "camera/{camera}/snapshot/{alert_id}", Direction.UP, 1, retained=False, durable=True),
    TopicRule(TopicName.RACK_OCCUPANCY, "rack/{rack}/occupancy", Direction.UP, 1, retained=True, durable=False),
    TopicRule(TopicName.ACK, "worker/{worker}/ack", Direction.DOWN, 1, retained=False, durable=False),
    TopicRule(TopicName.COMMAND, "worker/{worker}/command", Direction.DOWN, 1, retained=False, durable=False),
    TopicRule(TopicName.ANNOUNCE, "rack/{rack}/announce", Direction.DOWN, 1, retained=False, durable=False),
    TopicRule(TopicName.CLAIM, "worker/{worker}/claim", Direction.DOWN, 1, retained=False, durable=False),
)
_BY_NAME = {rule.name: rule for rule in TOPICS}


@dataclass(frozen=True, slots=True)
class ParsedTopic:
    """`levels` holds the value of each `{name}` level of the rule's pattern."""

    rule: TopicRule
    site: str
    levels: dict[str, str]


class UnknownTopicError(ValueError):
    """The topic is not one of ours."""


def rule_of(name: TopicName) -> TopicRule:
    return _BY_NAME[name]


def topic(name: TopicName, site: str, **levels: str) -> str:
    """The full topic, such as `pleaselock/v1/north/camera/gate/alert`.

    Raises:
        ValueError: a level is empty or holds `/`, `+`, `#`.
    """
    for level in (site, *levels.values()):
        if not level or set(level) & set("/+#\0"):
            raise ValueError(
                f"{level!r} cannot be one level of an MQTT topic; leave out / + # and give at least one letter"
            )
    return f"{ROOT}/{site}/{rule_of(name).pattern.format(**levels)}"


def subscription(name: TopicName, site: str = "+") -> str:
    """The filter that catches every topic of one rule, for one site or for all."""
    pattern = rule_of(name).pattern.split("/")
    return "/".join([ROOT, site, *("+" if part.startswith("{") else part for part in pattern)])


def parse_topic(text: str) -> ParsedTopic:
    """Take a topic apart.

    Raises:
        UnknownTopicError: it matches no row of the table.
    """
    parts = text.split("/")
    root = ROOT.split("/")
    if parts[: len(root)] != root or len(parts) <= len(root) + 1:
        raise UnknownTopicError(f"topic {text!r} does not begin with {ROOT}/<site>/")
    site, rest = parts[len(root)], parts[len(root) + 1 :]
    for rule in TOPICS:
        levels = _match(rule.pattern.split("/"), rest)
        if levels is not None:
            return ParsedTopic(rule, site, levels)
    raise UnknownTopicError(f"topic {text!r} is not in the topic table")


def is_durable(text: str) -> bool:
    """Whether what comes on this topic must arrive; False for topics that are not ours."""
    try:
        return parse_topic(text).rule.durable
    except UnknownTopicError:
        return False


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    levels = {}
    for expected, actual in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            levels[expected.strip("{}")] = actual
        elif expected != actual:
            return None
    return levels


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = None


class BrokerAddressError(ValueError):
    """The text is not a broker's address; the message says how one is written."""


def parse_broker_address(url: str) -> BrokerAddress:
    """Take `mqtt://user:password@host:port` apart; `mqtts://` means TLS.

    Raises:
        BrokerAddressError: it is not such an address. The message leaves out what may be a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerAddressError(f"the broker's address cannot be read ({error}); {HOW_TO_WRITE_IT}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path not in ("", "/") or port == 0:
        raise BrokerAddressError(f"the broker's address cannot be used; {HOW_TO_WRITE_IT}")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return BrokerAddress(parts.hostname, port or DEFAULT_PORTS[parts.scheme], parts.scheme == "mqtts", user, password)
