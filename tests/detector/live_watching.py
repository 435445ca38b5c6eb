"""Reads a camera that draws the time into its pictures, and notes what a line would see of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from detector.live import live_frames
from detector.live_counts import Counts
from detector.pace import ConstantPace, Pace
from tests.brokers import wait_for
from tests.rtsp_server import CameraProcess, age_s

NOTICED_WITHIN_S = 6.0
TEN_A_SECOND = ConstantPace(10)


@dataclass
class Watching:
    """What a line would see: when each picture says it was taken, how old it was by that, and how old when looked at."""

    counts: Counts = field(default_factory=Counts)
    at: list[datetime] = field(default_factory=list)
    error_s: list[float] = field(default_factory=list)
    seen_after_s: list[float] = field(default_factory=list)
    slow_s: float = 0.0

    def follow(self, url: str, pace: Pace, stop: threading.Event) -> None:
        for frame in live_frames(url, pace=pace, stop=stop, counts=self.counts):
            self.at.append(frame.at)
            self.error_s.append(age_s(frame.image_bgr, frame.at))
            self.seen_after_s.append(age_s(frame.image_bgr, datetime.now(UTC)))
            stop.wait(self.slow_s)

    def sees_more(self, count: int = 5) -> None:
        before = len(self.at)
        wait_for(lambda: len(self.at) >= before + count)


@contextmanager
def watching(
    camera: CameraProcess, pace: Pace = TEN_A_SECOND, slow_s: float = 0.0, *, on: bool = True
) -> Iterator[Watching]:
    """`on`: the camera is switched on first; it is off afterwards in any case."""
    if on:
        camera.start()
    seen, stop = Watching(slow_s=slow_s), threading.Event()
    thread = threading.Thread(target=seen.follow, args=(camera.url, pace, stop))
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
        camera.kill()


def see_it_die_and_come_back(camera: CameraProcess) -> Watching:
    with watching(camera) as seen:
        seen.sees_more()
        camera.kill()
        wait_for(lambda: seen.counts.lost_because)
        camera.start()
        seen.sees_more()
    return seen


def see_it_freeze(camera: CameraProcess, *, thawed: bool = True) -> Watching:
    """It is frozen in mid-stream, and thawed again, or else killed and started anew."""
    with watching(camera) as seen:
        seen.sees_more()
        camera.freeze()
        assert noticed_after_s(seen.counts, time.monotonic()) < NOTICED_WITHIN_S
        if thawed:
            camera.thaw()
        else:
            camera.kill()
            camera.start()
        seen.sees_more()
        assert seen.counts.lost_because is None
    return seen


def noticed_after_s(counts: Counts, began_s: float) -> float:
    wait_for(lambda: counts.lost_because)
    return time.monotonic() - began_s
