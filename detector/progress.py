"""How far a clip is, for a person at a terminal; silent where nobody looks."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich import progress as bars
from rich.console import Console

from detector.words import clip_time


class Progress:
    """A bar with the time left and how much faster than real time it goes; `seconds` is the time taken so far."""

    def __init__(self, name: str) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._bars = bars.Progress(
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            bars.TextColumn("{task.fields[done]}", markup=False),
            bars.TextColumn("{task.fields[speed]}", markup=False),
            bars.TimeRemainingColumn(),
            bars.TextColumn("left", markup=False),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bars.add_task(name, total=None, done="", speed="")
        self._began = time.perf_counter()
        self.seconds = 0.0

    def show(self, done_s: float, all_s: float | None) -> None:
        self.seconds = max(1e-6, time.perf_counter() - self._began)
        done = clip_time(done_s) if all_s is None else f"{clip_time(done_s)} of {clip_time(all_s)}"
        speed = f"{done_s / self.seconds:.1f} x real time"
        self._bars.update(self._task, completed=done_s, total=all_s, done=done, speed=speed)

    def warn(self, sentence: str) -> None:
        self._console.print(f"warning: {sentence}", soft_wrap=True)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        self.seconds = max(1e-6, time.perf_counter() - self._began)
