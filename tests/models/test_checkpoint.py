from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.detection_ultralytics import import_ultralytics
from models.checkpoint import write_checkpoint

pytestmark = [pytest.mark.train, pytest.mark.shared]


def test_the_checkpoint_is_the_exported_model(shared_dir: Path, project_root: Path, tmp_path: Path) -> None:
    import onnxruntime  # noqa: PLC0415
    import torch  # noqa: PLC0415

    folder, out = project_root / "models/bikepark-v0", tmp_path / "v0.pt"
    write_checkpoint(str(folder), shared_dir / "weights/yolov8n.pt", out)
    picture = cv2.imread(str(next(iter(sorted((shared_dir / "data/openimages-bicycle/images/val").glob("*.jpg"))))))
    assert picture is not None
    blob = cv2.resize(picture, (320, 256)).transpose(2, 0, 1)[None].astype(np.float32) / 255
    (wanted,) = onnxruntime.InferenceSession(str(folder / "bikepark-v0.onnx")).run(None, {"images": blob})
    with torch.inference_mode():
        given = import_ultralytics().YOLO(str(out)).model.float().eval()(torch.from_numpy(blob))[0].numpy()
    assert np.abs(given[:, 4:] - wanted[:, 4:]).max() < 0.01


def test_another_network_is_refused(shared_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"yolov8s\.pt is not the network of bikepark-v0"):
        write_checkpoint("bikepark-v0", shared_dir / "weights/yolov8s.pt", tmp_path / "v0.pt")
