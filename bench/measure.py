"""Times. Everything heavy runs in a process of its own, so that its processor time and its memory are its own."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Generic, TypeVar

T = TypeVar("T")
REPEATS = 9
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Cost(Generic[T]):
    """What one piece of work took, and what it gave. `cpu_s` is of all its threads."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    gave: T


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median of several runs, after one that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def apart(work: Callable[[], T]) -> Cost[T]:
    """The cost of `work`, which can be pickled, in a fresh process; starting that and importing is not counted."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, work).result()


def _measured(work: Callable[[], T]) -> Cost[T]:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    gave = work()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    return Cost(cpu_s, wall_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, gave)


def resident_mib() -> float:
    """Memory of this process now (Linux; elsewhere its peak)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / MIB


class Stopwatch:
    """Adds up, over threads, how long a part of the work was going on at all: overlaps count once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside, self._since_s = 0, 0.0
        self.seconds = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._since_s = time.perf_counter()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self.seconds += time.perf_counter() - self._since_s
