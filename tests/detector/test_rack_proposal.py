"""Where bikes stand becomes rack outlines that a person only has to correct."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.rack_proposal import MOST_CORNERS, config_text, rack_outlines_px, resting_bikes
from detector.vocabulary import Detection, Kind


def bike(left: float, top: float = 100, width: float = 60, kind: Kind = Kind.BICYCLE) -> Detection:
    return Detection(kind, 0.8, XyxyPx(left, top, left + width, top + 40))


def test_a_bike_that_rests_is_found_once_where_it_mostly_is() -> None:
    samples = [[bike(100 + wobble)] for wobble in (0, 2, -2, 1, 0)]
    (place,) = resting_bikes(samples)
    assert place == XyxyPx(100, 100, 160, 140)


def test_a_flickering_bike_rests_and_a_passing_one_does_not() -> None:
    samples = [[bike(100)] if number % 3 == 0 else [bike(60.0 * number, 300)] for number in range(12)]
    assert [place.left for place in resting_bikes(samples)] == [100]


def test_people_are_no_bikes() -> None:
    assert resting_bikes([[bike(100, kind=Kind.PERSON)]] * 5) == []


def test_one_still_is_enough_to_begin_with() -> None:
    assert len(resting_bikes([[bike(100), bike(300)]])) == 2


@pytest.mark.parametrize(
    ("lefts", "racks", "why"),
    [
        ([0, 70, 150, 220], 1, "bikes beside each other share a rack"),
        ([0, 70, 400, 470], 2, "a gap of several bikes parts racks"),
        ([0, 150, 75], 1, "a bike that comes late joins two groups"),
        ([], 0, "no bikes, no rack"),
    ],
)
def test_bikes_close_together_share_a_rack(lefts: list[float], racks: int, why: str) -> None:
    assert len(rack_outlines_px([bike(left).xyxy_px for left in lefts])) == racks, why


def test_every_bike_is_inside_its_outline_with_room() -> None:
    bikes = [bike(70.0 * number, 100 + 25 * number).xyxy_px for number in range(8)]
    (outline,) = rack_outlines_px(bikes)
    assert len(outline) <= MOST_CORNERS
    contour = outline.astype(np.float32)
    assert all(cv2.pointPolygonTest(contour, box.centre, measureDist=True) > 10 for box in bikes)


def test_the_text_names_every_corner_once() -> None:
    text = config_text([((0.1, 0.2), (0.9, 0.2), (0.5, 0.75))], "bikepark-v0", "gate.jpg")
    assert "outline: [[0.1, 0.2], [0.9, 0.2], [0.5, 0.75]]" in text
    assert "gate.jpg" in text
