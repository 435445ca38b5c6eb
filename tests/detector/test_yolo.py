from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.boxes import XyxyPx, iou
from detector.yolo import (
    MOST_BOXES,
    Candidates,
    FloatArray,
    Letterbox,
    decode,
    fitting_size,
    is_end_to_end,
    letterbox,
    suppress,
)


def candidates(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    """Rows are left, top, right, bottom, score, class number."""
    table = np.array(rows, dtype=np.float32).reshape(-1, 6)
    return Candidates(table[:, :4], table[:, 4], table[:, 5].astype(np.intp))


def anchors(*rows: tuple[float, ...]) -> FloatArray:
    """A raw output of (1, 4 + classes, anchors): rows are centre x, centre y, width, height, then class scores."""
    return np.ascontiguousarray(np.array(rows, dtype=np.float32).T[None])


# --- letterbox -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width_px", "height_px", "expected_hw"),
    [
        pytest.param(1920, 1080, (384, 640), id="a 16:9 frame costs 40 % less than a square"),
        pytest.param(640, 640, (640, 640), id="a square stays square"),
        pytest.param(480, 640, (640, 480), id="an upright picture stands upright"),
        pytest.param(360, 288, (512, 640), id="a small picture is enlarged"),
        pytest.param(4000, 3, (32, 640), id="the thinnest picture still fills one stride"),
    ],
)
def test_the_input_is_as_small_as_the_picture_allows(
    width_px: int, height_px: int, expected_hw: tuple[int, int]
) -> None:
    assert fitting_size(height_px, width_px, 640, 32) == expected_hw


@settings(deadline=None)
@given(width_px=st.integers(1, 5000), height_px=st.integers(1, 5000))
def test_any_picture_fits_an_input_of_whole_strides(width_px: int, height_px: int) -> None:
    height, width = fitting_size(height_px, width_px, 640, 32)
    assert max(height, width) == 640
    assert height % 32 == width % 32 == 0


def test_a_picture_is_centred_between_grey_bars() -> None:
    blob, placed = letterbox(np.zeros((100, 200, 3), dtype=np.uint8), (640, 640))
    assert blob.shape == (1, 3, 640, 640)
    assert blob.dtype == np.float32
    assert placed == Letterbox(scale_x=3.2, scale_y=3.2, left_px=0, top_px=160)
    assert blob[0, :, 159].min() == blob[0, :, 480].max() == pytest.approx(114 / 255)
    assert blob[0, :, 160:480].max() == 0


def test_the_input_is_red_green_blue_from_0_to_1() -> None:
    blue_picture = np.zeros((32, 32, 3), dtype=np.uint8)
    blue_picture[:, :, 0] = 255
    blob, _ = letterbox(blue_picture, (32, 32))
    assert blob[0, :, 0, 0].tolist() == [0.0, 0.0, 1.0]


@settings(deadline=None)
@given(
    width_px=st.integers(32, 3000),
    height_px=st.integers(32, 3000),
    corners=st.tuples(*[st.floats(0, 1) for _ in range(4)]),
)
def test_a_box_comes_back_from_the_input_where_it_was(
    width_px: int, height_px: int, corners: tuple[float, float, float, float]
) -> None:
    _, placed = letterbox(
        np.zeros((height_px, width_px, 3), dtype=np.uint8), fitting_size(height_px, width_px, 640, 32)
    )
    (left, right), (top, bottom) = sorted(corners[:2]), sorted(corners[2:])
    box = np.array([left * width_px, top * height_px, right * width_px, bottom * height_px])
    scale = np.array([placed.scale_x, placed.scale_y] * 2)
    inside = box * scale + np.array([placed.left_px, placed.top_px] * 2)
    back = placed.to_picture(inside[None].astype(np.float32), width_px, height_px)[0]
    assert back == pytest.approx(box, abs=0.01 + max(width_px, height_px) * 1e-6)


@pytest.mark.parametrize(("width_px", "height_px"), [(640, 360), (1280, 720), (333, 500), (101, 997)])
def test_a_painted_patch_is_found_back_at_its_place(width_px: int, height_px: int) -> None:
    picture = np.zeros((height_px, width_px, 3), dtype=np.uint8)
    patch = XyxyPx(width_px // 4, height_px // 3, width_px // 2, height_px // 2)
    picture[int(patch.top) : int(patch.bottom), int(patch.left) : int(patch.right)] = 255
    blob, placed = letterbox(picture, fitting_size(height_px, width_px, 640, 32))
    rows, columns = np.nonzero(blob[0, 0] > 0.7)
    seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=np.float32)
    back = XyxyPx(*placed.to_picture(seen, width_px, height_px)[0].tolist())
    assert iou(back, patch) > 0.95


def test_boxes_are_clipped_to_the_picture() -> None:
    placed = Letterbox(scale_x=1.0, scale_y=1.0, left_px=0, top_px=10)
    outside = np.array([[-5, 0, 700, 700]], dtype=np.float32)
    assert placed.to_picture(outside, 640, 480).tolist() == [[0, 0, 640, 480]]


# --- decoding --------------------------------------------------------------------------------------------------------


def test_an_anchor_becomes_its_box_with_its_strongest_class() -> None:
    found = decode(anchors((50, 40, 20, 10, 0.2, 0.7, 0.1)), score_threshold=0.25, iou_threshold=0.7, end_to_end=False)
    assert found.xyxy_px.tolist() == [[40, 35, 60, 45]]
    assert found.numbers.tolist() == [1]
    assert found.scores.tolist() == pytest.approx([0.7])


def test_anchors_at_or_under_the_threshold_are_left_out() -> None:
    rows = [(50.0, 40, 20, 10, score, 0.0) for score in (0.24, 0.25, 0.26)]
    assert decode(anchors(*rows), 0.25, 0.7, end_to_end=False).scores.tolist() == pytest.approx([0.26])


