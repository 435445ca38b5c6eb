"""Step 1, live: a camera becomes frames stamped with the time they arrived. The newest wins; the source never ends."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from detector.errors import CannotReadError
from detector.frames_video import read_video
from detector.masks import Polygon, black_out
from detector.vocabulary import Frame

Clock = Callable[[], datetime]
Image = NDArray[np.uint8]
Picture = Callable[[], Image]
"""Fetches the pixels, (height, width, 3) uint8; most pictures are passed over and never need them."""
OPEN_WITHIN_S, READ_WITHIN_S = 5.0, 3.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
LOOK_UP_S = 0.5
"""How long a wait may last before looking whether to stop."""
log = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Counts:
    """Since the start. `arrived` from the source, `taken` by the line, `skipped` because a newer one came before."""

    arrived: int = 0
    taken: int = 0
    skipped: int = 0
    last_frame_at: datetime | None = None


class _NewestOnly:
    """One place for one frame: putting never waits, and what was not fetched in time is gone."""

    def __init__(self, counts: Counts) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._counts = counts

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._counts.skipped += self._frame is not None
            self._frame = frame
            self._changed.notify()

    def take(self, timeout_s: float) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None, timeout_s)
            frame, self._frame = self._frame, None
            return frame


def live_frames(
    source: str,
    *,
    fps: float,
    stop: threading.Event,
    counts: Counts,
    masks: Sequence[Polygon] = (),
    clock: Clock = utc_now,
) -> Iterator[Frame]:
    """Frames of a live source until `stop` is set, at most `fps` a second; ends within a second of it.

    A source that breaks off or cannot be opened is tried again for ever, with growing, jittered pauses.

    Args:
        source: rtsp://..., http://..., a device number, or a video file, which is replayed in a loop at its own speed.
        fps: at most this many frames a second are looked at.
        stop: set it to end.
        counts: kept up to date for whoever reports this camera's health.
        masks: polygons, 0 to 1, blacked out.
        clock: gives aware UTC.
    """
    newest = _NewestOnly(counts)
    reader = _Reader(source, fps, stop, counts, masks, clock, newest)
    threading.Thread(target=reader.run, name=f"camera {_without_password(source)}", daemon=True).start()
    while not stop.is_set():
        frame = newest.take(LOOK_UP_S)
        if frame is not None:
            counts.taken += 1
            yield frame


@dataclass
class _Reader:
    source: str
    fps: float
    stop: threading.Event
    counts: Counts
    masks: Sequence[Polygon]
    clock: Clock
    newest: _NewestOnly

    def run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self.stop.is_set():
            before = self.counts.arrived
            try:
                self._read_on()
                reason = "it ended"
            except Exception as error:  # noqa: BLE001 -- a reader's outermost loop: no fault of a camera may end it
                reason = (str(error) or repr(error)).replace(self.source, _without_password(self.source))
            wait_s = FIRST_WAIT_S if self.counts.arrived > before else min(2 * wait_s, LONGEST_WAIT_S)
            if not self.stop.is_set():
                log.warning("camera lost; trying again", source=_without_password(self.source), reason=reason)
                self.stop.wait(wait_s * random.uniform(0.7, 1.3))  # noqa: S311

    def _read_on(self) -> None:
        due, step_s = time.monotonic(), 1 / self.fps
        for picture in open_source(self.source, self.stop):
            if self.stop.is_set():
                return
            self.counts.arrived += 1
            self.counts.last_frame_at = self.clock()
            now = time.monotonic()
            if now >= due:
                # Frames a little late still give `fps` looks a second; after a pause nothing is made up for.
                due = due + step_s if now - due < step_s else now + step_s
                self._hand_over(picture(), self.counts.last_frame_at)

    def _hand_over(self, image_bgr: Image, at: datetime) -> None:
        black_out(image_bgr, self.masks)
        self.newest.put(Frame(image_bgr, self.counts.arrived - 1, at))


def open_source(source: str, stop: threading.Event) -> Iterator[Picture]:
    """Pictures as they come; ends where the connection does.

    Raises:
        CannotReadError, OSError, ValueError: it cannot be opened, or broke off.
    """
    if source.isdecimal():
        return _device(int(source))
    if "://" in source:
        return _stream(source)
    return _file_for_ever(Path(source), stop)


def _file_for_ever(path: Path, stop: threading.Event) -> Iterator[Picture]:
    """A file in a loop, each picture at its own time."""
    begins = time.monotonic()
    while not stop.is_set():
        elapsed_s, step_s = Fraction(0), Fraction(1, 25)
        for timed in read_video(path, _ignore):
            step_s, elapsed_s = (timed.elapsed_s - elapsed_s) or step_s, timed.elapsed_s
            if stop.wait(max(0.0, begins + float(elapsed_s) - time.monotonic())):
                return
            yield timed.to_bgr
        # The last picture stays as long as the one before it did; a machine too slow for the file starts afresh.
        begins = max(begins + float(elapsed_s + step_s), time.monotonic() - 1)


def _ignore(_sentence: str) -> None:
    """The file was looked at when the worker started; said at every round it would only fill the log."""


def _stream(url: str) -> Iterator[Picture]:
    options = {"rtsp_transport": "tcp", "fflags": "nobuffer"} if url.startswith("rtsp") else {}
    with av.open(url, options=options, timeout=(OPEN_WITHIN_S, READ_WITHIN_S)) as container:
        if not container.streams.video:
            raise CannotReadError(f"{_without_password(url)}: sends no picture; check the address")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            yield lambda frame=frame: frame.to_ndarray(format="bgr24")  # type: ignore[misc]


def _device(number: int) -> Iterator[Picture]:
    device = cv2.VideoCapture(number)
    try:
        while True:
            there, image = device.read()
            if not there:
                raise CannotReadError(f"camera {number}: gives no picture; is it plugged in and free?")
            yield lambda image=image: np.asarray(image, np.uint8)  # type: ignore[misc]
    finally:
        device.release()


def _without_password(source: str) -> str:
    scheme, separator, rest = source.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else source
