"""Where the bike is in the picture that came with its alert: worked out from the picture's shape."""

from __future__ import annotations

import math
from pathlib import Path

Box = tuple[float, float, float, float]
MARGIN = 0.35
"""Of the bike's longer side, around the bike: as the edge cuts its pictures."""
SHAPES = (16 / 9, 4 / 3, 5 / 4, 11 / 9, 3 / 2, 21 / 9, 1.0, 9 / 16, 3 / 4)
"""Widths by heights of cameras' pictures; which one it was does not travel."""
MOST_OFF = 0.04
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_LONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


def jpeg_size(file: Path) -> tuple[int, int] | None:
    """Width and height in pixels, read from a JPEG's header; None where there is no such JPEG."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 -- every segment begins so
        marker = data[at + 1]
        if marker in _FRAME_MARKERS:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 if marker in _LONE_MARKERS else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def box_in_picture(bike_norm: Box, width_px: int, height_px: int) -> Box | None:
    """The bike's box in pixels of its picture; None where no camera's shape explains the picture.

    Args:
        bike_norm: left, top, right, bottom of the bike in the camera's picture, 0 to 1.
        width_px: of the cut-out picture.
        height_px: of it.
    """
    tried = [(_off(bike_norm, shape, width_px / height_px), shape) for shape in SHAPES]
    off, shape = min(tried)
    if off > MOST_OFF:
        return None
    bike, (left, top, right, bottom) = _cut(bike_norm, shape)
    x, y = width_px / (right - left), height_px / (bottom - top)
    inside = (bike[0] - left) * x, (bike[1] - top) * y, (bike[2] - left) * x, (bike[3] - top) * y
    return tuple(round(value, 1) for value in inside)  # type: ignore[return-value]


def _off(bike_norm: Box, shape: float, seen: float) -> float:
    """How far a cut-out of a camera of that shape is from the shape seen, as the logarithm of their ratio."""
    _, (left, top, right, bottom) = _cut(bike_norm, shape)
    return abs(math.log((right - left) / (bottom - top) / seen))


def _cut(bike_norm: Box, shape: float) -> tuple[Box, Box]:
    """The bike and what is cut out around it, in heights of the camera's picture."""
    bike = bike_norm[0] * shape, bike_norm[1], bike_norm[2] * shape, bike_norm[3]
    more = MARGIN * max(bike[2] - bike[0], bike[3] - bike[1])
    cut = max(0.0, bike[0] - more), max(0.0, bike[1] - more), min(shape, bike[2] + more), min(1.0, bike[3] + more)
    return bike, cut
