from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from detector.config import Thresholds
from detector.lock import WEIGHTS, judge_lock
from detector.vocabulary import LockEvidence, LockState, ReasonCode

THRESHOLDS = Thresholds()
WALKED_OFF = LockEvidence(
    attended_s=4, bent_s=0, bends=0, left_after_s=4, rider_seen=True, bike_width_px=100, brightness=120
)

JUDGEMENTS = [
    # Set the bike down and went.
    (WALKED_OFF, LockState.UNLOCKED),
    # Stood a little longer, upright: put a bag on the shoulder.
    (replace(WALKED_OFF, attended_s=8), LockState.UNLOCKED),
    # Bent a second over the kickstand.
    (replace(WALKED_OFF, attended_s=6, bent_s=1, bends=1), LockState.UNLOCKED),
    # Twenty seconds there, ten of them bent: locked.
    (replace(WALKED_OFF, attended_s=20, bent_s=10, bends=1), LockState.LOCKED),
    # Vanished behind the bike for long: that is bending.
    (replace(WALKED_OFF, attended_s=22, bent_s=None, bends=None, lost_at_bike_s=15), LockState.LOCKED),
    # A quick lock: little time, but bent most of it.
    (replace(WALKED_OFF, attended_s=9, bent_s=6, bends=1), LockState.LOCKED),
    # Stood by the bike for long without bending: talking, or a lock high up.
    (replace(WALKED_OFF, attended_s=16), LockState.UNSURE),
    # The lock itself was seen on the bike.
    (replace(WALKED_OFF, lock_views=9, lock_seen=7), LockState.LOCKED),
    # Nothing was seen of the rider's doings but that there was one.
    (LockEvidence(rider_seen=True), LockState.UNSURE),
]


@pytest.mark.parametrize(("evidence", "state"), JUDGEMENTS)
def test_what_was_seen_leads_to_the_verdict(evidence: LockEvidence, state: LockState) -> None:
    assert judge_lock(evidence, THRESHOLDS).state is state


DOUBTS = [
    (replace(WALKED_OFF, rider_seen=False), ReasonCode.RIDER_NOT_SEEN, 1),
    (replace(WALKED_OFF, bike_width_px=25), ReasonCode.BIKE_TOO_SMALL_PX, 25),
    (replace(WALKED_OFF, merged_boxes=True), ReasonCode.MERGED_BOXES, 1),
    (replace(WALKED_OFF, brightness=12.345), ReasonCode.TOO_DARK, 12.3),
    (replace(WALKED_OFF, camera_moved=True), ReasonCode.CAMERA_MOVED, 1),
    (replace(WALKED_OFF, preexisting=True), ReasonCode.PREEXISTING, 1),
]


@pytest.mark.parametrize(("evidence", "code", "number"), DOUBTS)
def test_any_self_doubt_makes_it_unsure_and_says_why(evidence: LockEvidence, code: ReasonCode, number: float) -> None:
    verdict = judge_lock(evidence, THRESHOLDS)
    assert verdict.state is LockState.UNSURE
    assert verdict.reasons[code] == number


def test_what_could_not_be_seen_is_no_reason() -> None:
    verdict = judge_lock(LockEvidence(attended_s=5, rider_seen=True), THRESHOLDS)
    assert set(verdict.reasons) == {ReasonCode.ATTENDED_S}


def test_a_probability_needs_a_rider() -> None:
    assert judge_lock(LockEvidence(), THRESHOLDS).p_unlocked is None


SPEAKS_FOR_A_LOCK: dict[str, Callable[[int], LockEvidence]] = {
    "time at the bike": lambda number: replace(WALKED_OFF, attended_s=number),
    "time bent": lambda number: replace(WALKED_OFF, bent_s=number),
    "time lost at the bike": lambda number: replace(WALKED_OFF, lost_at_bike_s=number),
    "views of a lock": lambda number: replace(WALKED_OFF, lock_seen=number),
}


@pytest.mark.parametrize("what", SPEAKS_FOR_A_LOCK)
def test_more_of_what_speaks_for_a_lock_never_makes_unlocked_likelier(what: str) -> None:
    ps = [judge_lock(SPEAKS_FOR_A_LOCK[what](number), THRESHOLDS).p_unlocked or 0 for number in range(40)]
    assert ps == sorted(ps, reverse=True)
    assert ps[0] != ps[-1]


def test_thresholds_decide_between_the_three() -> None:
    bold = Thresholds(unlocked_above=0.5, locked_below=0.1)
    shy = Thresholds(unlocked_above=0.99, locked_below=0.01)
    evidence = replace(WALKED_OFF, attended_s=9)
    assert judge_lock(evidence, bold).state is LockState.UNLOCKED
    assert judge_lock(evidence, shy).state is LockState.UNSURE


def test_every_weight_keeps_within_its_bounds() -> None:
    for weight in WEIGHTS.values():
        assert all(weight.least <= weight.of(number) <= weight.most for number in (0.0, 1e6))
        assert weight.of(None) == 0
