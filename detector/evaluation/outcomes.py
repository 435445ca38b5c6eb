"""What became of every true stay of one clip, and what was found that is none: facts, before anything is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from detector.evaluation.alert_outcomes import AlertOutcome, alert_outcomes, asks_for_alert, locked_at
from detector.evaluation.found import FoundClip, FoundStay, FoundVerdict
from detector.evaluation.matching import (
    Matches,
    Tolerances,
    found_width_px,
    is_visit,
    match_stays,
    overlap,
    same_place,
    stands_at,
    width_px,
)
from detector.evaluation.truth import ClipTruth, StayTruth


class Said(StrEnum):
    """What the line's verdict was; `none`: it gave none. `missed`: it did not even find the stay."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    UNSURE = "unsure"
    NONE = "none"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class VerdictOutcome:
    """One verdict against the truth at the moment it was given. `asked`: it counts for recall and abstention."""

    asked: bool
    true_unlocked: bool
    said: Said
    right: bool
    """Never for `unsure` and none; a verdict given before the rider left is not right whatever it says."""
    verdict: FoundVerdict | None


class Link(StrEnum):
    """Drop and take: was the stay closed by the take that ended it, and by nothing else?"""

    RIGHT = "right"
    NOT_CLOSED = "not_closed"
    CLOSED_AT_OTHER_TIME = "closed_at_other_time"
    CLOSED_BUT_NOT_TAKEN = "closed_but_not_taken"
    ALSO_ENDS_ANOTHER = "also_ends_another"
    DROP_MISSED = "drop_missed"


@dataclass(frozen=True, slots=True)
class StayOutcome:
    """One bike that somebody parked in the clip. `found` None: missed."""

    index: int
    """Among the truth's stays."""
    true: StayTruth
    width_px: float
    asked: bool
    """False where the clip ends too soon after parking."""
    found: FoundStay | None
    right_bike: bool
    """No other bike standing then fits the found box better."""
    taken: bool
    link: Link | None
    """None: not asked, the clip ends too soon after the take."""
    first: VerdictOutcome | None
    """None: no verdict is due, for it is no private bicycle or nobody left it."""
    final: VerdictOutcome | None
    alert_wanted: bool
    told: bool
    """It was alerted of, rightly."""


@dataclass(frozen=True, slots=True)
class StandingOutcome:
    """One bike that stood there before the clip."""

    index: int
    true: StayTruth
    width_px: float
    found: FoundStay | None
    closed_wrongly: bool


@dataclass(frozen=True, slots=True)
class InventedStay:
    """A visit that was found and did not happen."""

    found: FoundStay
    width_px: float


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    truth: ClipTruth
    found: FoundClip | None
    """None: there is no result."""
    stays: tuple[StayOutcome, ...]
    standing: tuple[StandingOutcome, ...]
    invented: tuple[InventedStay, ...]
    alerts: tuple[AlertOutcome, ...]

    @property
    def has_result(self) -> bool:
        return self.found is not None

    @property
    def nobody_parks(self) -> bool:
        return not self.stays


def outcome_of(truth: ClipTruth, found: FoundClip | None, tolerances: Tolerances) -> ClipOutcome:
    """Hold one clip's result against its truth; no result means that nothing was found."""
    stays = found.stays if found else ()
    matches = match_stays(truth, stays, tolerances)
    matched = {*matches.visited.values()}
    alerts = alert_outcomes(truth, stays, matches, tolerances)
    told = {one.true_index for one in alerts if one.wrong is None}
    return ClipOutcome(
        truth,
        found,
        tuple(
            _stay(index, truth, stays, matches, tolerances, told=index in told)
            for index, one in enumerate(truth.stays)
            if is_visit(one)
        ),
        tuple(
            _standing(index, truth, stays, matches, tolerances)
            for index, one in enumerate(truth.stays)
            if one.preexisting
        ),
        tuple(
            InventedStay(one, found_width_px(truth, one))
            for number, one in enumerate(stays)
            if not one.preexisting and number not in matched
        ),
        alerts,
    )


def _stay(
    index: int,
    truth: ClipTruth,
    found: Sequence[FoundStay],
    matches: Matches,
    tolerances: Tolerances,
    *,
    told: bool,
) -> StayOutcome:
    true = truth.stays[index]
    mine = found[matches.visited[index]] if index in matches.visited else None
    assert true.parked_at_s is not None, "a visit begins within the clip"
    return StayOutcome(
        index=index,
        true=true,
        width_px=width_px(truth, true),
        asked=truth.duration_s - true.parked_at_s >= tolerances.asked_after_s,
        found=mine,
        right_bike=mine is not None and _fits_best(index, truth, mine),
        taken=true.gone_at_s is not None,
        link=_link(index, truth, found, matches, tolerances),
        first=_first_verdict(truth, true, mine, tolerances),
        final=_final_verdict(truth, true, mine, tolerances),
        alert_wanted=_alert_wanted(truth, true, tolerances),
        told=told,
    )


