"""Which part of a frame changes, and how a rendered part is put over the still picture behind it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.render.bike import build_bike
from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats, moved, standing_at, vec
from sample_videos.render.person import bone_matrices, build_person
from sample_videos.render.scenario import Light
from sample_videos.render.timeline import BikeActor, PersonActor, Timeline

Border = tuple[int, int, int, int]
Image = NDArray[np.uint8]
_MARGIN_PX = 14
_FEATHER_PX = 8


def rest_state(timeline: Timeline, frame: int) -> tuple[int, ...]:
    """What stands at rest in `frame`: per bike 0 (not there or moving), 1 (standing) or 2 (standing, locked)."""
    states = [bike.states[frame] for bike in timeline.bikes]
    return tuple(0 if state is None or state.moving else 1 + state.locked for state in states)


@dataclass(frozen=True, slots=True)
class MovingPart:
    """The pixels (left, top, right, bottom) around something that moves, and a digest of how it stands there."""

    border: Border
    digest: str


def changing_parts(timeline: Timeline, camera: Camera, frame: int) -> list[MovingPart]:
    """The parts of the picture with something that moves or its shadow in it; none overlap."""
    clouds = [cloud for person in timeline.people if (cloud := person_vertices(person, frame)) is not None]
    clouds += [cloud for bike in timeline.bikes if (cloud := _moving_bike_vertices(bike, frame)) is not None]
    parts: list[MovingPart] = []
    for cloud in clouds:
        border = with_shadow(cloud, camera, timeline.scenario.light)
        if border is not None:
            parts = _joined(parts, MovingPart(border, hashlib.sha256(cloud.tobytes()).hexdigest()))
    return parts


def with_shadow(points: Floats, camera: Camera, light: Light) -> Border | None:
    """The pixels around `points`, shape (n, 3), and their shadow on the ground, with a margin; None if out of view."""
    box = camera.extent_px(np.concatenate([points, _shadow(points, light)]))
    if box is None:
        return None
    left, top, right, bottom = (round(value) for value in box)
    wide, high = camera.width_px, camera.height_px
    return (
        max(left - _MARGIN_PX, 0),
        max(top - _MARGIN_PX, 0),
        min(right + _MARGIN_PX, wide),
        min(bottom + _MARGIN_PX, high),
    )


def _joined(parts: list[MovingPart], new: MovingPart) -> list[MovingPart]:
    """`parts` and `new`, with `new` grown around every part that it overlaps."""
    for part in parts:
        a, b = part.border, new.border
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
            grown = min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
            return _joined([other for other in parts if other is not part], MovingPart(grown, part.digest + new.digest))
    return [*parts, new]


def person_vertices(person: PersonActor, frame: int) -> Floats | None:
    """World vertices of a person in one frame, shape (n, 3); None while they are not there."""
    state = person.states[frame]
    if state is None:
        return None
    bones = bone_matrices(state.pose, person.looks.height_m)
    parts = [
        moved(mesh.vertices, bones[bone]) for bone, meshes in build_person(person.looks).items() for mesh in meshes
    ]
    return moved(np.concatenate(parts), standing_at(state.x, state.y, state.yaw))


def _moving_bike_vertices(bike: BikeActor, frame: int) -> Floats | None:
    state = bike.states[frame]
    if state is None or not state.moving:
        return None
    world = standing_at(state.x, state.y, state.yaw, lean_rad=state.lean_rad)
    return moved(build_bike(bike.style, bike.paint).vertices(), world)


def _shadow(points: Floats, light: Light) -> Floats:
    azimuth, elevation = np.radians(light.sun_azimuth_deg), np.radians(light.sun_elevation_deg)
    away = vec(-np.cos(azimuth), -np.sin(azimuth), 0) / np.tan(max(elevation, 0.35))
    return np.asarray(points * (1, 1, 0) + points[:, 2:3] * away)


def laid_over(behind: Image, part: Image, border: Border) -> Image:
    """`part` over `behind` at `border`, its rim blended so that no edge shows."""
    left, top, right, bottom = border
    high, wide = part.shape[:2]
    ramp_x = _ramp(wide, fade_start=left > 0, fade_end=right < behind.shape[1])
    ramp_y = _ramp(high, fade_start=top > 0, fade_end=bottom < behind.shape[0])
    weight = (ramp_y[:, None] * ramp_x[None, :])[:, :, None]
    result = behind.copy()
    under = behind[top : top + high, left : left + wide].astype(np.float64)
    result[top : top + high, left : left + wide] = np.rint(under + (part - under) * weight).astype(np.uint8)
    return result


def _ramp(length: int, *, fade_start: bool, fade_end: bool) -> Floats:
    ramp = np.ones(length)
    rise = np.linspace(0, 1, min(_FEATHER_PX, length // 2) + 1)[1:]
    if fade_start:
        ramp[: len(rise)] = rise
    if fade_end:
        ramp[length - len(rise) :] *= rise[::-1]
    return ramp


def with_noise(image: Image, strength: float, dice: np.random.Generator) -> Image:
    """Sensor noise of `strength` grey levels, the same in the three colours, a little soft as from a cheap lens."""
    grain = dice.normal(0, strength, image.shape[:2])
    soft = cv2.GaussianBlur(image, (0, 0), 0.55).astype(np.float64)
    return np.clip(soft + grain[:, :, None], 0, 255).astype(np.uint8)


def with_rain(image: Image, dice: np.random.Generator) -> Image:
    """A few thin slanting streaks over the picture, a little veiled, new in every frame."""
    high, wide = image.shape[:2]
    veil = np.zeros((high, wide), np.uint8)
    for x, y, long in dice.integers((0, 0, 8), (wide, high, 22), size=(wide * high // 4000, 3)).tolist():
        cv2.line(veil, (x, y), (x + long // 5, y + long), 50, 1, cv2.LINE_AA)
    rain = cv2.GaussianBlur(veil, (0, 0), 0.6).astype(np.float64)[:, :, None]
    return np.asarray(np.clip(image * 0.94 + 8 + rain * 0.6, 0, 255), dtype=np.uint8)


def brighter(image: Image, by: float) -> Image:
    """The picture as a camera shows `by` times the light: the bright parts saturate."""
    return np.asarray(np.clip(image * by**0.8, 0, 255), dtype=np.uint8)
