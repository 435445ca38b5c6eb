"""Whether anything moves or has changed before a camera, told from small grey pictures without a model. No I/O, no clock.

What is compared is what is *drawn* in the scene, free of its light: brightness, exposure and the edge of a cloud's shadow
change nothing. Each cell of the picture knows how restless it usually is, so that leaves, rain and sensor noise are no
motion there, and somebody who walks through them still is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyNorm

WIDTH_PX = 320
CELL_PX = 8
FINE_PX = 1.0
LIGHT_PX, CONTRAST_PX = 25, 41
"""What is larger than this is light, not drawing; contrast is that of this neighbourhood (odd numbers of pixels)."""
NOISE_GREYS = 6.0
"""Contrast of this many grey levels is noise: it is not blown up to look like a scene."""
FLOOR = 0.10
"""A cell that differs by less than this, in units of its contrast, does not differ."""
RESTLESS = 2.5
"""How many times as much as usual a cell must differ."""
STRONG = 2.0
"""A cell alone must differ this many times as much as one that has a neighbour."""
SETTLED_S = 3.0
"""What has changed and then stands still for this long belongs to the scene."""
LOOK_BACK_S = 0.4
"""Pictures closer together than this are not compared: slow hands would go unseen."""
DRIFT_S = 20.0
"""How fast the memory of the scene follows what changes too little to be motion."""
USUAL_S = 60.0
"""How fast a cell's usual restlessness is learnt."""
NOISE_SHARE = 0.3
"""How fast, a picture, it is learnt where what moved was nothing."""

Grey = NDArray[np.float32]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Motion:
    """Which cells, shape (rows, columns), move or are not as they were when the scene stood still."""

    cells: Cells

    def __bool__(self) -> bool:
        return bool(self.cells.any())

    def boxes(self) -> list[XyxyNorm]:
        """Around each group of cells that touch."""
        rows, columns = self.cells.shape
        _, _, stats, _ = cv2.connectedComponentsWithStats(self.cells.astype(np.uint8), connectivity=8)
        return [
            XyxyNorm(left / columns, top / rows, (left + width) / columns, (top + height) / rows)
            for left, top, width, height, _ in stats[1:].tolist()
        ]


@dataclass(frozen=True, slots=True)
class _Past:
    at: datetime
    drawn: Grey


