"""A model folder that finds locks: the same facts, checks and refusals as a model that finds bikes, other classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict

from detector.boxes import XyxyPx
from detector.detection import fixed_size, gives_suppressed, open_session, read_class_names
from detector.lock_views import LockBox, LockKind
from detector.model_folder import FactsOf, FolderOf, class_numbers, open_folder
from detector.yolo import decode, fitting_size, letterbox


class LockFacts(FactsOf[LockKind]):
    """Of a model that finds locks."""

    finds = "locks"

    classes: dict[str, Annotated[LockKind, Strict(strict=False)]] = Field(min_length=1)


def read_lock_folder(path_or_name: str | Path) -> FolderOf[LockKind]:
    """Open a lock model's folder by its path or name.

    Raises:
        ModelRefusedError: the folder is missing or incomplete, or the weights are not those that it was written about.
    """
    return open_folder(path_or_name, LockFacts)


class OnnxLockDetector:
    """A YOLO model of locks in ONNX Runtime on the CPU. The same crop always gives the same boxes."""

    def __init__(
        self,
        session: Any,  # noqa: ANN401 -- onnxruntime is untyped
        facts: FactsOf[LockKind],
        kinds: Mapping[int, LockKind],
        score_threshold: float | None = None,
    ) -> None:
        self._session = session
        self._least_score = facts.thresholds.score_high if score_threshold is None else score_threshold
        self._facts = facts
        self._kinds = kinds
        self._fixed_hw = fixed_size(session)
        self._end_to_end = gives_suppressed(session)
        self._input_name = str(session.get_inputs()[0].name)

    @classmethod
    def from_folder(
        cls, path_or_name: str | Path, *, threads: int | None = None, score_threshold: float | None = None
    ) -> OnnxLockDetector:
        """Open a model folder with the facts it states; `score_threshold` asks for weaker or only stronger boxes.

        Raises:
            ModelRefusedError: the folder is missing, incomplete, or does not fit its weights.
        """
        folder = read_lock_folder(path_or_name)
        session = open_session(folder.weights, threads)
        kinds = class_numbers(folder, read_class_names(session))
        return cls(session, folder.facts, kinds, score_threshold)

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[LockBox]:
        """Locks in a crop (h, w, 3) around one bike, in its pixels, strongest first."""
        height, width = crop_bgr.shape[:2]
        if not crop_bgr.size:
            return []
        needs = self._facts.input
        hw = self._fixed_hw or fitting_size(height, width, needs.long_side_px, needs.stride_px)
        blob, placed = letterbox(crop_bgr, hw)
        (output,) = self._session.run(None, {self._input_name: blob})
        table = np.asarray(output, dtype=np.float32)
        found = decode(table, self._least_score, self._facts.thresholds.iou, end_to_end=self._end_to_end)
        boxes = placed.to_picture(found.xyxy_px, width, height).tolist()
        rows = zip(boxes, found.scores.tolist(), found.numbers.tolist(), strict=True)
        locks = [LockBox(self._kinds[n], score, XyxyPx(*box)) for box, score, n in rows if n in self._kinds]
        return [lock for lock in locks if lock.xyxy_px.area > 0]
