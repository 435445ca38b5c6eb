"""Ten thousand messages wait after an outage: they are stored in the order of each stay, and a new alert waits for none."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from broker_bridge.bridge import Bridge
from detector.broker_connection import MOST_IN_FLIGHT
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import AT, Broker, Server, alert, status, stay, wait_for
from tests.end_to_end.edges import counted, ids_of, nothing_held

NOBODY = "mqtt://127.0.0.1:1"
ALERTS, JUDGED_AGAIN = 400, 22
SAID_OF_EACH = 3 + JUDGED_AGAIN
MESSAGES = ALERTS * SAID_OF_EACH
NEW = 100_000
"""The number of the stay whose alert is raised in the midst of it."""
A_BATCH_AND_MORE = 2 * MOST_IN_FLIGHT
"""What is on its way already when a new alert is raised."""


class Noting(Bridge):
    """Notes what arrived, in order: of which stay, and its number in the edge's count."""

    def __init__(self, *words: object) -> None:
        super().__init__(*words)  # type: ignore[arg-type]
        self.noted: list[tuple[str, int]] = []

    def _arrive(self, on_topic: str, payload: bytes, remembered: bool) -> None:
        said = json.loads(payload)
        if "stay_id" in said:
            self.noted.append((said["stay_id"], said["seq"]))
        super()._arrive(on_topic, payload, remembered)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with all that was said while nobody listened; filled without syncing, which nothing here is about."""
    folder = tmp_path_factory.mktemp("outage")
    with Outbox(folder / "outbox.db") as outbox, MqttSink(NOBODY, "north", "edge-1", outbox) as sink:
        outbox._connection.execute("PRAGMA synchronous=OFF")
        seq = 0
        for step in range(SAID_OF_EACH):
            for number in range(ALERTS):
                _say(sink, number, step, seq)
                seq += 1
    return folder / "outbox.db"


def _say(sink: MqttSink, number: int, step: int, seq: int) -> None:
    at = AT + timedelta(seconds=step)
    if step == 0:
        sink.send(stay(number, seq=seq, at=at))
    elif step == 1:
        sink.send(alert(number, seq=seq, at=at))
    elif step == SAID_OF_EACH - 1:
        sink.send(alert(number, seq=seq, at=at, event="cleared", clear_reason="gone"))
    else:
        sink.send(stay(number, seq=seq, at=at, event="judged"))


@contextmanager
def after_the_outage(broker: Broker, filled: Path, folder: Path) -> Iterator[MqttSink]:
    copy = folder / "outbox.db"
    copy.write_bytes(filled.read_bytes())
    with (
        Outbox(copy) as outbox,
        MqttSink(broker.url, "north", "edge-1", outbox, lambda state: status(state=state)) as sink,
    ):
        yield sink


def check_the_order_within_each_stay(noted: list[tuple[str, int]]) -> None:
    first_heard: dict[str, dict[int, None]] = defaultdict(dict)
    for stay_id, seq in noted:
        first_heard[stay_id].setdefault(seq)
    assert all(list(numbers) == sorted(numbers) for numbers in first_heard.values())


def test_ten_thousand_messages_after_an_outage(broker: Broker, host: Server, filled: Path, tmp_path: Path) -> None:
    with after_the_outage(broker, filled, tmp_path) as sink:
        assert sink.depth() == MESSAGES == 10_000
        with host.bridge(broker.url, Noting) as bridge:
            assert isinstance(bridge, Noting)
            wait_for(lambda: sink.depth() < MESSAGES - 1000)
            before = len(bridge.noted)
            sink.send(alert(NEW, seq=MESSAGES))
            wait_for(lambda: any(stay_id == f"stay-{NEW}" for stay_id, _ in bridge.noted[before:]))
            place = next(n for n, (stay_id, _) in enumerate(bridge.noted[before:]) if stay_id == f"stay-{NEW}")
            assert place < A_BATCH_AND_MORE, "it overtook what waits"
            assert sink.depth() > MESSAGES // 2
            wait_for(lambda: nothing_held(sink), patience_s=240)
    check_the_order_within_each_stay(bridge.noted)
    assert host.alert_ids() == sorted(ids_of(range(ALERTS)) + ids_of(range(NEW, NEW + 1)))
    assert counted(host) == (MESSAGES + 1, MESSAGES + 1)
    assert host.received() == MESSAGES + 1
    assert host.reasons() == []
