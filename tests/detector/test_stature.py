"""How tall somebody stands, by where their feet are."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyPx
from detector.stature import MOST_TIMES, stature_of


def _upright_at(foot_y: float, height: float) -> XyxyPx:
    return XyxyPx(0, foot_y - height, 0.4 * height, foot_y)


HEIGHTS: list[tuple[list[XyxyPx], float]] = [
    # They came from afar and passed by: their height where the wheels stand, at 200.
    ([_upright_at(y, 50 + (y - 100) / 2) for y in range(100, 230, 10)], 100),
    # They were seen only nearer to the camera, over less than their own height.
    ([_upright_at(y, 100 + 0.7 * (y - 200)) for y in range(230, 300, 5)], 100),
    # They kept their depth: their usual height, whatever one look says.
    ([_upright_at(200, height) for height in (98, 100, 102, 40)], 99),
    # Too few looks for a line.
    ([_upright_at(y, 100) for y in (210, 250, 290)], 100),
]


@pytest.mark.parametrize(("upright", "height_px"), HEIGHTS)
def test_standing_height_grows_with_depth(upright: list[XyxyPx], height_px: float) -> None:
    found = stature_of(upright)
    assert found is not None
    assert found.height_px(200) == pytest.approx(height_px, abs=3)


def test_who_was_hardly_seen_has_no_stature() -> None:
    assert stature_of([_upright_at(200, 100)] * 2) is None
    assert stature_of([]) is None


def test_boxes_off_by_some_pixels_do_not_make_a_steep_line() -> None:
    shaky = [_upright_at(200 + 2 * (k % 9), 100 - 6 * (k % 9 - 4)) for k in range(30)]
    found = stature_of(shaky)
    assert found is not None
    assert 0 <= found.slope <= 0.5


def test_a_line_is_not_believed_far_beyond_where_it_came_from() -> None:
    found = stature_of([_upright_at(y, y - 90) for y in range(100, 200, 10)])
    assert found is not None
    assert found.height_px(5000) == pytest.approx(MOST_TIMES * found.typical_px)
