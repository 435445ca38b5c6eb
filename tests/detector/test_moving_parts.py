"""A part of a picture is known as all of it would be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detector.boxes import Part
from detector.moving_parts import enlarged


@pytest.mark.parametrize(("few", "most"), [((31, 17), (640, 480)), ((96, 54), (1920, 1080)), ((7, 300), (333, 1001))])
def test_an_enlarged_part_is_that_part_of_all_enlarged(few: tuple[int, int], most: tuple[int, int]) -> None:
    small = np.random.default_rng(0).integers(0, 256, (few[1], few[0], 3), np.uint8)
    everything = cv2.resize(small, most, interpolation=cv2.INTER_NEAREST)
    for part in (Part(0, 0, *most), Part(11, 5, 12, 300), Part(100, 200, most[0], most[1])):
        left, top, right, bottom = part
        assert (enlarged(small, most, part) == everything[top:bottom, left:right]).all()
