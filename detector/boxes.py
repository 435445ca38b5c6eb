"""Boxes. The convention is in the name: `xyxy_px` in pixels of one picture, `xyxy_norm` relative to it, 0 to 1."""

from __future__ import annotations

from typing import NamedTuple


class XyxyPx(NamedTuple):
    """Left, top, right, bottom in pixels; x grows rightward, y downward; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        left, top, right, bottom = self
        return (right - left) * (bottom - top) if right > left and bottom > top else 0.0

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def foot(self) -> tuple[float, float]:
        """Where the thing touches the ground: the middle of the bottom edge, in pixels."""
        return (self.left + self.right) / 2, self.bottom

    def to_norm(self, width_px: int, height_px: int) -> XyxyNorm:
        return XyxyNorm(self.left / width_px, self.top / height_px, self.right / width_px, self.bottom / height_px)


class XyxyNorm(NamedTuple):
    """Left, top, right, bottom relative to the picture's width and height, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float

    def to_px(self, width_px: int, height_px: int) -> XyxyPx:
        return XyxyPx(self.left * width_px, self.top * height_px, self.right * width_px, self.bottom * height_px)

    def clipped(self) -> XyxyNorm:
        inside = min(self) >= 0 and max(self) <= 1
        return self if inside else XyxyNorm(*(min(1.0, max(0.0, side)) for side in self))


class Part(NamedTuple):
    """A part of a picture, in whole pixels of it; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    def to_picture(self, box: XyxyPx) -> XyxyPx:
        """Where a box, given in pixels of the part, lies in the picture."""
        return XyxyPx(box.left + self.left, box.top + self.top, box.right + self.left, box.bottom + self.top)


def intersection_px(one: XyxyPx, other: XyxyPx) -> float:
    """Shared area in square pixels."""
    left, top, right, bottom = one
    other_left, other_top, other_right, other_bottom = other
    if left >= other_right or other_left >= right or top >= other_bottom or other_top >= bottom:
        return 0.0  # by far the most pairs, and asked for all the time
    width = min(right, other_right) - max(left, other_left)
    height = min(bottom, other_bottom) - max(top, other_top)
    return max(0.0, width) * max(0.0, height)


def overlap_of_smaller(one: XyxyPx, other: XyxyPx) -> float:
    """Which share of the smaller box lies in the other one, 0 to 1; boxes of less than a pixel count as one."""
    shared = intersection_px(one, other)
    return shared / max(1.0, min(one.area, other.area)) if shared > 0 else 0.0


def around(one: XyxyPx, other: XyxyPx) -> XyxyPx:
    """The smallest box that both are in."""
    sides = zip(one, other, strict=True)
    left, top, right, bottom = (order(pair) for order, pair in zip((min, min, max, max), sides, strict=True))
    return XyxyPx(left, top, right, bottom)


def iou(one: XyxyPx, other: XyxyPx) -> float:
    """Intersection over union, 0 to 1; 0 where both boxes are empty."""
    shared = intersection_px(one, other)
    return shared / (one.area + other.area - shared) if shared > 0 else 0.0
