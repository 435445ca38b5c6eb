"""One model for all cameras of a worker: they take turns, and no camera gets a second one before all who wait had theirs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.bystanders import look_closer
from detector.detection import Detector, RegionDetector, SharedDetector
from detector.model_folder import ModelIdentity
from detector.vocabulary import Detection, Frame


class Turns:
    """A lock that is handed on in the order in which it was asked for; Python's own goes to whoever is quickest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()  # it stays taken, by the next one
            else:
                self._is_taken = False


class SharedModel:
    """A model with its turns. A camera asks for one picture at a time, so first come, first served is one turn each."""

    def __init__(self, detector: Detector, identity: ModelIdentity | None = None) -> None:
        """`identity` None: nobody knows what file it is, as with one that is drawn."""
        self.detector, self.identity, self.turn = detector, identity, Turns()


class CameraDetector:
    """One camera's use of the shared model: how often, and how long the model worked for it, waiting left out."""

    def __init__(self, shared: SharedModel) -> None:
        self._shared = shared
        self.frames, self.seconds = 0, 0.0

    @property
    def identity(self) -> ModelIdentity | None:
        return self._shared.identity

    def detect(self, frame: Frame) -> list[Detection]:
        return self._look(lambda detector: detector.detect(frame))

    def detect_within(self, frame: Frame, region_px: XyxyPx) -> list[Detection]:
        """As `RegionDetector`; where the shared model cannot look at a part, it looks at all."""

        def look(detector: Detector) -> list[Detection]:
            if isinstance(detector, RegionDetector):
                return detector.detect_within(frame, region_px)
            return detector.detect(frame)

        return self._look(look)

    def look_closer(self, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
        """For a picture that is about to leave; seldom, so it is not counted."""
        return self._within(self._shared.turn, lambda detector: look_closer(detector, image_bgr, least_score))

    def _look(self, look: Callable[[Detector], list[Detection]]) -> list[Detection]:
        return self._within(self._counted_turn(), look)

    def _within(
        self, turn: AbstractContextManager[object], look: Callable[[Detector], list[Detection]]
    ) -> list[Detection]:
        """What lies before and after the model's own work is done out of turn, where the detector is able to."""
        detector = self._shared.detector
        if isinstance(detector, SharedDetector):
            return look(detector.in_turns(turn))
        with turn:
            return look(detector)

    @contextmanager
    def _counted_turn(self) -> Iterator[None]:
        with self._shared.turn:
            begins = time.monotonic()
            yield
            self.frames, self.seconds = self.frames + 1, self.seconds + time.monotonic() - begins