def _standing(
    index: int, truth: ClipTruth, found: Sequence[FoundStay], matches: Matches, tolerances: Tolerances
) -> StandingOutcome:
    true = truth.stays[index]
    mine = found[matches.preexisting[index]] if index in matches.preexisting else None
    closed_s = mine.gone_at_s if mine else None
    wrongly = closed_s is not None and (true.gone_at_s is None or closed_s < true.gone_at_s - tolerances.gone_before_s)
    return StandingOutcome(index, true, width_px(truth, true), mine, wrongly)


def _fits_best(index: int, truth: ClipTruth, found: FoundStay) -> bool:
    mine = overlap(truth, truth.stays[index], found)
    others = (
        overlap(truth, other, found)
        for number, other in enumerate(truth.stays)
        if number != index and stands_at(other, found.parked_at_s)
    )
    return all(mine >= other for other in others)


def _link(
    index: int, truth: ClipTruth, found: Sequence[FoundStay], matches: Matches, tolerances: Tolerances
) -> Link | None:
    true = truth.stays[index]
    if true.gone_at_s is not None and truth.duration_s - true.gone_at_s < tolerances.gone_after_s:
        return None
    if index not in matches.visited:
        return Link.DROP_MISSED
    closed_s = found[matches.visited[index]].gone_at_s
    if true.gone_at_s is None:
        return Link.RIGHT if closed_s is None else Link.CLOSED_BUT_NOT_TAKEN
    if closed_s is None:
        return Link.NOT_CLOSED
    if not _within(closed_s, true.gone_at_s, tolerances):
        return Link.CLOSED_AT_OTHER_TIME
    others = _others_ended(index, truth, found, matches, tolerances)
    return Link.ALSO_ENDS_ANOTHER if others else Link.RIGHT


def _others_ended(
    index: int, truth: ClipTruth, found: Sequence[FoundStay], matches: Matches, tolerances: Tolerances
) -> bool:
    """Whether this take closed a second stay in the same place, one that no take of its own ended."""
    true = truth.stays[index]
    truth_of = {number: other for pairs in (matches.visited, matches.preexisting) for other, number in pairs.items()}
    for number, other in enumerate(found):
        closed_s, own = other.gone_at_s, truth_of.get(number)
        if own == index or closed_s is None or not _within(closed_s, true.gone_at_s, tolerances):
            continue
        has_own_take = own is not None and _within(closed_s, truth.stays[own].gone_at_s, tolerances)
        if not has_own_take and same_place(truth, true, other, tolerances):
            return True
    return False


def _within(closed_s: float, gone_s: float | None, tolerances: Tolerances) -> bool:
    return gone_s is not None and -tolerances.gone_before_s <= closed_s - gone_s <= tolerances.gone_after_s


def _first_verdict(
    truth: ClipTruth, true: StayTruth, found: FoundStay | None, tolerances: Tolerances
) -> VerdictOutcome | None:
    """The first after the rider left; where none came after that, the one in force when they left."""
    left_s = true.left_at_s
    if not asks_for_alert(true) or left_s is None:
        return None
    asked = _end_s(truth, true) - left_s >= tolerances.asked_after_s
    if found is None:
        return VerdictOutcome(asked, not true.locked, Said.MISSED, False, None)
    after = [one for one in found.verdicts if one.at_s >= left_s - tolerances.early_s]
    verdict = after[0] if after else (found.verdicts[-1] if found.verdicts else None)
    unlocked = not locked_at(true, max(left_s, verdict.at_s) if verdict else left_s)
    return _held(verdict, asked=asked, unlocked=unlocked)


def _final_verdict(
    truth: ClipTruth, true: StayTruth, found: FoundStay | None, tolerances: Tolerances
) -> VerdictOutcome | None:
    """The last one, against how the bike stood at the end; not asked where that changed too late to be seen."""
    left_s, end_s = true.left_at_s, _end_s(truth, true)
    if not asks_for_alert(true) or left_s is None:
        return None
    settled_s = end_s - tolerances.asked_after_s
    unlocked = not locked_at(true, end_s)
    asked = settled_s >= left_s and locked_at(true, settled_s) is not unlocked
    if found is None:
        return VerdictOutcome(asked, unlocked, Said.MISSED, False, None)
    return _held(found.verdicts[-1] if found.verdicts else None, asked=asked, unlocked=unlocked)


def _held(verdict: FoundVerdict | None, *, asked: bool, unlocked: bool) -> VerdictOutcome:
    said = Said(verdict.state) if verdict else Said.NONE
    right = said is (Said.UNLOCKED if unlocked else Said.LOCKED)
    return VerdictOutcome(asked, unlocked, said, right, verdict)


def _alert_wanted(truth: ClipTruth, true: StayTruth, tolerances: Tolerances) -> bool:
    """It stood unlocked and alone long enough for somebody to be told."""
    if not asks_for_alert(true) or true.left_at_s is None or locked_at(true, true.left_at_s):
        return False
    until_s = _end_s(truth, true) if true.locked_at_s is None else min(true.locked_at_s, _end_s(truth, true))
    return until_s - true.left_at_s >= tolerances.asked_after_s


def _end_s(truth: ClipTruth, true: StayTruth) -> float:
    return truth.duration_s if true.gone_at_s is None else true.gone_at_s
