from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.dispatch.policy import (
    Attempt,
    Decision,
    Nobody,
    NobodyReason,
    OnDuty,
    Place,
    Result,
    Rules,
    Tell,
    Wait,
    WaitReason,
    decide,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = Rules(answer_within=timedelta(seconds=90))
HERE = Place(1, (100, 100))
NEAR = Place(2, (150, 100))
FAR = Place(3, (900, 600))
UNDRAWN = Place(4, None)
AT_THE_BIKE, NEXT_DOOR, ACROSS_CAMPUS, SOMEWHERE, LEAD = 10, 20, 30, 40, 90


def s(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def on_duty(account_id: int, place: Place = HERE, *, lead: bool = False, notices: tuple[float, ...] = ()) -> OnDuty:
    return OnDuty(account_id, place, lead=lead, notices=tuple(s(second) for second in notices))


TEAM = (
    on_duty(LEAD, HERE, lead=True),
    on_duty(SOMEWHERE, UNDRAWN),
    on_duty(ACROSS_CAMPUS, FAR),
    on_duty(NEXT_DOOR, NEAR),
    on_duty(AT_THE_BIKE, HERE),
)
FULL = (-50.0, -100.0, -200.0, -300.0, -400.0, -500.0)


def told(*account_ids: int, last: float = -90) -> tuple[Attempt, ...]:
    return tuple(Attempt(who, s(last - 90 * back)) for back, who in enumerate(reversed(account_ids)))


CASES: list[tuple[str, tuple[OnDuty, ...], tuple[Attempt, ...], Decision]] = [
    ("the one at the bike's own building is told first", TEAM, (), Tell(AT_THE_BIKE)),
    ("within the answering time nobody else is told", TEAM, told(AT_THE_BIKE, last=-89), Wait(s(1), WaitReason.AWAITING_ANSWER)),
    ("no answer in time: the next nearest", TEAM, told(AT_THE_BIKE), Tell(NEXT_DOOR)),
    ("then the one further off", TEAM, told(AT_THE_BIKE, NEXT_DOOR), Tell(ACROSS_CAMPUS)),
    ("a post nobody drew on the plan is further than any that is drawn", TEAM, told(AT_THE_BIKE, NEXT_DOOR, ACROSS_CAMPUS), Tell(SOMEWHERE)),
    ("the lead comes last, however near", TEAM, told(AT_THE_BIKE, NEXT_DOOR, ACROSS_CAMPUS, SOMEWHERE), Tell(LEAD)),
    ("after the lead nobody", TEAM, told(AT_THE_BIKE, NEXT_DOOR, ACROSS_CAMPUS, SOMEWHERE, LEAD), Nobody(NobodyReason.EVERYONE_ASKED)),
    ("nobody on duty: nobody is told", (), (), Nobody(NobodyReason.NOBODY_ON_DUTY)),
    ("a lead alone on duty is told at once", (on_duty(LEAD, FAR, lead=True),), (), Tell(LEAD)),
    ("who went off duty after being told still has the time to answer", (), told(AT_THE_BIKE, last=-10), Wait(s(80), WaitReason.AWAITING_ANSWER)),
    ("someone who comes on duty later is told then", (on_duty(NEXT_DOOR, NEAR),), told(AT_THE_BIKE), Tell(NEXT_DOOR)),
    ("one person with two running shifts is one person", (on_duty(AT_THE_BIKE, FAR), on_duty(AT_THE_BIKE, HERE)), told(AT_THE_BIKE), Nobody(NobodyReason.EVERYONE_ASKED)),
    ("of two at the same post the one told less lately", (on_duty(10, notices=(-60,)), on_duty(20)), (), Tell(20)),
    ("a failed attempt does not wait: the next is told at once", TEAM, (Attempt(AT_THE_BIKE, s(-1), Result.FAILED),), Tell(NEXT_DOOR)),
    ("who was missed comes before the lead", (TEAM[0], TEAM[4]), (Attempt(AT_THE_BIKE, s(-31), Result.FAILED),), Tell(AT_THE_BIKE)),
    ("alone on duty and missed: tried again, not at once", (TEAM[4],), (Attempt(AT_THE_BIKE, s(-10), Result.FAILED),), Wait(s(20), WaitReason.RETRY_LATER)),
    ("who cannot be reached at all is not tried again", (TEAM[4],), (Attempt(AT_THE_BIKE, s(-600), Result.REFUSED),), Nobody(NobodyReason.EVERYONE_ASKED)),
    ("over the rate limit the next one is told", (on_duty(10, notices=FULL), on_duty(20, NEAR)), (), Tell(20)),
    ("everybody over the limit: wait until the first has room, and say so", (on_duty(10, notices=FULL),), (), Wait(s(100), WaitReason.RATE_LIMITED)),
    ("a notice exactly ten minutes old no longer counts", (on_duty(10, notices=(*FULL[:5], -600)),), (), Tell(10)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("people", "attempts", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_who_is_told_now(people: tuple[OnDuty, ...], attempts: tuple[Attempt, ...], expected: Decision) -> None:
    assert decide(HERE, people, attempts, NOON, RULES) == expected


places = st.builds(Place, st.integers(1, 4), st.none() | st.tuples(st.floats(0, 1000), st.floats(0, 700)))
teams = st.lists(st.builds(OnDuty, st.integers(1, 6), places, st.booleans()), max_size=8)
steps = st.lists(
    st.tuples(teams, st.integers(1, 120), st.integers(1, 3), st.sampled_from(Result)), min_size=1, max_size=60
)


@given(places, steps)
def test_whatever_happens_only_people_on_duty_are_told_once_and_not_too_often(
    place: Place, happenings: list[tuple[list[OnDuty], int, int, Result]]
) -> None:
    """Bikes one to three, a team that comes and goes, phones that fail: the promises hold at every step."""
    attempts: dict[int, list[Attempt]] = {1: [], 2: [], 3: []}
    at = NOON
    for team, seconds, bike, result in happenings:
        at += timedelta(seconds=seconds)
        people = [OnDuty(p.account_id, p.place, p.lead, notices_of(attempts, p.account_id)) for p in team]
        decision = decide(place, people, attempts[bike], at, RULES)
        if isinstance(decision, Tell):
            check_promises(decision.account_id, people, attempts, bike, at)
            attempts[bike].append(Attempt(decision.account_id, at, result))
        elif isinstance(decision, Wait):
            assert at < decision.until


def notices_of(attempts: dict[int, list[Attempt]], account_id: int) -> tuple[datetime, ...]:
    return tuple(
        a.at for tries in attempts.values() for a in tries if a.account_id == account_id and a.result is Result.TOLD
    )


def check_promises(who: int, people: list[OnDuty], attempts: dict[int, list[Attempt]], bike: int, at: datetime) -> None:
    assert who in {person.account_id for person in people}
    about_this = [a for a in attempts[bike] if a.result is Result.TOLD]
    assert who not in {a.account_id for a in about_this}
    assert all(at - a.at >= RULES.answer_within for a in about_this)
    assert sum(at - notice < RULES.notices_within for notice in notices_of(attempts, who)) < RULES.notices
    if all(person.lead for person in people if person.account_id == who):
        tried = {a.account_id for a in attempts[bike]}
        free = {p.account_id for p in people if not p.lead and len(p.notices) < RULES.notices}
        assert free <= tried
