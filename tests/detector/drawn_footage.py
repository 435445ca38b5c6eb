"""Small clips with drawn shapes: a red figure is a person, a blue bar a bicycle, and a detector that finds just those."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from broker_bridge.messages import ModelName
from detector.boxes import XyxyPx
from detector.live_reader import Picture
from detector.offline import Model
from detector.saved_detections import DetectionSettings
from detector.vocabulary import Detection, Frame, Kind
from tests.brokers import AT

Image = NDArray[np.uint8]
SIZE = (320, 240)
BLUE, RED, GREY = (220, 60, 20), (30, 30, 220), (128, 128, 128)
DARK_RED, BRIGHT_RED = (10, 10, 130), (90, 90, 255)
LETTERS = (255, 255, 255)


def plain(_number: int = 0) -> Image:
    return np.full((SIZE[1], SIZE[0], 3), GREY, dtype=np.uint8)


def numbered(number: int) -> Image:
    """As many white columns as the frame's number, so that a read-back frame can be told."""
    image_bgr = plain()
    for column in range(number):
        image_bgr[:, column * 8 : column * 8 + 4] = LETTERS
    return image_bgr


def number_in(image_bgr: Image) -> int:
    row = image_bgr[image_bgr.shape[0] // 2].mean(axis=1) > 190
    return int(np.count_nonzero(np.diff(row.astype(int)) == 1) + row[0])


def scene(number: int, fps: int = 5) -> Image:
    """A rider pushes a bike in from the left, puts it down at 4 s, and walks off; the head is striped."""
    second = number / fps
    image_bgr = plain()
    bike_left = int(min(1.0, second / 4) * 120)
    _bar(image_bgr, (bike_left, 150, bike_left + 90, 205), BLUE)
    person_left = bike_left + 30 if second < 5 else 150 + int((second - 5) * 50)
    _bar(image_bgr, (person_left, 60, person_left + 36, 150), RED)
    for stripe in range(person_left, person_left + 36, 12):
        _bar(image_bgr, (stripe, 60, stripe + 6, 84), DARK_RED)
        _bar(image_bgr, (stripe + 6, 60, stripe + 12, 84), BRIGHT_RED)
    return image_bgr


def write_video(
    path: Path,
    draw: Callable[[int], Image] = numbered,
    *,
    count: int = 10,
    fps: int = 5,
    codec: str = "libx264",
    times_ms: Iterable[int] | None = None,
    options: dict[str, str] | None = None,
    set_up: Callable[[VideoStream], None] = lambda _stream: None,
) -> Path:
    """Encode `count` drawn frames, at a steady rate or at the given times."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=fps))
        stream.height, stream.width = draw(0).shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000) if times_ms is not None else Fraction(1, fps)
        set_up(stream)
        for number, pts in enumerate(range(count) if times_ms is None else times_ms):
            frame = av.VideoFrame.from_ndarray(draw(number), format="bgr24")
            frame.pts, frame.time_base = pts, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), dtype=np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 44100, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_stills(folder: Path, count: int, pattern: str = "still-{}.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cv2.imwrite(str(folder / pattern.format(number)), numbered(number))
    return folder


class DrawnDetector:
    """Finds the drawn figures by their colour, everywhere and every time the same."""

    def __init__(self) -> None:
        self.looked_at = 0

    def detect(self, frame: Frame) -> list[Detection]:
        self.looked_at += 1
        found = [(Kind.BICYCLE, 0), (Kind.PERSON, 2)]
        return [Detection(kind, 0.9, box) for kind, channel in found for box in _boxes(frame.image_bgr, channel)]


def drawn_model() -> Model:
    settings = DetectionSettings(score_low=0.1, score_high=0.4, iou=0.7)
    return Model(DrawnDetector(), ModelName(id="drawn-v0", sha256="0" * 64), settings)


def _bar(image_bgr: Image, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = box
    image_bgr[top:bottom, left:right] = colour


def _boxes(image_bgr: Image, channel: int) -> list[XyxyPx]:
    others = np.delete(image_bgr.astype(int), channel, axis=2).max(axis=2)
    mask = ((image_bgr[:, :, channel].astype(int) - others) > 70).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return [
        XyxyPx(float(left), float(top), float(left + width), float(top + height))
        for left, top, width, height, area in stats[1:].tolist()
        if area > 200
    ]


def short_clip(folder: Path, count: int = 5) -> Path:
    path = folder / "clip.mp4"
    write_video(path, count=count)
    return path


def black_picture(number: int) -> Picture:
    return Picture(lambda: np.zeros((2, 2, 3), np.uint8), number, AT)
