"""Ultralytics' own exports of newer models, with and without a head that suppresses: both are read by what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.detection import gives_suppressed, open_detector, open_session
from detector.detection_ultralytics import import_ultralytics
from detector.vocabulary import Frame

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # torch's exporter warns of much
NAMES = {0: "person", 1: "bicycle", 2: "motorcycle"}
NOISE = np.random.default_rng(3).integers(0, 255, (96, 128, 3)).astype(np.uint8)


def export(architecture: str, folder: Path, nms: bool | None) -> Path:
    """An untrained network, 128x128, as the exporter writes it."""
    yolo: Any = import_ultralytics().YOLO(architecture)
    yolo.model.names = NAMES | {number: f"class {number}" for number in range(len(NAMES), 80)}
    yolo.model.pt_path = str(folder / f"{architecture}.pt")
    made = yolo.export(format="onnx", imgsz=128, nms=nms, simplify=False)
    return Path(made).rename(folder / f"{architecture}-{nms}.onnx")


@pytest.mark.parametrize(
    ("architecture", "nms", "suppressed"),
    [
        pytest.param("yolo26n.yaml", None, False, id="YOLO26, one to many"),
        pytest.param("yolo26n.yaml", False, True, id="YOLO26, end to end"),
        pytest.param("yolo11n.yaml", None, False, id="YOLO11"),
    ],
)
def test_a_newer_head_is_read(
    architecture: str, nms: bool | None, suppressed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = export(architecture, tmp_path, nms)
    assert gives_suppressed(open_session(weights, 1)) is suppressed
    found = open_detector(weights, score_threshold=0.0).detect(Frame(NOISE, 0, datetime(2026, 11, 23, tzinfo=UTC)))
    assert all(0 <= one.xyxy_px.left < one.xyxy_px.right <= 128 and 0 <= one.score <= 1 for one in found)


@pytest.mark.shared
def test_a_trained_yolo11_finds_people_and_bikes(
    shared_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2  # noqa: PLC0415 -- beside what else this test needs

    monkeypatch.chdir(tmp_path)
    yolo: Any = import_ultralytics().YOLO("yolo11n.yaml").load(str(shared_dir / "weights/yolo11n-seg.pt"))
    yolo.model.pt_path = str(tmp_path / "yolo11n.pt")
    weights = Path(yolo.export(format="onnx", imgsz=640, simplify=False))
    detector = open_detector(weights, score_threshold=0.3)
    photos = sorted((shared_dir / "data/openimages-bicycle/images/val").glob("*.jpg"))[:6]
    frames = [
        Frame(np.asarray(cv2.imread(str(file)), dtype=np.uint8), 0, datetime(2026, 11, 23, tzinfo=UTC))
        for file in photos
    ]
    kinds = [one.kind.value for frame in frames for one in detector.detect(frame)]
    assert {"person", "bicycle"} <= set(kinds)
