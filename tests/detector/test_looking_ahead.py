"""Looking ahead is quicker and nothing else: the same pictures are read, and the model finds the same in the same ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from detector.boxes import XyxyPx
from detector.config_looking import LookingConfig
from detector.detection import Detector
from detector.looking import EVERY_FRAME, START_S, Looking
from detector.looking_ahead import LookingAhead
from detector.vocabulary import Detection, Frame
from tests.detector.scenes import START
from tests.detector.test_looking import BIKE, FPS, SOMEBODY, Model, PartModel
from tests.detector.test_motion import WALKER, ground, noisy, with_box

AT_ONCE = 2
SOMEBODY_COMES = range(80, 100)


class Footage:
    """A still place where somebody walks for a while, read as the looking wants it at each picture."""

    def __init__(self, looking: Looking, count: int = 160) -> None:
        self._looking, self._count = looking, count
        self.read: list[tuple[int, float, bool]] = []
        """Each picture that was read, and what was wanted at that time."""

    def frames(self) -> Iterator[Frame]:
        number = 0
        while number < self._count:
            fps, keys = self._looking.fps_wanted(), self._looking.keyframes_only(2.0)
            self.read.append((number, fps, keys))
            shown = with_box(ground(), WALKER) if number in SOMEBODY_COMES else ground()
            yield Frame(noisy(shown, number), number, START + timedelta(seconds=number / FPS))
            number += 10 if keys else round(FPS / fps)


class Seeing(Model):
    """Finds somebody where somebody is; notes in which threads it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()

    def detect(self, frame: Frame) -> list[Detection]:
        self.whole.append(frame)
        self.threads.add(threading.current_thread().name)
        return [BIKE, SOMEBODY] if frame.index in SOMEBODY_COMES else [BIKE]


def line(frames: Iterator[Frame], looking: Looking, model: Detector) -> list[tuple[int, list[Detection]]]:
    told = []
    for frame in looking.filled(frames):
        detections = looking.detect(frame, model)
        looking.note(frame, detections, (), moved=False)
        told.append((frame.index, detections))
    return told


@pytest.mark.parametrize("config", [LookingConfig(key_every_s=2.5), LookingConfig(key_every_s=0), EVERY_FRAME])
def test_nothing_that_is_read_asked_or_told_is_another(config: LookingConfig) -> None:
    plain, plain_model = Looking(config, FPS), Seeing()
    plain_footage = Footage(plain)
    before = line(plain_footage.frames(), plain, plain_model)
    looking, model = Looking(config, FPS), Seeing()
    footage = Footage(looking)
    with LookingAhead(model, looking, AT_ONCE) as ahead:
        told = line(ahead.frames(footage.frames()), looking, ahead)
    assert told == before
    assert footage.read == plain_footage.read
    assert sorted(one.index for one in model.whole) == [one.index for one in plain_model.whole]
    assert any(name.startswith("looking") for name in model.threads)


def test_so_many_pictures_are_shown_to_the_model_at_the_same_time() -> None:
    together = threading.Barrier(AT_ONCE, timeout=20)

    class Together(Model):
        def detect(self, frame: Frame) -> list[Detection]:
            together.wait()
            return super().detect(frame)

    looking, model = Looking(EVERY_FRAME, FPS), Together()
    with LookingAhead(model, looking, AT_ONCE) as ahead:
        told = line(ahead.frames(Footage(looking, 10 * AT_ONCE).frames()), looking, ahead)
    assert len(told) == len(model.whole) == 10 * AT_ONCE


def test_what_breaks_in_the_model_breaks_where_the_line_asks() -> None:
    class Breaks(Model):
        def detect(self, frame: Frame) -> list[Detection]:
            if frame.index == 7:
                raise MemoryError
            return super().detect(frame)

    looking = Looking(EVERY_FRAME, FPS)
    with LookingAhead(Breaks(), looking, AT_ONCE) as ahead:
        frames = ahead.frames(Footage(looking).frames())
        for _ in range(7):
            looking.detect(next(frames), ahead)
        broken = next(frames)
        with pytest.raises(MemoryError):
            looking.detect(broken, ahead)


def test_where_parts_are_looked_at_nothing_is_asked_before_its_turn() -> None:
    looking, model = Looking(LookingConfig(regions=True), FPS), PartModel([BIKE, SOMEBODY])
    with LookingAhead(model, looking, AT_ONCE) as ahead:
        told = line(ahead.frames(Footage(looking).frames()), looking, ahead)
    assert model.parts
    assert len(model.parts) + len(model.whole) < len(told)


def test_a_model_that_cannot_look_at_parts_looks_at_all() -> None:
    looking, model = Looking(LookingConfig(), FPS), Model()
    with LookingAhead(model, looking, AT_ONCE) as ahead:
        frame = next(Footage(looking).frames())
        assert ahead.detect_within(frame, XyxyPx(0, 0, 10, 10)) == [BIKE]
    assert model.whole == [frame]


def test_a_closer_look_is_the_models_own() -> None:
    class Closer(Model):
        def look_closer(self, image_bgr: object, least_score: float) -> Sequence[Detection]:
            return [SOMEBODY] if image_bgr is not None and least_score > 0 else []

    with LookingAhead(Closer(), Looking(LookingConfig(), FPS), AT_ONCE) as ahead:
        assert ahead.look_closer(ground(), 0.1) == [SOMEBODY]


def test_at_the_start_the_first_picture_is_taken_before_others_are_read() -> None:
    looking = Looking(LookingConfig(), FPS)
    footage = Footage(looking)
    with LookingAhead(Model(), looking, AT_ONCE) as ahead:
        frames = ahead.frames(footage.frames())
        first = next(frames)
        assert len(footage.read) == 1
        looking.detect(first, ahead)
        next(frames)
        assert 1 < len(footage.read) <= AT_ONCE + 3
        assert footage.read[-1][0] < START_S * FPS
