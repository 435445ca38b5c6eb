"""Which parts of the picture have lately moved: what no model finds and yet is alive is told by its stirring."""

from __future__ import annotations

import weakref
from collections import deque
from datetime import datetime, timedelta
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Part

LONG_SIDE_PX = 480
"""Pictures are compared at this size: at a camera's full width a head is still some of these pixels."""
KEEP_EVERY, LOOK_BACK = timedelta(seconds=0.4), timedelta(seconds=1.5)
"""Somebody bent over a bike seldom keeps still for longer; looking back farther, the places that people have just left
would count too, and the rider has just left the bike."""
MOVED_GREYS = 10.0
BLUR_PX = 1.0

Grey = NDArray[np.float32]


class _Kept(NamedTuple):
    at: datetime
    grey: Grey


class MovingParts:
    """Of one camera. Remembers a few small grey pictures, of the last seconds only, and never on disk."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque()
        self._last: tuple[weakref.ref[NDArray[np.uint8]], Grey] | None = None
        """A picture of six megabytes is not kept for this: only whether it is the same one again."""

    def see(self, image_bgr: NDArray[np.uint8], at: datetime) -> None:
        """One picture on; a camera that looks rarely keeps the last one however old it is."""
        if self._kept and at - self._kept[-1].at < KEEP_EVERY:
            return
        while len(self._kept) > 1 and at - self._kept[0].at > LOOK_BACK:
            self._kept.popleft()
        if self._last is None or self._last[0]() is not image_bgr:  # while all is still, one comes over and over
            self._last = weakref.ref(image_bgr), _small(image_bgr)
        self._kept.append(_Kept(at, self._last[1]))

    def where(self, image_bgr: NDArray[np.uint8], part: Part, margin_px: float) -> NDArray[np.bool_]:
        """Which pixels (height, width) of a part of this picture show what was not there a moment ago, or is no longer.

        Args:
            image_bgr: (height, width, 3), uint8: the newest picture.
            part: of that picture.
            margin_px: so many pixels around what moved count as well.
        """
        now, scale = _small(image_bgr), _scale(image_bgr)
        changed = np.zeros(now.shape, np.float32)
        for kept in self._kept:
            if kept.grey.shape == now.shape:
                np.maximum(changed, _difference(now, kept.grey), out=changed)
        reach = 2 * max(1, round(margin_px * scale)) + 1
        moved = cv2.dilate((changed > MOVED_GREYS).astype(np.uint8), np.ones((reach, reach), np.uint8))
        height, width = image_bgr.shape[:2]
        return enlarged(np.asarray(moved, np.uint8), (width, height), part) > 0


def enlarged(small: NDArray[np.uint8], size_px: tuple[int, int], part: Part) -> NDArray[np.uint8]:
    """A part of what a small picture is at `size_px` (width, height), as `cv2.resize` with `INTER_NEAREST` makes all of it."""
    rows, columns = (
        np.minimum((np.arange(start, end) * (1 / (most / few))).astype(np.intp), few - 1)
        for start, end, most, few in (
            (part.top, part.bottom, size_px[1], small.shape[0]),
            (part.left, part.right, size_px[0], small.shape[1]),
        )
    )
    return np.asarray(small[rows[:, None], columns], np.uint8)


def _difference(now: Grey, before: Grey) -> Grey:
    """Grey levels apart, light that changed everywhere left out."""
    apart = now - before
    return np.asarray(np.abs(apart - np.float32(np.median(apart))), np.float32)


def _scale(image_bgr: NDArray[np.uint8]) -> float:
    return min(1.0, LONG_SIDE_PX / int(max(image_bgr.shape[:2])))


def _small(image_bgr: NDArray[np.uint8]) -> Grey:
    height, width = image_bgr.shape[:2]
    scale = _scale(image_bgr)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if scale < 1 / 2:  # averaging every pixel of a large picture costs four times as much
        image_bgr = np.asarray(cv2.resize(image_bgr, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_NEAREST))
    grey = cv2.cvtColor(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), BLUR_PX), np.float32)
