"""Has the camera moved? A slow memory of the scene, at low resolution and free of light, against what is seen now.

A rack's outline is drawn for one view: once the camera has turned, every verdict would be about another place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import product
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx

WIDTH_PX = 160
"""The scene is compared at this width: a shift of 2 % is 3 of these pixels."""
FINE_PX, COARSE_PX = 1.0, 8.0
"""Detail kept lies between these blurs: finer is noise and rain, coarser is light."""
NOISE_GREYS = 4.0
"""Contrast of this many grey levels is noise: it is not blown up to look like a scene."""
PATCH_PX = 16
PATCH_AGREES = 0.5
"""Correlation from which on a patch shows what it showed before."""
TEXTURED = 0.15
"""Of the usual contrast: a patch of plain wall can agree with nothing."""
LEAST_PATCHES = 6
VIEW_LOST = 0.3
"""Fewer patches unchanged, though nothing says where they went: another view."""
CLEAR_RESPONSE = 0.2
"""Of phase correlation, 0 to 1. Shifts up to a fifth of the picture answer with 0.3 to 0.8, chance with 0.2 at most."""
PARTS = (2, 3)
"""Rows and columns looked at apart: a turned or zoomed view goes another way in each."""
PARTS_GONE = 3
LEAST_SHIFT = 0.02
"""Of the picture's width."""
CHECKS = 3
LEARNS_IN_S = 600.0
"""The memory takes on what has changed for good, such as parked cars, in about this time."""
DARK_GREYS = 10.0
FLAT_GREYS = 3.0
"""Standard deviation of the grey levels: a lens that is covered or fogged shows less than this."""

Grey = NDArray[np.float32]


class CameraState(StrEnum):
    STEADY = "steady"
    MOVED = "moved"
    BLIND = "blind"
    """Too dark, covered, without contrast, or too little in view that stays put: nothing can be said."""


