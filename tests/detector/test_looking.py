"""When the model is asked: while something moves or a visit is open; else what it last found stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from detector.attendance import Attendance
from detector.boxes import XyxyPx
from detector.config import WHOLE_PICTURE
from detector.config_looking import LookingConfig
from detector.looking import DOUBT_S, EVERY_FRAME, FILL_S, START_S, Looking
from detector.open_stays import OpenStay
from detector.vocabulary import Detection, Frame, Kind
from tests.detector.scenes import START
from tests.detector.test_motion import SIZE, WALKER, Image, ground, noisy, with_box

BIKE = Detection(Kind.BICYCLE, 0.8, XyxyPx(200, 150, 300, 210))
SOMEBODY = Detection(Kind.PERSON, 0.8, XyxyPx(*WALKER))
FPS = 5.0


@dataclass
class Model:
    """Finds what it is told to, and notes what it was shown."""

    found: list[Detection] = field(default_factory=lambda: [BIKE])
    whole: list[Frame] = field(default_factory=list)

    def detect(self, frame: Frame) -> list[Detection]:
        self.whole.append(frame)
        return list(self.found)


@dataclass
class PartModel(Model):
    parts: list[XyxyPx] = field(default_factory=list)

    def detect_within(self, frame: Frame, region_px: XyxyPx) -> list[Detection]:  # noqa: ARG002
        self.parts.append(region_px)
        return list(self.found)


class Camera:
    """Pictures go through a looking as the line would take them."""

    def __init__(self, model: Model | None = None, **config: float | bool) -> None:
        self.model = model or Model()
        self.looking = Looking(LookingConfig(**config), FPS)
        self.index, self.at = 0, START
        self.places: Sequence[OpenStay] = ()
        self.moved = False

    def show(self, image: Image, after_s: float = 1 / FPS) -> list[Detection]:
        self.index, self.at = self.index + 1, self.at + timedelta(seconds=after_s)
        frame = Frame(noisy(image, self.index), self.index, self.at)
        detections = self.looking.detect(frame, self.model)
        self.looking.note(frame, detections, self.places, moved=self.moved)
        return detections

    def show_for(self, seconds: float, image: Image) -> int:
        """How often the model was asked meanwhile."""
        before, until = len(self.model.whole), self.at + timedelta(seconds=seconds)
        while self.at < until:
            self.show(image, 1 / self.looking.fps_wanted())
        return len(self.model.whole) - before


@pytest.fixture
def camera() -> Camera:
    """One that has been looking at a still place for a while."""
    camera = Camera(key_every_s=2.5)
    camera.show_for(START_S + 1, ground())
    return camera


def stay(*, left: bool = False, preexisting: bool = False) -> OpenStay:
    attendance = Attendance(BIKE.xyxy_px, START, set(), rider_seen=True, has_left=left)
    return OpenStay("one", WHOLE_PICTURE, Kind.BICYCLE, BIKE.xyxy_px, START, preexisting, True, attendance, set())


def test_at_the_start_every_picture_is_looked_at() -> None:
    camera = Camera()
    assert camera.show_for(START_S, ground()) == pytest.approx(START_S * FPS, abs=1)


def test_while_nothing_moves_the_model_is_asked_every_ten_seconds_and_what_it_found_stands(camera: Camera) -> None:
    assert camera.show_for(60, ground()) == 6
    assert camera.show(ground()) == [BIKE]


def test_a_still_scene_wants_fewer_pictures_and_is_content_with_key_pictures(camera: Camera) -> None:
    assert camera.looking.fps_wanted() == 2.5
    assert camera.looking.keyframes_only(2.0)
    assert not camera.looking.keyframes_only(4.0)
    assert not camera.looking.keyframes_only(None)


def test_motion_wakes_it_with_the_picture_that_shows_it(camera: Camera) -> None:
    camera.model.found = [BIKE, SOMEBODY]
    assert camera.show(with_box(ground(), WALKER), 0.4) == [BIKE, SOMEBODY]
    assert camera.looking.fps_wanted() == FPS
    assert not camera.looking.keyframes_only(2.0)


def test_after_the_motion_it_is_looked_at_for_a_while_and_then_no_more(camera: Camera) -> None:
    camera.show(with_box(ground(), WALKER))
    assert 8 <= camera.show_for(10, ground()) <= 40
    assert camera.show_for(9, ground()) <= 1


def test_while_a_bike_waits_for_its_verdict_every_picture_is_looked_at(camera: Camera) -> None:
    camera.places = [stay()]
    camera.show(ground())
    assert camera.show_for(10, ground()) == pytest.approx(50, abs=2)


@pytest.mark.parametrize("place", [stay(left=True), stay(preexisting=True)])
def test_bikes_that_only_stand_there_wake_nobody(camera: Camera, place: OpenStay) -> None:
    camera.places = [place]
    assert camera.show_for(9, ground()) <= 1


def test_a_change_that_nobody_saw_happen_is_found_by_a_scan_and_looked_at_closely(camera: Camera) -> None:
    camera.model.found = [BIKE, Detection(Kind.BICYCLE, 0.7, XyxyPx(400, 150, 500, 210))]
    while camera.show(ground(), 0.4) == [BIKE]:
        assert camera.at < START + timedelta(seconds=30)
    assert camera.show_for(DOUBT_S - 0.4, ground()) >= 10


def test_a_moved_camera_is_looked_at_as_at_the_start(camera: Camera) -> None:
    camera.moved = True
    camera.show(ground())
    assert camera.show_for(START_S, ground()) == pytest.approx(START_S * FPS, abs=2)
    assert camera.show_for(9, ground()) <= 1


def test_after_a_gap_all_is_looked_at_as_at_the_start(camera: Camera) -> None:
    camera.show(ground(), 60)
    assert camera.show_for(START_S, ground()) == pytest.approx(START_S * FPS, abs=1)


def test_leaves_in_which_nobody_is_found_are_left_alone_after_a_while(camera: Camera) -> None:
    def waving() -> Iterator[Image]:
        while True:
            yield with_box(ground(), (400, 60, 420, 80))
            yield with_box(ground(), (404, 60, 424, 80))

    leaves = waving()
    for _ in range(60):
        camera.show(next(leaves))
    before = len(camera.model.whole)
    for _ in range(45):
        camera.show(next(leaves))
    assert len(camera.model.whole) - before <= 2


def test_where_a_picture_ahead_shows_motion_all_up_to_it_are_wanted_but_not_asked_about(camera: Camera) -> None:
    assert not camera.looking.foresees(ground(), 2.0)
    assert not camera.looking.is_read_at(camera.at)
    assert camera.looking.foresees(with_box(ground(), WALKER), 2.0)
    assert camera.show_for(2.0, ground()) == 0
    assert camera.looking.fps_wanted() == FPS
    assert not camera.looking.keyframes_only(2.0)
    assert camera.looking.is_read_at(camera.at)
    assert not camera.looking.is_seen_at(camera.at)
    camera.show(with_box(ground(), WALKER))
    assert camera.looking.is_seen_at(camera.at)


def test_while_nothing_moves_long_steps_are_filled_with_the_picture_before(camera: Camera) -> None:
    last = camera.looking._last
    assert last is not None
    late = Frame(noisy(ground(), 7), 99, last.at + timedelta(seconds=4))
    filled = list(camera.looking.filled([late]))
    assert filled[-1] is late
    assert {id(one.image_bgr) for one in filled[:-1]} == {id(last.image_bgr)}
    times = [last.at, *(one.at for one in filled)]
    steps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert max(steps) <= 1.5 * FILL_S
    assert min(steps) > 0


def test_neither_a_lost_camera_nor_a_busy_one_is_filled_up(camera: Camera) -> None:
    after_loss = Frame(ground(), 99, camera.at + timedelta(seconds=30))
    assert list(camera.looking.filled([after_loss])) == [after_loss]
    camera.show(with_box(ground(), WALKER))
    later = Frame(ground(), 100, camera.at + timedelta(seconds=3))
    assert list(camera.looking.filled([later])) == [later]


def test_while_somebody_moves_the_model_sees_the_part_and_once_a_second_all() -> None:
    model = PartModel()
    camera = Camera(model, regions=True)
    camera.show_for(START_S + 1, ground())
    model.whole.clear()
    for step in range(20):
        model.found = [Detection(Kind.PERSON, 0.8, XyxyPx(100 + 4 * step, 120, 140 + 4 * step, 240)), BIKE]
        found = camera.show(with_box(ground(), (100 + 4 * step, 120, 140 + 4 * step, 240)))
        assert len(found) == 2
    assert len(model.whole) == 4
    assert len(model.parts) == 16
    assert all(part.area < 0.5 * SIZE[0] * SIZE[1] for part in model.parts)


def test_without_the_gate_the_model_sees_every_picture() -> None:
    model, looking = Model(), Looking(EVERY_FRAME, FPS)
    for index in range(100):
        looking.detect(Frame(ground(), index, START + timedelta(seconds=index / FPS)), model)
    assert len(model.whole) == 100
    assert looking.fps_wanted() == FPS
    assert not looking.keyframes_only(0.5)


def test_a_picture_shown_again_is_not_looked_at_anew(camera: Camera) -> None:
    last = camera.looking._last
    assert last is not None
    held = Frame(last.image_bgr, last.index, last.at + timedelta(seconds=0.8))
    before = len(camera.model.whole)
    assert camera.looking.detect(held, camera.model) == [BIKE]
    assert len(camera.model.whole) == before
    assert np.shares_memory(held.image_bgr, last.image_bgr)
