from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.vocabulary import Detection, Frame, Kind
from models.evaluate import (
    NO_TIME,
    Found,
    LabelledPhoto,
    Truth,
    average_precision,
    evaluate,
    hits_in_photo,
    read_photos,
    read_truths,
)

BIKE = XyxyPx(10, 10, 30, 30)
ELSEWHERE = XyxyPx(60, 60, 80, 80)


def bike_found(score: float, box: XyxyPx = BIKE) -> Detection:
    return Detection(Kind.BICYCLE, score, box)


def bike_there(box: XyxyPx = BIKE) -> Truth:
    return Truth(Kind.BICYCLE, box)


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
    assert average_precision(np.array(hits, dtype=np.bool_), truths) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("detections", "truths", "expected"),
    [
        pytest.param([bike_found(0.9)], [bike_there()], [(0.9, True)], id="found"),
        pytest.param([bike_found(0.9, ELSEWHERE)], [bike_there()], [(0.9, False)], id="found elsewhere"),
        pytest.param(
            [bike_found(0.5), bike_found(0.9)],
            [bike_there()],
            [(0.9, True), (0.5, False)],
            id="found twice counts once",
        ),
        pytest.param(
            [Detection(Kind.PERSON, 0.9, BIKE)],
            [bike_there()],
            [],
            id="a person where a bike is says nothing about bikes",
        ),
        pytest.param([bike_found(0.9)], [], [(0.9, False)], id="found where none is"),
    ],
)
def test_which_detections_are_right(
    detections: Sequence[Detection], truths: Sequence[Truth], expected: list[tuple[float, bool]]
) -> None:
    assert hits_in_photo(Found(detections, truths), Kind.BICYCLE, 0.5) == expected


def test_labels_of_other_things_are_passed_over() -> None:
    text = "1 0.5 0.5 0.2 0.4\n2 0.1 0.1 0.1 0.1\n"
    (truth,) = read_truths(text, {0: Kind.PERSON, 1: Kind.BICYCLE}, 100, 50)
    assert truth.kind is Kind.BICYCLE
    assert truth.xyxy_px == pytest.approx((40, 15, 60, 35))


class PerfectDetector:
    """Finds what it was told is there."""

    def __init__(self, truths: Sequence[Truth]) -> None:
        self._truths = truths

    def detect(self, _frame: Frame) -> list[Detection]:
        return [Detection(truth.kind, 0.9, truth.xyxy_px) for truth in self._truths]


def test_a_perfect_detector_gets_full_marks_and_says_on_how_many_boxes() -> None:
    truths = (bike_there(), bike_there(ELSEWHERE), Truth(Kind.PERSON, BIKE))
    picture = Frame(np.zeros((100, 100, 3), dtype=np.uint8), 0, NO_TIME)
    figures = evaluate(PerfectDetector(truths), [LabelledPhoto(picture, truths)] * 2)
    assert figures["bicycle"] == pytest.approx({"boxes": 4, "ap50": 1.0, "ap50_95": 1.0})
    assert figures["person"]["boxes"] == 2
    assert figures["mean"] == pytest.approx({"boxes": 6, "ap50": 1.0, "ap50_95": 1.0})
    assert "motorcycle" not in figures


def test_photos_come_in_order_of_their_names_and_may_have_no_labels(tmp_path: Path) -> None:
    for folder in ("images/val", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data.yaml").write_text("names: {0: car, 1: bicycle}\n")
    for name, width in (("b", 40), ("a", 20), ("c", 60)):
        cv2.imwrite(str(tmp_path / f"images/val/{name}.jpg"), np.zeros((10, width, 3), dtype=np.uint8))
    (tmp_path / "labels/val/b.txt").write_text("1 0.5 0.5 1 1\n0 0.5 0.5 1 1\n")
    photos = list(read_photos(tmp_path, "val", limit=2))
    assert [photo.frame.width_px for photo in photos] == [20, 40]
    assert [photo.truths for photo in photos] == [(), (Truth(Kind.BICYCLE, XyxyPx(0, 0, 40, 10)),)]


def test_the_card_of_each_model_quotes_its_metrics(project_root: Path) -> None:
    measured = sorted(facts.with_name("metrics.json") for facts in (project_root / "models").glob("*/model.toml"))
    assert measured
    for file in measured:
        card = (file.parent / "card.md").read_text()
        for figures in json.loads(file.read_text())["val"].values():
            for kind in ("person", "bicycle", "mean"):
                assert f"{figures[kind]['ap50']:.3f} · {figures[kind]['ap50_95']:.3f}" in card
