"""Several cameras, one model: who gets it when. Nothing here depends on how long anything takes."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from detector.model_turns import CameraDetector, SharedModel
from detector.vocabulary import Detection, Frame
from tests.brokers import AT, wait_for

CAMERAS = 4


def frame(camera: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), camera, AT)


@dataclass
class PatientDetector:
    """Works on a picture until so many others wait for it, and notes whose picture it was."""

    others: int = 0
    model: SharedModel | None = None
    served: list[int] = field(default_factory=list)

    def detect(self, frame: Frame) -> list[Detection]:
        assert self.model is not None
        turns = self.model.turn
        wait_for(lambda: len(turns._waiting) >= self.others)
        self.served.append(frame.index)
        return []


def shared(others: int) -> tuple[PatientDetector, SharedModel]:
    detector = PatientDetector(others)
    detector.model = SharedModel(detector)
    return detector, detector.model


def hungry(model: SharedModel, camera: int, stop: threading.Event) -> threading.Thread:
    """A camera that has the next picture ready as soon as one is done with."""
    mine = CameraDetector(model)

    def run() -> None:
        while not stop.is_set():
            mine.detect(frame(camera))

    return threading.Thread(target=run)


def test_cameras_that_all_have_pictures_take_strict_turns() -> None:
    detector, model = shared(CAMERAS - 1)
    stop = threading.Event()
    threads = [hungry(model, camera, stop) for camera in range(CAMERAS)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(detector.served) >= 80)
    stop.set()
    detector.others = 0
    for thread in threads:
        thread.join()
    rounds = [detector.served[begin : begin + CAMERAS] for begin in range(0, 80, CAMERAS)]
    assert all(sorted(one) == list(range(CAMERAS)) for one in rounds)
    assert rounds.count(rounds[0]) == len(rounds)


def test_a_camera_with_a_high_rate_makes_the_others_wait_for_one_picture_at_most() -> None:
    detector, model = shared(1)
    stop = threading.Event()
    greedy = hungry(model, 0, stop)
    greedy.start()
    modest = CameraDetector(model)
    waited_for = []
    for _ in range(30):
        before = len(detector.served)
        modest.detect(frame(1))
        waited_for.append(Counter(detector.served[before:])[0])
    stop.set()
    detector.others = 0
    greedy.join()
    assert modest.frames == 30
    assert max(waited_for) <= 1, "the picture that was being worked on when it asked"


def test_a_picture_that_breaks_the_model_hands_the_turn_on() -> None:
    class Breaking(PatientDetector):
        def detect(self, _frame: Frame) -> list[Detection]:
            raise RuntimeError("the model stumbled")

    model = SharedModel(Breaking())
    for _ in range(2):
        with pytest.raises(RuntimeError, match="stumbled"):
            CameraDetector(model).detect(frame(0))
