"""Somebody is there all the time, at four cameras: is the model what is waited for, and how much memory does it take?

`python -m bench.busy` runs this part alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from bench.film import ROOT, busy_film
from bench.lines import a_line
from bench.measure import Stopwatch, apart
from bench.rows import Row, print_rows
from detector.config_looking import LookingConfig
from detector.detection import BikeDetector, open_detector
from detector.frames import read_frames
from detector.looking import Looking
from detector.model_folder import DEFAULT_MODEL
from detector.model_turns import CameraDetector, SharedModel
from detector.pipeline import run_line

CAMERAS = 4
PICTURES = 200
"""Looked at by each camera, after it has begun."""
MEMORY_MIB = 350
WATCHED_S = 90.0


class TimedSession:
    """A model's session that says how long it was at work."""

    def __init__(self, session: Any, watch: Stopwatch) -> None:  # noqa: ANN401 -- onnxruntime is untyped
        self._session, self._watch = session, watch

    def run(self, *inputs: Any) -> Any:  # noqa: ANN401
        with self._watch:
            return self._session.run(*inputs)


def rows() -> Iterator[Row]:
    for what, regions in (("whole pictures, as by default", False), ("parts of them", True)):
        share = apart(partial(share_in_session, busy_film().path, regions=regions)).gave
        wanted = ("", None) if regions else (">= 0.95", share >= 0.95)
        load = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
        yield Row(f"{CAMERAS} busy cameras, {what}: time in the model's session ({load})", share, "all", *wanted)
    if sys.platform.startswith("linux"):
        held = most_held_mib(busy_film().path, WATCHED_S)
        what = f"memory of `pleaselock watch`, {CAMERAS} busy cameras for {WATCHED_S:.0f} s"
        yield Row(what, held, "1 MiB, at most", f"<= {MEMORY_MIB}", held <= MEMORY_MIB)


def share_in_session(path: Path, *, regions: bool) -> float:
    """Which share of the wall time the one model of all cameras was at work, once all run."""
    detector, watch = open_detector(DEFAULT_MODEL), Stopwatch()
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
    steps = run_line(read_frames(path, fps=5.0, pace=looking), line)
    for number, _step in enumerate(islice(steps, PICTURES)):
        if number == 5:
            ready.wait()
    return time.perf_counter(), watch.seconds


def most_held_mib(film: Path, seconds: float) -> float:
    """The most that `pleaselock watch` ever held (VmHWM) while four cameras, all busy, were watched for so long."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "site.yaml"
        cameras = [{"id": f"camera-{number}", "source": str(film)} for number in range(CAMERAS)]
        site = {"site": "bench", "worker": "bench", "mqtt": "mqtt://127.0.0.1:9", "cameras": cameras}
        config.write_text(yaml.safe_dump(site), encoding="utf-8")
        command = [sys.executable, "-m", "pleaselock_start", "watch", "--config", str(config), "--home", folder]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
            try:
                time.sleep(seconds)
                return _most_held_mib(worker.pid)
            finally:
                worker.terminate()


def _most_held_mib(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    print_rows("Four cameras, 1080p25 H.264", rows())
