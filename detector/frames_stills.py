"""A folder of stills, or a pattern of names, as one recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.errors import CannotReadError
from detector.timed_image import TimedImage


@dataclass(frozen=True, slots=True)
class Stills:
    """Pictures taken `fps` a second, in order."""

    files: tuple[Path, ...]
    fps: float

    def __str__(self) -> str:
        return f"{self.files[0].parent} ({len(self.files)} stills)"


def measure_stills(stills: Stills) -> tuple[tuple[int, int], float]:
    """(width, height) in pixels of the first still that can be read, and how long they last in seconds."""
    for file in stills.files:
        image_bgr = read_still(file)
        if image_bgr is not None:
            return (int(image_bgr.shape[1]), int(image_bgr.shape[0])), len(stills.files) / stills.fps
    raise CannotReadError(f"{stills}: none of the stills can be read; give jpg, png, bmp, tif or webp pictures")


def read_stills(stills: Stills, warn: Callable[[str], None]) -> Iterator[TimedImage]:
    """The stills in order, `index` / fps seconds in; one that cannot be read keeps its place in time and is left out."""
    size, _ = measure_stills(stills)
    for index, file in enumerate(stills.files):
        image_bgr = read_still(file)
        if image_bgr is None:
            warn(f"{file}: this still cannot be read and is left out")
            continue
        yield TimedImage(index, index / Fraction(stills.fps), partial(_resized, image_bgr, size))


def sample_stills(stills: Stills, count: int) -> Iterator[TimedImage]:
    """About `count` of the stills, evenly spread; those that cannot be read are left out."""
    spread = stills.files[:: max(1, len(stills.files) // count)]
    return read_stills(Stills(spread, stills.fps / max(1, len(stills.files) // count)), lambda _sentence: None)


def read_still(file: Path) -> NDArray[np.uint8] | None:
    """One picture, (height, width, 3), uint8, turned as its EXIF says; None where it cannot be read."""
    try:
        raw = np.frombuffer(file.read_bytes(), dtype=np.uint8)
    except OSError:
        return None
    image_bgr = cv2.imdecode(raw, cv2.IMREAD_COLOR) if raw.size else None
    return None if image_bgr is None else np.asarray(image_bgr, dtype=np.uint8)


def _resized(image_bgr: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if image_bgr.shape[1::-1] == size:
        return image_bgr
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
