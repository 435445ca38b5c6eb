"""Evidence in, verdict with its reasons out. The fitted numbers may change; what they mean may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from detector.config import Thresholds, ViewConfig
from detector.lock import doubts_of, judge_lock
from detector.verdict_model import Curve, VerdictModel, load_verdict_model
from detector.vocabulary import LockEvidence, LockState, LockVerdict, ReasonCode

THRESHOLDS = Thresholds()
COMMITTED = load_verdict_model(ViewConfig().verdict)
BENDING_ONLY = VerdictModel(
    name="bending-only",
    version=0,
    base=0.0,
    curves={ReasonCode.BENT_S: Curve(at=(0, 10), log_odds=(2, -2))},
)
"""P(unlocked) 0.88 where nobody bent, 0.5 at 5 s, 0.12 from 10 s on."""
WALKED_OFF = LockEvidence(
    attended_s=4,
    bent_s=0,
    bends=0,
    longest_bend_s=0,
    left_after_s=4,
    left_straight=True,
    rider_seen=True,
    bike_width_px=100,
    brightness=120,
)


def _judge(evidence: LockEvidence, model: VerdictModel = COMMITTED, thresholds: Thresholds = THRESHOLDS) -> LockVerdict:
    return judge_lock(evidence, thresholds, model)


def _attended(seconds: float, bent_s: float, bends: int = 1) -> LockEvidence:
    return replace(
        WALKED_OFF, attended_s=seconds, left_after_s=seconds, bent_s=bent_s, bends=bends, longest_bend_s=bent_s
    )


MEANINGS = [
    # Set the bike down and went.
    (WALKED_OFF, LockState.UNLOCKED),
    (_attended(2, 0, 0), LockState.UNLOCKED),
    # Twelve seconds bent over it.
    (_attended(16, 12), LockState.LOCKED),
    (_attended(25, 12, 3), LockState.LOCKED),
    # Bent over it for so long, and a lock was seen on it.
    (replace(_attended(16, 12), lock_views=9, lock_seen=7), LockState.LOCKED),
]


@pytest.mark.parametrize(("evidence", "state"), MEANINGS)
def test_what_was_seen_leads_to_the_verdict(evidence: LockEvidence, state: LockState) -> None:
    assert _judge(evidence).state is state


NO_ALERT = {
    "a lock was seen on the bike": replace(_attended(9, 3), lock_views=9, lock_seen=7),
    "vanished behind the bike for long": replace(_attended(22, 0), bent_s=None, bends=None, lost_at_bike_s=15),
    "came back and bent over it": replace(WALKED_OFF, return_visits=1, return_attended_s=15, return_bent_s=12),
}


@pytest.mark.parametrize("what", NO_ALERT)
def test_nobody_is_alerted_where(what: str) -> None:
    assert _judge(NO_ALERT[what]).state is not LockState.UNLOCKED


def test_nobody_is_alerted_where_nothing_was_seen_of_the_rider_but_that_there_was_one() -> None:
    assert _judge(LockEvidence(rider_seen=True)).state is not LockState.UNLOCKED


BETWEEN = [
    (0.0, LockState.UNLOCKED),
    (5.0, LockState.UNSURE),
    (10.0, LockState.LOCKED),
]


@pytest.mark.parametrize(("bent_s", "state"), BETWEEN)
def test_between_the_thresholds_it_is_unsure(bent_s: float, state: LockState) -> None:
    assert _judge(_attended(12, bent_s), BENDING_ONLY).state is state


def test_thresholds_decide_between_the_three_and_belong_to_their_verdict() -> None:
    half = _attended(12, 5)
    assert _judge(half, BENDING_ONLY).p_unlocked == 0.5
    exactly = Thresholds(unlocked_above=0.5, locked_below=0.2), Thresholds(unlocked_above=0.8, locked_below=0.5)
    assert [_judge(half, BENDING_ONLY, one).state for one in exactly] == [LockState.UNLOCKED, LockState.LOCKED]
    shy = Thresholds(unlocked_above=0.99, locked_below=0.01)
    assert _judge(_attended(12, 30), BENDING_ONLY, shy).state is LockState.UNSURE


DOUBTS = [
    (replace(WALKED_OFF, rider_seen=False), ReasonCode.RIDER_NOT_SEEN, 1),
    (replace(WALKED_OFF, merged_boxes=True), ReasonCode.MERGED_BOXES, 1),
    (replace(WALKED_OFF, camera_moved=True), ReasonCode.CAMERA_MOVED, 1),
    (replace(WALKED_OFF, preexisting=True), ReasonCode.PREEXISTING, 1),
    (replace(WALKED_OFF, shared_bike=True), ReasonCode.SHARED_BIKE, 1),
    (replace(WALKED_OFF, bike_width_px=25), ReasonCode.BIKE_TOO_SMALL_PX, 25),
    (replace(WALKED_OFF, bike_width_px=39.96), ReasonCode.BIKE_TOO_SMALL_PX, 40),
    (replace(WALKED_OFF, brightness=12.345), ReasonCode.TOO_DARK, 12.3),
    (replace(WALKED_OFF, not_watched_s=31.26), ReasonCode.NOT_WATCHED_S, 31.3),
]


@pytest.mark.parametrize(("evidence", "code", "number"), DOUBTS)
@pytest.mark.parametrize("bent_s", [0, 30])
def test_any_self_doubt_makes_it_unsure_and_says_why(
    evidence: LockEvidence, code: ReasonCode, number: float, bent_s: float
) -> None:
    """Whatever the rider did: neither an alert nor an all-clear."""
    verdict = _judge(replace(evidence, bent_s=bent_s), BENDING_ONLY)
    assert verdict.state is LockState.UNSURE
    assert verdict.reasons[code] == number


NO_DOUBTS = [
    WALKED_OFF,
    # Just wide and bright enough, and unwatched no longer than the grace time.
    replace(WALKED_OFF, bike_width_px=40, brightness=25, not_watched_s=4),
    # Not measured is not too small or too dark.
    replace(WALKED_OFF, bike_width_px=None, brightness=None),
    # Which box the visit belongs to is uncertain: said of the stay, and the rider's doings are what they are.
    replace(WALKED_OFF, visit_certain=False),
]


@pytest.mark.parametrize("evidence", NO_DOUBTS)
def test_without_a_doubt_it_is_judged(evidence: LockEvidence) -> None:
    assert doubts_of(evidence, THRESHOLDS) == {}
    assert _judge(evidence, BENDING_ONLY).state is LockState.UNLOCKED


def test_several_doubts_are_all_told() -> None:
    many = replace(WALKED_OFF, preexisting=True, shared_bike=True, brightness=3, rider_seen=False)
    doubts = {ReasonCode.PREEXISTING, ReasonCode.SHARED_BIKE, ReasonCode.TOO_DARK, ReasonCode.RIDER_NOT_SEEN}
    assert doubts_of(many, THRESHOLDS).keys() == doubts
    assert doubts <= _judge(many).reasons.keys()


def test_a_probability_needs_a_rider() -> None:
    assert _judge(LockEvidence()).p_unlocked is None
    assert _judge(replace(WALKED_OFF, preexisting=True)).p_unlocked is not None


def test_reasons_carry_their_numbers_and_what_could_not_be_seen_is_none() -> None:
    verdict = _judge(LockEvidence(attended_s=5.126, bent_s=0.0, lock_views=3, rider_seen=True))
    assert verdict.reasons == {ReasonCode.ATTENDED_S: 5.13, ReasonCode.BENT_S: 0.0, ReasonCode.NO_LOCK_VIEWS: 3}


SPEAKS_FOR_A_LOCK: dict[str, Callable[[int], LockEvidence]] = {
    "time at the bike": lambda number: replace(WALKED_OFF, attended_s=number, left_after_s=number),
    "time bent": lambda number: _attended(45, number),
    "time lost at the bike": lambda number: replace(WALKED_OFF, lost_at_bike_s=number),
    "time bent on a later visit": lambda number: replace(WALKED_OFF, return_bent_s=number),
    "views of a lock": lambda number: replace(WALKED_OFF, lock_views=40, lock_seen=number),
}


@pytest.mark.parametrize("what", SPEAKS_FOR_A_LOCK)
def test_more_of_what_speaks_for_a_lock_never_makes_unlocked_likelier(what: str) -> None:
    ps = [_judge(SPEAKS_FOR_A_LOCK[what](number)).p_unlocked for number in range(40)]
    known = [p for p in ps if p is not None]
    assert len(known) == 40
    assert known == sorted(known, reverse=True)
