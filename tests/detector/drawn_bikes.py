"""Bikes drawn with lines: enough for what looks at colours and edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx

Bgr = tuple[int, int, int]
Picture = NDArray[np.uint8]
PAVING: Bgr = (140, 145, 150)


def pavement(width_px: int, height_px: int, colour: Bgr = PAVING) -> Picture:
    """Slabs with joints and grain, as under most racks."""
    random = np.random.default_rng(3)
    picture = np.full((height_px, width_px, 3), colour, dtype=np.float64)
    picture[::24], picture[:, ::40] = picture[::24] * 0.8, picture[:, ::40] * 0.8
    grain = random.normal(0, 6, (height_px, width_px, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def draw_bike(
    picture: Picture, box: XyxyPx, paint: Bgr, *, fenders: bool = False, basket: bool = False, thick_px: int = 3
) -> None:
    """A bike from the side that fills the box; fenders and basket, if any, have the colour of the frame."""
    left, top, width, height = box.left, box.top, box.width, box.height

    def at(x: float, y: float) -> tuple[int, int]:
        return round(left + x * width), round(top + y * height)

    radius = round(0.21 * width)
    rear, front, saddle, head, pedals = at(0.22, 0.62), at(0.78, 0.62), at(0.36, 0.14), at(0.68, 0.1), at(0.47, 0.64)
    for wheel in (rear, front):
        cv2.circle(picture, wheel, radius, (25, 25, 25), thick_px)
        if fenders:
            cv2.ellipse(picture, wheel, (radius + 3, radius + 3), 0, 190, 330, paint, thick_px + 1)
    for begin, end in ((rear, pedals), (rear, saddle), (pedals, saddle), (pedals, head), (saddle, head), (head, front)):
        cv2.line(picture, begin, end, paint, thick_px)
    cv2.line(picture, at(0.28, 0.12), at(0.42, 0.12), (20, 20, 20), thick_px + 2)
    cv2.line(picture, at(0.66, 0.05), at(0.78, 0.02), (60, 60, 60), thick_px)
    if basket:
        cv2.rectangle(picture, at(0.7, 0.08), at(0.92, 0.3), paint, -1)


def lit(picture: Picture, times: float, noise_greys: float = 0.0, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, noise_greys, picture.shape)
    return np.clip(picture * times + noise, 0, 255).astype(np.uint8)
