"""The pictures that the line gets to see beside the boxes: an even grey, and on it the bikes in their paint.

That is enough to tell a shared bike by its fleet's colour. Nothing else in them says anything: no lock, nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.frames import EPOCH
from detector.vocabulary import Frame
from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats
from sample_videos.render.materials import MATERIALS
from sample_videos.render.scenario import Light
from sample_videos.render.timeline import BikeActor, Timeline
from sample_videos.simulate.bodies import BIKE_STROKES, bike_bodies

BRIGHTNESS = {"sun": 120, "overcast": 105, "rain": 85, "dusk": 50}
"""Grey level of the ground, by the scenario's light."""
_FULL_LIGHT = 120
_GAMMA = 2.2
_WHEELS = 2
"""So many of a bike's strokes are its wheels; of a shared bike they are painted, too, as its mudguards are."""
_WHEEL_RGB = (0.02, 0.02, 0.02)

Image = NDArray[np.uint8]
Points = NDArray[np.int32]


class _Painted:
    """One bike as it looks in each frame that has it."""

    def __init__(self, bike: BikeActor, camera: Camera, frames: Sequence[int]) -> None:
        bodies = bike_bodies([bike.states[frame] for frame in frames], bike.style)
        self.rows = bodies.rows
        self.joints_px = camera.project(bodies.joints.reshape(-1, 3)).reshape(*bodies.joints.shape[:-1], 2)
        middle = np.concatenate([bodies.ground, np.full((len(bodies.ground), 1), 0.5)], axis=1)
        self.depth_m = -((middle - camera.position) @ camera.rotation)[:, 2]
        self.focal_px = camera.focal_px
        self.paint = MATERIALS[bike.paint].colour
        self.wheels = self.paint if bike.shared else _WHEEL_RGB
        self._lines: dict[int, list[tuple[Points, int]]] = {}

    def key(self, frame: int) -> bytes | None:
        """Differs where what it looks like does."""
        return bytes(self.joints_px[self.rows[frame], 0].tobytes()) if frame in self.rows else None

    def draw(self, image: Image, frame: int, light: float) -> None:
        row = self.rows[frame]
        if row not in self._lines:
            self._lines[row] = list(self._lines_of(row))
        for number, (points, thick) in enumerate(self._lines[row]):
            colour = _bgr(self.wheels if number < _WHEELS else self.paint, light)
            cv2.polylines(image, [points], BIKE_STROKES[number].filled, colour, thick)

    def _lines_of(self, row: int) -> Iterator[tuple[Points, int]]:
        """The points of each stroke and how thick it is, pixels; none where a part of it is behind the camera."""
        if not np.isfinite(self.joints_px[row]).all():
            return
        points = np.rint(self.joints_px[row]).astype(np.int32)
        per_metre = self.focal_px / max(0.1, float(self.depth_m[row]))
        for stroke in BIKE_STROKES:
            yield points[list(stroke.joints)], max(1, round(2 * stroke.radius_m * per_metre))


def pictures(timeline: Timeline, camera: Camera, frames: Sequence[int], fps: float) -> Iterator[Frame]:
    """One frame for each of the timeline's `frames`, looked at `fps` times a second; equal ones share an image."""
    painted = [_Painted(bike, camera, frames) for bike in timeline.bikes]
    known: tuple[tuple[float, list[bytes | None]], Image] | None = None
    for index in range(len(frames)):
        light = _light(timeline.scenario.light, index / fps)
        key = (light, [one.key(index) for one in painted])
        if known is None or known[0] != key:
            there = sorted((one for one in painted if index in one.rows), key=lambda one: -one.depth_m[one.rows[index]])
            known = (key, _paint(camera, there, index, light))
        yield Frame(known[1], index, EPOCH + timedelta(seconds=index / fps))


def _paint(camera: Camera, bikes: Sequence[_Painted], frame: int, light: float) -> Image:
    image = np.full((camera.height_px, camera.width_px, 3), round(_FULL_LIGHT * light), np.uint8)
    for bike in bikes:
        bike.draw(image, frame, light)
    return image


def _light(light: Light, at_s: float) -> float:
    """Share of full light at a moment."""
    jumped = light.jumps_at_s is not None and at_s >= light.jumps_at_s
    return min(2.0, BRIGHTNESS[light.kind] / _FULL_LIGHT * (light.jumps_to if jumped else 1.0))


@cache
def _bgr(linear_rgb: tuple[float, float, float], light: float) -> tuple[float, float, float]:
    rgb: Floats = np.clip(255 * light * np.array(linear_rgb) ** (1 / _GAMMA), 0, 255)
    return float(rgb[2]), float(rgb[1]), float(rgb[0])
