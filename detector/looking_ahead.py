"""Recorded footage is looked at ahead: while the line takes one picture, the model is shown the next ones, on all cores.

Only pictures that it will be shown in any case: while a scene is busy, it is known for how long it will be looked at at least.
So the same pictures are read, the model finds the same in the same ones, and the line takes them in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.bystanders import look_closer
from detector.detection import Detector, RegionDetector
from detector.looking import Looking
from detector.vocabulary import Detection, Frame


@dataclass(slots=True)
class _Ahead:
    frame: Frame
    found: Future[list[Detection]] | None = None
    """None: whether the model will be shown it is not known yet."""


class LookingAhead:
    """The model of one clip, asked beforehand by `at_once` threads. Take its `frames` through the line, and the line to it."""

    def __init__(self, model: Detector, looking: Looking, at_once: int) -> None:
        self._model, self._looking = model, looking
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="looking")
        self._most = at_once + 2
        """So that all threads have work while the line takes a picture and the next one is read."""
        self._waiting: deque[_Ahead] = deque()
        self._now: _Ahead | None = None

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, read a little ahead while that cannot change which ones are read."""
        source = iter(frames)
        while self._read_on(source):
            self._now = self._waiting.popleft()
            yield self._now.frame

    def detect(self, frame: Frame) -> list[Detection]:
        now = self._now
        if now is None or now.frame is not frame or now.found is None:
            return self._model.detect(frame)
        return now.found.result()

    def detect_within(self, frame: Frame, region_px: XyxyPx) -> list[Detection]:
        """As `RegionDetector`; where the model cannot look at a part, it looks at all."""
        model = self._model
        return model.detect_within(frame, region_px) if isinstance(model, RegionDetector) else self.detect(frame)

    def look_closer(self, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
        """As `bystanders.CloserLook`."""
        return look_closer(self._model, image_bgr, least_score)

    def _read_on(self, source: Iterator[Frame]) -> bool:
        """Whether there is one more picture to be taken."""
        while not self._waiting or self._may_read_past(self._waiting[-1].frame):
            frame = next(source, None)
            if frame is None:
                break
            self._waiting.append(_Ahead(frame))
            self._ask()
        self._ask()
        return bool(self._waiting)

    def _may_read_past(self, frame: Frame) -> bool:
        return len(self._waiting) < self._most and self._looking.is_read_at(frame.at)

    def _ask(self) -> None:
        for ahead in self._waiting:
            if ahead.found is None and self._looking.is_seen_at(ahead.frame.at):
                ahead.found = self._pool.submit(self._model.detect, ahead.frame)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
