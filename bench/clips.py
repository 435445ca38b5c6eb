"""A sample clip as a camera would send it: still before and after, noisy, with a key picture every two seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bench.film import FOLDER
from detector.frames import measure, read_frames

STILL_S = 15.0
KEY_EVERY_S = 2.0
NOISE_GREYS = 1.5
FPS = 10


def keyed_clip(clip: Path) -> Path:
    """The clip encoded anew in `build/bench/keyed`, made once."""
    made = FOLDER / "keyed" / clip.name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        unfinished = made.with_suffix(f".{os.getpid()}.mp4")
        _encode(clip, unfinished)
        unfinished.replace(made)
    return made


def _encode(clip: Path, path: Path) -> None:
    size, dice = measure(clip), np.random.default_rng(0)
    options = {"preset": "veryfast", "tune": "zerolatency", "crf": "20", "sc_threshold": "0"}
    options |= {"g": str(round(KEY_EVERY_S * FPS)), "bf": "0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = size.width_px, size.height_px, "yuv420p"
        for number, image_bgr in enumerate(_pictures(clip)):
            noise = NOISE_GREYS * dice.standard_normal(image_bgr.shape, dtype=np.float32)
            noisy = np.clip(image_bgr + noise, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(noisy, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures(clip: Path) -> Iterator[NDArray[np.uint8]]:
    """At `FPS` a second, a picture of a slower clip standing as long as it stands there."""
    last, given = None, 0
    for frame in read_frames(clip, fps=FPS):
        at_s = frame.at.timestamp()
        if last is None:
            yield from (frame.image_bgr for _ in range(round(STILL_S * FPS)))
        while last is not None and given < round(at_s * FPS):
            yield last
            given += 1
        last = frame.image_bgr
    assert last is not None
    yield from (last for _ in range(round(STILL_S * FPS)))
