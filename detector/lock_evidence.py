"""Evidence for step 5: small functions over what was seen at one bike, each with its unit. None: could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from detector.attendance import AtBike, Attendance
from detector.bending import bending_of, bends, bent_s, longest_bend_s
from detector.boxes import XyxyNorm
from detector.vocabulary import Kind, LockEvidence

MARGIN = 0.5


def collect(
    attendance: Attendance, *, merged_boxes: bool, visit_certain: bool, preexisting: bool, kind: Kind
) -> LockEvidence:
    """Everything known so far about one stay, but for what only the picture can tell."""
    frames, bike_px = attendance.frames, attendance.bike_px
    bending = bending_of(frames, attendance.standing, bike_px)
    first = [frame for frame in frames if frame.visit == 0]
    parked = [frame for frame in first if frame.at >= attendance.parked_at]
    later = [frame for frame in frames if frame.visit > 0]
    return LockEvidence(
        attended_s=attended_s(parked),
        bent_s=bent_s(first, bending),
        bends=bends(first, bending),
        longest_bend_s=longest_bend_s(first, bending) if _is_mostly_seen(first) else None,
        left_after_s=left_after_s(attendance.parked_at, parked),
        left_straight=attendance.left_straight,
        return_visits=attendance.return_visits,
        return_attended_s=attended_s(later) if later else None,
        return_bent_s=bent_s(later, bending),
        rider_seen=attendance.rider_seen and bool(parked),
        lost_at_bike_s=lost_at_bike_s(parked),
        not_watched_s=attendance.not_watched_s,
        kind=kind,
        bike_width_px=bike_px.width,
        merged_boxes=merged_boxes,
        visit_certain=visit_certain,
        preexisting=preexisting,
    )


def _is_mostly_seen(frames: Sequence[AtBike]) -> bool:
    """Who is out of sight most of the time may be bent all the while."""
    return lost_at_bike_s(frames) <= attended_s(frames) / 2


def attended_s(frames: Sequence[AtBike]) -> float:
    """Seconds somebody was at the bike, seen or not."""
    return sum(frame.seconds for frame in frames)


def lost_at_bike_s(frames: Sequence[AtBike]) -> float:
    """Seconds one of them could not be seen there."""
    return sum(frame.seconds for frame in frames if not frame.people or frame.somebody_hidden)


def left_after_s(parked_at: datetime, frames: Sequence[AtBike]) -> float | None:
    """Seconds from parked to the rider's last moment within reach."""
    return max(0.0, (frames[-1].at - parked_at).total_seconds()) if frames else None


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
