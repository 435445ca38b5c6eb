"""Who was at a place, from when to when, and when they put their bike down there: from their path alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from detector.boxes import XyxyPx
from detector.places import within_reach
from detector.trails import Trail, size_px, span_s

LEAST_DWELL_S = 0.8
PUSHED_IN_S = 3.0
"""Somebody who works at a bike seems to move with it; pushing it into its place takes no longer than this."""
DWELL_SIZES = 0.5
"""Who goes less than this many bike sizes a second is not just passing by."""


def dwell_of(trail: Trail, box: XyxyPx) -> Trail:
    """The part of somebody's path in which they were at a place without just walking by; empty where there is none."""
    near = [one for one in trail if within_reach(one.xyxy_px, box)]
    if len(near) < 2 or span_s(near) < LEAST_DWELL_S:  # noqa: PLR2004 -- one look is no dwelling
        return ()
    (x, y), (was_x, was_y) = near[-1].xyxy_px.foot, near[0].xyxy_px.foot
    went_px = ((x - was_x) ** 2 + (y - was_y) ** 2) ** 0.5
    return near if went_px <= DWELL_SIZES * size_px(box) * span_s(near) else ()


def put_down_at(dwell: Trail, had_until: datetime) -> datetime:
    """When somebody who was at a place that long, and was seen with their bike until then, put it down there."""
    settled_by = dwell[0].at + timedelta(seconds=PUSHED_IN_S)
    return min(max(dwell[0].at, had_until), settled_by, dwell[-1].at)
