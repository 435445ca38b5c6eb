"""Dispatchers that run on their own, several at once. Against real SQLite files."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard.alerts.tables import AlertState
from dashboard.dispatch.tables import DeliveryState
from dashboard.dispatch.worker import dispatching, run_dispatcher
from dashboard.settings import Settings
from dashboard.shifts.tables import Shift
from tests.dashboard.dispatch.campus import (
    NOON,
    RULES,
    Campus,
    Clock,
    FakeChannel,
    dispatch_all,
    leave_bike,
    state_of,
    states,
)


def test_two_dispatchers_at_once_never_tell_anybody_twice(campus: Campus) -> None:
    for number in range(12):
        leave_bike(campus, f"bike-{number:02}")
    channel, together = FakeChannel(), threading.Barrier(3)
    failures: list[BaseException] = []

    def work() -> None:
        together.wait()
        try:
            dispatch_all(campus, channel, Clock())
        except BaseException as error:  # noqa: BLE001 - a thread's failure must fail the test
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sorted(channel.reached()) == sorted([campus.here] * 6 + [campus.far] * 6)
    assert len({notice.alert_id for notice in channel.sent}) == 12


def test_the_loop_expires_what_nobody_answered_and_stops_when_told(campus: Campus) -> None:
    leave_bike(campus, lasts_s=60)
    stop, clock, channel = threading.Event(), Clock(NOON + timedelta(seconds=60)), FakeChannel()
    loop = threading.Thread(target=run_dispatcher, args=(campus.sessions, stop, RULES, clock, (channel,)))
    loop.start()
    assert eventually(lambda: state_of(campus, "bike-1") == AlertState.EXPIRED)
    stop.set()
    loop.join(10)
    assert not loop.is_alive()
    assert channel.sent == []


def test_the_loop_survives_trouble(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.dispatch.worker.AFTER_TROUBLE_S", 0.05)
    leave_bike(campus)
    stop, channel = threading.Event(), FakeChannel()
    calls: list[datetime] = []

    def broken_once() -> datetime:
        calls.append(NOON)
        if len(calls) == 1:
            raise RuntimeError("the clock is broken")
        return NOON

    loop = threading.Thread(target=run_dispatcher, args=(campus.sessions, stop, RULES, broken_once, (channel,)))
    loop.start()
    assert eventually(lambda: channel.reached() == [campus.here], within_s=30)
    stop.set()
    loop.join(10)


def test_a_dispatcher_beside_the_pages_tells_people_over_their_own_page(campus: Campus) -> None:
    now = datetime.now(UTC)
    with campus.sessions.begin() as session:
        for shift in session.scalars(select(Shift)):
            shift.starts_at, shift.ends_at = now - timedelta(hours=1), now + timedelta(hours=1)
    leave_bike(campus, seconds=(now - NOON).total_seconds())
    with dispatching(campus.sessions, Settings()):
        assert eventually(lambda: state_of(campus, "bike-1") == AlertState.OFFERED)
    assert states(campus) == [(campus.here, DeliveryState.SENT, None)]


def eventually(condition: object, within_s: float = 15) -> bool:
    assert callable(condition)
    waiting = threading.Event()
    for _ in range(int(within_s / 0.05)):
        if condition():
            return True
        waiting.wait(0.05)
    return bool(condition())
