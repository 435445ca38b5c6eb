"""What any worker ever sent must parse for ever. Files in golden/ are added to, never changed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_bridge.messages import (
    BY_TOPIC,
    UP_MESSAGE,
    Part,
    alert_id_of,
    snapshot_message_id,
    topic_of,
    uuid7,
)
from broker_bridge.topics import TOPICS, Direction, TopicName, UnknownTopicError, parse_topic, rule_of, topic

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))
NAME = re.compile(r"^(?P<topic>[a-z_]+)\.v(?P<version>\d+)\.(?P<case>[a-z_]+)$")


LEVELS = st.from_regex(r"[A-Za-z0-9_.:-]{1,80}", fullmatch=True)


def parts(file: Path) -> tuple[TopicName, int]:
    match = NAME.match(file.stem)
    assert match, f"{file.name}: name it <topic>.v<version>.<case>.json"
    return TopicName(match["topic"]), int(match["version"])


def goes_up(file: Path) -> bool:
    return rule_of(parts(file)[0]).direction is Direction.UP


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_golden_payload_parses_and_keeps_every_value(file: Path) -> None:
    name, version = parts(file)
    raw = json.loads(file.read_text(encoding="utf-8"))
    message = BY_TOPIC[name].model_validate_json(file.read_bytes())
    said_again = json.loads(message.model_dump_json())
    assert said_again["schema_version"] == version
    assert {key: said_again[key] for key in raw} == raw


@pytest.mark.parametrize("file", [one for one in FILES if goes_up(one)], ids=lambda file: file.stem)
def test_an_upward_payload_finds_its_class_by_its_type_and_its_topic_by_its_fields(file: Path) -> None:
    name, _ = parts(file)
    message = UP_MESSAGE.validate_json(file.read_bytes())
    assert type(message) is BY_TOPIC[name]
    parsed = parse_topic(topic_of(message))
    assert parsed.rule.name is name
    assert parsed.site == message.site


@pytest.mark.parametrize("kind", list(BY_TOPIC.values()), ids=lambda kind: kind.__name__)
def test_every_message_class_has_a_golden_payload_with_every_field_and_one_with_the_fewest(kind: type[Part]) -> None:
    seen = [set(json.loads(file.read_text())) for file in FILES if BY_TOPIC[parts(file)[0]] is kind]
    every = set(kind.model_fields)
    fewest = {name for name, field in kind.model_fields.items() if field.is_required()}
    assert every in seen, f"golden/ lacks a {kind.__name__} with all of {sorted(every)}"
    assert any(fields <= fewest | {"schema_version", "type"} for fields in seen), f"golden/ lacks the shortest {kind}"


def test_fields_of_a_newer_worker_are_passed_over() -> None:
    file = GOLDEN / "alert.v1.raised.json"
    raw = json.loads(file.read_text(encoding="utf-8"))
    newer = raw | {"colour_of_saddle": "red"}
    newer["verdict"] = raw["verdict"] | {"helmet": True}
    assert UP_MESSAGE.validate_python(newer) == UP_MESSAGE.validate_python(raw)


def test_a_newer_schema_is_refused() -> None:
    raw = json.loads((GOLDEN / "alert.v1.raised.json").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="schema_version"):
        UP_MESSAGE.validate_python(raw | {"schema_version": 2})


def test_ids_that_both_ends_compute_are_computed_as_ever() -> None:
    """An edge of today and a bridge of tomorrow must agree, or nothing is ever acknowledged."""
    at = datetime(2026, 5, 4, 8, 0, 5, 250000, tzinfo=UTC)
    assert alert_id_of("stay-1") == "366b1441-90a8-5c4d-9b36-ad61239ab8c9"
    assert str(snapshot_message_id("alert-1", b"picture")) == "2960813e-275d-5bda-95c1-0323a32975c6"
    assert str(uuid7(at, b"entropy")) == "019df200-6482-7767-9a2f-53dd910a8b35"


@given(site=LEVELS, camera=LEVELS, alert_id=LEVELS)
def test_every_topic_that_can_be_written_can_be_read_back(site: str, camera: str, alert_id: str) -> None:
    for rule in TOPICS:
        levels = {"camera": camera, "worker": camera, "rack": camera, "alert_id": alert_id}
        wanted = {name: value for name, value in levels.items() if f"{{{name}}}" in rule.pattern}
        parsed = parse_topic(topic(rule.name, site, **wanted))
        assert (parsed.rule, parsed.site, parsed.levels) == (rule, site, wanted)


NOT_OURS = [
    "",
    "pleaselock",
    "pleaselock/v1",
    "pleaselock/v1/north",
    "pleaselock/v2/north/camera/gate/alert",
    "pleaselock/v1/north/camera/gate",
    "pleaselock/v1/north/camera/gate/alert/more",
    "pleaselock/v1/north/camera/gate/snapshot",
    "homeassistant/v1/north/camera/gate/alert",
]


@pytest.mark.parametrize("text", NOT_OURS)
def test_a_topic_that_is_not_ours_is_an_error(text: str) -> None:
    with pytest.raises(UnknownTopicError):
        parse_topic(text)


@pytest.mark.parametrize("level", ["", "a/b", "+", "#", "a#", "nul\0"])
def test_a_name_that_would_change_the_topic_is_an_error(level: str) -> None:
    with pytest.raises(ValueError, match="cannot be one level"):
        topic(TopicName.ALERT, "north", camera=level)
