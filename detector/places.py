"""Places where bikes stand: in which rack a box is, who is within reach, and whether a place was seen empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot

from detector.boxes import XyxyPx, intersection_px, iou
from detector.trails import TWO_WHEELERS, Moment
from detector.vocabulary import Kind, Rack

REACH_WIDTHS = 0.35
REACH_HEIGHTS = 0.45
REACH_OWN_HEIGHTS = 0.5
ELSEWHERE_HEIGHTS = 0.7
SAME_PLACE_IOU = 0.3
COVERED_BY_BIKES = 0.5
COVERED_BY_PEOPLE = 0.25
LEAST_SEEN_SHARE = 0.15
"""A bike seen in fewer pictures than this is waited for no longer than one seen in this share of them."""
EMPTY_LOOKS = 3
PEOPLE = frozenset({Kind.PERSON})


def rack_of(racks: Sequence[Rack], box: XyxyPx, width_px: int, height_px: int) -> Rack | None:
    """The rack in which a bike stands, by the lower middle of its box."""
    x, y = (box.left + box.right) / 2 / width_px, (box.top + 0.75 * box.height) / height_px
    return next((rack for rack in racks if is_inside((x, y), rack.outline_norm)), None)


def is_inside(point: tuple[float, float], outline: Sequence[tuple[float, float]]) -> bool:
    """Whether a point lies in a polygon (even-odd rule)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def within_reach(person: XyxyPx, bike: XyxyPx) -> bool:
    """Whether somebody stands so that their hands could be at the bike: feet in or right beside its box.

    A bending person's feet are often hidden, and then the box ends within the bike's: that is within reach too.
    """
    x, y = person.foot
    side_px = min(REACH_WIDTHS * max(bike.width, bike.height), REACH_OWN_HEIGHTS * person.height) + person.width / 4
    depth_px = REACH_HEIGHTS * bike.height
    beside = bike.left - side_px <= x <= bike.right + side_px
    return beside and bike.top <= y <= bike.bottom + depth_px and person.top <= bike.bottom


def has_walked_off(person: XyxyPx, bike: XyxyPx) -> bool:
    """Whether somebody is clearly elsewhere: their feet further from the bike's box than most of their own height.

    Between this and `within_reach` nothing is decided; boxes in a crowded rack are not exact enough for that.
    """
    x, y = person.foot
    aside_px = max(bike.left - x, x - bike.right, 0.0)
    across_px = max(bike.top - y, y - bike.bottom, 0.0)
    return hypot(aside_px, across_px) > ELSEWHERE_HEIGHTS * person.height and not within_reach(person, bike)


class Look(StrEnum):
    SEEN = "seen"
    HIDDEN = "hidden"
    EMPTY = "empty"


def look_at(place: XyxyPx, moment: Moment) -> Look:
    """What one frame shows of a place: its bike, something in front of it, or nothing."""
    bikes = [one.xyxy_px for one in moment.boxes(TWO_WHEELERS)]
    if any(iou(place, bike) >= SAME_PLACE_IOU for bike in bikes):
        return Look.SEEN
    people = [one.xyxy_px for one in moment.boxes(PEOPLE)]
    if _cover(place, bikes) >= COVERED_BY_BIKES or _cover(place, people) >= COVERED_BY_PEOPLE:
        return Look.HIDDEN
    return Look.EMPTY


def _cover(place: XyxyPx, boxes: Sequence[XyxyPx]) -> float:
    """The largest share of a place that one box covers."""
    return max((intersection_px(place, box) for box in boxes), default=0.0) / max(place.area, 1.0)


@dataclass(slots=True)
class Vacancy:
    """Counts for how long a place has been seen empty. Hidden is not gone: a hidden frame counts for nothing.

    A bike that is found in only a third of the pictures must be missing three times as long to be gone.
    """

    seen_looks: int = 1
    missed_looks: int = 0
    empty_s: float = 0.0
    empty_looks: int = 0
    was_empty_s: float = 0.0
    """How long the last emptiness lasted that ended with a bike being seen here."""
    since_empty_s: float = 0.0

    def update(self, look: Look, seconds: float) -> None:
        self.since_empty_s += seconds
        if look is Look.SEEN:
            self.seen_looks += 1
            self.missed_looks += self.empty_looks
            if self.empty_s:
                self.was_empty_s, self.since_empty_s = self.empty_s, 0.0
            self.empty_s, self.empty_looks = 0.0, 0
        elif look is Look.EMPTY:
            self.empty_s += seconds
            self.empty_looks += 1

    def was_just_empty(self, least_s: float, within_s: float) -> bool:
        """Whether the place was empty for a while until just now: a bike seen here since is another one."""
        return self.empty_s >= least_s or (self.was_empty_s >= least_s and self.since_empty_s <= within_s)

    def is_gone(self, gone_after_s: float) -> bool:
        share = max(LEAST_SEEN_SHARE, self.seen_looks / (self.seen_looks + self.missed_looks))
        return self.empty_looks >= EMPTY_LOOKS and self.empty_s >= gone_after_s / share
