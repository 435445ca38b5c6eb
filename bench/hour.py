"""An hour of four cameras through one worker, as fast as this machine can: does it hold more and more memory?

`python -m bench.hour` runs `detector.worker.run_worker` in a process of its own: stays on disk, the outbox, health,
alerts with their pictures, all but two things. The cameras' pictures come from a film, played over and over on its own
clock; and the model is asked about each picture of the film in its first rounds, what it said is remembered, and later
rounds are told that (`--model` asks it every time). No broker listens, so the outbox fills, on disk. What the process holds is printed
every five minutes of the film's clock.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from bench.film import hour_film
from bench.measure import apart, resident_mib
from bench.played import over_and_over
from bench.rows import Row, print_rows
from detector import camera_watch, shared_models
from detector.bystanders import look_closer
from detector.config import SiteConfig
from detector.detection import Detector, open_detector
from detector.frames import EPOCH
from detector.live_counts import Counts
from detector.masks import Polygon
from detector.model_folder import Runtime
from detector.pace import Pace
from detector.vocabulary import Detection, Frame
from detector.worker import run_worker

CAMERAS, MINUTES, EVERY_MIN = 4, 60.0, 5.0
SETTLED_MIN = 15.0
"""By then every kind of moment of the film has come several times; growth is looked at from here on."""
ROUNDS = 2
MEMORY_MIB, GROWTH_MIB = 350, 10.0


@dataclass(frozen=True, slots=True)
class Held:
    minute: float
    mib: float


@dataclass
class Hour:
    """What the process held, at every five minutes that all cameras had seen."""

    minutes: float
    held: list[Held] = field(default_factory=list)
    seen: dict[str, datetime] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, camera: str, at: datetime) -> None:
        with self._lock:
            self.seen[camera] = at
            minute = min((each - EPOCH).total_seconds() for each in self.seen.values()) / 60
            if len(self.seen) == CAMERAS and minute >= EVERY_MIN * (len(self.held) + 1):
                self.held.append(Held(minute, resident_mib()))
                print(f"{minute:4.0f} min: {resident_mib():.0f} MiB", flush=True)
            if minute >= self.minutes:
                self.over.set()


def slope_mib(held: Sequence[Held]) -> float:
    """MiB an hour, by least squares over what was held once all had settled."""
    settled = [one for one in held if one.minute >= SETTLED_MIN]
    return 60 * float(np.polyfit([one.minute for one in settled], [one.mib for one in settled], 1)[0])


class Remembering:
    """The model, asked once about each picture of a film that is played over and over."""

    def __init__(self, model: Detector, length_s: float) -> None:
        self._model, self._length_s = model, length_s
        self._said: dict[int, list[Detection]] = {}

    def detect(self, frame: Frame) -> list[Detection]:
        played_s = (frame.at - EPOCH).total_seconds()
        place = round(5 * (played_s % self._length_s))
        known = self._near(place) if played_s > ROUNDS * self._length_s else self._said.get(place)
        if known is None:
            known = self._said[place] = self._model.detect(frame)
        return known

    def _near(self, place: int) -> list[Detection] | None:
        """After some rounds what was said within a second: visits are known picture by picture, in between all is still.

        Or a growing memory of the bench would be taken for the worker's.
        """
        near = (each for off in range(6) for each in (place - off, place + off) if each in self._said)
        return self._said[found] if (found := next(near, None)) is not None else None

    def look_closer(self, image_bgr: np.ndarray[Any, np.dtype[np.uint8]], least_score: float) -> list[Detection]:
        return look_closer(self._model, image_bgr, least_score)


def as_live(path: Path, hour: Hour) -> Callable[..., Generator[Frame]]:
    """In place of `live_frames`: the film over and over as one recording, decoded as a camera's reader does."""

    def frames(
        source: str, *, pace: Pace, stop: threading.Event, counts: Counts, masks: Sequence[Polygon], clock: object
    ) -> Generator[Frame]:
        assert not masks
        assert clock is not None
        for frame in over_and_over(path, pace, counts):
            if stop.is_set():
                return
            yield frame
            hour.note(source, frame.at)

    return frames


def replay(path: Path, length_s: float, minutes: float, *, ask_always: bool) -> list[Held]:
    hour = Hour(minutes)

    def opened(name: str, *, runtime: Runtime) -> Detector:
        model = open_detector(name, runtime=runtime)
        return model if ask_always else Remembering(model, length_s)

    with (
        patch.object(shared_models, "open_detector", opened),
        patch.object(camera_watch, "live_frames", as_live(path, hour)),
        tempfile.TemporaryDirectory() as home,
    ):
        run_worker(_site(), Path(home), hour.over)
    return hour.held


def _site() -> SiteConfig:
    cameras = [{"id": f"camera-{number}", "source": f"film-{number}"} for number in range(CAMERAS)]
    nobody = "mqtt://127.0.0.1:9"
    return SiteConfig.model_validate({"site": "bench", "worker": "bench", "mqtt": nobody, "cameras": cameras})


def rows(minutes: float = MINUTES, *, ask_always: bool = False) -> Iterator[Row]:
    film = hour_film()
    cost = apart(partial(replay, film.path, film.length_s, minutes, ask_always=ask_always))
    what = f"memory, {CAMERAS} cameras, {minutes:.0f} min of 1080p footage each"
    yield Row(what, cost.peak_mib, "1 MiB, at most", f"<= {MEMORY_MIB}", cost.peak_mib <= MEMORY_MIB)
    slope = slope_mib(cost.gave)
    yield Row(f"memory, growth after {SETTLED_MIN:.0f} min", slope, "1 MiB an hour", "about 0", slope <= GROWTH_MIB)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hour", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of footage for each camera (default: 60)")
    parser.add_argument("--model", action="store_true", help="ask the model at every look")
    options = parser.parse_args()
    print_rows("An hour of four cameras", rows(options.minutes, ask_always=options.model))


if __name__ == "__main__":
    main()
