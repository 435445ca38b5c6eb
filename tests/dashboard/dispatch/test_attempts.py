"""An attempt to tell somebody: written down, tried again, never lost. Against real SQLite files."""

from __future__ import annotations

import pytest

from dashboard.dispatch import service
from dashboard.dispatch.channels.channel import ChannelError, Notice
from dashboard.dispatch.tables import DeliveryState
from dashboard.dispatch.worker import dispatch_one, tidy
from tests.dashboard.dispatch.campus import RULES, Campus, Clock, FakeChannel, dispatch_all, leave_bike, states


def test_a_failed_notice_is_written_down_and_the_next_is_told_at_once(campus: Campus) -> None:
    leave_bike(campus)
    channel = FakeChannel({campus.here: ChannelError("the phone is off", permanent=False)})
    assert dispatch_all(campus, channel, Clock()) == 2
    assert states(campus) == [
        (campus.here, DeliveryState.FAILED, "the phone is off"),
        (campus.far, DeliveryState.SENT, None),
    ]


def test_a_failed_notice_is_tried_again_on_its_own_row(campus: Campus) -> None:
    leave_bike(campus)
    channel = FakeChannel({who: ChannelError("no network", permanent=False) for who in (campus.here, campus.far)})
    clock = Clock()
    dispatch_all(campus, channel, clock)
    channel.errors.clear()
    clock.wait(30)
    dispatch_all(campus, channel, clock)
    assert channel.reached() == [campus.here]
    assert states(campus) == [(campus.here, DeliveryState.SENT, None), (campus.far, DeliveryState.FAILED, "no network")]


def test_a_permanent_error_is_not_tried_again(campus: Campus) -> None:
    leave_bike(campus)
    channel = FakeChannel({who: ChannelError("unsubscribed", permanent=True) for who in (campus.here, campus.far)})
    clock = Clock()
    assert dispatch_all(campus, channel, clock) == 2
    clock.wait(300)
    assert dispatch_all(campus, channel, clock) == 0


def test_the_attempt_is_committed_before_it_is_made(campus: Campus) -> None:
    leave_bike(campus)
    seen: list[tuple[int, str, str | None]] = []

    class LookingChannel(FakeChannel):
        def send(self, notice: Notice) -> None:
            seen.extend(states(campus))
            super().send(notice)

    dispatch_all(campus, LookingChannel(), Clock())
    assert seen == [(campus.here, DeliveryState.SENDING, None)]


def test_a_crash_while_sending_leaves_a_trace_and_the_bike_is_not_forgotten(campus: Campus) -> None:
    leave_bike(campus)

    class Crash(BaseException):
        pass

    class CrashingChannel(FakeChannel):
        def send(self, notice: Notice) -> None:
            super().send(notice)
            raise Crash

    clock = Clock()
    with pytest.raises(Crash):
        dispatch_one(campus.sessions, RULES, clock, (CrashingChannel(),))
    assert states(campus) == [(campus.here, DeliveryState.SENDING, None)]
    clock.wait(service.ATTEMPT_LASTS.total_seconds())
    tidy(campus.sessions, clock())
    assert states(campus) == [(campus.here, DeliveryState.FAILED, service.INTERRUPTED)]
    channel = FakeChannel()
    dispatch_all(campus, channel, clock)
    assert channel.reached() == [campus.far]


def test_an_attempt_that_was_given_up_and_still_got_through_counts_as_sent(campus: Campus) -> None:
    leave_bike(campus)
    clock = Clock()

    class SlowChannel(FakeChannel):
        def send(self, notice: Notice) -> None:
            super().send(notice)
            clock.wait(60)
            tidy(campus.sessions, clock())

    dispatch_one(campus.sessions, RULES, clock, (SlowChannel(),))
    assert states(campus) == [(campus.here, DeliveryState.SENT, None)]
