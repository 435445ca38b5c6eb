"""Points on a plane, as a smooth density. It shows where reports cluster; it is no forecast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

METRES_PER_DEGREE = 111_320.0
"""Of latitude; of longitude at the equator."""
GRID_COLUMNS = 160
MIN_EXTENT_M = 400.0
OUTLIERS = 0.01
"""This share at each end of each axis may fall outside the picture, so that one far point does not shrink the rest."""
MARGIN = 0.08


@dataclass(frozen=True)
class Frame:
    """A rectangle of the plane, y upwards, in the plane's units."""

    left: float
    bottom: float
    width: float
    height: float

    def contains(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the points, shape (n, 2), lie inside; shape (n,)."""
        low = np.array([self.left, self.bottom])
        return np.asarray(((points >= low) & (points <= low + np.array([self.width, self.height]))).all(axis=1))

    def fractions(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points as parts of width from the left and of height from the top, shape (n, 2)."""
        across = (points[:, 0] - self.left) / self.width
        return np.column_stack([across, 1 - (points[:, 1] - self.bottom) / self.height])


def local_metres(degrees: NDArray[np.float64], origin: tuple[float, float]) -> NDArray[np.float64]:
    """Latitude and longitude in degrees, shape (n, 2), as metres east and north of `origin`, shape (n, 2).

    A plain equirectangular projection: right to 0.1 % over a campus, to 1 % over a city.
    """
    latitude, longitude = origin
    shrink = math.cos(math.radians(latitude))
    turned = (degrees[:, 1] - longitude + 180) % 360 - 180
    return np.column_stack([turned * METRES_PER_DEGREE * shrink, (degrees[:, 0] - latitude) * METRES_PER_DEGREE])


def frame_around(points_m: NDArray[np.float64], shape: float = 1.5) -> Frame:
    """The picture's rectangle around nearly all points (metres), as wide as `shape` times its height at most and least."""
    low = np.quantile(points_m, OUTLIERS, axis=0)
    high = np.quantile(points_m, 1 - OUTLIERS, axis=0)
    middle = (low + high) / 2
    width, height = np.maximum((high - low) * (1 + 2 * MARGIN), MIN_EXTENT_M)
    width, height = max(width, height * shape), max(height, width / shape)
    return Frame(float(middle[0] - width / 2), float(middle[1] - height / 2), float(width), float(height))


def density(
    points: NDArray[np.float64], frame: Frame, bandwidth: float, columns: int = GRID_COLUMNS
) -> NDArray[np.float64]:
    """Gaussian kernel density of the points on a grid over the frame.

    Args:
        points: shape (n, 2), x and y in the frame's units, y upwards.
        frame: what the grid covers, in square cells.
        bandwidth: the kernel's standard deviation, in the frame's units.
        columns: cells across.

    Returns:
        Cases per cell, shape (rows, columns), first row at the top. Sums to the points inside, less what leaks over the edge.
    """
    cell = frame.width / columns
    rows = max(1, round(frame.height / cell))
    counts, _, _ = np.histogram2d(
        frame.bottom + frame.height - points[:, 1],
        points[:, 0] - frame.left,
        bins=(rows, columns),
        range=((0, frame.height), (0, frame.width)),
    )
    return gaussian_filter(counts, bandwidth / cell, mode="constant")


def scale_bar(length: float) -> float:
    """The roundest 1, 2 or 5 times a power of ten that is not above a quarter of `length`; same unit."""
    limit = length / 4
    power = 10.0 ** math.floor(math.log10(limit))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= limit)
