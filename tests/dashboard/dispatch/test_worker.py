"""Against real SQLite files; the only fake is a channel that implements the port."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account, Role
from dashboard.alerts import service as alerts
from dashboard.alerts.service import AlertReport
from dashboard.alerts.tables import Alert, AlertChange, AlertState
from dashboard.database import Sessions
from dashboard.dispatch import service
from dashboard.dispatch.channels.channel import Channel, ChannelError, Notice
from dashboard.dispatch.channels.in_app import InAppChannel
from dashboard.dispatch.policy import Rules
from dashboard.dispatch.queries import deliveries_for, offered_to
from dashboard.dispatch.tables import Delivery, DeliveryState
from dashboard.dispatch.worker import dispatch_one, dispatching, run_dispatcher, tidy
from dashboard.places.tables import Building, Site
from dashboard.settings import Settings
from dashboard.shifts.tables import Post, Shift
from dashboard.volunteers.tables import Volunteer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = Rules(answer_within=timedelta(seconds=90))


@dataclass
class Clock:
    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeChannel:
    """Reaches everybody, except where the script names an error for a person."""

    errors: dict[int, ChannelError] = field(default_factory=dict)
    sent: list[Notice] = field(default_factory=list)
    name: str = "fake"

    def send(self, notice: Notice) -> None:
        if notice.account_id in self.errors:
            raise self.errors[notice.account_id]
        self.sent.append(notice)

    def reached(self) -> list[int]:
        return [notice.account_id for notice in self.sent]


@dataclass(frozen=True)
class Campus:
    """Two buildings of one site, a volunteer at each, and another site next door."""

    sessions: Sessions
    here: int
    far: int


@pytest.fixture
def campus(sessions: Sessions) -> Campus:
    with sessions.begin() as session:
        site = Site(code="campus", name_zh="校园", name_en="Campus")
        other = Site(code="other", name_zh="别处", name_en="Elsewhere")
        near, far = building(site, "teaching-1", 100), building(site, "library", 500)
        session.add_all([site, other, near, far])
        lin, ming = on_shift(session, "lin", near), on_shift(session, "ming", far)
        on_shift(session, "wei", building(other, "teaching-1", 100))
    return Campus(sessions, lin, ming)


def building(site: Site, code: str, x: float) -> Building:
    return Building(site=site, code=code, name_zh=code, name_en=code, plan_x=x, plan_y=100)


def on_shift(session: Session, name: str, where: Building, *, lead: bool = False, hours: float = 2) -> int:
    account = Account(
        username=name, display_name=name, password_hash="-", role=Role.VOLUNTEER, language="en", created_at=NOON
    )
    post = Post(building=where, name_zh="门口", name_en="Entrance")
    begin = NOON - timedelta(hours=1)
    volunteer = Volunteer(account=account)
    session.add(
        Shift(volunteer=volunteer, post=post, lead=lead, starts_at=begin, ends_at=begin + timedelta(hours=hours))
    )
    session.flush()
    return account.id


def leave_bike(campus: Campus, name: str = "bike-1", *, seconds: float = 0, lasts_s: float = 1800) -> str:
    at = NOON + timedelta(seconds=seconds)
    with campus.sessions.begin() as session:
        return alerts.raise_alert(
            session,
            AlertReport(
                alert_id=name,
                stay_id=f"stay-{name}",
                site_id="campus",
                camera_id="cam",
                rack_id="rack",
                building_id="teaching-1",
                kind="bicycle",
                parked_at=at,
                left_at=at,
                at=at,
                expires_at=at + timedelta(seconds=lasts_s),
                verdict_state="unlocked",
                p_unlocked=0.9,
                reasons={},
                xyxy_norm=(0.1, 0.1, 0.2, 0.2),
            ),
        ).id


def dispatch_all(campus: Campus, channel: Channel, clock: Clock) -> int:
    count = 0
    while dispatch_one(campus.sessions, RULES, clock, (channel,)):
        count += 1
    return count


def states(campus: Campus) -> list[tuple[int, str, str | None]]:
    with campus.sessions.begin() as session:
        return [(d.account_id, d.state, d.error) for d in session.scalars(select(Delivery).order_by(Delivery.id))]


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


def state_of(campus: Campus, alert_id: str) -> str:
    with campus.sessions.begin() as session:
        return session.get_one(Alert, alert_id).state


def eventually(condition: object, within_s: float = 15) -> bool:
    assert callable(condition)
    waiting = threading.Event()
    for _ in range(int(within_s / 0.05)):
        if condition():
            return True
        waiting.wait(0.05)
    return bool(condition())
