"""Whether somebody is bent or crouched at a bike, from person boxes alone. Pure.

Legs hidden by the bike make a box short, so its height lies; only bending brings the head down. And only what happens
*at* the bike counts: who ties a shoe or rummages in a bag stands beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from detector.attendance import AtBike
from detector.boxes import XyxyPx, intersection_px

LEAST_STANDING_LOOKS = 3
HEAD_DOWN_HEIGHTS = 0.16
AT_BIKE_SHARE = 0.15
"""So much of the person's box lies in the bike's when they work on it."""
OWN_LOOKS = 5
UPRIGHT_PERCENTILE = 10
LOWEST_LINE_HEIGHTS = 0.2
"""Who was never seen upright at the bike: their head is at most this far below where their height would have it."""
BEND_GAP_S = 1.0
LEAST_BEND_S = 0.5


@dataclass(frozen=True, slots=True)
class Bending:
    """One stay's people, each with the y of their head when upright at the bike, in pixels."""

    bike_px: XyxyPx
    standing_px: float
    head_line_px: Callable[[int], float]

    def is_bent(self, frame: AtBike) -> bool | None:
        """Whether anybody is bent at the bike in this frame; None: nobody was seen."""
        people = frame.people
        return any(self._is_bent(who, box) for who, box in people) if people else None

    def _is_bent(self, who: int, person: XyxyPx) -> bool:
        drop = (person.top - self.head_line_px(who)) / self.standing_px
        inside = intersection_px(person, self.bike_px) / max(1.0, person.area)
        return drop >= HEAD_DOWN_HEIGHTS and inside >= AT_BIKE_SHARE


def bending_of(frames: Sequence[AtBike], upright_px: Sequence[XyxyPx], bike_px: XyxyPx) -> Bending | None:
    """What is needed to tell who bends; None where the riders were hardly seen upright.

    `upright_px` are their boxes away from the bike, where they walk.
    """
    standing_px = standing_height_px(upright_px, bike_px)
    if standing_px is None:
        return None
    tops: dict[int, list[float]] = defaultdict(list)
    for frame in frames:
        for who, box in frame.people:
            tops[who].append(box.top)
    lowest = bike_px.bottom - (1 - LOWEST_LINE_HEIGHTS) * standing_px
    everybody = _upright_top([top for own in tops.values() for top in own], lowest)
    lines = {who: _upright_top(own, lowest) for who, own in tops.items() if len(own) >= OWN_LOOKS}
    return Bending(bike_px, standing_px, lambda who: lines.get(who, everybody))


def _upright_top(tops: Sequence[float], lowest: float) -> float:
    return min(float(np.percentile(tops, UPRIGHT_PERCENTILE)), lowest) if tops else lowest


def standing_height_px(upright_px: Sequence[XyxyPx], bike_px: XyxyPx) -> float | None:
    """How tall the person whose upright boxes these are stands at the bike.

    Height grows with depth, that is with the feet's y: a line through the boxes where their feet spread far enough,
    else their median. None where they were hardly seen upright.
    """
    if len(upright_px) < LEAST_STANDING_LOOKS:
        return None
    heights = np.array([box.height for box in upright_px])
    feet_y = np.array([box.bottom for box in upright_px])
    typical = max(1.0, float(np.median(heights)))
    if float(np.ptp(feet_y)) > typical and len(upright_px) > 2 * LEAST_STANDING_LOOKS:
        slope, offset = np.polyfit(feet_y, heights, 1)
        return float(np.clip(slope * bike_px.bottom + offset, 0.75 * typical, 1.35 * typical))
    return typical


def bent_s(frames: Sequence[AtBike], bending: Bending | None) -> float | None:
    """Seconds somebody was seen bent or crouched at the bike."""
    if bending is None or not any(frame.people for frame in frames):
        return None
    return sum(frame.seconds for frame in frames if bending.is_bent(frame))


def bends(frames: Sequence[AtBike], bending: Bending | None) -> int | None:
    """How often they bent down."""
    if bending is None or not any(frame.people for frame in frames):
        return None
    return runs_of([frame for frame in frames if bending.is_bent(frame)])


def longest_bend_s(frames: Sequence[AtBike], bending: Bending | None) -> float | None:
    """Seconds of the longest bend."""
    if bending is None or not any(frame.people for frame in frames):
        return None
    return longest_s([(frame, bending.is_bent(frame)) for frame in frames])


def longest_s(answers: Sequence[tuple[AtBike, bool | None]]) -> float:
    """Seconds of the longest row of frames in which somebody is bent; frames that do not tell neither count nor end it."""
    longest = now = 0.0
    for frame, bent in answers:
        if bent is not None:
            now = now + frame.seconds if bent else 0.0
        longest = max(longest, now)
    return longest


def runs_of(bent: Sequence[AtBike]) -> int:
    """How many bends these frames are; shorter breaks than a second are none."""
    runs: list[list[AtBike]] = []
    for frame in bent:
        if runs and frame.at - runs[-1][-1].at <= timedelta(seconds=BEND_GAP_S):
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return sum(sum(frame.seconds for frame in run) >= LEAST_BEND_S for run in runs)
