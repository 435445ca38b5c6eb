"""A bike's look, to know it again after a worker's restart or a long gap.

What is compared is the paint of its parts, light and shade, and the directions of its edges, each on a small grid and
each free of how bright the crop is. It is no fingerprint: two bikes of one model and colour look the same.

Resemblance measured (tests/detector/test_appearance.py), the second look at 0.5 to 1.6 times the light, with noise of
6 grey levels and a box 3 % off on each side; percentiles 1, 50, 99:

    sample clips   same bike 0.70 0.90 0.97   another bike 0.00 0.43 0.75   its place still empty 0.46 0.63 0.74
    real rack      same bike 0.68 0.91 0.96   another bike 0.00 0.41 0.71

A bike more than a tenth hidden by a person looks like another (0.36 to 0.74 once a third is hidden): ask only of free
views, or take the best of several.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx

COLUMNS, ROWS = 4, 3
CELL_PX = 16
DIRECTIONS = 6
PAINTED = 0.15
"""A bike is thin: a cell's paint is the colour of this share of its pixels, those furthest from the usual colour."""
MEAN_LIGHT = 0.4
"""Of full light: what every crop is brought to before colours are read."""
LEAST_SIDE_PX = 16
PAINT_APART = 18.0
"""Lab units between two paints at which they are a third alike."""
COLOURLESS = 1.5
"""Lab units: a picture with less paint than this anywhere is an infrared one."""
SAME_FROM = 0.78
"""No bike whose paint, light or edges are less than 0.47 alike gets here, however well the rest agrees."""
OTHER_BELOW = 0.55

Numbers = NDArray[np.float32]


class SameBike(StrEnum):
    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Look:
    """Numbers of one look, row by row over the grid, rounded to 3 digits so that they can be kept as text.

    `paint` holds Lab a and b against the crop's usual colour, `light` the mean L of a cell against the crop's, in its
    standard deviations, `edges` the strength of edges by direction. All empty: the box was too small to tell.
    """

    paint: tuple[float, ...]
    light: tuple[float, ...]
    edges: tuple[float, ...]


NOTHING = Look((), (), ())


def look_of(image_bgr: NDArray[np.uint8], xyxy_px: XyxyPx) -> Look:
    """How the bike in this box of a picture (h, w, 3) looks."""
    crop = _crop(image_bgr, xyxy_px)
    if min(crop.shape[:2]) < LEAST_SIDE_PX:
        return NOTHING
    small = cv2.resize(crop, (COLUMNS * CELL_PX, ROWS * CELL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    evened = np.clip(small * (MEAN_LIGHT / max(1.0, float(small.mean()))), 0, 1).astype(np.float32)
    lab = np.asarray(cv2.cvtColor(evened, cv2.COLOR_BGR2LAB), dtype=np.float32)
    return Look(_rounded(_paint(lab)), _rounded(_light(lab[:, :, 0])), _rounded(_edges(lab[:, :, 0])))


def resemblance(one: Look, other: Look) -> float:
    """How alike two looks are, 0 to 1; 0 where one of them tells nothing."""
    if NOTHING in (one, other):
        return 0.0
    alike = [_alike(one.light, other.light), _alike(one.edges, other.edges)]
    paint = paint_likeness(one, other)
    alike += [] if paint is None else [paint]
    return float(np.prod(alike) ** (1 / len(alike)))


def same_bike(one: Look, other: Look) -> SameBike:
    """Whether two looks are of one bike."""
    if NOTHING in (one, other):
        return SameBike.CANNOT_TELL
    alike = resemblance(one, other)
    if alike >= SAME_FROM:
        return SameBike.YES
    return SameBike.NO if alike < OTHER_BELOW else SameBike.CANNOT_TELL


def paint_likeness(one: Look, other: Look) -> float | None:
    """How alike the paint is, 0 to 1; None where one of them was seen without colours."""
    ours, theirs = (np.array(look.paint).reshape(-1, 2) for look in (one, other))
    strengths = np.hypot(*ours.T), np.hypot(*theirs.T)
    if min(float(strength.max(initial=0)) for strength in strengths) < COLOURLESS:
        return None
    weight = np.maximum(*strengths) + 5
    apart = np.hypot(*(ours - theirs).T)
    return float(np.exp(-(apart * weight).sum() / weight.sum() / PAINT_APART))


def _crop(image_bgr: NDArray[np.uint8], box: XyxyPx) -> NDArray[np.uint8]:
    left, top, right, bottom = (max(0, round(side)) for side in box)
    return image_bgr[top:bottom, left:right]


def _cells(picture: Numbers) -> Numbers:
    """Cut (h, w, n) into rows of (cells, pixels of a cell, n)."""
    split = picture.reshape(ROWS, CELL_PX, COLUMNS, CELL_PX, -1).swapaxes(1, 2)
    return split.reshape(ROWS * COLUMNS, CELL_PX * CELL_PX, -1)


def _paint(lab: Numbers) -> Numbers:
    colours = cv2.GaussianBlur(lab[:, :, 1:], (3, 3), 0)
    cells = _cells(colours - np.median(colours.reshape(-1, 2), axis=0))
    strength = np.hypot(cells[:, :, 0], cells[:, :, 1])
    count = int(PAINTED * CELL_PX * CELL_PX)
    strongest = np.argpartition(-strength, count, axis=1)[:, :count, None]
    return np.asarray(np.take_along_axis(cells, strongest, axis=1).mean(axis=1), dtype=np.float32)


def _light(lightness: Numbers) -> Numbers:
    means = _cells(lightness).mean(axis=1)[:, 0]
    return np.asarray((means - lightness.mean()) / max(1.0, float(lightness.std())), dtype=np.float32)


def _edges(lightness: Numbers) -> Numbers:
    """For each cell, the strength of its edges in each direction, the whole brought to length 1."""
    right, down = (cv2.Sobel(lightness, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    strength, number = np.hypot(right, down), (np.arctan2(down, right) % np.pi) * (DIRECTIONS / np.pi)
    away = np.abs(number[:, :, None] - (np.arange(DIRECTIONS) + 0.5))
    share = np.clip(1 - np.minimum(away, DIRECTIONS - away), 0, 1)
    sums = np.sqrt(_cells(share * strength[:, :, None]).sum(axis=1)).ravel()
    return np.asarray(sums / max(1e-6, float(np.linalg.norm(sums))), dtype=np.float32)


def _alike(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Correlation of two rows of numbers, what is below zero counted as 0."""
    ours, theirs = (np.array(row) - np.mean(row) for row in (one, other))
    return max(0.0, float(ours @ theirs / max(1e-6, float(np.linalg.norm(ours) * np.linalg.norm(theirs)))))


def _rounded(numbers: Numbers) -> tuple[float, ...]:
    return tuple(round(float(number), 3) for number in numbers.ravel())