class MotionGate:
    """Follows one camera. The first picture shows nothing but itself; all later ones are held against it."""

    def __init__(self) -> None:
        self._still: Grey | None = None
        self._usual: Grey = np.zeros((0, 0), dtype=np.float32)
        self._differs: Grey = np.zeros((0, 0), dtype=np.float32)
        self._rested_s: Grey = np.zeros((0, 0), dtype=np.float32)
        self._past: list[_Past] = []
        self._last_at: datetime | None = None

    def update(self, image_bgr: NDArray[np.uint8], at: datetime) -> Motion:
        """Look at the next picture, (h, w, 3); pictures may be any time apart."""
        drawn = drawing(small_grey(image_bgr))
        if self._still is None or self._still.shape != drawn.shape:
            return self._begin(drawn, at)
        seconds = max(0.0, (at - (self._last_at or at)).total_seconds())
        self._last_at = at
        self._differs = by_cell(np.abs(drawn - self._still))
        moving = self._moving(drawn, at)
        changed = self._exceeds(self._differs)
        self._settle(drawn, moving, changed, seconds)
        self._learn(drawn, ~(moving | changed), seconds)
        return Motion(together(moving | changed, self._strong(self._differs)))

    def foresees(self, image_bgr: NDArray[np.uint8]) -> bool:
        """Whether a picture shows motion; asked ahead of its turn, so nothing is learnt from it."""
        drawn = drawing(small_grey(image_bgr))
        if self._still is None or self._still.shape != drawn.shape:
            return True
        differs = by_cell(np.abs(drawn - self._still))
        return bool(together(self._exceeds(differs), self._strong(differs)).any())

    def call_noise(self) -> None:
        """What moved in the last picture is nothing: leaves, rain. The cells will expect it from now on."""
        more = np.maximum(self._differs - self._usual, 0)
        self._usual = (self._usual + NOISE_SHARE * more).astype(np.float32)

    def accept(self, image_bgr: NDArray[np.uint8], at: datetime) -> None:
        """Take this picture for the scene as it should be: the camera was moved, or began anew."""
        self._begin(drawing(small_grey(image_bgr)), at)

    def _begin(self, drawn: Grey, at: datetime) -> Motion:
        self._still, self._last_at, self._past = drawn, at, [_Past(at, drawn)]
        none = by_cell(np.zeros_like(drawn))
        self._usual, self._differs, self._rested_s = none.copy(), none.copy(), none.copy()
        return Motion(none.astype(np.bool_))

    def _moving(self, drawn: Grey, at: datetime) -> Cells:
        while len(self._past) > 1 and (at - self._past[1].at).total_seconds() >= LOOK_BACK_S:
            del self._past[0]
        moving = self._exceeds(by_cell(np.abs(drawn - self._past[0].drawn)))
        self._past.append(_Past(at, drawn))
        return moving

    def _exceeds(self, differs: Grey) -> Cells:
        return np.asarray(differs > FLOOR + RESTLESS * self._usual, dtype=np.bool_)

    def _strong(self, differs: Grey) -> Cells:
        return np.asarray(differs > STRONG * (FLOOR + RESTLESS * self._usual), dtype=np.bool_)

    def _settle(self, drawn: Grey, moving: Cells, changed: Cells, seconds: float) -> None:
        self._rested_s = np.where(together(moving, moving), 0.0, self._rested_s + seconds).astype(np.float32)
        settled = changed & (self._rested_s >= SETTLED_S)
        if settled.any():
            assert self._still is not None
            self._still = np.where(by_pixel(settled, drawn.shape), drawn, self._still)
            self._differs = np.where(settled, 0, self._differs).astype(np.float32)
            changed &= ~settled

    def _learn(self, drawn: Grey, quiet: Cells, seconds: float) -> None:
        assert self._still is not None
        follow = np.float32(min(1.0, seconds / DRIFT_S))
        quiet_px = by_pixel(quiet, drawn.shape)
        self._still = np.where(quiet_px, self._still + follow * (drawn - self._still), self._still)
        learn = np.float32(min(1.0, seconds / USUAL_S))
        self._usual = np.where(quiet, self._usual + learn * (self._differs - self._usual), self._usual)


def small_grey(image_bgr: NDArray[np.uint8]) -> Grey:
    """Grey levels of a picture (h, w, 3) at `WIDTH_PX`, 0 to 255, whole cells high."""
    height, width = image_bgr.shape[:2]
    if width > 2 * WIDTH_PX:  # averaging all pixels of a large picture is slow
        size = 2 * WIDTH_PX, max(1, round(2 * WIDTH_PX * height / width))
        image_bgr = np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    whole_cells = max(1, round(WIDTH_PX * height / width / CELL_PX)) * CELL_PX
    grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (WIDTH_PX, whole_cells), interpolation=cv2.INTER_AREA).astype(np.float32)


def drawing(grey: Grey) -> Grey:
    """What is drawn in the scene, in units of its local contrast, cut off at two: light changes nothing."""
    fine = cv2.GaussianBlur(grey, (0, 0), FINE_PX) - cv2.boxFilter(grey, -1, (LIGHT_PX, LIGHT_PX))
    contrast = np.sqrt(np.maximum(cv2.boxFilter(fine * fine, -1, (CONTRAST_PX, CONTRAST_PX)), 0.0))
    return np.asarray(np.clip(fine / (contrast + NOISE_GREYS), -2, 2), dtype=np.float32)


def by_cell(pixels: Grey) -> Grey:
    """The mean of each cell: (h, w) gives (h / CELL_PX, w / CELL_PX)."""
    size = pixels.shape[1] // CELL_PX, pixels.shape[0] // CELL_PX
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def by_pixel(cells: Cells, shape: tuple[int, ...]) -> Cells:
    """Each cell's value for all its pixels."""
    size = shape[1], shape[0]
    return np.asarray(cv2.resize(cells.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), dtype=np.bool_)


def together(cells: Cells, strong: Cells) -> Cells:
    """Of these cells those that have a neighbour among them, or are strong: one alone is a drop of rain or a bird."""
    neighbours = cv2.boxFilter(cells.astype(np.float32), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cells & ((neighbours > 1.5) | strong), dtype=np.bool_)  # noqa: PLR2004
