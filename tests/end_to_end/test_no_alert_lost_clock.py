"""The edge's clock is set back by an hour: no alert is lost, none ends on arrival, and the newest is still on top."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from broker_bridge.messages import CameraHealth
from dashboard.alerts.queries import board
from dashboard.alerts.service import expire_due
from dashboard.alerts.tables import Alert
from detector.outgoing import Stamper
from detector.sinks import MqttSink
from tests.brokers import Broker, Server, alert, wait_for
from tests.end_to_end.edges import counted, edge, nothing_held

HOUR, EXPIRES_AFTER = timedelta(hours=1), timedelta(minutes=30)
A_MINUTE = timedelta(minutes=1)


@dataclass
class WrongClock:
    """The wall's clock of an edge, less what it was set back by."""

    behind: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind


@dataclass
class Edge:
    """Speaks as a worker does: one boot, durable messages numbered, states beside them; `frames_at` stamps pictures."""

    sink: MqttSink
    clock: WrongClock = field(default_factory=WrongClock)

    def __post_init__(self) -> None:
        self._durable, self._states = (Stamper("north", "edge-1", "boot-1", os.urandom, self.clock) for _ in range(2))
        self.raised: list[str] = []

    def tell_health(self) -> None:
        header = self._states.stamp(self.clock())
        self.sink.send(CameraHealth(**header, camera="gate", fps_in=5, fps_seen=5, fps_inferred=5))

    def raise_alert(self, number: int, frames_at: datetime | None = None) -> None:
        at = frames_at or self.clock()
        times = {"at": at, "parked_at": at - A_MINUTE, "left_at": at - A_MINUTE / 2, "expires_at": at + EXPIRES_AFTER}
        message = alert(number, **self._durable.stamp(at), **times)
        self.sink.send(message)
        self.raised.insert(0, message.alert_id)


@pytest.fixture
def sink(broker: Broker, tmp_path: Path) -> Iterator[MqttSink]:
    with edge(broker.url, tmp_path) as ready:
        yield ready


def all_stored(sink: MqttSink) -> None:
    wait_for(lambda: nothing_held(sink))


def waiting_on_the_page(host: Server) -> list[str]:
    with host.sessions() as session:
        return [one.id for one in board(session, account_id=1, day_begins=datetime.now(UTC)).waiting]


def check_nobody_is_too_late(host: Server, edge_: Edge) -> None:
    """Every alert is there once, and ends half an hour after it was raised, which was just now."""
    assert sorted(waiting_on_the_page(host)) == sorted(edge_.raised)
    now = datetime.now(UTC)
    with host.sessions.begin() as session:
        assert expire_due(session, now) == 0
        for one in session.scalars(select(Alert)):
            assert now - A_MINUTE < one.raised_at <= now
            assert one.expires_at - one.raised_at == EXPIRES_AFTER
            assert one.raised_at - one.parked_at == A_MINUTE
    assert counted(host) == (len(edge_.raised), len(edge_.raised))


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["set back", "set forward"])
def test_alerts_before_and_after_the_clock_is_set_by_an_hour(
    broker: Broker, host: Server, sink: MqttSink, step: timedelta
) -> None:
    with host.bridge(broker.url):
        speaking = Edge(sink)
        speaking.tell_health()
        for number in range(5):
            speaking.raise_alert(number)
            all_stored(sink)
        speaking.clock.behind = step
        speaking.tell_health()
        for number in range(5, 10):
            speaking.raise_alert(number)
            all_stored(sink)
    assert waiting_on_the_page(host) == speaking.raised, "the newest on top"
    check_nobody_is_too_late(host, speaking)


def test_a_clock_that_is_an_hour_late_all_day_and_a_bridge_that_starts_anew(
    broker: Broker, host: Server, sink: MqttSink
) -> None:
    """The new bridge greets; the edge says first how it is, and so how its clock stands, and then what it holds."""
    speaking = Edge(sink, WrongClock(HOUR))
    with host.bridge(broker.url):
        speaking.tell_health()
        speaking.raise_alert(1)
        all_stored(sink)
    speaking.tell_health()
    speaking.raise_alert(2)
    with host.bridge(broker.url):
        all_stored(sink)
    assert waiting_on_the_page(host) == speaking.raised, "the newest on top"
    check_nobody_is_too_late(host, speaking)


def test_a_camera_whose_time_goes_on_while_the_clock_is_set_back(broker: Broker, host: Server, sink: MqttSink) -> None:
    """Pictures never go back in time, so that what was begun goes on; what is said of them is still said now."""
    with host.bridge(broker.url):
        speaking = Edge(sink)
        speaking.tell_health()
        speaking.raise_alert(1)
        all_stored(sink)
        frames_at = datetime.now(UTC)
        speaking.clock.behind = HOUR
        speaking.tell_health()
        speaking.raise_alert(2, frames_at)
        all_stored(sink)
    assert waiting_on_the_page(host) == speaking.raised, "the newest on top"
    check_nobody_is_too_late(host, speaking)


def test_what_waited_while_the_clock_was_set_back_is_neither_lost_nor_from_the_future(
    broker: Broker, host: Server, sink: MqttSink, tmp_path: Path
) -> None:
    """Which of the two came first cannot be told any more from their times."""
    speaking = Edge(sink)
    speaking.raise_alert(1)
    speaking.clock.behind = HOUR
    speaking.raise_alert(2)
    speaking.tell_health()
    with closing(sqlite3.connect(f"file:{tmp_path / 'outbox.db'}?mode=ro", uri=True)) as outbox:
        ids = [row[0] for row in outbox.execute("SELECT message_id FROM outbox")]
    assert len(set(ids)) == 2
    with host.bridge(broker.url):
        all_stored(sink)
    check_nobody_is_too_late(host, speaking)