@dataclass(frozen=True, slots=True)
class CameraShift:
    """How the view is against what it was. `shift_px` is (right, down) in pixels of the picture; None: not known."""

    state: CameraState
    shift_px: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What one check found, before it is believed."""

    state: CameraState
    shift_px: tuple[float, float] | None = None


STEADY = CameraShift(CameraState.STEADY, (0.0, 0.0))


class ShiftWatch:
    """Follows one camera. The first picture that shows anything is what the view should be."""

    def __init__(self, every_s: float = 5.0) -> None:
        self._every_s = every_s
        self._last = STEADY
        self._looked_at: datetime | None = None
        self._learnt_at: datetime | None = None
        self._learnt = 0
        self._memory: Grey | None = None
        self._looks: list[_Look] = []

    def update(self, image_bgr: NDArray[np.uint8], at: datetime, ignore_px: Sequence[XyxyPx] = ()) -> CameraShift:
        """Look again where it is time; `ignore_px` are the boxes of people and bikes, which come and go."""
        if self._looked_at is None or (at - self._looked_at).total_seconds() >= self._every_s:
            self._looked_at = at
            self._look(image_bgr, at, ignore_px)
        return self._last

    def accept_view(self) -> None:
        """Take the view as it is from now on as the right one: somebody has drawn the racks anew."""
        self._memory, self._looks, self._last, self._looked_at = None, [], STEADY, None

    def _look(self, image_bgr: NDArray[np.uint8], at: datetime, ignore_px: Sequence[XyxyPx]) -> None:
        grey = small_grey(image_bgr)
        look, seen = _Look(CameraState.BLIND), None
        if not is_blind(grey):
            seen, used = detail(grey), _used(grey.shape, image_bgr.shape, ignore_px)
            look = self._compare(seen, used, image_bgr.shape[1] / grey.shape[1])
        self._believe(look)
        if seen is not None and look.state is CameraState.STEADY:
            self._learn(seen, used, at)

    def _compare(self, seen: Grey, used: NDArray[np.bool_], scale: float) -> _Look:
        if self._memory is None or self._memory.shape != seen.shape:
            self._memory = None
            return _Look(CameraState.STEADY, (0.0, 0.0))
        unchanged = unchanged_share(self._memory, seen, used)
        if unchanged is None:
            return _Look(CameraState.BLIND)
        least = LEAST_SHIFT * seen.shape[1]
        (right, down), response = shift_between(self._memory, seen, used)
        if response >= CLEAR_RESPONSE and hypot(right, down) >= least:
            return _Look(CameraState.MOVED, (scale * right, scale * down))
        gone = parts_gone(self._memory, seen, used, least)
        is_lost = response < CLEAR_RESPONSE and unchanged < VIEW_LOST
        if is_lost or gone >= PARTS_GONE:
            return _Look(CameraState.MOVED)
        return _Look(CameraState.STEADY, (0.0, 0.0))

    def _believe(self, look: _Look) -> None:
        """Only what several looks in a row agree on is said."""
        self._looks = [*self._looks, look][-CHECKS:]
        if len(self._looks) == CHECKS and len({one.state for one in self._looks}) == 1:
            self._last = CameraShift(look.state, look.shift_px)

    def _learn(self, seen: Grey, used: NDArray[np.bool_], at: datetime) -> None:
        if self._memory is None or self._learnt_at is None:
            self._memory, self._learnt_at, self._learnt = np.where(used, seen, 0).astype(np.float32), at, 1
            return
        self._learnt += 1
        share = max(1 / self._learnt, min(1.0, (at - self._learnt_at).total_seconds() / LEARNS_IN_S))
        self._memory = np.where(used, (1 - share) * self._memory + share * seen, self._memory).astype(np.float32)
        self._learnt_at = at


def small_grey(image_bgr: NDArray[np.uint8]) -> Grey:
    """Grey levels of a picture (h, w, 3) at `WIDTH_PX`, 0 to 255. Pixels are skipped first: averaging all is slow."""
    step = max(1, image_bgr.shape[1] // (2 * WIDTH_PX))
    grey = cv2.cvtColor(image_bgr[::step], cv2.COLOR_BGR2GRAY)
    thin = np.ascontiguousarray(grey[:, ::step])  # one byte a pixel: three times as quick as before that
    height = max(PATCH_PX, round(WIDTH_PX * image_bgr.shape[0] / image_bgr.shape[1]))
    small = cv2.resize(thin, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)


def is_blind(grey: Grey) -> bool:
    return float(grey.mean()) < DARK_GREYS or float(grey.std()) < FLAT_GREYS


def detail(grey: Grey) -> Grey:
    """What is drawn in the scene, in units of its local contrast: brighter or darker light changes nothing."""
    fine = cv2.GaussianBlur(grey, (0, 0), FINE_PX) - cv2.boxFilter(grey, -1, (17, 17))
    contrast = np.sqrt(np.maximum(cv2.boxFilter(fine * fine, -1, (33, 33)), 0.0))
    return np.asarray(np.clip(fine / (contrast + NOISE_GREYS), -2, 2), dtype=np.float32)


def unchanged_share(before: Grey, now: Grey, used: NDArray[np.bool_]) -> float | None:
    """Share of the textured patches that show what they showed, 0 to 1; None where too few can be compared."""
    one, other = _patches(np.where(used, before, 0)), _patches(np.where(used, now, 0))
    free = _patches(used.astype(np.float32)).mean(axis=1) >= 0.5  # noqa: PLR2004
    strength = np.sqrt((one * one).mean(axis=1))
    counted = free & (strength >= TEXTURED)
    if counted.sum() < LEAST_PATCHES:
        return None
    norms = np.sqrt((one * one).sum(axis=1) * (other * other).sum(axis=1))
    alike = (one * other).sum(axis=1) / np.maximum(norms, 1e-6)
    return float((alike[counted] >= PATCH_AGREES).mean())


def shift_between(before: Grey, now: Grey, used: NDArray[np.bool_]) -> tuple[tuple[float, float], float]:
    """How far the scene went (right, down), in pixels of these, and how clear that is, 0 to 1."""
    window = _window(before.shape[1], before.shape[0])
    one, other = (np.where(used, picture, 0).astype(np.float32) for picture in (before, now))
    (right, down), response = cv2.phaseCorrelate(one, other, window)
    return (float(right), float(down)), float(response)


@cache
def _window(width: int, height: int) -> Grey:
    return np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), np.float32)


def parts_gone(before: Grey, now: Grey, used: NDArray[np.bool_], least: float) -> int:
    """How many parts of the scene clearly went somewhere, each its own way, by at least so many pixels of these."""
    rows, columns = before.shape[0] // PARTS[0], before.shape[1] // PARTS[1]
    count = 0
    for top, left in product(range(0, PARTS[0] * rows, rows), range(0, PARTS[1] * columns, columns)):
        part = slice(top, top + rows), slice(left, left + columns)
        shift, response = shift_between(before[part], now[part], used[part])
        count += response >= CLEAR_RESPONSE and hypot(*shift) >= least
    return count


def _patches(picture: Grey) -> Grey:
    """Cut (h, w) into rows of (patches, pixels of a patch); what is left over at the edges is dropped."""
    rows, columns = picture.shape[0] // PATCH_PX, picture.shape[1] // PATCH_PX
    whole = picture[: rows * PATCH_PX, : columns * PATCH_PX]
    return whole.reshape(rows, PATCH_PX, columns, PATCH_PX).swapaxes(1, 2).reshape(rows * columns, -1)


def _used(shape: tuple[int, ...], full: tuple[int, ...], ignore_px: Sequence[XyxyPx]) -> NDArray[np.bool_]:
    used = np.ones(shape, dtype=np.bool_)
    x, y = shape[1] / full[1], shape[0] / full[0]
    for box in ignore_px:
        rows = slice(max(0, int(box.top * y)), max(0, int(box.bottom * y) + 1))
        used[rows, max(0, int(box.left * x)) : max(0, int(box.right * x) + 1)] = False
    return used
