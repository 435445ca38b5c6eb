"""Ultralytics behind one door: `.pt` and TensorRT files on the edge, training and export in `models/`.

Ultralytics is AGPL-3.0 and needs torch, so nothing here is imported unless somebody asks for it (the `[train]` extra).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pickle
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.errors import UsageError
from detector.model_folder import ModelRefusedError, kinds_by_name
from detector.vocabulary import Detection, Frame

TORCHVISION_STANDING_IN = "0.28.0"
CANNOT_OPEN = (OSError, EOFError, RuntimeError, KeyError, TypeError, AttributeError, pickle.UnpicklingError)
HOW_TO_INSTALL = (
    "This needs Ultralytics: install it with `pip install 'pleaselock[train]'`, or use a model folder or .onnx file."
)


class UltralyticsMissingError(UsageError, RuntimeError):
    """The `[train]` extra is not installed."""


class UltralyticsDetector:
    """A YOLO model of any format Ultralytics runs. Classes called by our own words are found."""

    def __init__(self, weights: Path, *, score_threshold: float, iou: float = 0.7, imgsz: int = 640) -> None:
        """Open a weights file. A `.pt` file is a pickle and may run code when opened: use only ones you trust.

        Raises:
            UltralyticsMissingError: the `[train]` extra is not installed.
            ModelRefusedError: not a readable model, or not one that finds persons and bicycles.
        """
        ultralytics = import_ultralytics()
        try:
            self._yolo = ultralytics.YOLO(str(weights), task="detect")
            self._kinds = kinds_by_name(self._yolo.names, weights)
        except CANNOT_OPEN as error:
            raise ModelRefusedError(f"{weights} is not a model that Ultralytics can open: {error}") from error
        self._predict = {"conf": score_threshold, "iou": iou, "imgsz": imgsz, "verbose": False}

    def detect(self, frame: Frame) -> list[Detection]:
        return self.look_closer(frame.image_bgr, float(self._predict["conf"]))

    def look_closer(self, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
        """What is in any picture (h, w, 3); boxes in its pixels."""
        (result,) = self._yolo.predict(image_bgr, **self._predict | {"conf": least_score})
        boxes = result.boxes.cpu().numpy()
        found = zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist(), strict=True)
        return [
            Detection(self._kinds[int(number)], score, XyxyPx(*box))
            for number, score, box in found
            if int(number) in self._kinds
        ]


def import_ultralytics() -> Any:  # noqa: ANN401 -- the package has no types
    """Import ultralytics with its network and self-installing habits switched off.

    Raises:
        UltralyticsMissingError: the package, or torch under it, is not installed.
    """
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_OFFLINE", "1")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(tempfile.gettempdir()) / "pleaselock-ultralytics"))
    if importlib.util.find_spec("ultralytics") is None:
        raise UltralyticsMissingError(HOW_TO_INSTALL)
    _stand_in_for_torchvision()
    try:
        import ultralytics  # noqa: PLC0415 -- heavy and optional
    except ImportError as error:
        raise UltralyticsMissingError(f"{HOW_TO_INSTALL} What failed: {error}.") from error
    return ultralytics


def _stand_in_for_torchvision() -> None:
    """Give ultralytics the one torchvision function it uses, where torchvision is absent or will not load.

    PyPI's torchvision is a CUDA build that dies beside a CPU torch, and ultralytics reads its version when imported.
    """
    try:
        import torchvision  # noqa: F401, PLC0415
    except (ImportError, RuntimeError):
        _install_torchvision_stand_in()


def _install_torchvision_stand_in() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    stand_in, ops = types.ModuleType("torchvision"), types.ModuleType("torchvision.ops")
    vars(ops)["nms"] = _nms
    vars(stand_in).update(__version__=TORCHVISION_STANDING_IN, ops=ops)
    sys.modules.update({"torchvision": stand_in, "torchvision.ops": ops})
    try:
        importlib.metadata.version("torchvision")
    except importlib.metadata.PackageNotFoundError:
        _answer_for_torchvision_version()


def _nms(boxes: Any, scores: Any, threshold: float) -> Any:  # noqa: ANN401 -- torch tensors
    from ultralytics.utils.nms import TorchNMS  # noqa: PLC0415

    return TorchNMS.nms(boxes, scores, threshold)


def _answer_for_torchvision_version() -> None:
    installed_version = importlib.metadata.version

    def version(distribution_name: str) -> str:
        return TORCHVISION_STANDING_IN if distribution_name == "torchvision" else installed_version(distribution_name)

    importlib.metadata.version = version
