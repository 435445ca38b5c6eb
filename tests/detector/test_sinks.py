from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest

from broker_bridge.messages import (
    UP_MESSAGE,
    CameraHealth,
    RackOccupancy,
    UpMessage,
    WorkerStatus,
    snapshot_message_id,
    topic_of,
)
from detector.errors import CannotWriteError, UsageError
from detector.outbox import Outbox
from detector.sinks import JsonlSink, MqttSink
from tests.brokers import JPEG, Broker, alert, embedded_process, header, status, stay, wait_for
from tests.listener import Listener, listening
from tests.outboxes import letters_in

NOBODY = "mqtt://127.0.0.1:1"


@pytest.fixture
def broker(free_port: int) -> Iterator[Broker]:
    running = embedded_process(free_port)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db") as opened:
        yield opened


def sink_to(url: str, outbox: Outbox, resend_after_s: float = 60) -> MqttSink:
    def say(state: Literal["online", "offline"]) -> WorkerStatus:
        return status(state=state)

    return MqttSink(url, "north", "edge-1", outbox, say, resend_after_s)


def test_recorded_footage_gives_one_message_a_line_and_pictures_beside_it(tmp_path: Path) -> None:
    raised = alert(1, snapshot=True)
    said: list[UpMessage] = [stay(1), raised]
    with JsonlSink(tmp_path / "events.jsonl") as sink:
        for message in said:
            sink.send(message)
        sink.send_snapshot("gate", raised.alert_id, JPEG)
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [UP_MESSAGE.validate_json(line) for line in lines] == said
    assert [file.read_bytes() for file in (tmp_path / "snapshots").iterdir()] == [JPEG]


def test_what_must_arrive_is_on_disk_when_send_returns_though_nobody_listens(outbox: Outbox) -> None:
    raised = alert(1)
    with sink_to(NOBODY, outbox) as sink:
        sink.send(stay(1))
        sink.send(raised)
        sink.send_snapshot("gate", raised.alert_id, JPEG)
        sink.send(CameraHealth(**header(2), camera="gate", fps_in=5, fps_seen=5, fps_inferred=5))
        assert sink.depth() == 3
    ends = [letter.topic.split("/", 3)[3] for letter in letters_in(outbox)]
    assert ends == ["camera/gate/stay", "camera/gate/alert", f"camera/gate/snapshot/{raised.alert_id}"]
    assert letters_in(outbox)[2].message_id == str(snapshot_message_id(raised.alert_id, JPEG))


def test_only_an_acknowledgement_of_the_bridge_empties_the_outbox(broker: Broker, outbox: Outbox) -> None:
    first, second = alert(1), alert(2)
    with listening(broker) as bridge, sink_to(broker.url, outbox) as sink:
        sink.send(first)
        sink.send(second)
        wait_for(lambda: len(bridge.on("/alert")) == 2)
        assert sink.depth() == 2, "the broker has both, and that means nothing"
        bridge.answer(second.message_id)
        wait_for(lambda: sink.depth() == 1)
        assert letters_in(outbox)[0].message_id == str(first.message_id)


def test_what_a_stay_says_second_waits_until_the_first_is_stored(broker: Broker, outbox: Outbox) -> None:
    """Or a broker nobody listens to yet would lose the first, and the bridge that comes then hear the second before it."""
    parked, raised, another = stay(1), alert(1), stay(2)
    with listening(broker) as bridge, sink_to(broker.url, outbox) as sink:
        for message in (parked, raised, another):
            sink.send(message)
        wait_for(lambda: len(bridge.on("/stay")) == 2)
        assert bridge.on("/alert") == []
        bridge.answer(parked.message_id)
        wait_for(lambda: bridge.on("/alert"))


def test_an_answer_that_cannot_be_read_or_names_strangers_changes_nothing(broker: Broker, outbox: Outbox) -> None:
    raised = alert(1)
    with listening(broker) as bridge, sink_to(broker.url, outbox) as sink:
        sink.send(raised)
        wait_for(lambda: bridge.on("/alert"))
        bridge.say(b"not an answer")
        bridge.answer(alert(7).message_id)
        assert sink.depth() == 1
        bridge.answer(raised.message_id)
        wait_for(lambda: sink.depth() == 0)


def test_what_is_not_acknowledged_is_sent_again(broker: Broker, outbox: Outbox) -> None:
    with listening(broker) as bridge, sink_to(broker.url, outbox, resend_after_s=0.3) as sink:
        sink.send(alert(1))
        wait_for(lambda: len(bridge.on("/alert")) >= 3)
        assert len(set(bridge.on("/alert"))) == 1


def test_a_greeting_makes_the_edge_send_what_it_still_holds_at_once(broker: Broker, outbox: Outbox) -> None:
    with listening(broker) as bridge, sink_to(broker.url, outbox, resend_after_s=3600) as sink:
        sink.send(alert(1))
        wait_for(lambda: bridge.on("/alert"))
        bridge.answer()
        wait_for(lambda: len(bridge.on("/alert")) == 2)


