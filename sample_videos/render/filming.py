"""Frames of a timeline: stills where nothing moves, and only the moving part rendered anew where something does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from sample_videos.render.blender_scene import Stage
from sample_videos.render.camera import Camera
from sample_videos.render.picture_parts import (
    Border,
    Image,
    brighter,
    changing_parts,
    laid_over,
    rest_state,
    with_noise,
    with_rain,
    with_shadow,
)
from sample_videos.render.timeline import Timeline
from sample_videos.render.truth import parked_vertices

STILL_SAMPLES = 14
Rest = tuple[int, ...]


def footage(timeline: Timeline, camera: Camera, folder: Path, *, samples: int, threads: int) -> Iterator[Image]:
    """Yield every frame as the camera delivers it: with the weather, the light's jump and the sensor's noise."""
    scenario, light = timeline.scenario, timeline.scenario.light
    dice = np.random.default_rng([scenario.seed, 7])
    jumps = timeline.frames if light.jumps_at_s is None else round(light.jumps_at_s * scenario.fps)
    for frame, image in enumerate(film(timeline, camera, folder, samples=samples, threads=threads)):
        seen = with_rain(image, dice) if light.kind == "rain" else image
        seen = brighter(seen, light.jumps_to) if frame >= jumps else seen
        yield with_noise(seen, scenario.camera.noise, dice)


def film(timeline: Timeline, camera: Camera, folder: Path, *, samples: int, threads: int) -> Iterator[Image]:
    """Yield every frame, uint8 BGR of shape (height, width, 3); parts already in `folder` are used again."""
    crew = _Crew(timeline, camera, folder, threads=threads)
    rest = rest_state(timeline, 0)
    still = crew.picture(0, f"still {rest}", None, STILL_SAMPLES, only_at_rest=True)
    for frame in range(timeline.frames):
        if rest_state(timeline, frame) != rest:
            still, rest = crew.next_still(still, rest, frame), rest_state(timeline, frame)
        yield crew.with_moving_parts(still, frame, samples)
        if frame % 20 == 0:
            print(f"frame {frame} of {timeline.frames}", flush=True)


class _Crew:
    """Blender's stage with a folder of what has been rendered; a picture is rendered once for what it shows."""

    def __init__(self, timeline: Timeline, camera: Camera, folder: Path, *, threads: int) -> None:
        self._timeline, self._camera, self._folder = timeline, camera, folder
        self._stage = Stage(timeline, camera, threads=threads)

    def next_still(self, still: Image, rest: Rest, frame: int) -> Image:
        """`still` with the bikes that came to rest, were locked or left since rendered anew."""
        now = rest_state(self._timeline, frame)
        for bike, before, after in zip(self._timeline.bikes, rest, now, strict=True):
            border = with_shadow(parked_vertices(bike), self._camera, self._timeline.scenario.light)
            if before != after and border is not None:
                part = self.picture(frame, f"still {now} {border}", border, STILL_SAMPLES, only_at_rest=True)
                still = laid_over(still, part, border)
        return still

    def with_moving_parts(self, still: Image, frame: int, samples: int) -> Image:
        rest = rest_state(self._timeline, frame)
        for part in changing_parts(self._timeline, self._camera, frame):
            shows = f"part {rest} {part.border} {part.digest} {samples}"
            still = laid_over(still, self.picture(frame, shows, part.border, samples), part.border)
        return still

    def picture(
        self, frame: int, shows: str, border: Border | None, samples: int, *, only_at_rest: bool = False
    ) -> Image:
        path = self._folder / f"{hashlib.sha256(shows.encode()).hexdigest()[:20]}.png"
        if not path.exists():
            self._stage.show(frame, only_at_rest=only_at_rest)
            unfinished = path.with_name("unfinished.png")
            self._stage.render(unfinished, samples=samples, border=border)
            unfinished.replace(path)
        image = cv2.imread(str(path))
        assert image is not None
        return np.asarray(image, dtype=np.uint8)
