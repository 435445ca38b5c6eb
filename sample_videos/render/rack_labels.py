"""Boxes of what can be seen in a frame of a timeline, as a YOLO label file says them. Pure; needs no Blender."""

from __future__ import annotations

from collections.abc import Sequence

from detector.vocabulary import Kind
from sample_videos.render.camera import Camera
from sample_videos.render.timeline import Timeline
from sample_videos.simulate.scene import Scene, observe

NUMBERS = {Kind.PERSON: 0, Kind.BICYCLE: 1, Kind.MOTORCYCLE: 2}
LEAST_SHARE = 0.25
"""Of less than that nobody could draw a box."""
LEAST_SIDE_PX = 8.0


def labels_of(timeline: Timeline, camera: Camera, frames: Sequence[int]) -> list[list[str]]:
    """For each frame a line for each box: class number, then centre x, y, width, height relative to the picture.

    A box goes around the visible part only; what is hidden but for a little, or tiny, has none.
    """
    scene = observe(timeline, camera, frames)
    return [
        [_line(scene, at, actor) for actor in range(len(scene.kinds)) if _can_be_drawn(scene, at, actor)]
        for at in range(len(frames))
    ]


def _can_be_drawn(scene: Scene, at: int, actor: int) -> bool:
    if not scene.present[at, actor] or not scene.share[at, actor] >= LEAST_SHARE:
        return False
    left, top, right, bottom = scene.shown[at, actor]
    return bool(min(right - left, bottom - top) >= LEAST_SIDE_PX)


def _line(scene: Scene, at: int, actor: int) -> str:
    left, top, right, bottom = scene.shown[at, actor]
    relative = (
        (left + right) / 2 / scene.width_px,
        (top + bottom) / 2 / scene.height_px,
        (right - left) / scene.width_px,
        (bottom - top) / scene.height_px,
    )
    return " ".join([str(NUMBERS[scene.kinds[actor]]), *(f"{value:.5f}" for value in relative)])
