"""A model folder that finds locks: the same facts, checks and refusals as a model that finds bikes, other classes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from detector.boxes import XyxyPx
from detector.detection import fixed_size, gives_suppressed, open_session, read_class_names
from detector.lock_views import LockBox, LockKind
from detector.model_folder import (
    FACTS_FILE,
    InputFacts,
    ModelRefusedError,
    OriginFacts,
    ThresholdFacts,
    find_folder,
    sha256_of,
)
from detector.yolo import decode, fitting_size, letterbox


class LockFacts(BaseModel):
    """What the model.toml of a lock model says. `classes` maps its class names to ours; other classes are ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(pattern="^[a-z0-9-]+$")
    version: int = Field(ge=0)
    file: str = Field(pattern=r"^[\w.-]+\.onnx$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    licence: str
    classes: dict[str, Annotated[LockKind, Strict(strict=False)]] = Field(min_length=1)
    input: InputFacts
    thresholds: ThresholdFacts
    origin: OriginFacts


@dataclass(frozen=True, slots=True)
class LockFolder:
    """A folder of a lock model whose weights were checked against their sha256."""

    path: Path
    facts: LockFacts

    @property
    def model_id(self) -> str:
        return f"{self.facts.name}-v{self.facts.version}"

    @property
    def weights(self) -> Path:
        return self.path / self.facts.file


def read_lock_folder(path_or_name: str | Path) -> LockFolder:
    """Open a lock model's folder by its path or name.

    Raises:
        ModelRefusedError: the folder is missing or incomplete, or the weights are not those that it was written about.
    """
    path = find_folder(path_or_name)
    facts = _read_facts(path / FACTS_FILE)
    weights = path / facts.file
    if not weights.is_file():
        raise ModelRefusedError(f"The model folder {path} has no {facts.file}.")
    if sha256_of(weights) != facts.sha256:
        raise ModelRefusedError(f"{weights} is not the file its {FACTS_FILE} was written about: get it again.")
    return LockFolder(path, facts)


class OnnxLockDetector:
    """A YOLO model of locks in ONNX Runtime on the CPU. The same crop always gives the same boxes."""

    def __init__(
        self,
        session: Any,  # noqa: ANN401 -- onnxruntime is untyped
        facts: LockFacts,
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
        kinds = _kinds_of(folder.facts, read_class_names(session), folder.path)
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


def _read_facts(file: Path) -> LockFacts:
    try:
        return LockFacts.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelRefusedError(f"Cannot read {file}: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ModelRefusedError(f"{file} is not valid for a model of locks: {where}: {first['msg']}.") from error


def _kinds_of(facts: LockFacts, names: Mapping[int, str], path: Path) -> dict[int, LockKind]:
    absent = [name for name in facts.classes if name not in names.values()]
    if absent:
        raise ModelRefusedError(
            f"{path / FACTS_FILE} lists the class {absent[0]!r}, but {facts.file} only knows "
            f"{', '.join(names.values()) or 'no class names'}: they do not belong together."
        )
    return {number: facts.classes[name] for number, name in names.items() if name in facts.classes}
