"""Boxes against boxes."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyPx, around, intersection_px, iou, overlap_of_smaller

BOX = XyxyPx(0, 0, 10, 10)
PAIRS = [
    # The other box, shared area in square pixels, intersection over union, share of the smaller box.
    pytest.param(BOX, 100, 1.0, 1.0, id="the same"),
    pytest.param(XyxyPx(5, 0, 15, 10), 50, 1 / 3, 0.5, id="half beside"),
    pytest.param(XyxyPx(2, 2, 7, 6), 20, 0.2, 1.0, id="within"),
    pytest.param(XyxyPx(-10, -10, 30, 30), 100, 100 / 1600, 1.0, id="around"),
    pytest.param(XyxyPx(10, 0, 20, 10), 0, 0.0, 0.0, id="touching"),
    pytest.param(XyxyPx(4, 4, 4.5, 4.5), 0.25, 0.25 / 100, 0.25, id="less than a pixel"),
    pytest.param(XyxyPx(4, 4, 4, 4), 0, 0.0, 0.0, id="nothing"),
]


@pytest.mark.parametrize(("other", "shared_px", "alike", "of_smaller"), PAIRS)
def test_how_much_two_boxes_share(other: XyxyPx, shared_px: float, alike: float, of_smaller: float) -> None:
    for one, two in ((BOX, other), (other, BOX)):
        assert intersection_px(one, two) == pytest.approx(shared_px)
        assert iou(one, two) == pytest.approx(alike)
        assert overlap_of_smaller(one, two) == pytest.approx(of_smaller)


def test_the_smallest_box_around_two_has_all_of_both() -> None:
    assert around(XyxyPx(0, 5, 10, 15), XyxyPx(8, 0, 20, 9)) == XyxyPx(0, 0, 20, 15)
