"""Which part of the picture is worth a look, and what is then known of the whole. Pure: boxes only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detector.boxes import XyxyPx, intersection_px
from detector.vocabulary import Detection

MARGIN_SHARE = 0.05
"""Of the picture's longer side, on every side: who moves goes on moving."""
MOST_SHARE = 0.5
"""A part larger than this share of the picture is not worth the seam."""


def region_around(
    boxes: Iterable[XyxyPx], standing: Sequence[Detection], width_px: int, height_px: int
) -> XyxyPx | None:
    """The part of a picture that holds all `boxes` and, whole, whatever stands at its edge; None: look at all of it."""
    parts = list(boxes)
    if not parts:
        return None
    margin = MARGIN_SHARE * max(width_px, height_px)
    region = _grown(_around(parts), margin, width_px, height_px)
    cut = [one.xyxy_px for one in standing if intersection_px(one.xyxy_px, region) > 0]
    if cut:
        region = _around([region, _grown(_around(cut), 1.0, width_px, height_px)])
    return region if region.area <= MOST_SHARE * width_px * height_px else None


def known_of_all(inside: Sequence[Detection], before: Sequence[Detection], region: XyxyPx) -> list[Detection]:
    """What was just found in the region, and what was found before outside of it; strongest first."""
    fresh = [one for one in inside if _is_in(one, region)]
    old = [one for one in before if not _is_in(one, region)]
    return sorted([*fresh, *old], key=lambda one: -one.score)


def _is_in(one: Detection, region: XyxyPx) -> bool:
    x, y = one.xyxy_px.centre
    return region.left <= x < region.right and region.top <= y < region.bottom


def _around(boxes: Sequence[XyxyPx]) -> XyxyPx:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return XyxyPx(min(lefts), min(tops), max(rights), max(bottoms))


def _grown(box: XyxyPx, by_px: float, width_px: int, height_px: int) -> XyxyPx:
    return XyxyPx(
        max(0.0, box.left - by_px),
        max(0.0, box.top - by_px),
        min(float(width_px), box.right + by_px),
        min(float(height_px), box.bottom + by_px),
    )
