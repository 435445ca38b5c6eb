"""What a faultless eye would see of each actor in each frame: its box, how much of it shows, how it holds itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.vocabulary import Kind
from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats
from sample_videos.render.timeline import Timeline
from sample_videos.simulate.bodies import Bodies, Stroke, bike_bodies, bike_kind, person_bodies

RASTER = 0.5
"""Cells of the coarse raster per pixel."""
BIKE_HIDES = 0.45
"""Share of what is behind a bike that it hides: one looks through wheels and frame."""
SHOWS_FROM = 0.5
"""A cell less free than this does not count as seen when the box of the visible part is drawn."""
_RIDER_AHEAD_M = 0.05

Mask = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scene:
    """Arrays over frames and actors; NaN where an actor is not in the picture. Boxes are xyxy in pixels."""

    times_s: Floats
    """Shape (f,)."""
    kinds: tuple[Kind, ...]
    whole: Floats
    """The whole thing's box as far as the picture reaches, shape (f, a, 4)."""
    shown: Floats
    """The box of the part that nothing hides, shape (f, a, 4)."""
    share: Floats
    """How much of it can be seen, 0 to 1, shape (f, a)."""
    stoop: Floats
    """0 upright, 1 bent right down, shape (f, a)."""
    crowd: Floats
    """How much of its box the bikes around it fill, 0 to 1, shape (f, a)."""
    width_px: int
    height_px: int
    duration_s: float
    """Of the whole clip, whatever the frame rate."""

    @property
    def present(self) -> NDArray[np.bool_]:
        return np.isfinite(self.whole[..., 0])

    def of(self, chosen: NDArray[np.bool_]) -> Scene:
        """The same scene with some of its actors only; flags of shape (a,)."""
        kinds = tuple(kind for kind, wanted in zip(self.kinds, chosen, strict=True) if wanted)
        parts = {name: getattr(self, name)[:, chosen] for name in ("whole", "shown", "share", "stoop", "crowd")}
        return replace(self, kinds=kinds, **parts)

    @property
    def is_bike(self) -> NDArray[np.bool_]:
        return np.array([kind is not Kind.PERSON for kind in self.kinds], dtype=bool)


def frames_at(timeline: Timeline, fps: float) -> list[int]:
    """The timeline's frames that somebody looking `fps` times a second sees."""
    step = timeline.scenario.fps / fps
    count = int(timeline.frames / step)
    return [min(timeline.frames - 1, int(k * step + 1e-6)) for k in range(count)]


def observe(timeline: Timeline, camera: Camera, frames: Sequence[int]) -> Scene:
    """Look at the timeline's `frames` through the camera; nothing here is left to chance."""
    bodies, kinds = _bodies(timeline, frames)
    looks = [_Looks.of(body, camera, is_bike=kind is not Kind.PERSON) for body, kind in zip(bodies, kinds, strict=True)]
    count = (len(frames), len(kinds))
    whole, shown = np.full((*count, 4), np.nan), np.full((*count, 4), np.nan)
    share, stoop, near = np.full(count, np.nan), np.zeros(count), np.full(count, np.inf)
    for actor, (body, look) in enumerate(zip(bodies, looks, strict=True)):
        at, rows = list(body.rows), list(body.rows.values())
        whole[at, actor], stoop[at, actor], near[at, actor] = look.clipped[rows], body.stoop[rows], look.depth_m[rows]
    _uncover(looks, near, whole, shown, share, camera)
    crowd = _crowd(whole, kinds)
    times_s = np.array([frame / timeline.scenario.fps for frame in frames])
    size = camera.width_px, camera.height_px
    return Scene(times_s, kinds, whole, shown, share, stoop, crowd, *size, timeline.scenario.duration_s)


def _bodies(timeline: Timeline, frames: Sequence[int]) -> tuple[list[Bodies], tuple[Kind, ...]]:
    bikes = [bike_bodies([bike.states[k] for k in frames], bike.style) for bike in timeline.bikes]
    people = [person_bodies([one.states[k] for k in frames], one.looks.height_m) for one in timeline.people]
    kinds = (*(bike_kind(bike.style) for bike in timeline.bikes), *(Kind.PERSON for _ in people))
    return [*bikes, *people], kinds