def test_an_end_to_end_output_is_taken_as_it_is_strongest_first() -> None:
    rows = [[10, 10, 20, 20, 0.3, 1], [11, 11, 21, 21, 0.9, 1], [0, 0, 5, 5, 0.01, 0]]
    found = decode(np.array([rows], dtype=np.float32), 0.1, 0.5, end_to_end=True)
    assert found.scores.tolist() == pytest.approx([0.9, 0.3])
    assert found.numbers.tolist() == [1, 1]
    assert found.xyxy_px[0].tolist() == [11, 11, 21, 21]


def test_an_output_of_another_shape_is_refused_with_that_shape() -> None:
    with pytest.raises(ValueError, match=r"\(2, 7, 100\)"):
        decode(np.zeros((2, 7, 100), dtype=np.float32), 0.1, 0.7, end_to_end=False)


def test_a_model_that_promised_suppressed_boxes_and_gives_anchors_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, n, 6\) is expected"):
        decode(np.zeros((1, 7, 100), dtype=np.float32), 0.1, 0.7, end_to_end=True)


@pytest.mark.parametrize(
    ("metadata", "shape", "suppressed"),
    [
        pytest.param({"end2end": "True"}, (1, 300, 6), True, id="an end-to-end head"),
        pytest.param({"end2end": "False"}, (1, 7, 8400), False, id="anchors"),
        # Two classes over six anchors look like boxes; the metadata knows better.
        pytest.param({"end2end": "False"}, (1, 6, 6), False, id="anchors that look like boxes"),
        pytest.param({"end2end": "False", "args": "{'nms': True}"}, (1, 300, 6), True, id="suppression exported along"),
        pytest.param({"end2end": "False", "args": "{'nms': None}"}, (1, 7, 8400), False, id="none exported along"),
        pytest.param({"end2end": "False", "args": "not a dict"}, (1, 7, 8400), False, id="arguments nobody can read"),
        pytest.param({}, (1, 300, 6), True, id="nothing written, boxes"),
        pytest.param({}, (1, "any", "any"), False, id="nothing written, sides of any length"),
    ],
)
def test_the_head_is_told_by_the_export(
    metadata: dict[str, str], shape: tuple[int | str, ...], suppressed: bool
) -> None:
    assert is_end_to_end(metadata, shape) is suppressed


def test_an_output_with_nothing_in_it_gives_no_boxes() -> None:
    assert decode(np.zeros((1, 7, 8400), dtype=np.float32), 0.1, 0.7, end_to_end=False).scores.size == 0


# --- suppression -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "kept_scores"),
    [
        pytest.param(
            [(0, 0, 10, 10, 0.5, 0), (0, 0, 10, 10, 0.9, 0)], [0.9], id="of two equal boxes the stronger stays"
        ),
        pytest.param([(0, 0, 10, 10, 0.5, 0), (0, 0, 10, 10, 0.9, 1)], [0.9, 0.5], id="a rider does not hide the bike"),
        pytest.param([(0, 0, 10, 10, 0.9, 0), (20, 0, 30, 10, 0.5, 0)], [0.9, 0.5], id="boxes apart both stay"),
        pytest.param([(0, 0, 10, 10, 0.9, 0), (5, 0, 15, 10, 0.8, 0)], [0.9, 0.8], id="a third shared is not the same"),
        pytest.param(
            [(0, 0, 10, 10, 0.9, 0), (2, 0, 12, 10, 0.8, 0), (4, 0, 14, 10, 0.7, 0)],
            [0.9, 0.7],
            id="a suppressed box suppresses nobody",
        ),
        pytest.param([(5, 5, 5, 5, 0.9, 0), (5, 5, 5, 5, 0.8, 0)], [0.9, 0.8], id="empty boxes share nothing"),
    ],
)
def test_suppression(rows: list[tuple[float, float, float, float, float, int]], kept_scores: list[float]) -> None:
    assert suppress(candidates(*rows), 0.5).scores.tolist() == pytest.approx(kept_scores)


def test_no_more_boxes_are_kept_than_a_picture_may_have() -> None:
    rows = [(20.0 * i, 0.0, 20.0 * i + 10, 10.0, 0.5, 0) for i in range(MOST_BOXES + 20)]
    assert len(suppress(candidates(*rows), 0.5).scores) == MOST_BOXES


def as_boxes(found: Candidates) -> list[tuple[XyxyPx, float, int]]:
    rows = zip(found.xyxy_px.tolist(), found.scores.tolist(), found.numbers.tolist(), strict=True)
    return [(XyxyPx(*box), score, number) for box, score, number in rows]


boxes = st.tuples(
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(1, 99),
    st.integers(0, 2),
).map(lambda b: (float(b[0]), float(b[1]), float(b[0] + b[2]), float(b[1] + b[3]), b[4] / 100, b[5]))


@settings(deadline=None)
@given(rows=st.lists(boxes, max_size=25))
def test_what_is_kept_is_apart_and_what_is_dropped_has_a_reason(
    rows: list[tuple[float, float, float, float, float, int]],
) -> None:
    kept = as_boxes(suppress(candidates(*rows), 0.5))
    for index, (box, score, number) in enumerate(kept):
        assert all(iou(box, other) <= 0.5001 for other, _, its in kept[:index] if its == number)
        assert all(before >= score for _, before, _ in kept[:index])
    for box, score, number in as_boxes(candidates(*rows)):
        reasons = [other for other, its_score, its in kept if its == number and its_score >= score]
        assert any(other == box or iou(box, other) > 0.4999 for other in reasons)
