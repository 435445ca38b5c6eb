"""What every alert of one clip was worth: right or why not, how late, and whether it was taken back for the true reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from detector.evaluation.found import FoundAlert, FoundStay
from detector.evaluation.matching import (
    Matches,
    Tolerances,
    found_width_px,
    overlap,
    same_place,
    stands_at,
    width_px,
)
from detector.evaluation.truth import ClipTruth, StayTruth


class Wrong(StrEnum):
    """Why an alert should not have been raised."""

    INVENTED = "invented"
    PREEXISTING = "preexisting"
    SHARED = "shared"
    MOTORCYCLE = "motorcycle"
    RIDER_STILL_THERE = "rider_still_there"
    LOCKED = "locked"
    GONE = "gone"
    SECOND = "second"
    """The same bike was told of before."""


class Clearing(StrEnum):
    """How an alert ended, where the truth says how it must."""

    RIGHT = "right"
    OTHER_REASON = "other_reason"
    NOT_CLEARED = "not_cleared"
    WITHOUT_CAUSE = "without_cause"


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    found: FoundStay
    alert: FoundAlert
    true_index: int | None
    """The bike it is about, among the truth's stays; None: there is none."""
    width_px: float
    wrong: Wrong | None
    delay_s: float | None
    """Seconds from the true leaving; only of alerts that are right."""
    late: bool
    clearing: Clearing | None
    """None: nothing happened that would clear it, or too late in the clip; or the alert was wrong from the start."""
    lock_time_error_s: float | None
    """Where it was cleared because of the lock: how much later than the lock was closed."""


def alert_outcomes(
    truth: ClipTruth, found: Sequence[FoundStay], matches: Matches, tolerances: Tolerances
) -> tuple[AlertOutcome, ...]:
    """Every raised alert, in the order of time."""
    raised = sorted(
        ((alert, number) for number, stay in enumerate(found) for alert in stay.alerts),
        key=lambda pair: pair[0].raised_at_s,
    )
    told: set[tuple[str, int]] = set()
    outcomes = []
    for alert, number in raised:
        index = _about(number, alert, truth, found, matches, tolerances)
        keys = {("found", number)} | (set() if index is None else {("true", index)})
        visited = matches.visited.get(index, -1) == number if index is not None else False
        wrong = Wrong.SECOND if keys & told else _wrong(truth, index, found[number], alert, tolerances, visited=visited)
        told |= keys
        outcomes.append(_outcome(truth, index, found[number], alert, wrong, tolerances))
    return tuple(outcomes)


def asks_for_alert(true: StayTruth) -> bool:
    """Shared bikes lock themselves, and e-bikes and motorcycles are not ours to remind of."""
    return true.kind == "bicycle" and not true.shared


def locked_at(true: StayTruth, at_s: float) -> bool:
    """Whether it was locked at a moment after its rider left."""
    came_later = true.locked_at_s is not None and not true.locked
    return true.locked or (came_later and true.locked_at_s is not None and true.locked_at_s <= at_s)


def _about(
    number: int,
    alert: FoundAlert,
    truth: ClipTruth,
    found: Sequence[FoundStay],
    matches: Matches,
    tolerances: Tolerances,
) -> int | None:
    """The true stay it belongs to; for a found one that belongs to none, the bike that stands in its place."""
    for pairs in (matches.visited, matches.preexisting):
        for index, other in pairs.items():
            if other == number:
                return index
    there = [
        index
        for index, true in enumerate(truth.stays)
        if stands_at(true, alert.raised_at_s) and same_place(truth, true, found[number], tolerances)
    ]
    return max(there, key=lambda index: overlap(truth, truth.stays[index], found[number]), default=None)


def _wrong(
    truth: ClipTruth,
    index: int | None,
    found: FoundStay,
    alert: FoundAlert,
    tolerances: Tolerances,
    *,
    visited: bool,
) -> Wrong | None:
    if index is None or not visited:
        is_old = found.preexisting or (index is not None and truth.stays[index].preexisting)
        return Wrong.PREEXISTING if is_old else Wrong.INVENTED
    true, at_s = truth.stays[index], alert.raised_at_s
    left_s, gone_s = true.left_at_s, true.gone_at_s
    for holds, wrong in (
        (true.shared, Wrong.SHARED),
        (true.kind == "motorcycle", Wrong.MOTORCYCLE),
        (left_s is None or at_s < left_s - tolerances.early_s, Wrong.RIDER_STILL_THERE),
        (locked_at(true, at_s), Wrong.LOCKED),
        (gone_s is not None and at_s > gone_s + tolerances.gone_before_s, Wrong.GONE),
    ):
        if holds:
            return wrong
    return None


def _outcome(
    truth: ClipTruth,
    index: int | None,
    found: FoundStay,
    alert: FoundAlert,
    wrong: Wrong | None,
    tolerances: Tolerances,
) -> AlertOutcome:
    if index is None:
        return AlertOutcome(found, alert, None, found_width_px(truth, found), wrong, None, False, None, None)
    true = truth.stays[index]
    wide = width_px(truth, true)
    if wrong is not None or true.left_at_s is None:
        return AlertOutcome(found, alert, index, wide, wrong, None, False, None, None)
    delay_s = alert.raised_at_s - true.left_at_s
    clearing = _clearing(truth, true, alert, tolerances)
    by_lock = clearing is not Clearing.WITHOUT_CAUSE and alert.clear_reason == "locked"
    error_s = None
    if by_lock and true.locked_at_s is not None and alert.cleared_at_s is not None:
        error_s = alert.cleared_at_s - true.locked_at_s
    late = delay_s > tolerances.late_alert_s
    return AlertOutcome(found, alert, index, wide, None, delay_s, late, clearing, error_s)


def _clearing(truth: ClipTruth, true: StayTruth, alert: FoundAlert, tolerances: Tolerances) -> Clearing | None:
    reason, cleared_s = alert.clear_reason, alert.cleared_at_s
    if cleared_s is not None and reason in {"locked", "gone"} and not _happened(true, reason, cleared_s, tolerances):
        return Clearing.WITHOUT_CAUSE
    expected, since_s = _must_clear(truth, true, alert, tolerances)
    if expected is None or (reason == "expired" and cleared_s is not None and cleared_s < since_s):
        return None
    if cleared_s is None:
        return Clearing.NOT_CLEARED
    return Clearing.RIGHT if reason == expected else Clearing.OTHER_REASON


def _happened(true: StayTruth, reason: str, cleared_s: float, tolerances: Tolerances) -> bool:
    if reason == "locked":
        return locked_at(true, cleared_s + tolerances.early_s)
    return true.gone_at_s is not None and cleared_s >= true.gone_at_s - tolerances.gone_before_s


def _must_clear(
    truth: ClipTruth, true: StayTruth, alert: FoundAlert, tolerances: Tolerances
) -> tuple[Literal["locked", "gone"] | None, float]:
    """What must clear the alert, and when that happened; None: nothing, or too near to the end to be asked."""
    end_s = truth.duration_s if true.gone_at_s is None else true.gone_at_s
    lock_s = None if true.locked else true.locked_at_s
    if lock_s is not None and lock_s > alert.raised_at_s and end_s - lock_s >= tolerances.cleared_within_s:
        return "locked", lock_s
    if true.gone_at_s is not None and lock_s is None and truth.duration_s - true.gone_at_s >= tolerances.gone_after_s:
        return "gone", true.gone_at_s
    return None, 0.0
