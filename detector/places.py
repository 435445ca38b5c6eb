"""Places where bikes stand: in which rack a box is, and who is within reach."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from detector.boxes import XyxyPx, intersection_px
from detector.vocabulary import Kind, Rack

REACH_WIDTHS = 0.35
REACH_HEIGHTS = 0.45
REACH_OWN_HEIGHTS = 0.5
ELSEWHERE_HEIGHTS = 0.7
SAME_PLACE_IOU = 0.3
ON_PERSON = 0.3
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
    if not bike.top <= person.bottom <= bike.bottom + REACH_HEIGHTS * bike.height or person.top > bike.bottom:
        return False
    x, _ = person.foot
    side_px = min(REACH_WIDTHS * max(bike.width, bike.height), REACH_OWN_HEIGHTS * person.height) + person.width / 4
    return bike.left - side_px <= x <= bike.right + side_px


def has_walked_off(person: XyxyPx, bike: XyxyPx) -> bool:
    """Whether somebody is clearly elsewhere: their feet further from the bike's box than most of their own height.

    Between this and `within_reach` nothing is decided; boxes in a crowded rack are not exact enough for that.
    """
    x, y = person.foot
    aside_px = max(bike.left - x, x - bike.right, 0.0)
    across_px = max(bike.top - y, y - bike.bottom, 0.0)
    return hypot(aside_px, across_px) > ELSEWHERE_HEIGHTS * person.height and not within_reach(person, bike)


def closeness(person: XyxyPx, bike: XyxyPx) -> float:
    """How near somebody within reach stands to a bike's middle: 1 at it, 0 a bike's length away."""
    x, y = person.foot
    middle_x, ground_y = (bike.left + bike.right) / 2, bike.bottom - bike.height / 4
    return max(0.0, 1 - hypot(x - middle_x, y - ground_y) / max(1.0, bike.width, bike.height))


def is_with(person: XyxyPx, bike: XyxyPx) -> bool:
    """Whether somebody is on a bike or at its side."""
    return within_reach(person, bike) or intersection_px(person, bike) > ON_PERSON * person.area
