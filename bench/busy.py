"""Somebody is there all the time, at four cameras: is the model what is waited for, and how much memory does it take?

`python -m bench.busy` runs this part alone.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from bench.film import FPS, busy_film, mixed_film
from bench.lines import a_line
from bench.measure import Stopwatch, apart, resident_mib
from bench.rows import Row, print_rows
from detector.config_looking import LookingConfig
from detector.detection import BikeDetector, open_detector
from detector.frames import EPOCH, read_frames
from detector.frames_video import Upright, opened_video
from detector.live_counts import Counts
from detector.live_decoding import decoding_of
from detector.live_reader import Turnstile
from detector.looking import Looking
from detector.memory import give_back_pictures
from detector.model_turns import CameraDetector, SharedModel
from detector.pipeline import run_line
from detector.vocabulary import Frame

CAMERAS = 4
MEMORY_MIB = 350
MINUTES = 60.0


class TimedSession:
    """A model's session that says how long it was at work."""

    def __init__(self, session: Any, watch: Stopwatch) -> None:  # noqa: ANN401 -- onnxruntime is untyped
        self._session, self._watch = session, watch

    def run(self, *inputs: Any) -> Any:  # noqa: ANN401
        with self._watch:
            return self._session.run(*inputs)


@dataclass
class Memory:
    """What the process holds, in MiB, looked at while it works: at a quarter of the way, and at the end."""

    early: float = 0.0
    late: float = 0.0
    seen: list[float] = field(default_factory=list)


def rows(minutes: float = MINUTES) -> Iterator[Row]:
    for what, regions in (("whole pictures, as by default", False), ("parts of them", True)):
        share = apart(partial(share_in_session, busy_film().path, regions=regions)).gave
        wanted = ("", None) if regions else (">= 0.95", share >= 0.95)
        yield Row(f"{CAMERAS} busy cameras, {what}: time in the model's session", share, "all", *wanted)
    cost = apart(partial(replay, mixed_film().path, minutes))
    memory = cost.gave
    what = f"memory, {CAMERAS} cameras, {minutes:.0f} min of footage each ({memory.late:.0f} MiB at the end)"
    yield Row(what, cost.peak_mib, "1 MiB, at most", f"<= {MEMORY_MIB}", cost.peak_mib <= MEMORY_MIB)
    growth = memory.late / memory.early
    yield Row("memory at the end", growth, "at a quarter of the way", "<= 1.05", growth <= 1.05)


def share_in_session(path: Path, *, regions: bool) -> float:
    """Which share of the wall time the one model of all cameras was at work, once all run."""
    detector, watch = open_detector("bikepark-v0"), Stopwatch()
    assert isinstance(detector, BikeDetector)
    detector._session = TimedSession(detector._session, watch)  # noqa: SLF001
    shared, ready = SharedModel(detector), threading.Barrier(CAMERAS + 1)
    with ThreadPoolExecutor(CAMERAS) as pool:
        done = [pool.submit(_follow, path, shared, ready, watch, regions) for _ in range(CAMERAS)]
        ready.wait()
        begins_s, before_s = time.perf_counter(), watch.seconds
        ends_s, after_s = min(one.result() for one in done)
    return (after_s - before_s) / (ends_s - begins_s)


def _follow(
    path: Path, shared: SharedModel, ready: threading.Barrier, watch: Stopwatch, regions: bool
) -> tuple[float, float]:
    """Gives when it was done, and how long the session had been at work until then."""
    looking = Looking(LookingConfig(regions=regions), 5.0)
    line = a_line(CameraDetector(shared), looking=looking, camera=str(threading.get_ident()))
    for number, _step in enumerate(run_line(read_frames(path, fps=5.0, pace=looking), line)):
        if number == 5:
            ready.wait()
    return time.perf_counter(), watch.seconds


def replay(path: Path, minutes: float) -> Memory:
    """Four cameras at once, the film over and over as one recording."""
    give_back_pictures()
    memory, shared = Memory(), SharedModel(open_detector("bikepark-v0"))
    with ThreadPoolExecutor(CAMERAS) as pool:
        done = [pool.submit(_replay_one, path, shared, minutes) for _ in range(CAMERAS)]
        while not all(one.done() for one in done):
            time.sleep(0.5)
            memory.seen.append(resident_mib())
    for one in done:
        one.result()
    memory.early, memory.late = memory.seen[len(memory.seen) // 4], memory.seen[-2]
    return memory


def _replay_one(path: Path, shared: SharedModel, minutes: float) -> None:
    looking = Looking(LookingConfig(), 5.0)
    line = a_line(CameraDetector(shared), looking=looking, camera=str(threading.get_ident()))
    for _step in run_line(over_and_over(path, minutes, looking), line):
        pass


def over_and_over(path: Path, minutes: float, looking: Looking) -> Iterator[Frame]:
    """As a camera's reader decodes it (`live_decoding.py`), but as fast as can be; times are the film's."""
    begins, ends = EPOCH, EPOCH + timedelta(minutes=minutes)
    at, turnstile, index = begins, Turnstile(looking), count()
    while at < ends:
        with opened_video(path) as (container, stream):
            decoding, upright, second = decoding_of(stream, looking, Counts()), None, float(stream.time_base or 0)
            for packet in container.demux(stream):
                arrived = begins + timedelta(seconds=(packet.pts or 0) * second)
                for shown in decoding.feed(packet, arrived, too_late=False) if packet.size else ():
                    at = begins + timedelta(seconds=(shown.pts or 0) * second)
                    upright = upright or Upright.of(shown, stream)
                    if at < ends and turnstile.lets_through(at):
                        yield Frame(upright.to_bgr(shown), next(index), at)
        begins = at + timedelta(seconds=1 / FPS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.busy", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of footage for each camera (default: 60)")
    print_rows("Four cameras, 1080p25 H.264", rows(parser.parse_args().minutes))
