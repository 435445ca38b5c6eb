"""Is the picture good for anything? Dark, overexposed, out of focus, or a lens that is covered, each believed only when it lasts."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.camera_shift import FLAT_GREYS, small_grey

CHECKS = 3
"""Looks in a row that must agree: headlights, a passing van or a hand wiping the lens are no fault."""
WHITE_GREYS, WHITE_SHARE = 250.0, 0.4
SHARPNESS_WIDTH_PX = 640
FINE_PX = 1.5
BLURRED_SHARE = 0.4
"""Of the sharpness that is usual for this camera: less is out of focus, fogged or wet."""
USUAL_LOOKS, LEAST_LOOKS = 200, 12
COVERED_GREYS = 2 * FLAT_GREYS
"""Standard deviation of the grey levels: a hand, a leaf or paint on the lens leaves no more."""

Image = NDArray[np.uint8]


class Fault(StrEnum):
    DARK = "dark"
    COVERED = "covered"
    BLURRED = "blurred"
    OVEREXPOSED = "overexposed"


class PictureQuality:
    """Follows one camera. Call `see` with every frame; it looks every `every_s` seconds of the footage."""

    def __init__(self, min_brightness: float, every_s: float = 5.0) -> None:
        """`min_brightness` is a mean grey level, 0 to 255: below it the picture is too dark."""
        self._min_brightness, self._every_s = min_brightness, every_s
        self._looked_at: datetime | None = None
        self._looks: deque[frozenset[Fault]] = deque(maxlen=CHECKS)
        self._usual: deque[float] = deque(maxlen=USUAL_LOOKS)
        self.faults: frozenset[Fault] = frozenset()

    def see(self, image_bgr: Image, at: datetime) -> None:
        """One picture on, (height, width, 3). A clock that is set back only makes it look at once."""
        if self._looked_at is not None and 0 <= (at - self._looked_at).total_seconds() < self._every_s:
            return
        self._looked_at = at
        self._looks.append(self._look(image_bgr))
        if len(self._looks) == CHECKS:
            lasting, ever = frozenset.intersection(*self._looks), frozenset.union(*self._looks)
            self.faults = lasting | (self.faults & ever)

    def _look(self, image_bgr: Image) -> frozenset[Fault]:
        grey = small_grey(image_bgr)
        if float(grey.mean()) < self._min_brightness:
            return frozenset({Fault.DARK})
        if float((grey >= WHITE_GREYS).mean()) > WHITE_SHARE:
            return frozenset({Fault.OVEREXPOSED})
        if float(grey.std()) < COVERED_GREYS:
            return frozenset({Fault.COVERED})
        return frozenset({Fault.BLURRED}) if self._is_blurred(image_bgr) else frozenset()

    def _is_blurred(self, image_bgr: Image) -> bool:
        sharp = sharpness(image_bgr)
        usual = float(np.median(self._usual)) if len(self._usual) >= LEAST_LOOKS else None
        if usual is not None and sharp < BLURRED_SHARE * usual:
            return True
        self._usual.append(sharp)
        return False


def sharpness(image_bgr: Image) -> float:
    """How much of the picture's contrast is fine detail, 0 to 1; the same in brighter or duller light."""
    height, width = image_bgr.shape[:2]
    scale = min(1.0, SHARPNESS_WIDTH_PX / int(width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.cvtColor(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    levels = grey.astype(np.float32)
    fine = levels - cv2.GaussianBlur(levels, (0, 0), FINE_PX)
    return float(fine.std()) / max(1.0, float(levels.std()))
