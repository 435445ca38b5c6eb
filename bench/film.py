"""A rack's day in ten minutes: 1080p25 H.264 as a campus camera sends it, still for nine minutes of the ten.

Made from one of the sample clips: its rider comes and goes, and comes back (the clip run backwards) and takes the bike,
over and over; between the visits the last picture stands. Sensor noise and slowly changing light go over all of it, for
a picture that stands perfectly still would flatter every gate and every decoder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import pi, sin
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.frames import read_frames

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench"
CLIP = ROOT / "sample_videos" / "left_unlocked.mp4"
VISIT_S = 21.0
"""The clip's rider is out of the picture from here on."""
PEOPLE_S = 14.6
"""Seconds of the visit in which somebody is in the picture."""
SIZE_PX = (1920, 1080)
FPS, KEY_EVERY, CLIP_FPS = 25, 50, 10
NOISE_GREYS = 2.0
DRIFT, DRIFT_S = 0.06, 240.0
BITRATE = 3_000_000
NOISES = 12

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Film:
    path: Path
    length_s: float
    visits: tuple[tuple[float, float], ...]
    """From when to when each visit's part of the clip runs, in seconds."""
    fps: int = FPS

    @property
    def people_share(self) -> float:
        return len(self.visits) * PEOPLE_S / self.length_s

    @property
    def parked(self) -> int:
        """Bikes brought: every other visit takes one away again."""
        return (len(self.visits) + 1) // 2


def mixed_film(length_s: float = 600.0, visits: int = 4) -> Film:
    """The film with people in it a tenth of the time; made once, then kept in `build/bench`."""
    name = f"mixed-{length_s:.0f}s-{visits}.mp4"
    return _made(Film(FOLDER / name, length_s, mixed_times(length_s, visits)))


def hour_film(length_s: float = 300.0, visits: int = 2) -> Film:
    """As the mixed film, but only with the pictures that are looked at: to be played for hours without decoding for hours."""
    mixed = mixed_times(length_s, visits)
    return _made(Film(FOLDER / f"hour-{length_s:.0f}s-{visits}.mp4", length_s, mixed, fps=5))


def mixed_times(length_s: float, visits: int) -> tuple[tuple[float, float], ...]:
    starts = [(number + 0.5) * length_s / visits for number in range(visits)]
    return tuple((start, start + VISIT_S) for start in starts)


def idle_film(length_s: float = 120.0) -> Film:
    """Nobody comes."""
    return _made(Film(FOLDER / f"idle-{length_s:.0f}s.mp4", length_s, ()))


def busy_film(visits: int = 6) -> Film:
    """One visit after the other."""
    times = tuple((number * VISIT_S, (number + 1) * VISIT_S) for number in range(visits))
    return _made(Film(FOLDER / f"busy-{visits}.mp4", visits * VISIT_S, times))


def _made(film: Film) -> Film:
    if not film.path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = film.path.with_suffix(f".{os.getpid()}.mp4")
        _encode(unfinished, film)
        unfinished.replace(film.path)
    return film


def _encode(path: Path, film: Film) -> None:
    noises = _noises()
    options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "sc_threshold": "0",
        "g": str(KEY_EVERY * film.fps // FPS),
        "bf": "0",
    }
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=film.fps, options=options)
        stream.width, stream.height = SIZE_PX
        stream.pix_fmt, stream.bit_rate = "yuv420p", BITRATE
        for number, plane in enumerate(_pictures(film)):
            noisy = _noisy(plane, number / film.fps, noises[(number * 7) % NOISES])
            frame = av.VideoFrame.from_ndarray(noisy, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, film.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures(film: Film) -> Iterator[Plane]:
    """Planes of yuv420p, shape (1.5 * height, width), one a frame."""
    images = [frame.image_bgr for frame in read_frames(CLIP, fps=CLIP_FPS) if frame.at.timestamp() <= VISIT_S]
    last, done = _yuv(images[0]), 0.0
    for number, (begins, ends) in enumerate(film.visits):
        there = images if number % 2 == 0 else images[::-1]
        yield from (last for _ in range(round((begins - done) * film.fps)))
        steps = [min(len(there) - 1, step * CLIP_FPS // film.fps) for step in range(round((ends - begins) * film.fps))]
        for step, same in groupby(steps):
            last = _yuv(there[step])
            yield from (last for _ in same)
        done = ends
    yield from (last for _ in range(round((film.length_s - done) * film.fps)))


def _yuv(image_bgr: Plane) -> Plane:
    large = cv2.resize(image_bgr, SIZE_PX, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)


def _noises() -> list[NDArray[np.float32]]:
    dice = np.random.default_rng(0)
    shape = SIZE_PX[1], SIZE_PX[0]
    return [NOISE_GREYS * dice.standard_normal(shape, dtype=np.float32) for _ in range(NOISES)]


def _noisy(plane: Plane, at_s: float, noise: NDArray[np.float32]) -> Plane:
    light = 1 + DRIFT * sin(2 * pi * at_s / DRIFT_S)
    height = SIZE_PX[1]
    out = plane.copy()
    np.clip(plane[:height] * np.float32(light) + noise, 0, 255, out=out[:height], casting="unsafe")
    return out
