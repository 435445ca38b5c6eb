"""Whether somebody is bent or crouched at a bike, from person boxes alone. Pure.

Legs hidden by the bike make a box short, so its height lies; only bending brings the head down. And only what happens
*at* the bike counts: who ties a shoe or rummages in a bag stands beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from detector.attendance import AtBike
from detector.boxes import XyxyPx, intersection_px
from detector.stature import Stature, stature_of

HEAD_DOWN_HEIGHTS = 0.16
AT_BIKE_SHARE = 0.15
"""So much of the person's box lies in the bike's when they work on it."""
OWN_LOOKS = 5
UPRIGHT_PERCENTILE = 10
LOWEST_LINE_HEIGHTS = 0.2
"""Who was never seen upright at the bike: their head is at most this far below where their height would have it."""
SHORTER, TALL_PERCENTILE = 0.1, 75
"""Who is bent has a box shorter by this share than they stand where their feet are, or than they were tall at the bike; who walks
up from the camera's side only has their head lower in the picture. Legs hidden by the bike make a box shorter, too, so
this alone says nothing. Where they walk, some are seen in part only: then what they were at the bike tells better."""
TOO_FAR_HEIGHTS = 0.28
"""Nobody's arms reach the bike from further in front: of those who lock one in the sample scenarios, 2 % stand 0.24 or more there."""
BEND_GAP_S = 1.0
LEAST_BEND_S = 0.5


@dataclass(frozen=True, slots=True)
class Bending:
    """One stay's people, each with the y of their head when upright at the bike and how tall they were there, in pixels."""

    bike_px: XyxyPx
    stature: Stature
    head_line_px: Callable[[int], float]
    tall_px: Mapping[int, float]
    """How tall the boxes of people were who were seen at the bike often enough."""

    def is_bent(self, frame: AtBike) -> bool | None:
        """Whether anybody is bent at the bike in this frame; None: it was not seen."""
        if any(self._is_bent(who, box) for who, box in frame.people):
            return True
        return False if frame.people and not frame.somebody_hidden else None

    def _is_bent(self, who: int, person: XyxyPx) -> bool:
        standing_px = self.stature.height_px(self.bike_px.bottom)
        drop = (person.top - self.head_line_px(who)) / standing_px
        inside = intersection_px(person, self.bike_px) / max(1.0, person.area)
        too_far = person.bottom > self.bike_px.bottom + TOO_FAR_HEIGHTS * standing_px
        tall_px = max(self.stature.height_px(person.bottom), self.tall_px.get(who, 0.0))
        upright = person.height > (1 - SHORTER) * tall_px
        return drop >= HEAD_DOWN_HEIGHTS and inside >= AT_BIKE_SHARE and not too_far and not upright


def bending_of(frames: Sequence[AtBike], upright_px: Sequence[XyxyPx], bike_px: XyxyPx) -> Bending | None:
    """What is needed to tell who bends; None where the riders were hardly seen upright.

    `upright_px` are their boxes away from the bike, where they walk.
    """
    stature = stature_of(upright_px)
    if stature is None:
        return None
    boxes: dict[int, list[XyxyPx]] = defaultdict(list)
    for frame in frames:
        for who, box in frame.people:
            boxes[who].append(box)
    lowest = bike_px.bottom - (1 - LOWEST_LINE_HEIGHTS) * stature.height_px(bike_px.bottom)
    everybody = _upright_top([box for own in boxes.values() for box in own], lowest)
    often = {who: own for who, own in boxes.items() if len(own) >= OWN_LOOKS}
    lines = {who: _upright_top(own, lowest) for who, own in often.items()}
    tall = {who: float(np.percentile([box.height for box in own], TALL_PERCENTILE)) for who, own in often.items()}
    return Bending(bike_px, stature, lambda who: lines.get(who, everybody), tall)


def _upright_top(boxes: Sequence[XyxyPx], lowest: float) -> float:
    return min(float(np.percentile([box.top for box in boxes], UPRIGHT_PERCENTILE)), lowest) if boxes else lowest


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
