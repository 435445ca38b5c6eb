"""The part that is looked at, and what is then known of the whole."""

from __future__ import annotations

from detector.boxes import XyxyPx
from detector.regions import known_of_all, region_around
from detector.vocabulary import Detection, Kind

SIZE = 1000, 500
WALKER = XyxyPx(100, 200, 140, 320)


def bike(left: float, score: float = 0.8) -> Detection:
    return Detection(Kind.BICYCLE, score, XyxyPx(left, 250, left + 120, 330))


def test_without_anything_to_look_at_all_is_looked_at() -> None:
    assert region_around([], [bike(500)], *SIZE) is None


def test_the_part_holds_what_moves_with_room_to_go_on() -> None:
    assert region_around([WALKER], [], *SIZE) == XyxyPx(50, 150, 190, 370)


def test_the_part_ends_where_the_picture_does() -> None:
    region = region_around([XyxyPx(0, 0, 40, 100)], [], *SIZE)
    assert region is not None
    assert (region.left, region.top) == (0, 0)


def test_a_bike_at_the_edge_of_the_part_is_taken_in_whole() -> None:
    region = region_around([WALKER], [bike(180), bike(600)], *SIZE)
    assert region is not None
    assert region.right >= 300
    assert region.right < 600


def test_a_part_larger_than_half_the_picture_is_not_worth_it() -> None:
    assert region_around([WALKER, XyxyPx(850, 50, 900, 450)], [], *SIZE) is None


def test_what_was_known_outside_stands_and_inside_only_the_new_look_counts() -> None:
    region = XyxyPx(50, 150, 400, 400)
    gone, outside, fresh = bike(100), bike(600, 0.5), bike(200, 0.9)
    assert known_of_all([fresh], [gone, outside], region) == [fresh, outside]


def test_what_the_look_finds_beyond_the_part_is_left_to_what_was_known() -> None:
    region = XyxyPx(50, 150, 400, 400)
    assert known_of_all([bike(390, 0.9)], [bike(395, 0.4)], region) == [bike(395, 0.4)]
