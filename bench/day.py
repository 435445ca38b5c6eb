"""A rack's day, ten minutes of it: what it costs, against looking at every picture and against decoding alone.

The figures are shares of processor time within one run on one machine. `python -m bench.day` runs this part alone.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import av

from bench.film import FPS, Film, idle_film, mixed_film
from bench.lines import a_line
from bench.measure import Cost, apart
from bench.played import played
from bench.rows import Row, print_rows
from bench.runtimes import runtimes
from detector.clips import Clip
from detector.config import ViewConfig
from detector.config_looking import LookingConfig
from detector.detection import BikeDetector, open_detector
from detector.detection_ultralytics import import_ultralytics
from detector.frames import read_frames
from detector.looking import Looking
from detector.model_folder import DEFAULT_MODEL, Runtime, load_model_folder
from detector.offline import ClipResult, Wanted, open_model, run_clip
from detector.pipeline import run_line
from detector.tracking import Tracker

SETTLED_S = 12.0
"""What is idle begins here: at the start every camera is looked at closely."""
EVERY_S = 10.0
"""So many seconds of the film are given to the model picture by picture; every one costs the same."""


def rows() -> Iterator[Row]:
    film = mixed_film()
    ours, all_looked = apart(partial(detect, film.path, gate=True)), apart(partial(detect, film.path, gate=False))
    every = apart(partial(track_every_picture, film.path, EVERY_S)).gave
    yield from _cost(film, ours, every)
    yield Row("CPU time, our line at 5 pictures a second without the gate", all_looked.cpu_s / ours.cpu_s, "our line")
    yield _same_stays(film, ours.gave, all_looked.gave)
    yield from _idle(idle_film())


def _cost(film: Film, ours: Cost[ClipResult], every: tuple[str, float]) -> Iterator[Row]:
    ours_per_s, (name, every_per_s) = ours.cpu_s / film.length_s, every
    what = f"CPU time, {name} on every picture ({every_per_s:.3f} s a second)"
    gain = every_per_s / ours_per_s
    yield Row(what, gain, f"our line ({ours_per_s:.3f} s a second)", ">= 20", gain >= 20)
    for runtime in runtimes():
        cost = ours if runtime == "onnxruntime" else apart(partial(detect, film.path, gate=True, runtime=runtime))
        speed = film.length_s / cost.wall_s
        what = f"offline, {os.cpu_count()} cores, {runtime} ({cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s)"
        yield Row(what, speed, "real time", ">= 30 on two cores", speed >= 30)
    yield Row("cameras that one core serves", 1 / ours_per_s, "one", ">= 8", ours_per_s <= 1 / 8)


def _same_stays(film: Film, ours: ClipResult, every: ClipResult) -> Row:
    """Three bikes stand there from the beginning."""
    mine, theirs = (ours.stays, ours.unlocked, ours.alerts), (every.stays, every.unlocked, every.alerts)
    what = f"stays found, {film.parked} bikes brought ({ours.stays} with those that stood there, {ours.alerts} alerts)"
    return Row(what, ours.stays / every.stays, "without the gate", "the same", mine == theirs)


def _idle(film: Film) -> Iterator[Row]:
    decoding = apart(partial(decode, film.path))
    decode_per_s = decoding.cpu_s / film.length_s
    ways = (("live, key pictures only", 2.5, True), ("recorded", 2.5, False), ("every picture decoded", 0.0, True))
    for what, key_every_s, live in ways:
        idle = apart(partial(watch_idle, film.path, key_every_s, live=live))
        ratio = idle.gave / decode_per_s
        yield Row(f"idle CPU time, {what}", ratio, f"decoding ({decode_per_s:.3f} s a second)", "<= 1.5", ratio <= 1.5)


# Work that is measured in a process of its own


def detect(path: Path, *, gate: bool, runtime: Runtime = "onnxruntime") -> ClipResult:
    """`pleaselock detect` with its default settings, opening the model included."""
    with tempfile.TemporaryDirectory() as folder:
        view = ViewConfig(model=DEFAULT_MODEL, runtime=runtime, looking=LookingConfig(gate=gate))
        return run_clip(Clip(path.stem, path), Wanted(Path(folder), view), open_model(DEFAULT_MODEL, runtime))


def track_every_picture(path: Path, seconds: float) -> tuple[str, float]:
    """Detect and track in every picture; gives what did it, and its CPU seconds for each second of the film."""
    name, results = _tracked(path)
    begins_s = 0.0
    for number, _result in enumerate(results):
        if number == FPS:  # the first second is for getting ready
            begins_s = time.process_time()
        if number == FPS * (1 + seconds):
            break
    return name, (time.process_time() - begins_s) / seconds


def _tracked(path: Path) -> tuple[str, Iterator[object]]:
    if find_spec("ultralytics") is None or find_spec("lap") is None:
        return "ONNX Runtime (Ultralytics or its lap is not installed)", _tracked_with_onnx(path)
    yolo = import_ultralytics().YOLO(str(load_model_folder(DEFAULT_MODEL).weights), task="detect")
    results = yolo.track(source=str(path), stream=True, imgsz=640, conf=0.05, verbose=False)
    return "Ultralytics' YOLO.track", iter(results)


def _tracked_with_onnx(path: Path) -> Iterator[object]:
    detector, tracker = open_detector(DEFAULT_MODEL), Tracker()
    for frame in read_frames(path, fps=FPS):
        yield tracker.update(detector.detect(frame), frame.at)


def decode(path: Path) -> int:
    """Every picture, and nothing done with it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in container.decode(stream))


def watch_idle(path: Path, key_every_s: float, *, live: bool) -> float:
    """CPU seconds for each second of the film, once the start is over."""
    looking = Looking(LookingConfig(key_every_s=key_every_s), 5.0)
    detector = open_detector(DEFAULT_MODEL)
    assert isinstance(detector, BikeDetector)
    line, begins, at_s = a_line(detector, looking=looking), None, 0.0
    frames = played(path, looking) if live else read_frames(path, fps=5.0, pace=looking)
    for step in run_line(frames, line):
        at_s = step.frame.at.timestamp()
        if begins is None and at_s >= SETTLED_S:
            begins = at_s, time.process_time()
    assert begins is not None
    return (time.process_time() - begins[1]) / (at_s - begins[0])


if __name__ == "__main__":
    print_rows("A rack's day in ten minutes, 1080p25 H.264, people in it a tenth of the time", rows())
