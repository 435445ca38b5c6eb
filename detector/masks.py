"""Parts of the picture nobody may look at: blacked out before anything else sees the frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Polygon = tuple[tuple[float, float], ...]


def black_out(image_bgr: NDArray[np.uint8], outlines_norm: Sequence[Polygon]) -> None:
    """Fill polygons with black, in place.

    Args:
        image_bgr: (height, width, 3), uint8, contiguous.
        outlines_norm: corner points (x, y), each 0 to 1 of the picture's width and height.
    """
    height, width = image_bgr.shape[:2]
    for outline in outlines_norm:
        corners_px = np.round(np.array(outline) * (width, height)).astype(np.int32)
        cv2.fillPoly(image_bgr, [corners_px], (0, 0, 0))
