"""Frames to an H.264 file that any player and browser reads."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av

from sample_videos.render.picture_parts import Image

_QUALITY = {"crf": "25", "preset": "slow", "tune": "film"}


def write_clip(path: Path, frames: Iterable[Image], *, fps: int) -> None:
    """Encode frames of one size, uint8 BGR, to `path`."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options=_QUALITY)
        stream.pix_fmt = "yuv420p"
        stream.gop_size = fps * 3
        for index, image in enumerate(frames):
            if index == 0:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
