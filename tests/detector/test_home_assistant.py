from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from pydantic import ValidationError

from broker_bridge.messages import CameraHealth, RackOccupancy, topic_of
from detector.config import SiteConfig
from detector.config_home_assistant import HomeAssistantConfig
from detector.home_assistant import HomeAssistant, entities
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import Broker, embedded_process, header, status, wait_for
from tests.listener import Listener, listening

OUTLINE = [[0, 0], [1, 0], [1, 1]]
VALID_TOPIC = re.compile(r"^homeassistant/(sensor|binary_sensor)/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/config$")
"""Home Assistant passes over discovery topics with other letters."""
DOCUMENTED = {
    "sensor": {"name", "state_topic", "value_template", "state_class", "icon", "unique_id"},
    "binary_sensor": {
        "name",
        "state_topic",
        "value_template",
        "json_attributes_topic",
        "device_class",
        "entity_category",
        "expire_after",
        "unique_id",
    },
}
SHARED = {"availability", "device", "origin"}


def camera(name: str, *racks: str) -> dict[str, Any]:
    return {"id": name, "source": "0", "racks": [{"id": rack, "outline": OUTLINE} for rack in racks]}


def site(*cameras: dict[str, Any], **keys: Any) -> SiteConfig:  # noqa: ANN401 -- as YAML has them
    raw = {"site": "north", "worker": "edge-1", "cameras": cameras, "home_assistant": {}} | keys
    return SiteConfig.model_validate(raw)


def told_of(config: SiteConfig) -> dict[str, dict[str, Any]]:
    found = entities(config, "0.1.0")
    return {on_topic: json.loads(payload) for on_topic, payload in found.items()}


ONE = site(camera("gate", "t1-east", "t1-west"), camera("yard", "t2"))


def test_each_rack_has_three_sensors_and_each_camera_one() -> None:
    names = {on_topic.split("/", 1)[1]: about["name"] for on_topic, about in told_of(ONE).items()}
    node = next(iter(names)).split("/")[1]
    assert names == {
        f"sensor/{node}/rack_t1-east_bikes/config": "t1-east bikes",
        f"sensor/{node}/rack_t1-east_unlocked/config": "t1-east unlocked",
        f"sensor/{node}/rack_t1-east_unsure/config": "t1-east unsure",
        f"sensor/{node}/rack_t1-west_bikes/config": "t1-west bikes",
        f"sensor/{node}/rack_t1-west_unlocked/config": "t1-west unlocked",
        f"sensor/{node}/rack_t1-west_unsure/config": "t1-west unsure",
        f"sensor/{node}/rack_t2_bikes/config": "t2 bikes",
        f"sensor/{node}/rack_t2_unlocked/config": "t2 unlocked",
        f"sensor/{node}/rack_t2_unsure/config": "t2 unsure",
        f"binary_sensor/{node}/camera_gate_problem/config": "gate problem",
        f"binary_sensor/{node}/camera_yard_problem/config": "yard problem",
    }


def test_every_message_has_only_the_keys_home_assistant_documents() -> None:
    for on_topic, about in told_of(ONE).items():
        assert VALID_TOPIC.match(on_topic)
        assert set(about) == DOCUMENTED[on_topic.split("/")[1]] | SHARED
        assert set(about["device"]) == {"identifiers", "name", "manufacturer", "model", "sw_version"}
        assert set(about["origin"]) == {"name", "sw_version", "support_url"}


def test_names_that_home_assistant_would_not_take_are_rewritten_and_stay_apart() -> None:
    found = told_of(site(camera("gate:1", "a.b", "a:b", "a-b"), worker="edge.1"))
    assert len({about["unique_id"] for about in found.values()}) == len(found) == 10
    assert all(VALID_TOPIC.match(on_topic) for on_topic in found)


def test_two_workers_of_a_site_and_two_sites_are_different_devices() -> None:
    named = [("north", "edge-1"), ("north", "edge-2"), ("south", "edge-1"), ("nor", "th_edge-1"), ("nor_th", "edge-1")]
    devices = [told_of(site(camera("gate"), site=one, worker=other)) for one, other in named]
    assert len({next(iter(found.values()))["device"]["identifiers"][0] for found in devices}) == len(named)


def test_the_entities_can_be_called_in_chinese() -> None:
    found = told_of(site(camera("gate", "t1"), home_assistant={"language": "zh-CN"}))
    assert {about["name"] for about in found.values()} == {"t1 车辆数", "t1 未上锁", "t1 看不清", "gate 摄像头故障"}


def rendered(template: str, payload: str) -> str:
    """As Home Assistant does it: Jinja, given the payload's JSON."""
    return jinja2.Environment(autoescape=False).from_string(template).render(value_json=json.loads(payload))


def test_a_sensor_reads_its_number_from_the_topic_that_travels_anyway() -> None:
    occupancy = RackOccupancy(**header(1), rack="t2", bikes=7, unlocked=2, unsure=1)
    mine = [about for about in told_of(ONE).values() if about["state_topic"] == topic_of(occupancy)]
    assert [rendered(about["value_template"], occupancy.model_dump_json()) for about in mine] == ["7", "2", "1"]


NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
CAMERAS: dict[str, tuple[dict[str, object], str]] = {
    "fine": ({}, "OFF"),
    "without a picture so far": ({"last_frame_at": None}, "ON"),
    **{name: ({name: True}, "ON") for name, about in CameraHealth.model_fields.items() if about.annotation is bool},
}


@pytest.mark.parametrize("case", CAMERAS)
def test_a_camera_that_is_not_well_is_a_problem(case: str) -> None:
    changed, state = CAMERAS[case]
    fields = {"camera": "gate", "fps_in": 5, "fps_seen": 5, "fps_inferred": 5, "last_frame_at": NOW} | changed
    health = CameraHealth.model_validate(header(1, sent_at=NOW) | fields)
    (mine,) = (about for about in told_of(ONE).values() if about["state_topic"] == topic_of(health))
    assert (mine["device_class"], rendered(mine["value_template"], health.model_dump_json())) == ("problem", state)


def test_everything_is_unavailable_while_the_worker_is_offline() -> None:
    for state in ("online", "offline"):
        said = status(state=state)
        for about in told_of(ONE).values():
            (availability,) = about["availability"]
            assert availability["topic"] == topic_of(said)
            assert rendered(availability["value_template"], said.model_dump_json()) == state


# Over a broker


@pytest.fixture
def broker(free_port: int) -> Iterator[Broker]:
    running = embedded_process(free_port)
    running.start()
    yield running
    running.kill()


@contextmanager
def introduced(broker: Broker, folder: Path, config: SiteConfig) -> Iterator[HomeAssistant]:
    with (
        Outbox(folder / "outbox.db") as outbox,
        MqttSink(broker.url, "north", "edge-1", outbox, lambda state: status(state=state)) as sink,
    ):
        here = HomeAssistant(sink, "0.1.0")
        here.introduce(config)
        yield here


def remembered(listener: Listener) -> dict[str, bytes]:
    """What a Home Assistant that starts now would find. The embedded broker may tell of topics nobody asked for."""
    known = {on_topic: payload for on_topic, payload in dict(listener.heard).items() if payload}
    return {on_topic: payload for on_topic, payload in known.items() if on_topic.startswith("homeassistant/")}


def test_what_is_taken_out_of_the_configuration_is_taken_out_of_home_assistant(broker: Broker, tmp_path: Path) -> None:
    fewer = site(camera("gate", "t1-east"))
    with listening(broker, "homeassistant/#") as home_assistant:
        with introduced(broker, tmp_path, ONE) as here:
            wait_for(lambda: remembered(home_assistant).keys() == told_of(ONE).keys())
            here.introduce(fewer)
            wait_for(lambda: remembered(home_assistant).keys() == told_of(fewer).keys())
            here.introduce(site(camera("gate"), home_assistant=None))
            wait_for(lambda: not remembered(home_assistant))
            here.introduce(ONE)
            wait_for(lambda: remembered(home_assistant).keys() == told_of(ONE).keys())
        with introduced(broker, tmp_path, fewer):  # a new start, which knows nothing of what was there
            wait_for(lambda: remembered(home_assistant).keys() == told_of(fewer).keys())
    with listening(broker, "homeassistant/#") as started_later:
        wait_for(lambda: remembered(started_later).keys() == told_of(fewer).keys())


def test_switched_off_everything_is_taken_back_and_others_entities_stay(broker: Broker, tmp_path: Path) -> None:
    others = "homeassistant/sensor/pleaselock_another/rack_1_bikes/config"
    with listening(broker, "homeassistant/#") as home_assistant:
        home_assistant.say(b"{}", others, retained=True)
        with introduced(broker, tmp_path, ONE):
            wait_for(lambda: len(remembered(home_assistant)) == 1 + len(told_of(ONE)))
        with introduced(broker, tmp_path, site(camera("gate"), home_assistant={"enabled": False})):
            wait_for(lambda: set(remembered(home_assistant)) == {others})


def test_nothing_is_said_to_home_assistant_unless_it_is_switched_on(broker: Broker, tmp_path: Path) -> None:
    with listening(broker, "#") as anybody, introduced(broker, tmp_path, site(camera("gate"), home_assistant=None)):
        wait_for(lambda: anybody.on("/status"))
        assert [on_topic for on_topic, _ in anybody.heard if not on_topic.startswith("pleaselock/")] == []


def test_a_broker_that_forgot_everything_is_told_anew(broker: Broker, tmp_path: Path) -> None:
    with introduced(broker, tmp_path, ONE):
        with listening(broker, "homeassistant/#") as home_assistant:
            wait_for(lambda: remembered(home_assistant).keys() == told_of(ONE).keys())
        broker.kill()
        broker.start()
        with listening(broker, "homeassistant/#") as home_assistant:
            wait_for(lambda: remembered(home_assistant).keys() == told_of(ONE).keys())


@pytest.mark.parametrize("prefix", ["", "a/+", "#", "/a", "a//b"])
def test_a_prefix_that_is_no_topic_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="prefix"):
        HomeAssistantConfig(prefix=prefix)
