"""Evidence for step 5: small functions over what was seen at one bike, each with its unit. None: could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from detector.attendance import AtBike, Attendance
from detector.boxes import XyxyNorm, XyxyPx
from detector.vocabulary import Kind, LockEvidence

LEAST_STANDING_LOOKS = 3
BENT_HEIGHTS = 0.85
"""Shorter than this share of their standing height: bent, if the head came down too."""
CURLED_HEIGHTS = 0.92
CURLED_ASPECT = 1.6
"""Hardly shorter but this much wider than when standing: bent too, as seen from above."""
HEAD_DOWN_HEIGHTS = 0.12
BEND_GAP_S = 1.0
LEAST_BEND_S = 0.5
MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person looks upright at the bike: height in pixels and width over height."""

    height_px: float
    aspect: float


def collect(
    attendance: Attendance, *, merged_boxes: bool, visit_certain: bool, preexisting: bool, kind: Kind
) -> LockEvidence:
    """Everything known so far about one stay, but for what only the picture can tell."""
    frames, bike_px = attendance.frames, attendance.bike_px
    standing = standing_at(attendance.standing, bike_px)
    first = [frame for frame in frames if frame.visit == 0]
    later = [frame for frame in frames if frame.visit > 0]
    line = None if standing is None else head_line_px(frames, standing, bike_px)
    return LockEvidence(
        attended_s=attended_s(first),
        bent_s=bent_s(first, standing, line),
        bends=bends(first, standing, line),
        left_after_s=left_after_s(attendance.parked_at, first),
        left_straight=attendance.left_straight,
        return_visits=attendance.return_visits,
        return_attended_s=attended_s(later) if later else None,
        return_bent_s=bent_s(later, standing, line),
        rider_seen=attendance.rider_seen,
        lost_at_bike_s=lost_at_bike_s(first),
        not_watched_s=attendance.not_watched_s,
        kind=kind,
        bike_width_px=bike_px.width,
        merged_boxes=merged_boxes,
        visit_certain=visit_certain,
        preexisting=preexisting,
    )


def attended_s(frames: Sequence[AtBike]) -> float:
    """Seconds somebody was at the bike, seen or not."""
    return sum(frame.seconds for frame in frames)


def lost_at_bike_s(frames: Sequence[AtBike]) -> float:
    """Seconds they could not be seen there."""
    return sum(frame.seconds for frame in frames if frame.person_xyxy_px is None)


def left_after_s(parked_at: datetime, frames: Sequence[AtBike]) -> float | None:
    """Seconds from parked to the rider's last moment within reach."""
    return max(0.0, (frames[-1].at - parked_at).total_seconds()) if frames else None


def standing_at(upright_px: Sequence[XyxyPx], bike_px: XyxyPx) -> Standing | None:
    """How tall the person whose upright boxes these are stands at the bike.

    Height grows with depth, that is with the feet's y: a line through the boxes where their feet spread far enough,
    else their median. None where they were hardly seen upright.
    """
    if len(upright_px) < LEAST_STANDING_LOOKS:
        return None
    heights = np.array([box.height for box in upright_px])
    feet_y = np.array([box.bottom for box in upright_px])
    typical = float(np.median(heights))
    height = typical
    if float(np.ptp(feet_y)) > typical and len(upright_px) > 2 * LEAST_STANDING_LOOKS:
        slope, offset = np.polyfit(feet_y, heights, 1)
        height = float(np.clip(slope * bike_px.bottom + offset, 0.75 * typical, 1.35 * typical))
    return Standing(height, median(box.width / max(1.0, box.height) for box in upright_px))


def is_bent(person: XyxyPx, standing: Standing, head_line_px: float) -> bool:
    """Whether somebody at the bike is bent or crouched.

    Legs hidden by the bike make a box short as well, but only bending brings the head down: its top must be well
    below `head_line_px`, where their head is when they stand here.
    """
    head_down = person.top >= head_line_px + HEAD_DOWN_HEIGHTS * standing.height_px
    shorter = person.height / standing.height_px
    wider = person.width / max(1.0, person.height) / max(0.1, standing.aspect)
    return head_down and (shorter <= BENT_HEIGHTS or (shorter <= CURLED_HEIGHTS and wider >= CURLED_ASPECT))


def head_line_px(frames: Sequence[AtBike], standing: Standing, bike_px: XyxyPx) -> float:
    """The y of the person's head when upright at the bike: as seen there, or as their height makes it."""
    tops = [frame.person_xyxy_px.top for frame in frames if frame.person_xyxy_px is not None]
    expected = bike_px.bottom - standing.height_px
    return min(float(np.percentile(tops, 10)), expected) if tops else expected


def _bent_frames(frames: Sequence[AtBike], standing: Standing, line_px: float) -> list[AtBike]:
    return [one for one in frames if one.person_xyxy_px is not None and is_bent(one.person_xyxy_px, standing, line_px)]


def bent_s(frames: Sequence[AtBike], standing: Standing | None, line_px: float | None) -> float | None:
    """Seconds somebody was seen bent or crouched at the bike, against their own standing height."""
    if standing is None or line_px is None or all(frame.person_xyxy_px is None for frame in frames):
        return None
    return sum(frame.seconds for frame in _bent_frames(frames, standing, line_px))


def bends(frames: Sequence[AtBike], standing: Standing | None, line_px: float | None) -> int | None:
    """How often they bent down: runs of bent frames, shorter breaks than a second not counted."""
    if standing is None or line_px is None or all(frame.person_xyxy_px is None for frame in frames):
        return None
    runs: list[list[AtBike]] = []
    for frame in _bent_frames(frames, standing, line_px):
        if runs and frame.at - runs[-1][-1].at <= timedelta(seconds=BEND_GAP_S):
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return sum(sum(frame.seconds for frame in run) >= LEAST_BEND_S for run in runs)


def brightness_around(image_bgr: NDArray[np.uint8], xyxy_norm: XyxyNorm) -> float:
    """Mean grey level, 0 to 255, of the bike and half its size around it.

    `image_bgr` has shape (height, width, 3), blue-green-red.
    """
    height, width = image_bgr.shape[:2]
    box = xyxy_norm.clipped().to_px(width, height)
    left, right = max(0, int(box.left - MARGIN * box.width)), min(width, int(box.right + MARGIN * box.width) + 1)
    top, bottom = max(0, int(box.top - MARGIN * box.height)), min(height, int(box.bottom + MARGIN * box.height) + 1)
    mean_bgr = image_bgr[top:bottom, left:right].reshape(-1, 3).mean(axis=0)
    return float(mean_bgr @ np.array([0.114, 0.587, 0.299]))
