"""Step 2 on disk: what the model found in one clip, to run the later steps again without a model.

The first line says what the rest was made from; every other line is one looked-at frame. Numbers are written in full,
so that a run from the file gives the same bytes as the run that wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from broker_bridge.messages import ModelName
from detector.boxes import XyxyPx
from detector.bystanders import look_closer
from detector.config import Polygon
from detector.detection import Detector
from detector.errors import CannotReadError
from detector.frames import Source
from detector.frames_stills import Stills
from detector.vocabulary import Detection, Frame, Kind

ENDS_BYTES = 1 << 20


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectionSettings(_Strict):
    """What decides which boxes a model finds, beside the picture itself."""

    score_low: float
    score_high: float
    iou: float


class SavedHeader(_Strict):
    """The first line of the file."""

    type: Literal["pleaselock_detections"] = "pleaselock_detections"
    version: Literal[1] = 1
    clip: str
    fingerprint: str
    width_px: int
    height_px: int
    fps: float
    masks: tuple[Polygon, ...] = ()
    model: ModelName
    settings: DetectionSettings


class _SavedBox(_Strict):
    kind: Kind
    score: float
    xyxy_px: tuple[float, float, float, float]


class _SavedFrame(_Strict):
    index: int
    detections: tuple[_SavedBox, ...]


class SavingDetector:
    """A detector that writes down what another one finds."""

    def __init__(self, detector: Detector, path: Path, header: SavedHeader) -> None:
        self._detector = detector
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._file.write(header.model_dump_json() + "\n")

    def detect(self, frame: Frame) -> list[Detection]:
        found = self._detector.detect(frame)
        boxes = [{"kind": one.kind, "score": one.score, "xyxy_px": list(one.xyxy_px)} for one in found]
        self._file.write(json.dumps({"index": frame.index, "detections": boxes}) + "\n")
        return found

    def look_closer(self, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
        """Not written down: it is for the heads in a picture only, and no verdict follows from it."""
        return look_closer(self._detector, image_bgr, least_score)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class ReplayedDetector:
    """A detector that finds what a file says was found, in the clip the file was made from, frame after frame.

    Raises:
        CannotReadError: the file is missing, or is not one of ours.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = _lines(path)
        self.header = _header(path, next(self._lines, ""))
        self._number = 1

    def check_fits(self, expected: SavedHeader) -> None:
        """Refuse a clip, frame rate or masks that the file was not made for; the model is the file's own.

        Raises:
            CannotReadError: it was made for something else.
        """
        mine = self.header
        for fits, made_for, asked in (
            (mine.fingerprint == expected.fingerprint, f"the clip {mine.clip}", "another clip or an edited one"),
            (mine.fps == expected.fps, f"{mine.fps:g} frames a second", f"{expected.fps:g}"),
            (_size(mine) == _size(expected), f"{_size(mine)} pixels", _size(expected)),
            (mine.masks == expected.masks, "other masks", "those of this configuration"),
        ):
            if not fits:
                raise CannotReadError(f"{self._path}: was made for {made_for}, not for {asked}; detect anew without it")

    def detect(self, frame: Frame) -> list[Detection]:
        """What was found in the frame of this index; frames must come in the order they were saved in.

        Raises:
            CannotReadError: the file says nothing about this frame, or is damaged.
        """
        self._number += 1
        line = next(self._lines, None)
        if line is None:
            raise CannotReadError(f"{self._path}: ends before picture {frame.index}, it was cut short; detect anew")
        try:
            saved = _SavedFrame.model_validate_json(line)
        except ValidationError as error:
            raise CannotReadError(f"{self._path}: line {self._number} is damaged; detect anew") from error
        if saved.index != frame.index:
            raise CannotReadError(f"{self._path}: line {self._number} is not about picture {frame.index}; detect anew")
        return [Detection(box.kind, box.score, XyxyPx(*box.xyxy_px)) for box in saved.detections]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()


def fingerprint(source: Source) -> str:
    """Tells one clip from another by its content, not its name: sha256 of each file's size, first and last MiB.

    Raises:
        CannotReadError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for file in source.files if isinstance(source, Stills) else (source,):
        try:
            _add_ends(digest, file)
        except OSError as error:
            raise CannotReadError(f"{file}: cannot be opened ({error.strerror}); check the name") from error
    return digest.hexdigest()


def _add_ends(digest: hashlib._Hash, file: Path) -> None:
    size = file.stat().st_size
    digest.update(size.to_bytes(8))
    with file.open("rb") as opened:
        digest.update(opened.read(ENDS_BYTES))
        opened.seek(max(ENDS_BYTES, size - ENDS_BYTES))
        digest.update(opened.read())


def _size(header: SavedHeader) -> str:
    return f"{header.width_px}x{header.height_px}"


def _lines(path: Path) -> Generator[str, None, None]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from file
    except OSError as error:
        raise CannotReadError(f"{path}: cannot be read ({error.strerror}); check the name") from error
    except UnicodeDecodeError as error:
        raise CannotReadError(f"{path}: is not a file of saved detections; make one with --save-detections") from error


def _header(path: Path, first: str) -> SavedHeader:
    try:
        return SavedHeader.model_validate_json(first)
    except ValidationError as error:
        raise CannotReadError(f"{path}: is not a file of saved detections; make one with --save-detections") from error
