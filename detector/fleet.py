"""Is it a shared bike? Each fleet paints its bikes one bright colour all over, and locks them itself.

A private bike of just that colour looks the same, so the hue ranges are narrow, the colour must be most of what is
colourful about the bike, and it must be on all of it: a yellow lock or bag makes no Meituan bike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.memory import ONE_AT_A_TIME

LEAST_SATURATION = 0.4
LEAST_VALUE = 0.12
GLARE = 0.98
"""Two channels this full: the true colour was brighter than the camera can tell, and its hue is lost."""
LEAST_VALUE_OF_MEAN = 0.5
"""Pixels darker than this share of the crop's mean brightness have a hue of their own: that of shadow."""
COLUMNS = 6
COLUMNS_PAINTED = 4
COLUMN_COVER = 0.01
LEAST_COVER = 0.025
"""Of the box: a bike is thin, its paint covers 3 to 15 hundredths of it."""
BOX_ERROR = 0.04
LEAST_ALONE = 0.08
"""Of the box: a bike that has less of the picture to itself cannot be told from those it stands among."""
LEAST_SHARE = 0.5
MIXED_DEG = 6.0
"""Most pixels of a thin tube are part background, which bends their hue; the purest ones must be in the range itself."""
PURE = 0.8
LEAST_VIEWS = 3
RING = 0.25
"""Of the box's sides, on each side: how far around it the ground and the neighbours are looked at."""
LEAST_SIDE_PX = 12


class Colours(NamedTuple):
    """Of every pixel, all of shape (h, w): hue in degrees, not a number in glare; saturation 0 to 1; bright paint or not."""

    hues_deg: NDArray[np.float32]
    saturations: NDArray[np.float32]
    is_colourful: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FleetColour:
    """The hues of one fleet's paint in degrees, 0 red, 120 green, 240 blue; `hue_from_deg` may be the greater (red).

    `least_saturation` (0 to 1): paint whose purest fifth is duller is that of a private bike of like colour.
    """

    name: str
    hue_from_deg: float
    hue_to_deg: float
    least_saturation: float = 0.6

    def holds(self, colours: Colours, slack_deg: float = 0.0) -> NDArray[np.bool_]:
        """Which colourful pixels have these hues, or miss them by no more than `slack_deg`."""
        begin, end = self.hue_from_deg - slack_deg, self.hue_to_deg + slack_deg
        above, below = colours.hues_deg >= begin, colours.hues_deg <= end
        return colours.is_colourful & (above & below if begin <= end else above | below)


FLEETS = (
    FleetColour("meituan", 40, 56),
    FleetColour("hellobike", 192, 210),
    FleetColour("qingju", 162, 187, 0.72),
)
"""The three large ones of China, by the hues of their brands; where others stand about, the configuration names them."""


def fleet_marks(
    image_bgr: NDArray[np.uint8],
    xyxy_px: XyxyPx,
    others_px: Sequence[XyxyPx] = (),
    fleets: Sequence[FleetColour] = FLEETS,
) -> tuple[float, ...]:
    """How much one view of a bike in a picture (h, w, 3) speaks for each fleet, 0 to 1, in their order.

    What lies around the box in the same colour (grass, a painted line) is taken off. `others_px` are the boxes of the
    bikes beside it: a colour that is only where boxes overlap is theirs.
    """
    box, around = _cut(image_bgr, xyxy_px, 0.0), _cut(image_bgr, xyxy_px, RING)
    if min(box.shape[:2]) < LEAST_SIDE_PX:
        return (0.0,) * len(fleets)
    with ONE_AT_A_TIME:
        return _marks(box, around, _alone(xyxy_px, box.shape, others_px), fleets)


def _marks(
    box: NDArray[np.uint8], around: NDArray[np.uint8], alone: NDArray[np.bool_], fleets: Sequence[FleetColour]
) -> tuple[float, ...]:
    own, wide = _colours(box), _colours(around)
    cover = _cover_beyond_ring(own.is_colourful, wide.is_colourful)
    return tuple(_mark(fleet, own, wide, cover) if _is_on(fleet, own, alone) else 0.0 for fleet in fleets)


