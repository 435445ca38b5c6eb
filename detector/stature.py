"""How tall somebody stands in the picture, by where their feet are. Pure.

The nearer to the camera, the lower the feet and the taller the box: nearly a straight line, for one person and one camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.boxes import XyxyPx

LEAST_LOOKS = 3
LEAST_SPREAD = 0.15
"""Feet that keep within this share of the person's height tell nothing of depth."""
USUAL_SLOPE = 0.4
MOST_SLOPE = 0.8
"""Pixels of height for each pixel that the feet are lower: about 0.2 from high above and 0.8 from head height."""
BOX_NOISE = 0.05
"""How far the edges of a box are off, as a share of its height: a slope from feet that spread no further is hardly believed."""
LEAST_TIMES, MOST_TIMES = 0.5, 1.5
"""A line is believed this far beyond the heights it came from."""


@dataclass(frozen=True, slots=True)
class Stature:
    """A line through somebody's upright boxes."""

    typical_px: float
    """Their height in the middle of those boxes, and the y of their feet there."""
    feet_y: float
    slope: float

    def height_px(self, feet_y: float) -> float:
        """How tall they stand with their feet at this y."""
        height = self.typical_px + self.slope * (feet_y - self.feet_y)
        return float(np.clip(height, LEAST_TIMES * self.typical_px, MOST_TIMES * self.typical_px))


def stature_of(upright_px: Sequence[XyxyPx]) -> Stature | None:
    """The stature of the person whose upright boxes these are; None where there are too few to tell."""
    if len(upright_px) < LEAST_LOOKS:
        return None
    heights = np.array([box.height for box in upright_px])
    feet_y = np.array([box.bottom for box in upright_px])
    typical, middle = max(1.0, float(np.median(heights))), float(np.median(feet_y))
    if len(upright_px) <= 2 * LEAST_LOOKS or float(np.ptp(feet_y)) <= LEAST_SPREAD * typical:
        return Stature(typical, middle, 0.0)
    lower, taller = feet_y - middle, heights - typical
    doubt = len(upright_px) * (BOX_NOISE * typical) ** 2
    slope = (float(lower @ taller) + doubt * USUAL_SLOPE) / (float(lower @ lower) + doubt)
    return Stature(typical, middle, float(np.clip(slope, 0.0, MOST_SLOPE)))
