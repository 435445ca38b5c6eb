from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.training.precision import (
    Found,
    FoundBox,
    Truth,
    Widths,
    at_score,
    average_precision,
    figures_of,
    judge,
)

BIKE = XyxyPx(10, 10, 30, 30)
ELSEWHERE = XyxyPx(60, 60, 80, 80)
NARROW = XyxyPx(40, 40, 46, 60)


def bike_found(score: float, box: XyxyPx = BIKE) -> FoundBox:
    return FoundBox("bicycle", score, box)


def bike_there(box: XyxyPx = BIKE) -> Truth:
    return Truth("bicycle", box)


@pytest.mark.parametrize(
    ("hits", "truths", "expected"),
    [
        pytest.param([True, True], 2, 1.0, id="everything found and nothing else"),
        pytest.param([], 2, 0.0, id="nothing found"),
        pytest.param([False, False], 2, 0.0, id="only wrong boxes"),
        pytest.param([True], 2, 51 / 101, id="half found: precision 1 at the 51 recalls from 0 to one half"),
        pytest.param([True, True, False, False], 2, 1.0, id="wrong boxes weaker than all right ones cost nothing"),
        pytest.param([False, True], 1, 0.5, id="one wrong box before the right one halves the precision"),
    ],
)
def test_average_precision(hits: list[bool], truths: int, expected: float) -> None:
    right = np.cumsum(np.array(hits, dtype=np.int64))
    assert average_precision(right, np.arange(1, len(hits) + 1), truths) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("boxes", "truths", "expected"),
    [
        pytest.param([bike_found(0.9)], [bike_there()], [True], id="found"),
        pytest.param([bike_found(0.9, ELSEWHERE)], [bike_there()], [False], id="found elsewhere"),
        pytest.param([bike_found(0.5), bike_found(0.9)], [bike_there()], [True, False], id="found twice counts once"),
        pytest.param([FoundBox("person", 0.9, BIKE)], [bike_there()], [], id="a person says nothing about bikes"),
        pytest.param([bike_found(0.9)], [], [False], id="found where none is"),
    ],
)
def test_which_boxes_are_right(boxes: Sequence[FoundBox], truths: Sequence[Truth], expected: list[bool]) -> None:
    assert judge([Found(boxes, truths)], "bicycle").right.tolist() == expected


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param(BIKE, [True], id="a wide one counts"),
        pytest.param(NARROW, [], id="finding one that is passed over is no mistake"),
        pytest.param(XyxyPx(80, 80, 86, 90), [], id="nor is a narrow box where nothing is"),
        pytest.param(ELSEWHERE, [False], id="a wide box where nothing is, is one"),
    ],
)
def test_only_boxes_of_the_width_asked_for_count(box: XyxyPx, expected: list[bool]) -> None:
    judged = judge([Found([bike_found(0.9, box)], [bike_there(), bike_there(NARROW)])], "bicycle", 0.5, Widths(10, 30))
    assert judged.right.tolist() == expected
    assert judged.truths.tolist() == [1]


def test_a_photo_may_count_more_than_once_or_not_at_all() -> None:
    judged = judge([Found([bike_found(0.9)], [bike_there()]), Found([], [bike_there()])], "bicycle")
    assert judged.precision() == pytest.approx(51 / 101)
    assert judged.precision(np.array([2, 0])) == pytest.approx(1.0)
    assert judged.precision(np.array([0, 2])) == 0.0
    assert np.isnan(judged.precision(np.array([0, 0])))


def test_full_marks_where_all_is_found_and_on_how_many_boxes() -> None:
    truths = (bike_there(), bike_there(ELSEWHERE), Truth("person", BIKE))
    found = Found([FoundBox(truth.kind, 0.9, truth.xyxy_px) for truth in truths], truths)
    figures = figures_of([found, found])
    assert figures["bicycle"] == pytest.approx({"boxes": 4, "ap50": 1.0, "ap50_95": 1.0})
    assert figures["person"]["boxes"] == 2
    assert figures["mean"] == pytest.approx({"boxes": 6, "ap50": 1.0, "ap50_95": 1.0})
    assert "motorcycle" not in figures


def test_at_one_score_only_the_stronger_boxes_count_and_empty_photos_are_told() -> None:
    photos = [Found([bike_found(0.9), bike_found(0.2, ELSEWHERE)], [bike_there()]), Found([bike_found(0.6)], [])]
    assert at_score(photos, 0.5) == {"precision": 0.5, "recall": 1.0, "photos_without": 1, "of_them_with_a_box": 1}
    assert at_score(photos, 0.7) == {"precision": 1.0, "recall": 1.0, "photos_without": 1, "of_them_with_a_box": 0}


def test_the_card_of_each_bike_model_quotes_its_metrics(project_root: Path) -> None:
    measured = sorted(facts.with_name("metrics.json") for facts in (project_root / "models").glob("bike*/model.toml"))
    assert measured
    for file in measured:
        card = (file.parent / "card.md").read_text()
        for figures in json.loads(file.read_text())["val"].values():
            for kind in ("person", "bicycle", "mean"):
                assert f"{figures[kind]['ap50']:.3f} · {figures[kind]['ap50_95']:.3f}" in card
