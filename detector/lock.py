"""Step 5: locked, unlocked or unsure. Pure: evidence in, verdict with its reasons out.

Calibrated log-odds over what was seen; the weights are fitted, not typed in (`detector.verdict_model.py`).
"""

from __future__ import annotations

from detector.config import Thresholds
from detector.verdict_model import VerdictModel, numbers_of
from detector.vocabulary import LockEvidence, LockState, LockVerdict, ReasonCode


def judge_lock(evidence: LockEvidence, thresholds: Thresholds, model: VerdictModel) -> LockVerdict:
    """Join the evidence. Any self-doubt makes the verdict `unsure`, whatever the probability says."""
    seen = numbers_of(evidence)
    doubts = doubts_of(evidence, thresholds)
    p_unlocked = model.p_unlocked(seen) if seen and evidence.rider_seen else None
    state = LockState.UNSURE if doubts or p_unlocked is None else _state(p_unlocked, thresholds)
    return LockVerdict(state, p_unlocked, seen | doubts)


def doubts_of(evidence: LockEvidence, thresholds: Thresholds) -> dict[ReasonCode, float]:
    """Why nothing should be said about this bike, with the numbers; empty: nothing speaks against it."""
    width_px, brightness = evidence.bike_width_px, evidence.brightness
    flags = {
        ReasonCode.PREEXISTING: evidence.preexisting,
        ReasonCode.SHARED_BIKE: evidence.shared_bike,
        ReasonCode.RIDER_NOT_SEEN: not evidence.rider_seen,
        ReasonCode.MERGED_BOXES: evidence.merged_boxes,
        ReasonCode.CAMERA_MOVED: evidence.camera_moved,
    }
    doubts = {code: 1.0 for code, doubtful in flags.items() if doubtful}
    if width_px is not None and width_px < thresholds.min_bike_width_px:
        doubts[ReasonCode.BIKE_TOO_SMALL_PX] = round(width_px, 1)
    if brightness is not None and brightness < thresholds.min_brightness:
        doubts[ReasonCode.TOO_DARK] = round(brightness, 1)
    if evidence.not_watched_s > thresholds.grace_s:
        doubts[ReasonCode.NOT_WATCHED_S] = round(evidence.not_watched_s, 1)
    return doubts


def _state(p_unlocked: float, thresholds: Thresholds) -> LockState:
    if p_unlocked >= thresholds.unlocked_above:
        return LockState.UNLOCKED
    return LockState.LOCKED if p_unlocked <= thresholds.locked_below else LockState.UNSURE
