"""Step 5: locked, unlocked or unsure. Pure: evidence in, verdict with its reasons out.

Log-odds over what was seen of the rider. The weights are set by hand from a few clips; a later issue fits and
calibrates them, so the probability is for now an ordering, not a frequency.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from detector.config import Thresholds
from detector.vocabulary import LockEvidence, LockState, LockVerdict, ReasonCode


@dataclass(frozen=True, slots=True)
class Weight:
    """How one number moves the log-odds of *unlocked*: `start + slope * number`, kept within `least` and `most`."""

    start: float
    slope: float
    least: float
    most: float

    def of(self, number: float | None) -> float:
        """The push on the log-odds; what could not be seen pushes nowhere."""
        return 0.0 if number is None else min(self.most, max(self.least, self.start + self.slope * number))


WEIGHTS: dict[ReasonCode, Weight] = {
    # Locking takes 10 s and more; setting a bike down takes 2 to 5.
    ReasonCode.ATTENDED_S: Weight(start=2.0, slope=-0.16, least=-2.0, most=1.6),
    # Every common lock sits at wheel or frame height: who never bends has hardly locked.
    ReasonCode.BENT_S: Weight(start=0.7, slope=-0.5, least=-3.5, most=0.7),
    # A detector loses people when they bend over a bike, seldom when they stand beside it.
    ReasonCode.LOST_AT_BIKE_S: Weight(start=0.0, slope=-0.25, least=-2.5, most=0.0),
    ReasonCode.LOCK_SEEN_VIEWS: Weight(start=0.0, slope=-1.0, least=-3.0, most=0.0),
    ReasonCode.NO_LOCK_VIEWS: Weight(start=0.0, slope=0.1, least=0.0, most=1.0),
}


def judge_lock(evidence: LockEvidence, thresholds: Thresholds) -> LockVerdict:
    """Join the evidence. Any self-doubt makes the verdict `unsure`, whatever the probability says."""
    seen = _seen(evidence)
    doubts = _doubts(evidence, thresholds)
    p_unlocked = _p_unlocked(seen) if evidence.rider_seen else None
    state = LockState.UNSURE if doubts or p_unlocked is None else _state(p_unlocked, thresholds)
    return LockVerdict(state, p_unlocked, seen | doubts)


def _seen(evidence: LockEvidence) -> dict[ReasonCode, float]:
    """The numbers that were seen, by reason; what was not seen is left out."""
    numbers: dict[ReasonCode, float | None] = {
        ReasonCode.LEFT_AFTER_S: evidence.left_after_s,
        ReasonCode.ATTENDED_S: evidence.attended_s,
        ReasonCode.BENT_S: evidence.bent_s,
        ReasonCode.BENDS: evidence.bends,
        ReasonCode.LOST_AT_BIKE_S: evidence.lost_at_bike_s or None,
        ReasonCode.RETURN_VISITS: evidence.return_visits or None,
        ReasonCode.LOCK_SEEN_VIEWS: evidence.lock_seen or None,
        ReasonCode.NO_LOCK_VIEWS: evidence.lock_views if evidence.lock_views and not evidence.lock_seen else None,
    }
    return {code: round(float(number), 2) for code, number in numbers.items() if number is not None}


def _doubts(evidence: LockEvidence, thresholds: Thresholds) -> dict[ReasonCode, float]:
    width_px, brightness = evidence.bike_width_px, evidence.brightness
    doubts: dict[ReasonCode, float] = {}
    if evidence.preexisting:
        doubts[ReasonCode.PREEXISTING] = 1
    if not evidence.rider_seen:
        doubts[ReasonCode.RIDER_NOT_SEEN] = 1
    if evidence.merged_boxes:
        doubts[ReasonCode.MERGED_BOXES] = 1
    if evidence.camera_moved:
        doubts[ReasonCode.CAMERA_MOVED] = 1
    if width_px is not None and width_px < thresholds.min_bike_width_px:
        doubts[ReasonCode.BIKE_TOO_SMALL_PX] = round(width_px, 1)
    if brightness is not None and brightness < thresholds.min_brightness:
        doubts[ReasonCode.TOO_DARK] = round(brightness, 1)
    return doubts


def _p_unlocked(seen: dict[ReasonCode, float]) -> float:
    log_odds = sum(weight.of(seen.get(code)) for code, weight in WEIGHTS.items())
    return round(1 / (1 + math.exp(-log_odds)), 3)


def _state(p_unlocked: float, thresholds: Thresholds) -> LockState:
    if p_unlocked >= thresholds.unlocked_above:
        return LockState.UNLOCKED
    return LockState.LOCKED if p_unlocked <= thresholds.locked_below else LockState.UNSURE
