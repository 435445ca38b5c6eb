from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyPx, iou
from detector.lock_model import OnnxLockDetector
from detector.lock_views import LockKind, view_of
from detector.model_folder import ModelRefusedError
from tests.detector.lock_folders import lock_model_folder

BIKE = XyxyPx(330, 158, 444, 263)


def test_a_model_folder_is_opened_and_finds_in_pixels_of_the_crop(tmp_path: Path, project_root: Path) -> None:
    detector = OnnxLockDetector.from_folder(lock_model_folder(tmp_path / "toy-v1", project_root), threads=1)
    _, picture = cv2.VideoCapture(str(project_root / "sample_videos/locked.mp4")).read()
    view = view_of(np.asarray(picture, dtype=np.uint8), BIKE, ())
    found = detector.find(view.crop_bgr)
    assert found
    assert found[0].kind is LockKind.CABLE
    assert found[0].score >= 0.3
    assert iou(found[0].xyxy_px, view.bike_px) > 0.6


def test_nothing_is_found_in_nothing(tmp_path: Path, project_root: Path) -> None:
    detector = OnnxLockDetector.from_folder(lock_model_folder(tmp_path / "toy-v1", project_root), threads=1)
    assert detector.find(np.zeros((0, 0, 3), dtype=np.uint8)) == []
    assert detector.find(np.full((90, 140, 3), 128, dtype=np.uint8)) == []


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        pytest.param('bicycle = "padlock"', "not valid for a model of locks: classes.bicycle", id="an unknown lock"),
        pytest.param("", "not valid for a model of locks: classes", id="no locks at all"),
        pytest.param(
            'chain = "chain"', "lists the class 'chain', but toy.onnx only knows person, bicycle", id="absent"
        ),
    ],
)
def test_facts_that_fit_no_lock_model_are_refused(
    classes: str, sentence: str, tmp_path: Path, project_root: Path
) -> None:
    with pytest.raises(ModelRefusedError, match=sentence):
        OnnxLockDetector.from_folder(lock_model_folder(tmp_path / "toy-v1", project_root, classes))


def test_other_weights_than_the_facts_speak_of_are_refused(tmp_path: Path, project_root: Path) -> None:
    folder = lock_model_folder(tmp_path / "toy-v1", project_root, sha256="0" * 64)
    with pytest.raises(ModelRefusedError, match=r"is not the file its model\.toml was written about"):
        OnnxLockDetector.from_folder(folder)
    (folder / "toy.onnx").unlink()
    with pytest.raises(ModelRefusedError, match=r"has no toy\.onnx"):
        OnnxLockDetector.from_folder(folder)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="There is no model 'no-such-locks'"):
        OnnxLockDetector.from_folder("no-such-locks")
    (tmp_path / "model.toml").write_text("not = toml = at all")
    with pytest.raises(ModelRefusedError, match="Cannot read"):
        OnnxLockDetector.from_folder(tmp_path)


def test_a_model_of_bikes_is_no_model_of_locks(project_root: Path) -> None:
    with pytest.raises(ModelRefusedError, match="not valid for a model of locks"):
        OnnxLockDetector.from_folder("bikepark-v0")