@dataclass(slots=True)
class _Looks:
    """One actor as the camera sees it in each frame that has it."""

    rows: dict[int, int]
    """Frame number to row of the arrays below."""
    joints_px: Floats
    scale_px: Floats
    """Pixels per metre at its depth, shape (n,)."""
    clipped: Floats
    outside: Floats
    """Box not cut at the picture's edge, shape (n, 4)."""
    depth_m: Floats
    strokes: tuple[Stroke, ...]
    hides: float
    _masks: dict[int, tuple[int, int, Mask]] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Bodies, camera: Camera, *, is_bike: bool) -> _Looks:
        flat = camera.project(body.outline.reshape(-1, 3)).reshape(*body.outline.shape[:-1], 2)
        joints = camera.project(body.joints.reshape(-1, 3)).reshape(*body.joints.shape[:-1], 2)
        ground = np.concatenate([body.ground, np.full((len(body.ground), 1), 0.5)], axis=1)
        depth = -((ground - camera.position) @ camera.rotation)[:, 2]
        scale = camera.focal_px / np.maximum(depth, 0.1)
        around = scale[:, None, None] * body.outline_radius_m[None, :, None]
        outside = np.concatenate([(flat - around).min(axis=1), (flat + around).max(axis=1)], axis=1)
        clipped = _inside(outside, camera)
        depth = depth - (0.0 if is_bike else _RIDER_AHEAD_M)
        hides = BIKE_HIDES if is_bike else 1.0
        return cls(body.rows, joints, scale, clipped, outside, depth, body.strokes, hides)

    def mask(self, row: int) -> tuple[int, int, Mask]:
        """Left, top (in cells) and the shape, 1 where the body is; also what lies outside the picture."""
        if row not in self._masks:
            self._masks[row] = self._draw(row)
        return self._masks[row]

    def _draw(self, row: int) -> tuple[int, int, Mask]:
        left, top = np.floor(self.outside[row, :2] * RASTER).astype(int)
        right, bottom = np.ceil(self.outside[row, 2:] * RASTER).astype(int)
        canvas = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
        points = np.rint(self.joints_px[row] * RASTER - (left, top)).astype(np.int32)
        for stroke in self.strokes:
            thick = max(1, round(2 * stroke.radius_m * float(self.scale_px[row]) * RASTER))
            line = points[list(stroke.joints)]
            if len(line) == 1:
                cv2.circle(canvas, line[0].tolist(), thick // 2, 1, -1)
                continue
            if stroke.filled:
                cv2.fillPoly(canvas, [line], 1)
            cv2.polylines(canvas, [line], stroke.filled, 1, thick)
        return int(left), int(top), canvas.astype(np.float32)


def _inside(boxes: Floats, camera: Camera) -> Floats:
    """Cut at the picture's edge; NaN where nothing of it, or not even a pixel, is inside or it is too near."""
    size = np.array([camera.width_px, camera.height_px] * 2, dtype=float)
    cut = np.clip(boxes, 0, size)
    seen = (cut[:, 2] - cut[:, 0] >= 1) & (cut[:, 3] - cut[:, 1] >= 1)
    return np.where(seen[:, None], cut, np.nan)


def _uncover(looks: list[_Looks], near: Floats, whole: Floats, shown: Floats, share: Floats, camera: Camera) -> None:
    """Fill in `shown` and `share`: each actor behind those that are nearer and overlap it."""
    known: dict[tuple[tuple[int, int], ...], tuple[Floats, float]] = {}
    fronts = defaultdict[tuple[int, int], list[int]](list)
    for frame, actor, other in np.argwhere(_covers(whole, near)).tolist():
        fronts[frame, actor].append(other)
    for frame, actor in np.argwhere(np.isfinite(whole[..., 0])).tolist():
        front = fronts[frame, actor]
        key = tuple((one, looks[one].rows[frame]) for one in (actor, *front))
        if key not in known:
            known[key] = _uncovered(looks[actor], frame, [looks[other] for other in front], camera)
        shown[frame, actor], share[frame, actor] = known[key]


def _covers(boxes: Floats, near: Floats) -> NDArray[np.bool_]:
    """Whether actor b (last axis) is in front of actor a and their boxes meet, shape (f, a, a)."""
    with np.errstate(invalid="ignore"):
        low = np.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
        high = np.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
        return np.asarray((low < high).all(axis=-1) & (near[:, None, :] < near[:, :, None]))


def _uncovered(look: _Looks, frame: int, front: list[_Looks], camera: Camera) -> tuple[Floats, float]:
    """The box of what shows of one actor, and how much of it shows."""
    row = look.rows[frame]
    left, top, mask = look.mask(row)
    free = _in_picture(left, top, mask, camera)
    for other in front:
        x, y, hidden = other.mask(other.rows[frame])
        _cover(free, (left, top), hidden, (x, y), other.hides)
    return _box_of(free >= SHOWS_FROM, (left, top), look.clipped[row]), float(free.sum() / max(mask.sum(), 1.0))


def _in_picture(left: int, top: int, mask: Mask, camera: Camera) -> Mask:
    """A copy of the mask, 0 where it lies outside the picture."""
    free = mask.copy()
    free[: max(0, -top)] = 0.0
    free[:, : max(0, -left)] = 0.0
    free[max(0, math.ceil(camera.height_px * RASTER) - top) :] = 0.0
    free[:, max(0, math.ceil(camera.width_px * RASTER) - left) :] = 0.0
    return free


def _cover(free: Mask, corner: tuple[int, int], hidden: Mask, at: tuple[int, int], hides: float) -> None:
    """Darken `free` where `hidden` lies on it."""
    left, top = max(corner[0], at[0]), max(corner[1], at[1])
    right = min(corner[0] + free.shape[1], at[0] + hidden.shape[1])
    bottom = min(corner[1] + free.shape[0], at[1] + hidden.shape[0])
    if left < right and top < bottom:
        part = hidden[top - at[1] : bottom - at[1], left - at[0] : right - at[0]]
        free[top - corner[1] : bottom - corner[1], left - corner[0] : right - corner[0]] *= 1 - hides * part


def _box_of(seen: NDArray[np.bool_], corner: tuple[int, int], whole: Floats) -> Floats:
    """The box around the seen cells in pixels; a side that is not hidden is the whole box's, to the pixel."""
    left, top, width, height = cv2.boundingRect(seen.view(np.uint8))
    if width == 0:
        return np.asarray(whole.copy())
    left, top = left + corner[0], top + corner[1]
    whole_sides, cells = whole.tolist(), (left, top, left + width, top + height)
    box = [
        side if abs(cell / RASTER - side) <= 2.5 / RASTER else cell / RASTER
        for cell, side in zip(cells, whole_sides, strict=True)
    ]
    box = [*map(max, box[:2], whole_sides[:2]), *map(min, box[2:], whole_sides[2:])]
    return np.array(box if box[2] - box[0] >= 1 and box[3] - box[1] >= 1 else whole_sides)


def _crowd(whole: Floats, kinds: Sequence[Kind]) -> Floats:
    """How much of each box the nearest-fitting bike's box shares, summed over the bikes around it, at most 1."""
    bikes = np.array([kind is not Kind.PERSON for kind in kinds], dtype=bool)
    boxes = np.nan_to_num(whole, nan=-1.0)
    low = np.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = np.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = np.maximum((boxes[..., 2:] - boxes[..., :2]).prod(axis=-1), 1.0)
    others = shared * bikes[None, None, :] * ~np.eye(len(kinds), dtype=bool)[None]
    return np.asarray(np.minimum(1.0, others.sum(axis=-1) / area), dtype=float)
