"""When a moving bike has come to rest, and where: from its path alone."""

from __future__ import annotations

from datetime import datetime
from math import hypot

from detector.boxes import XyxyPx
from detector.trails import Trail, distance_px, median_box, paces, rigid_shift_px, since, size_px, span_s, travel

REST_SIZES = 0.15
REST_MAX_SIZES = 0.4
CREEP_SIZES = 0.08
"""Slowly but steadily this far in the resting time: still being pushed."""
STILL_SIZES = 0.04
GROUND_SIZES = 0.06
"""Where the wheels stand is hidden least: a bottom edge that still moves this far is a bike not yet in its place."""
LEAST_LOOKS = 3


def resting_box(trail: Trail, rest_s: float) -> XyxyPx | None:
    """Where a bike has been at rest for the last `rest_s` seconds, or None while it moves."""
    last = since(trail, rest_s + 0.01)
    if len(last) < LEAST_LOOKS or span_s(last) < 0.75 * rest_s or span_s(trail) < rest_s:
        return None
    rest = median_box(last)
    far = sorted(distance_px(sighting.xyxy_px, rest) / size_px(rest) for sighting in last)
    steady = far[int(0.8 * (len(far) - 1))] <= REST_SIZES and far[-1] < REST_MAX_SIZES
    before, after = median_box(last[: (len(last) + 1) // 2]), median_box(last[len(last) // 2 :])
    crept = max(travel(last).sizes, hypot(*rigid_shift_px(before, after)) / size_px(rest))
    on_ground = abs(before.bottom - after.bottom) <= GROUND_SIZES * size_px(rest)
    return rest if steady and on_ground and crept < CREEP_SIZES else None


def resting_since(trail: Trail, rest: XyxyPx) -> datetime:
    """The moment from which on a bike stood where it stands: the end of its first pace without movement.

    Looking back, its box may have jumped out of place once, as boxes do, but not twice running.
    """
    steps, strikes = paces(trail), 0
    still = [steps[-1]]
    for step in reversed(steps[:-1]):
        moved_px = hypot(*rigid_shift_px(step.xyxy_px, still[-1].xyxy_px))
        off_px = max(
            distance_px(step.xyxy_px, rest) / REST_SIZES, abs(step.xyxy_px.bottom - rest.bottom) / GROUND_SIZES
        )
        strikes = strikes + 1 if off_px > size_px(rest) else 0
        if strikes > 1 or moved_px > STILL_SIZES * size_px(rest):
            break
        if not strikes:
            still.append(step)
    return still[max(0, len(still) - 2)].at
