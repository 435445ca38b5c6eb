"""One model for many cameras, replaced by another while they look through it. The real models."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detector import detection
from detector.config import SiteConfig
from detector.model_folder import ModelRefusedError
from detector.model_turns import CameraDetector
from detector.shared_models import Models
from detector.vocabulary import Frame
from detector.yolo import FloatArray, Letterbox, letterbox
from tests.brokers import AT

FRAME = Frame(np.zeros((96, 128, 3), np.uint8), 0, AT)


def site(*models: Path) -> SiteConfig:
    cameras = [{"id": f"camera-{number}", "source": "0", "model": str(model)} for number, model in enumerate(models)]
    return SiteConfig.model_validate({"site": "north", "worker": "edge-1", "cameras": cameras})


@pytest.fixture
def current(tmp_path: Path, project_root: Path) -> Path:
    """A name that leads to a model, as a promotion leaves it."""
    link = tmp_path / "bikepark"
    link.symlink_to(project_root / "models" / "bikepark-v0")
    return link


def promote(link: Path, folder: Path) -> None:
    link.unlink()
    link.symlink_to(folder)


def test_cameras_of_one_model_share_it(current: Path) -> None:
    models = Models(site(current, current))
    assert models.of(str(current)) is models.of(str(current))


@pytest.mark.openvino
def test_one_model_in_two_runtimes_is_opened_twice(current: Path) -> None:
    models = Models(site(current))
    assert models.of(str(current), "openvino") is not models.of(str(current))
    models.keep_only([(str(current), "openvino")])
    assert models.of(str(current), "openvino") is models.of(str(current), "openvino")


def test_a_promoted_model_takes_over_from_one_picture_to_the_next(current: Path, project_root: Path) -> None:
    models = Models(site(current))
    shared = models.of(str(current))
    camera, before = CameraDetector(shared), shared.detector
    assert models.promoted() == {}
    promote(current, project_root / "models" / "bikepark-s-v0")
    models.take(models.promoted())
    assert shared.detector is not before
    camera.detect(FRAME)
    assert camera.frames == 1
    assert models.promoted() == {}


def test_a_model_that_was_promoted_broken_is_refused_and_the_old_one_goes_on(current: Path, tmp_path: Path) -> None:
    models = Models(site(current))
    shared = models.of(str(current))
    broken = tmp_path / "broken"
    shutil.copytree(current.resolve(), broken)
    weights = next(broken.glob("*.onnx"))
    weights.write_bytes(weights.read_bytes()[:1000])
    promote(current, broken)
    with pytest.raises(ModelRefusedError):
        models.promoted()
    CameraDetector(shared).detect(FRAME)


def test_a_model_that_no_camera_names_any_more_is_let_go_of(current: Path) -> None:
    models = Models(site(current))
    before = models.of(str(current))
    models.keep_only([])
    assert models.of(str(current)) is not before


def test_pictures_are_fitted_while_another_camera_has_the_model(current: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Models(site(current)).of(str(current))
    camera, fitted, found = CameraDetector(shared), threading.Event(), threading.Event()

    def fit(image_bgr: NDArray[np.uint8], size_hw: tuple[int, int]) -> tuple[FloatArray, Letterbox]:
        fitted.set()
        return letterbox(image_bgr, size_hw)

    def look() -> None:
        camera.detect(FRAME)
        found.set()

    monkeypatch.setattr(detection, "letterbox", fit)
    with shared.turn:
        threading.Thread(target=look).start()
        assert fitted.wait(30), "fitting waits for nobody"
        assert not found.is_set()
        assert camera.frames == 0
    assert found.wait(30)
    assert camera.frames == 1
    assert camera.seconds > 0
