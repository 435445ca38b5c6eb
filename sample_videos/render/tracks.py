"""Lines that people and bikes move along, by distance travelled. Metres on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sample_videos.render.geometry import Floats


@dataclass(frozen=True, slots=True)
class Track:
    """A rounded line on the ground: `points` of shape (n, 2) and the distance travelled at each."""

    points: Floats
    travelled: Floats

    @property
    def length_m(self) -> float:
        return float(self.travelled[-1])

    def at(self, distance_m: float) -> Floats:
        x, y = (np.interp(distance_m, self.travelled, self.points[:, axis]) for axis in (0, 1))
        return np.array([x, y])

    def yaw(self, distance_m: float) -> float:
        """The direction of travel, radians; measured over half a metre so that it turns smoothly."""
        ends = max(distance_m - 0.25, 0.0), min(distance_m + 0.25, self.length_m)
        (behind_x, ahead_x), (behind_y, ahead_y) = (
            np.interp(ends, self.travelled, self.points[:, axis]) for axis in (0, 1)
        )
        return float(np.arctan2(ahead_y - behind_y, ahead_x - behind_x))


def rounded(corners: Sequence[Floats], times: int = 4) -> Track:
    """Cut the corners of a line (Chaikin) and measure it."""
    line = np.stack(corners)
    for _ in range(times):
        near, far = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
        inner = np.stack([near, far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], inner, line[-1:]])
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    keep = np.concatenate([[True], steps > 1e-9])
    return Track(line[keep], np.concatenate([[0.0], np.cumsum(steps[keep[1:]])]))


def turned(start_rad: float, end_rad: float, share: float) -> float:
    """The angle a share of the way from one direction to another, the short way round."""
    difference = (end_rad - start_rad + np.pi) % (2 * np.pi) - np.pi
    s = min(max(share, 0.0), 1.0)
    return start_rad + float(difference) * s * s * (3 - 2 * s)
