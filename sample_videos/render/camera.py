"""The camera as a pinhole: the same one that Blender renders through, so truth needs no Blender."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_videos.render.geometry import Floats, unit
from sample_videos.render.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Camera:
    """`rotation` is 3x3 with columns right, up, backward (Blender's convention); lengths in metres and pixels."""

    position: Floats
    rotation: Floats
    focal_px: float
    width_px: int
    height_px: int

    def project(self, points: Floats) -> Floats:
        """World `points`, shape (n, 3), as pixels, shape (n, 2); NaN for a point behind the camera."""
        seen = (points - self.position) @ self.rotation
        depth = np.where(seen[:, 2] < -0.05, -seen[:, 2], np.nan)
        x = self.width_px / 2 + self.focal_px * seen[:, 0] / depth
        y = self.height_px / 2 - self.focal_px * seen[:, 1] / depth
        return np.stack([x, y], axis=1)

    def extent_px(self, points: Floats) -> tuple[float, float, float, float] | None:
        """The box around `points` in the picture, clipped to it; None where nothing falls inside."""
        pixels = self.project(points)
        if not np.isfinite(pixels).any():
            return None
        low = np.clip(np.nanmin(pixels, axis=0), 0, (self.width_px, self.height_px))
        high = np.clip(np.nanmax(pixels, axis=0), 0, (self.width_px, self.height_px))
        if (high - low).min() < 1:
            return None
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def extent_norm(self, points: Floats) -> tuple[float, float, float, float] | None:
        found = self.extent_px(points)
        if found is None:
            return None
        scale = (self.width_px, self.height_px, self.width_px, self.height_px)
        left, top, right, bottom = (round(value / by, 4) for value, by in zip(found, scale, strict=True))
        return left, top, right, bottom


def camera_of(scenario: Scenario) -> Camera:
    setup = scenario.camera
    position = np.array(setup.position_m, dtype=np.float64)
    backward = unit(position - np.array(setup.look_at_m, dtype=np.float64))
    right = unit(np.cross([0.0, 0.0, 1.0], backward))
    rotation = np.stack([right, np.cross(backward, right), backward], axis=1)
    focal = scenario.width / 2 / float(np.tan(np.radians(setup.view_deg) / 2))
    return Camera(position, rotation, focal, scenario.width, scenario.height)
