"""Who is to be told now about one bike: a pure decision over who is on duty and who was already told.

The nearest post first; no answer in time, the next; the shift leads last; then nobody, and the alert expires by itself.
Nobody is told twice about one stay, nobody over the rate limit is told until there is room, and only people that are
handed in as on duty are ever named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PlanPoint = tuple[float, float]


@dataclass(frozen=True)
class Rules:
    answer_within: timedelta
    """No answer this long: the next person is asked."""
    notices: int = 6
    """At most this many notices reach one person within `notices_within`."""
    notices_within: timedelta = timedelta(minutes=10)
    retry_after: timedelta = timedelta(seconds=30)
    """A failed attempt is repeated after this, where nobody better is left."""


@dataclass(frozen=True)
class Place:
    """Where the bike stands. `position` is in the campus plan's units; None where nobody drew it."""

    building_id: int
    position: PlanPoint | None


@dataclass(frozen=True)
class OnDuty:
    """One person on shift now, at one post, with the times of the notices they lately got about any bike."""

    account_id: int
    place: Place
    lead: bool = False
    notices: tuple[datetime, ...] = ()


class Result(StrEnum):
    TOLD = "told"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True)
class Attempt:
    """One person was told about this bike, or it was tried. `refused`: they cannot be reached this way at all."""

    account_id: int
    at: datetime
    result: Result = Result.TOLD


class WaitReason(StrEnum):
    AWAITING_ANSWER = "awaiting_answer"
    RATE_LIMITED = "rate_limited"
    RETRY_LATER = "retry_later"


class NobodyReason(StrEnum):
    NOBODY_ON_DUTY = "nobody_on_duty"
    EVERYONE_ASKED = "everyone_asked"


@dataclass(frozen=True)
class Tell:
    account_id: int


@dataclass(frozen=True)
class Wait:
    until: datetime
    reason: WaitReason


@dataclass(frozen=True)
class Nobody:
    reason: NobodyReason


Decision = Tell | Wait | Nobody


def decide(
    place: Place, on_duty: Sequence[OnDuty], attempts: Sequence[Attempt], at: datetime, rules: Rules
) -> Decision:
    answer_due = max((a.at + rules.answer_within for a in attempts if a.result is Result.TOLD), default=None)
    if answer_due is not None and at < answer_due:
        return Wait(answer_due, WaitReason.AWAITING_ANSWER)
    if not on_duty:
        return Nobody(NobodyReason.NOBODY_ON_DUTY)
    latest = {attempt.account_id: attempt for attempt in sorted(attempts, key=lambda a: a.at)}
    done = {a.account_id for a in attempts if a.result is not Result.FAILED}
    left = [person for person in _nearest_first(place, on_duty, latest) if person.account_id not in done]
    if not left:
        return Nobody(NobodyReason.EVERYONE_ASKED)
    waits = [_wait(person, latest.get(person.account_id), at, rules) for person in left]
    for person, wait in zip(left, waits, strict=True):
        if wait is None:
            return Tell(person.account_id)
    return min((wait for wait in waits if wait is not None), key=lambda wait: wait.until)


def distance(here: Place, there: Place) -> float:
    """In plan units; 0 within one building, infinite where one of the two is not on the plan."""
    if here.building_id == there.building_id:
        return 0.0
    if here.position is None or there.position is None:
        return math.inf
    return math.dist(here.position, there.position)


def _nearest_first(place: Place, on_duty: Sequence[OnDuty], tried: dict[int, Attempt]) -> list[OnDuty]:
    """Leads last, those whose phone just failed after those not yet tried, and among equals the least disturbed."""

    def order(person: OnDuty) -> tuple[bool, bool, float, int, int]:
        away = distance(place, person.place)
        return person.lead, person.account_id in tried, away, len(person.notices), person.account_id

    nearest: dict[int, OnDuty] = {}
    for person in sorted(on_duty, key=order):
        nearest.setdefault(person.account_id, person)
    return list(nearest.values())


def _wait(person: OnDuty, failed: Attempt | None, at: datetime, rules: Rules) -> Wait | None:
    """Why this person cannot be told at this moment; None: they can."""
    if failed is not None and at < failed.at + rules.retry_after:
        return Wait(failed.at + rules.retry_after, WaitReason.RETRY_LATER)
    recent = sorted(notice for notice in person.notices if notice > at - rules.notices_within)
    if len(recent) >= rules.notices:
        return Wait(recent[-rules.notices] + rules.notices_within, WaitReason.RATE_LIMITED)
    return None
