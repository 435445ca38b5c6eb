from __future__ import annotations

import pytest

from detector.boxes import XyxyPx
from detector.places import closeness, has_walked_off, is_inside, rack_of, within_reach
from detector.vocabulary import Rack

BIKE = XyxyPx(100, 100, 200, 160)
L_SHAPE = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.4), (0.4, 0.4), (0.4, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("point", "inside"),
    [((0.2, 0.2), True), ((0.8, 0.2), True), ((0.8, 0.8), False), ((0.2, 0.9), True), ((1.2, 0.2), False)],
)
def test_a_point_is_inside_a_polygon_or_not(point: tuple[float, float], *, inside: bool) -> None:
    assert is_inside(point, L_SHAPE) is inside


def test_a_bike_belongs_to_the_rack_its_wheels_stand_in() -> None:
    upper = Rack("upper", "", "", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)))
    lower = Rack("lower", "", "", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))
    assert rack_of((upper, lower), XyxyPx(0, 70, 50, 120), 200, 200) is lower
    assert rack_of((upper,), XyxyPx(0, 70, 50, 120), 200, 200) is None


WHERE = [
    # Beside the saddle.
    (XyxyPx(140, 60, 170, 158), "reach"),
    # Bent over it, legs hidden: the box ends within the bike's.
    (XyxyPx(130, 90, 180, 140), "reach"),
    # A step in front of it.
    (XyxyPx(120, 80, 150, 180), "reach"),
    # An arm's length from the wheel.
    (XyxyPx(215, 60, 245, 158), "reach"),
    # Half a height before it, across the path.
    (XyxyPx(135, 110, 165, 210), "between"),
    # Just beside: neither at it nor gone.
    (XyxyPx(235, 60, 265, 160), "between"),
    # Three steps away.
    (XyxyPx(330, 60, 360, 160), "off"),
    # Far behind the bike, though it overlaps in the picture.
    (XyxyPx(150, 20, 160, 60), "off"),
]


@pytest.mark.parametrize(("person", "where"), WHERE)
def test_reach_ends_before_elsewhere_begins(person: XyxyPx, where: str) -> None:
    said = "reach" if within_reach(person, BIKE) else "off" if has_walked_off(person, BIKE) else "between"
    assert said == where


def test_who_stands_nearer_to_a_bikes_middle_is_closer() -> None:
    """At the middle, at the wheel, a step beside, far off."""
    steps = [closeness(XyxyPx(x - 15, 60, x + 15, 145), BIKE) for x in (150, 190, 230, 600)]
    assert steps == sorted(steps, reverse=True)
    assert (steps[0], steps[-1]) == (1, 0)
