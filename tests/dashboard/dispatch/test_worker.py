"""Who is told of a bike, and when. Against real SQLite files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.accounts.tables import Account
from dashboard.alerts import service as alerts
from dashboard.alerts.tables import Alert, AlertChange, AlertState
from dashboard.dispatch import service
from dashboard.dispatch.channels.channel import ChannelError, Notice
from dashboard.dispatch.channels.in_app import InAppChannel
from dashboard.dispatch.queries import deliveries_for, offered_to
from dashboard.dispatch.tables import Delivery, DeliveryState
from tests.dashboard.dispatch.campus import NOON, RULES, Campus, Clock, FakeChannel, dispatch_all, leave_bike, states


def test_the_nearest_volunteer_is_told_and_the_alert_is_offered(campus: Campus) -> None:
    leave_bike(campus)
    channel = FakeChannel()
    assert dispatch_all(campus, channel, Clock()) == 1
    assert channel.sent == [Notice("bike-1", campus.here, "en", "rack", "teaching-1", NOON)]
    assert states(campus) == [(campus.here, DeliveryState.SENT, None)]
    with campus.sessions.begin() as session:
        assert session.get_one(Alert, "bike-1").state == AlertState.OFFERED


def test_no_answer_reaches_the_next_and_then_nobody_twice_nor_anybody_of_another_site(campus: Campus) -> None:
    leave_bike(campus)
    channel, clock = FakeChannel(), Clock()
    for _ in range(6):
        dispatch_all(campus, channel, clock)
        clock.wait(90)
    assert channel.reached() == [campus.here, campus.far]


def test_an_answer_stops_the_asking(campus: Campus) -> None:
    leave_bike(campus)
    channel, clock = FakeChannel(), Clock()
    dispatch_all(campus, channel, clock)
    with campus.sessions.begin() as session:
        alerts.take(session, "bike-1", campus.here, clock())
    clock.wait(600)
    assert dispatch_all(campus, channel, clock) == 0


def test_nobody_is_told_after_their_shift(campus: Campus) -> None:
    leave_bike(campus, seconds=3600, lasts_s=7200)
    channel = FakeChannel()
    assert dispatch_all(campus, channel, Clock(NOON + timedelta(hours=1))) == 0
    assert channel.sent == []


def test_an_account_that_was_closed_is_not_told(campus: Campus) -> None:
    leave_bike(campus)
    with campus.sessions.begin() as session:
        session.get_one(Account, campus.here).active = False
    channel = FakeChannel()
    dispatch_all(campus, channel, Clock())
    assert channel.reached() == [campus.far]


def test_every_person_asked_is_a_change_that_open_pages_see(campus: Campus) -> None:
    leave_bike(campus)
    channel, clock = FakeChannel(), Clock()
    dispatch_all(campus, channel, clock)
    clock.wait(90)
    dispatch_all(campus, channel, clock)
    with campus.sessions.begin() as session:
        changes = session.scalars(select(AlertChange).order_by(AlertChange.id)).all()
        assert [(c.change, c.account_id) for c in changes] == [
            ("raised", None),
            ("offered", campus.here),
            ("offered", campus.far),
        ]


def test_many_bikes_at_once_do_not_flood_one_volunteer(campus: Campus) -> None:
    for number in range(20):
        leave_bike(campus, f"bike-{number:02}")
    channel, clock = FakeChannel(), Clock()
    dispatch_all(campus, channel, clock)
    assert channel.reached() == [campus.here] * 6 + [campus.far] * 6
    clock.wait(600)
    dispatch_all(campus, channel, clock)
    assert max(channel.reached().count(who) for who in (campus.here, campus.far)) == 12
    assert len({(notice.alert_id, notice.account_id) for notice in channel.sent}) == len(channel.sent)


def test_a_volunteers_page_knows_what_was_asked_of_them_and_says_when_it_was_seen(campus: Campus) -> None:
    leave_bike(campus)
    leave_bike(campus, "bike-2", seconds=1)
    clock = Clock()
    dispatch_all(campus, InAppChannel(), clock)
    with campus.sessions.begin() as session:
        assert offered_to(session, campus.here) == {"bike-1", "bike-2"}
        assert offered_to(session, campus.far) == frozenset()
        service.mark_seen(session, campus.here, ["bike-1"], clock())
    assert [state for _, state, _ in states(campus)] == [DeliveryState.SEEN, DeliveryState.SENT]
    with campus.sessions.begin() as session:
        alerts.take(session, "bike-1", campus.here, clock())
        assert offered_to(session, campus.here) == {"bike-2"}
        assert [d.alert_id for d in deliveries_for(session, campus.here)] == ["bike-2", "bike-1"]
        assert [one.account.username for one in session.query(Delivery).filter_by(alert_id="bike-1")] == ["lin"]


@pytest.mark.parametrize("error", [None, ChannelError("the push service answered 503", permanent=False)])
def test_a_page_that_shows_a_bike_while_the_notice_is_still_sent_is_a_bike_seen(
    campus: Campus, error: ChannelError | None
) -> None:
    leave_bike(campus)
    clock = Clock()
    with campus.sessions.begin() as session:
        (started,) = service.begin_next(session, ["app"], RULES, clock())
    with campus.sessions.begin() as session:
        assert offered_to(session, campus.here) == {"bike-1"}
        service.mark_seen(session, campus.here, ["bike-1"], clock())
    with campus.sessions.begin() as session:
        service.finish(session, started, clock(), error)
    assert [state for _, state, _ in states(campus)] == [DeliveryState.SEEN]