def test_an_answer_the_disk_has_no_room_for_is_remembered_and_holds_up_nothing_new(
    broker: Broker, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, forget = threading.Event(), outbox.acknowledge
    full.set()
    tried = []

    def acknowledge(message_ids: Iterable[str]) -> None:
        tried.append(list(message_ids))
        if full.is_set():
            raise CannotWriteError("full")
        forget(message_ids)

    monkeypatch.setattr(outbox, "acknowledge", acknowledge)
    monkeypatch.setattr("detector.sinks.LONGEST_WAIT_S", 0.1)
    first, second = alert(1), alert(2)
    with listening(broker) as bridge, sink_to(broker.url, outbox, resend_after_s=3600) as sink:
        sink.send(first)
        wait_for(lambda: bridge.on("/alert"))
        bridge.answer(first.message_id)
        wait_for(lambda: len(tried) > 1)
        sink.send(second)
        wait_for(lambda: len(bridge.on("/alert")) == 2)
        assert sink.depth() == 2
        full.clear()
        wait_for(lambda: sink.depth() == 1)
        assert letters_in(outbox)[0].message_id == str(second.message_id)


def test_a_backlog_larger_than_the_window_drains_as_it_is_acknowledged(broker: Broker, outbox: Outbox) -> None:
    said = [alert(number) for number in range(250)]
    with sink_to(NOBODY, outbox) as sink:
        for one in said:
            sink.send(one)
    with listening(broker) as bridge, sink_to(broker.url, outbox) as sink:
        answered = 0
        while answered < len(said):
            wait_for(lambda: len(bridge.on("/alert")) > answered)  # noqa: B023 -- looked at before it changes
            heard = bridge.on("/alert")
            bridge.answer(*(UUID(json.loads(payload)["message_id"]) for payload in heard[answered:]))
            answered = len(heard)
        wait_for(lambda: sink.depth() == 0)
        heard_of = [json.loads(payload)["stay_id"] for payload in bridge.on("/alert")]
        assert heard_of == [one.stay_id for one in reversed(said)], "the newest alert is the one to hurry to"


def test_states_are_said_when_connected_and_again_after_the_broker_forgot_them(broker: Broker, outbox: Outbox) -> None:
    health = CameraHealth(**header(2), camera="gate", fps_in=5, fps_seen=5, fps_inferred=5)

    def all_told(bridge: Listener) -> Callable[[], bool]:
        return lambda: bool(bridge.on("/health") and bridge.on("/status"))

    with sink_to(broker.url, outbox) as sink:
        sink.send(health)
        with listening(broker) as bridge:
            wait_for(all_told(bridge))
        broker.kill()
        broker.start()
        with listening(broker) as bridge:
            wait_for(all_told(bridge))
            assert (topic_of(health), health.model_dump_json().encode()) in bridge.heard
        assert sink.depth() == 0


def test_how_a_camera_was_long_ago_is_not_said_again(
    broker: Broker, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been taken out since; and its time would tell that this machine's clock is late."""
    monkeypatch.setattr("detector.sinks.HEALTH_HOLDS_S", 0.0)
    with listening(broker) as bridge, sink_to(broker.url, outbox) as sink:
        wait_for(lambda: bridge.on("/status"))
        sink.send(CameraHealth(**header(2), camera="gate", fps_in=5, fps_seen=5, fps_inferred=5))
        sink.send(RackOccupancy(**header(3), rack="rack-1", bikes=1, unlocked=0, unsure=0))
        bridge.answer()
        wait_for(lambda: len(bridge.on("/occupancy")) == 2)
        assert bridge.on("/health") == []


def test_the_worker_says_online_when_it_comes_and_offline_when_it_goes(broker: Broker, outbox: Outbox) -> None:
    with listening(broker) as bridge:
        with sink_to(broker.url, outbox):
            wait_for(lambda: bridge.on("/status"))
        wait_for(lambda: len(bridge.on("/status")) == 2)
        assert [json.loads(payload)["state"] for payload in bridge.on("/status")] == ["online", "offline"]


def test_closing_while_the_disk_is_full_gives_up_with_the_reason(tmp_path: Path) -> None:
    with Outbox(tmp_path / "small.db", max_bytes=40_000) as small:
        sink = sink_to(NOBODY, small)
        reasons: list[str] = []

        def fill() -> None:
            try:
                for number in range(1000):
                    sink.send(alert(number))
            except CannotWriteError as error:
                reasons.append(str(error))

        thread = threading.Thread(target=fill)
        thread.start()
        wait_for(lambda: small.depth() > 3)
        sink.close()
        thread.join()
    assert "full" in reasons[0]


def test_a_wrong_address_is_said_and_nothing_starts(outbox: Outbox) -> None:
    before = threading.active_count()
    with pytest.raises(UsageError, match="mqtt://host:port"):
        sink_to("http://broker", outbox)
    assert threading.active_count() == before
