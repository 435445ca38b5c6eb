from __future__ import annotations

import pytest

from detector.boxes import XyxyPx
from detector.places import Look, Vacancy, has_walked_off, is_inside, look_at, rack_of, within_reach
from detector.trails import Moment
from detector.vocabulary import Detection, Kind, Rack
from tests.detector.scenes import START

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


def _moment(*boxes: tuple[Kind, XyxyPx]) -> Moment:
    return Moment(START, (), tuple(Detection(kind, 0.06, box) for kind, box in boxes), 400, 300)


LOOKS = [
    # However faint its box: still there.
    (((Kind.BICYCLE, BIKE),), Look.SEEN),
    # A motorcycle is what the model makes of some bikes.
    (((Kind.MOTORCYCLE, BIKE),), Look.SEEN),
    # One box drawn over it and its neighbours.
    (((Kind.BICYCLE, XyxyPx(50, 60, 320, 200)),), Look.HIDDEN),
    # Somebody in front.
    (((Kind.PERSON, XyxyPx(120, 60, 160, 170)),), Look.HIDDEN),
    # A bike beside it says nothing about it.
    (((Kind.BICYCLE, XyxyPx(190, 100, 290, 160)),), Look.EMPTY),
    ((), Look.EMPTY),
]


@pytest.mark.parametrize(("boxes", "look"), LOOKS)
def test_hidden_is_not_empty(boxes: tuple[tuple[Kind, XyxyPx], ...], look: Look) -> None:
    assert look_at(BIKE, _moment(*boxes)) is look


def test_a_place_is_vacant_only_after_it_was_seen_empty_long_and_often_enough() -> None:
    vacancy = Vacancy()
    vacancy.update(Look.EMPTY, 10)
    assert not vacancy.is_gone(6)
    vacancy.update(Look.EMPTY, 0.2)
    vacancy.update(Look.EMPTY, 0.2)
    assert vacancy.is_gone(6)


def test_hidden_looks_neither_count_nor_start_anew() -> None:
    vacancy = Vacancy()
    for look in [Look.EMPTY] * 2 + [Look.HIDDEN] * 50 + [Look.EMPTY] * 3:
        vacancy.update(look, 1)
    assert vacancy.empty_s == 5
    assert not vacancy.is_gone(6)


def test_a_bike_found_in_a_third_of_the_pictures_must_be_missing_three_times_as_long() -> None:
    vacancy = Vacancy()
    for _ in range(30):
        for look in (Look.SEEN, Look.EMPTY, Look.EMPTY):
            vacancy.update(look, 0.2)
    for _ in range(12):
        vacancy.update(Look.EMPTY, 1)
    assert not vacancy.is_gone(6)
    for _ in range(8):
        vacancy.update(Look.EMPTY, 1)
    assert vacancy.is_gone(6)


def test_a_place_that_was_empty_a_moment_ago_is_remembered_as_such() -> None:
    vacancy = Vacancy()
    for look in [Look.EMPTY] * 3 + [Look.SEEN] * 2:
        vacancy.update(look, 1)
    assert vacancy.was_just_empty(2, within_s=5)
    for _ in range(9):
        vacancy.update(Look.SEEN, 1)
    assert not vacancy.was_just_empty(2, within_s=5)
