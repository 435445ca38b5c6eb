"""A part of the picture through the real model: seen as large as in the whole, told in the whole's pixels."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyPx, iou
from detector.detection import BikeDetector, RegionDetector, open_detector
from detector.frames import read_frames
from detector.model_folder import DEFAULT_MODEL
from detector.model_turns import CameraDetector, SharedModel
from detector.vocabulary import Detection, Frame, Kind

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def model() -> BikeDetector:
    detector = open_detector(DEFAULT_MODEL)
    assert isinstance(detector, BikeDetector)
    return detector


@pytest.fixture(scope="module")
def street(project_root: Path) -> Frame:
    """A rider with a bike, and bikes that stand."""
    (frame,) = islice(read_frames(project_root / "sample_videos" / "left_unlocked.mp4", fps=1), 6, 7)
    return frame


def people(found: list[Detection]) -> list[Detection]:
    return [one for one in found if one.kind is Kind.PERSON and one.score >= 0.3]


def around(box: XyxyPx, px: float) -> XyxyPx:
    return XyxyPx(box.left - px, box.top - px, box.right + px, box.bottom + px)


@pytest.mark.parametrize("times", [1.0, 2.0])
def test_who_is_in_the_part_is_found_where_the_whole_picture_has_them(
    model: BikeDetector, street: Frame, times: float
) -> None:
    image = cv2.resize(street.image_bgr, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    frame = Frame(np.asarray(image, dtype=np.uint8), 0, AT)
    (somebody,) = people(model.detect(frame))
    (again,) = people(model.detect_within(frame, around(somebody.xyxy_px, 20 * times)))
    assert iou(somebody.xyxy_px, again.xyxy_px) > 0.8
    assert again.score == pytest.approx(somebody.score, abs=0.25)


@pytest.mark.parametrize("part", [XyxyPx(-50, -50, 10, 10), XyxyPx(800, 400, 900, 500), XyxyPx(0, 0, 854, 480)])
def test_a_part_at_the_pictures_edge_is_looked_at_as_far_as_the_picture_goes(
    model: BikeDetector, street: Frame, part: XyxyPx
) -> None:
    for found in model.detect_within(street, part):
        left, top, right, bottom = found.xyxy_px
        assert 0 <= left < right <= street.width_px
        assert 0 <= top < bottom <= street.height_px


@pytest.mark.parametrize(("width_px", "height_px"), [(40, 30), (1, 1), (2000, 60)])
def test_pictures_smaller_than_a_part_are_looked_at_whole(model: BikeDetector, width_px: int, height_px: int) -> None:
    frame = Frame(np.full((height_px, width_px, 3), 90, dtype=np.uint8), 0, AT)
    assert model.detect_within(frame, XyxyPx(0, 0, width_px, height_px)) == []


def test_a_camera_may_look_at_parts_through_the_shared_model(model: BikeDetector, street: Frame) -> None:
    camera = CameraDetector(SharedModel(model))
    part = XyxyPx(100, 100, 500, 400)
    assert isinstance(camera, RegionDetector)
    assert camera.detect_within(street, part) == model.detect_within(street, part)
    assert camera.frames == 1


def test_a_shared_model_that_knows_no_parts_looks_at_all_of_it(model: BikeDetector, street: Frame) -> None:
    class WholeOnly:
        def detect(self, frame: Frame) -> list[Detection]:
            return model.detect(frame)

    camera = CameraDetector(SharedModel(WholeOnly()))
    assert camera.detect_within(street, XyxyPx(0, 0, 50, 50)) == model.detect(street)
