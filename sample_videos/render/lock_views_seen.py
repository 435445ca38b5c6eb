"""What of a lock is seen: rays through the picture's pixels into the Blender scene, in place of an index picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import bpy
import numpy as np
from mathutils import Vector

from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats, moved, unit, vec
from sample_videos.render.lock_views_places import PlacedLock
from sample_videos.render.lock_views_truth import LockTruth

Object: TypeAlias = bpy.types.Object
Hits = list[tuple[float, float]]
_PER_PIXEL = 2
"""Rays per pixel and axis: a cable is thinner than a pixel."""
_LEAST_VISIBLE_PX = 8.0
_LEAST_SIDE_PX = 4.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A lock in the scene; `world` is the 4x4 matrix of the bike that it is on."""

    lock: PlacedLock
    made: Object
    world: Floats

    def vertices(self) -> Floats:
        return moved(np.concatenate([part.vertices for part in self.lock.parts]), self.world)


def visible(shown: Shown, camera: Camera) -> LockTruth | None:
    """What of a lock is seen, by rays through the pixels around it; None where that is next to nothing."""
    box = camera.extent_px(shown.vertices())
    if box is None:
        return None
    hits, hidden = _hits(shown.made, camera, box)
    if not hits:
        return None
    half = 0.5 / _PER_PIXEL
    (left, top), (right, bottom) = np.min(hits, axis=0) - half, np.max(hits, axis=0) + half
    visible = len(hits) / _PER_PIXEL**2
    if visible < _LEAST_VISIBLE_PX or max(right - left, bottom - top) < _LEAST_SIDE_PX:
        return None
    box = float(left), float(top), float(right), float(bottom)
    share = round(len(hits) / (len(hits) + hidden), 3)
    return LockTruth(
        kind=shown.lock.kind, xyxy_px=box, visible_px=visible, visible_share=share, carried=shown.lock.carried
    )


def _hits(made: Object, camera: Camera, box: tuple[float, float, float, float]) -> tuple[Hits, int]:
    """Where rays meet the lock first, and how many meet it behind something else."""
    scene, graph = bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    left, top, right, bottom = (int(box[0]), int(box[1]), int(np.ceil(box[2])), int(np.ceil(box[3])))
    step = (np.arange(_PER_PIXEL) + 0.5) / _PER_PIXEL
    columns, rows = (np.add.outer(np.arange(*ends), step).ravel() for ends in ((left, right), (top, bottom)))
    origin, found, hidden = camera.position.tolist(), [], 0
    back = made.matrix_world.inverted()
    start, turn = back @ Vector(origin), back.to_3x3()
    for y in rows:
        for x in columns:
            ray = vec(x - camera.width_px / 2, camera.height_px / 2 - y, -camera.focal_px)
            way = (camera.rotation @ unit(ray)).tolist()
            if not made.ray_cast(start, turn @ Vector(way))[0]:
                continue
            hit, _, _, _, thing, _ = scene.ray_cast(graph, origin, way)
            if hit and thing.name == made.name:
                found.append((float(x), float(y)))
            else:
                hidden += 1
    return found, hidden


def first_hits(camera: Camera, points: Floats) -> list[str]:
    """What is met first on the way to each of `points`, shape (n, 3)."""
    scene, graph = bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    rays = [scene.ray_cast(graph, camera.position.tolist(), (point - camera.position).tolist()) for point in points]
    return [thing.name if hit else "" for hit, _, _, _, thing, _ in rays]
