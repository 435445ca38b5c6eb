"""Labelled photos of a YOLO dataset, and the models that look at them as they do on the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.detection import open_detector
from detector.lock_model import OnnxLockDetector
from detector.lock_views import LockKind
from detector.training.fine_tune import DatasetRefusedError, Purpose, read_class_names
from detector.training.precision import Found, FoundBox, Truth
from detector.vocabulary import Frame, Kind

WEAKEST_SCORE = 0.001  # precision at every recall needs the weak boxes too
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # a photo has no place in time, and a detector does not ask
Image = NDArray[np.uint8]
Finder = Callable[[Image], list[FoundBox]]
WORDS: dict[Purpose, dict[str, StrEnum]] = {
    Purpose.BIKES: {kind.value: kind for kind in Kind},
    Purpose.LOCKS: {
        "u_lock": LockKind.U_LOCK,
        "chain_lock": LockKind.CHAIN,
        "cable_lock": LockKind.CABLE,
        "ring_lock": LockKind.RING_LOCK,
        "folding_lock": LockKind.FOLDING,
    },
}
"""What a dataset calls our kinds."""


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photo (h, w, 3), uint8 BGR, with every labelled box of our kinds."""

    name: str
    image_bgr: Image
    truths: tuple[Truth, ...]


def purpose_of(data: Path) -> Purpose:
    """What a dataset is about, by its class names.

    Raises:
        DatasetRefusedError: not a dataset, or one of other things.
    """
    names = set(read_class_names(data).values())
    for purpose, words in WORDS.items():
        if names & set(words):
            return purpose
    raise DatasetRefusedError(f"{data / 'data.yaml'} names neither bikes nor locks among its classes.")


def kept_split(data: Path) -> str:
    """The split to judge on: test where there is one, else val."""
    return "test" if (data / "images" / "test").is_dir() else "val"


def read_photos(data: Path, split: str, limit: int | None = None, starting: str = "") -> Iterator[LabelledPhoto]:
    """Photos in order of their names; `limit` takes the first ones only, `starting` those whose names start so.

    Raises:
        DatasetRefusedError: not a dataset, no such split, or a photo that cannot be read.
    """
    words = WORDS[purpose_of(data)]
    kinds = {number: words[name].value for number, name in read_class_names(data).items() if name in words}
    if not (data / "images" / split).is_dir():
        raise DatasetRefusedError(f"{data} has no images/{split}.")
    for file in sorted((data / "images" / split).glob(f"{starting}*.jpg"))[:limit]:
        image = cv2.imread(str(file))
        if image is None:
            raise DatasetRefusedError(f"{file} is not a picture that can be read.")
        labels = data / "labels" / split / f"{file.stem}.txt"
        text = labels.read_text() if labels.is_file() else ""
        height, width = image.shape[:2]
        yield LabelledPhoto(file.stem, np.asarray(image, np.uint8), tuple(read_truths(text, kinds, width, height)))


def read_truths(text: str, kinds: Mapping[int, str], width_px: int, height_px: int) -> Iterator[Truth]:
    """Boxes of a YOLO label file (class, centre x, centre y, width, height; relative), of our kinds only."""
    for line in text.splitlines():
        number, *rest = line.split()
        if int(number) in kinds:
            x, y, w, h = (float(value) for value in rest)
            box = XyxyPx(
                (x - w / 2) * width_px, (y - h / 2) * height_px, (x + w / 2) * width_px, (y + h / 2) * height_px
            )
            yield Truth(kinds[int(number)], box)


def open_finder(model: str | Path, purpose: Purpose) -> Finder:
    """A model that gives even its weakest boxes.

    Raises:
        ModelRefusedError: as `open_detector` or `OnnxLockDetector.from_folder`.
        UltralyticsMissingError: a `.pt` file without the `[train]` extra.
    """
    if purpose is Purpose.LOCKS:
        locks = OnnxLockDetector.from_folder(model, score_threshold=WEAKEST_SCORE)
        return lambda image: [FoundBox(one.kind.value, one.score, one.xyxy_px) for one in locks.find(image)]
    bikes = open_detector(model, score_threshold=WEAKEST_SCORE)
    return lambda image: [
        FoundBox(one.kind.value, one.score, one.xyxy_px) for one in bikes.detect(Frame(image, 0, NO_TIME))
    ]


def found_in(finder: Finder, photos: Iterator[LabelledPhoto]) -> list[Found]:
    return [Found(finder(photo.image_bgr), photo.truths) for photo in photos]
