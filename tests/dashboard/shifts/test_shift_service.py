from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account, Role
from dashboard.campaigns.service import CannotAddCampaign, add_campaign
from dashboard.places.tables import Building, Site
from dashboard.shifts import queries
from dashboard.shifts.service import CannotPlanShift, ShiftPlan, add_post, add_shift, day_span, remove_shift, span
from dashboard.volunteers.tables import Volunteer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
GOOD = ShiftPlan(volunteer_id=1, post_id=1, starts_at=NOON, ends_at=NOON + timedelta(hours=2))


@pytest.fixture
def session(session: Session) -> Session:
    """Site 1, building 1, post 1, volunteers 1 and 2 (who has left), campaign 1 (this week)."""
    building = Building(site=Site(code="c", name_zh="校", name_en="C"), code="b", name_zh="楼", name_en="B")
    add_post(session, building, "门口", "")
    session.add_all([volunteer("lin", active=True), volunteer("ming", active=False)])
    session.flush()
    add_campaign(session, "", "Week", NOON - timedelta(days=1), NOON + timedelta(days=6))
    return session


def volunteer(name: str, *, active: bool) -> Volunteer:
    account = Account(username=name, display_name=name, password_hash="-", role=Role.VOLUNTEER, language="")
    account.active, account.created_at = active, NOON
    return Volunteer(account=account)


REFUSED: list[tuple[str, ShiftPlan, str]] = [
    ("the end before the begin", replace(GOOD, ends_at=NOON - timedelta(hours=1)), "ends before it begins"),
    ("no time at all", replace(GOOD, ends_at=NOON), "ends before it begins"),
    ("longer than anybody can stand", replace(GOOD, ends_at=NOON + timedelta(hours=13)), "longer than 12 hours"),
    ("a volunteer nobody knows", replace(GOOD, volunteer_id=99), "volunteer is not on the list"),
    ("a volunteer who has left", replace(GOOD, volunteer_id=2), "volunteer is not on the list"),
    ("a post nobody knows", replace(GOOD, post_id=99), "post is not known"),
    ("a campaign nobody knows", replace(GOOD, campaign_id=99), "campaign is not known"),
    ("a day on which the campaign does not run", replace(GOOD, campaign_id=1, starts_at=NOON + timedelta(days=9), ends_at=NOON + timedelta(days=9, hours=1)), "does not run on that day"),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "sentence"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_does_not_fit_is_refused_in_one_sentence(session: Session, plan: ShiftPlan, sentence: str) -> None:
    with pytest.raises(CannotPlanShift, match=sentence):
        add_shift(session, plan)
    assert queries.shifts_of(session, 1, NOON - timedelta(days=30)) == []


OVERLAPS: list[tuple[str, float, float, bool]] = [
    ("the same hours", 0, 2, True),
    ("within", 0.5, 1, True),
    ("around", -1, 3, True),
    ("over the end", 1.9, 4, True),
    ("over the begin", -3, 0.1, True),
    ("right after", 2, 4, False),
    ("right before", -2, 0, False),
]


@pytest.mark.parametrize(
    ("begin", "end", "clashes"), [case[1:] for case in OVERLAPS], ids=[case[0] for case in OVERLAPS]
)
def test_nobody_stands_in_two_places_at_once(session: Session, begin: float, end: float, clashes: bool) -> None:
    first = add_shift(session, replace(GOOD, campaign_id=1))
    second = replace(GOOD, starts_at=NOON + timedelta(hours=begin), ends_at=NOON + timedelta(hours=end))
    if not clashes:
        add_shift(session, second)
        return
    with pytest.raises(CannotPlanShift) as refused:
        add_shift(session, second)
    assert refused.value.clash is first


def test_on_duty_begins_with_the_first_moment_and_ends_before_the_last(session: Session) -> None:
    shift = add_shift(session, GOOD)
    a_moment = timedelta(milliseconds=1)
    on_duty = [
        bool(queries.on_duty(session, 1, at))
        for at in (shift.starts_at - a_moment, shift.starts_at, shift.ends_at - a_moment, shift.ends_at)
    ]
    assert on_duty == [False, True, True, False]


def test_a_removed_shift_is_gone(session: Session) -> None:
    remove_shift(session, add_shift(session, GOOD))
    assert queries.on_duty(session, 1, NOON) == []


def test_hours_are_read_in_the_sites_zone() -> None:
    begin, end = span(date(2026, 3, 2), time(7, 30), time(9, 30), SHANGHAI)
    assert (begin.astimezone(UTC), end - begin) == (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), timedelta(hours=2))
    midnight, next_midnight = day_span(date(2026, 3, 2), SHANGHAI)
    assert (midnight.astimezone(UTC), next_midnight - midnight) == (
        datetime(2026, 3, 1, 16, tzinfo=UTC),
        timedelta(days=1),
    )


def test_a_shift_over_midnight_belongs_to_both_days(session: Session) -> None:
    midnight, _ = day_span(date(2026, 3, 3), SHANGHAI)
    add_shift(session, replace(GOOD, starts_at=midnight - timedelta(hours=1), ends_at=midnight + timedelta(hours=1)))
    days = [day_span(date(2026, 3, day), SHANGHAI) for day in (1, 2, 3, 4)]
    assert [len(queries.shifts_between(session, 1, *day)) for day in days] == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("names", "days", "sentence"),
    [(("", ""), 28, "no name"), (("周", ""), 0, "ends before"), (("周", ""), 400, "longer than a year")],
)
def test_a_campaign_needs_a_name_and_dates_that_fit(
    session: Session, names: tuple[str, str], days: int, sentence: str
) -> None:
    with pytest.raises(CannotAddCampaign, match=sentence):
        add_campaign(session, *names, NOON, NOON + timedelta(days=days))


def test_a_name_in_one_language_serves_for_both(session: Session) -> None:
    assert queries.posts_of(session, 1)[0].name_en == "门口"
