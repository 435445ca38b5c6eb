from __future__ import annotations

import numpy as np

from detector.boxes import XyxyPx
from detector.training.labelled import LabelledPhoto
from detector.training.precision import FoundBox, Truth
from models.bike_failures import Failures, failures_in, tile, worst_of

BIKE, BESIDE = XyxyPx(10, 10, 60, 50), XyxyPx(70, 10, 120, 50)
PHOTO = LabelledPhoto(
    "crowded-1000-3", np.zeros((360, 640, 3), np.uint8), (Truth("bicycle", BIKE), Truth("person", BESIDE))
)


def found(*boxes: FoundBox) -> Failures:
    return failures_in(PHOTO, boxes)


def test_a_box_of_another_kind_finds_nothing_and_is_wrong() -> None:
    seen = found(FoundBox("bicycle", 0.9, BIKE), FoundBox("bicycle", 0.8, BESIDE))
    assert [one.kind for one in seen.found] == ["bicycle"]
    assert [one.kind for one in seen.missed] == ["person"]
    assert [box.score for box in seen.wrong] == [0.8]


def test_the_stronger_of_two_boxes_on_one_bike_is_right() -> None:
    seen = found(FoundBox("bicycle", 0.4, BIKE), FoundBox("bicycle", 0.9, BIKE), FoundBox("person", 0.5, BESIDE))
    assert [box.score for box in seen.wrong] == [0.4]
    assert not seen.missed


def test_of_a_scenario_the_worst_picture_is_shown_and_none_without_failure() -> None:
    right = Failures(LabelledPhoto("plain-1000-1", PHOTO.image_bgr, ()), (), (), ())
    two, one = found(), found(FoundBox("bicycle", 0.9, BIKE))
    assert worst_of([right, one, two], 4) == [two]


def test_what_is_missed_is_drawn_where_it_is() -> None:
    drawn = tile(found(FoundBox("bicycle", 0.9, BIKE)))
    assert drawn.shape == (315, 560, 3)
    left = round(BESIDE.left * 560 / 640)
    assert tuple(drawn[30, left]) == (60, 200, 60)
