"""Step 8: topic and bytes become a valid message, stored once. Nothing is dropped silently, nothing commits here."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from broker_bridge.edge_clocks import EdgeClocks
from broker_bridge.messages import (
    BY_TOPIC,
    AlertMessage,
    Level,
    UpMessage,
    WorkerStatus,
    snapshot_message_id,
    topic_of,
)
from broker_bridge.storing import store_message, store_snapshot
from broker_bridge.topics import Direction, ParsedTopic, TopicName, UnknownTopicError, parse_topic
from dashboard.intake.service import Count, count, quarantine, take_in

JPEG_BEGINS = b"\xff\xd8\xff"
LARGEST_PICTURE_BYTES = 4 * 1024 * 1024
LEVEL: TypeAdapter[str] = TypeAdapter(Level)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as the broker handed it over; `at` is when. `remembered`: said some time before, and kept there."""

    topic: str
    payload: bytes
    at: datetime
    remembered: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an arrival. `message_id` is to be acknowledged to `worker` once the transaction is committed."""

    site: str | None = None
    worker: str | None = None
    camera: str | None = None
    cameras: tuple[str, ...] = ()
    message_id: uuid.UUID | None = None
    worker_is_back: bool = False
    """A worker said it is online: it wants to know whether anybody takes its messages in."""
    problem: str | None = None
    """Why it was put aside, where it was."""


class UnusableError(ValueError):
    """The message cannot be used; it goes to quarantine with this reason."""


def handle_message(session: Session, media: Path, arrival: Arrival, clocks: EdgeClocks | None = None) -> Receipt:
    """Take one arrival in: what it says is stored, once, or it is put aside with the reason.

    With `clocks` they learn from it how its worker's stands, and its times are stored as this machine's.

    Raises:
        SQLAlchemyError, OSError: the database or the media folder cannot be written. The transaction must be rolled
            back and the arrival handled again later.
    """
    try:
        parsed = parse_topic(arrival.topic)
        if parsed.rule.name is TopicName.SNAPSHOT:
            return _handle_snapshot(session, media, arrival, parsed)
        return _handle_json(session, media, arrival, parsed, clocks)
    except (UnknownTopicError, UnusableError) as error:
        return put_aside(session, arrival, str(error))


def put_aside(session: Session, arrival: Arrival, reason: str) -> Receipt:
    """Quarantine an arrival. Its id is acknowledged where it can be read: sending it again would not mend it."""
    quarantine(session, arrival.topic, arrival.payload, reason, arrival.at)
    claimed = _claimed(arrival)
    return Receipt(claimed.site, claimed.worker, claimed.camera, (), claimed.message_id, problem=reason)


def _handle_json(
    session: Session, media: Path, arrival: Arrival, parsed: ParsedTopic, clocks: EdgeClocks | None
) -> Receipt:
    message = _read(arrival, parsed)
    if clocks is not None:
        message = _in_our_time(message, arrival, clocks)
    if parsed.rule.durable:
        if take_in(session, str(message.message_id), arrival.at):
            count(session, Count(message.site, message.worker, message.boot, message.seq + 1), arrival.at)
            store_message(session, media, message)
        return Receipt(message.site, message.worker, getattr(message, "camera", None), (), message.message_id)
    store_message(session, media, message)
    if isinstance(message, WorkerStatus):
        return Receipt(message.site, message.worker, cameras=message.cameras, worker_is_back=message.state == "online")
    return Receipt(message.site, message.worker, getattr(message, "camera", None))


def _in_our_time(message: UpMessage, arrival: Arrival, clocks: EdgeClocks) -> UpMessage:
    clocks.hear(message, arrival.at, remembered=arrival.remembered)
    return clocks.corrected(message, arrival.at)


def _handle_snapshot(session: Session, media: Path, arrival: Arrival, parsed: ParsedTopic) -> Receipt:
    camera, alert_id = _level(parsed.levels["camera"]), _level(parsed.levels["alert_id"])
    if not arrival.payload.startswith(JPEG_BEGINS):
        raise UnusableError("the picture is not a JPEG")
    if len(arrival.payload) > LARGEST_PICTURE_BYTES:
        raise UnusableError(f"the picture has {len(arrival.payload)} bytes; {LARGEST_PICTURE_BYTES} is the most")
    message_id = snapshot_message_id(alert_id, arrival.payload)
    if take_in(session, str(message_id), arrival.at):
        store_snapshot(session, media, alert_id, arrival.payload, arrival.at)
    return Receipt(parsed.site, None, camera, (), message_id)


def _read(arrival: Arrival, parsed: ParsedTopic) -> UpMessage:
    if parsed.rule.direction is not Direction.UP:
        raise UnusableError("this topic goes down to the edge; nothing on it is for the bridge")
    try:
        message = cast("UpMessage", BY_TOPIC[parsed.rule.name].model_validate_json(arrival.payload))
    except ValidationError as error:
        raise UnusableError(_in_one_sentence(arrival.payload, error)) from error
    if topic_of(message) != arrival.topic:
        raise UnusableError(f"the message says it belongs on {topic_of(message)}")
    if isinstance(message, AlertMessage) and message.event == "raised" and message.verdict is None:
        raise UnusableError("verdict: a new alert needs the verdict it follows from")
    return message


def _in_one_sentence(payload: bytes, error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if place == "schema_version":
        return f"schema_version {first['input']!r} is newer than this bridge reads (1); update the bridge"
    if not payload:
        return "the message is empty"
    return f"{place}: {first['msg'].lower()}" if place else first["msg"].lower()


def _level(text: str) -> str:
    try:
        return LEVEL.validate_python(text)
    except ValidationError as error:
        raise UnusableError(f"{text!r} cannot be an id; use letters, digits and - _ . :") from error


def _claimed(arrival: Arrival) -> Receipt:
    """Whose message it says it is, as far as that can be read."""
    try:
        raw = json.loads(arrival.payload)
        said = raw if isinstance(raw, dict) else {}
    except ValueError:  # not JSON, or not text
        said = {}
    site, worker, camera = (_level_or_none(said.get(name)) for name in ("site", "worker", "camera"))
    try:
        message_id = uuid.UUID(str(said.get("message_id")))
    except ValueError:
        message_id = None
    return Receipt(site, worker, camera, (), message_id)


def _level_or_none(value: object) -> str | None:
    try:
        return LEVEL.validate_python(value)
    except ValidationError:
        return None