def which_fleet(views: Sequence[Sequence[float]], fleets: Sequence[FleetColour] = FLEETS) -> str | None:
    """The fleet that most views speak for, by what `fleet_marks` said of each; None: a private bike, or too few views."""
    if len(views) < LEAST_VIEWS or not fleets:
        return None
    marks = [median(view[number] for view in views) for number in range(len(fleets))]
    best = max(range(len(fleets)), key=marks.__getitem__)
    return fleets[best].name if marks[best] >= LEAST_SHARE else None


def _mark(fleet: FleetColour, own: Colours, wide: Colours, colourful_cover: float) -> float:
    """Share of what is colourful about the bike that has the fleet's colour; 0 where it is little or not all over."""
    painted = fleet.holds(own, MIXED_DEG)
    cover = _cover_beyond_ring(painted, fleet.holds(wide, MIXED_DEG))
    columns = np.array_split(painted, COLUMNS, axis=1)
    painted_columns = sum(float(column.mean()) >= COLUMN_COVER for column in columns)
    if cover < LEAST_COVER or painted_columns < COLUMNS_PAINTED or not _is_pure(fleet, own, painted):
        return 0.0
    return cover / max(cover, colourful_cover)


def _alone(box: XyxyPx, shape: tuple[int, ...], others_px: Sequence[XyxyPx]) -> NDArray[np.bool_]:
    """Which pixels of a box (h, w) are in no other box, nor so near to one that its edge may be wrong."""
    alone = np.ones(shape[:2], dtype=np.bool_)
    left, top = max(0, round(box.left)), max(0, round(box.top))
    for other in others_px:
        across, down = BOX_ERROR * other.width, BOX_ERROR * other.height
        rows = slice(max(0, round(other.top - down) - top), max(0, round(other.bottom + down) - top))
        columns = slice(max(0, round(other.left - across) - left), max(0, round(other.right + across) - left))
        alone[rows, columns] = False
    return alone


def _is_on(fleet: FleetColour, own: Colours, alone: NDArray[np.bool_]) -> bool:
    """Whether the colour is there where the bike has the picture to itself, if it has any of it."""
    painted = fleet.holds(own, MIXED_DEG)[alone]
    return painted.size >= LEAST_ALONE * alone.size and float(painted.mean()) >= LEAST_COVER / 2


def _is_pure(fleet: FleetColour, own: Colours, painted: NDArray[np.bool_]) -> bool:
    """Whether the purest paint has the fleet's very hue, and is as pure as the fleet's."""
    purest = float(np.quantile(own.saturations[painted], PURE))
    pure = painted & (own.saturations >= purest)
    return purest >= fleet.least_saturation and 2 * int((pure & fleet.holds(own)).sum()) > int(pure.sum())


def _cover_beyond_ring(inside: NDArray[np.bool_], around: NDArray[np.bool_]) -> float:
    """Share of the box that is so, less the share of the ring around it; `around` has the box in its middle."""
    ring_px = around.size - inside.size
    in_ring = max(0, int(around.sum()) - int(inside.sum())) / ring_px if ring_px > 0 else 0.0
    return max(0.0, float(inside.mean()) - in_ring)


def _colours(crop_bgr: NDArray[np.uint8]) -> Colours:
    if not crop_bgr.size:
        return Colours(*(np.zeros((0, 0), dtype=np.float32),) * 2, np.zeros((0, 0), dtype=np.bool_))
    smooth = cv2.GaussianBlur(crop_bgr, (3, 3), 0).astype(np.float32)
    smooth /= np.float32(255)
    hsv = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2HSV), dtype=np.float32)
    hues_deg, saturations, values = hsv[:, :, 0], hsv[:, :, 1], hsv[:, :, 2]
    darkest = max(LEAST_VALUE, LEAST_VALUE_OF_MEAN * float(smooth.mean()))
    blue, green, red = cv2.split(smooth)
    second = np.maximum(np.minimum(blue, green), np.minimum(np.maximum(blue, green), red))
    told_deg = np.where(second < GLARE, hues_deg, np.float32(np.nan))
    return Colours(told_deg, saturations, (saturations >= LEAST_SATURATION) & (values >= darkest))


def _cut(image_bgr: NDArray[np.uint8], box: XyxyPx, margin: float) -> NDArray[np.uint8]:
    across, down = margin * box.width, margin * box.height
    left, top = max(0, round(box.left - across)), max(0, round(box.top - down))
    return image_bgr[top : max(0, round(box.bottom + down)), left : max(0, round(box.right + across))]
