from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.config import FleetConfig, ViewConfig
from detector.fleet import FLEETS
from detector.lock_views import LockBox, LockKind
from detector.model_folder import ModelRefusedError
from detector.parking import ParkingWatch
from detector.picture_evidence import MOST_CROPS, Eyes, PictureEvidence, fleets_of, open_eyes
from detector.pictured import Pictured
from detector.posture import Skeleton
from detector.stay_memory import RememberedStay, remembered_from
from detector.tracking import Tracker
from detector.vocabulary import Frame, Kind, LockEvidence, StayEventKind
from tests.detector.drawn_bikes import Bgr, Picture, draw_bike, pavement
from tests.detector.scenes import HEIGHT_PX, START, WIDTH_PX, Scene, bike, parked_bike, person, rider
from tests.detector.skeletons import standing_in

GROUND = pavement(WIDTH_PX, HEIGHT_PX)
GREY, YELLOW, MAGENTA = (120, 120, 120), (25, 180, 217), (255, 0, 255)
BENDING = rider(16, bent=[(9, 14)])
PUSHED = person((0, -45, 300), (6, 315, 300), (12, 315, 300), (17, 10, 330))
"""Pushes the bike from behind, hides none of it, and leaves at 12."""
VIEW = ViewConfig(lock_min_bike_width_px=60)
NO_MODELS = Eyes()


@dataclass
class BoxSkeletons:
    """A pose model that sees through the simulator: a short box is a bent person."""

    asked: list[int] = field(default_factory=list)
    blind: bool = False

    def estimate(self, image_bgr: Picture, people_xyxy_px: Sequence[XyxyPx]) -> list[Skeleton | None]:
        assert image_bgr.shape == (HEIGHT_PX, WIDTH_PX, 3)
        self.asked.append(len(people_xyxy_px))
        return [None if self.blind else standing_in(box, bent=box.height < 90) for box in people_xyxy_px]


@dataclass
class MagentaLocks:
    """A model of locks for which whatever is magenta is one."""

    kind: LockKind = LockKind.CHAIN
    asked: int = 0

    def find(self, crop_bgr: Picture) -> list[LockBox]:
        self.asked += 1
        rows, columns = np.nonzero((crop_bgr == MAGENTA).all(axis=2))
        if not rows.size:
            return []
        return [LockBox(self.kind, 0.9, XyxyPx(*map(float, (columns.min(), rows.min(), columns.max(), rows.max()))))]


Drawn = Callable[[float], bool]


def never(_second: float) -> bool:
    return False


Draw = Callable[[Picture, int, XyxyPx, float], None]
"""Draws one bike: the picture, its number in the scene, its box in pixels, the second."""


def painted(paint: Bgr, lock: Drawn = never) -> Draw:
    """Bikes of this paint; `lock`: when one is drawn on them."""

    def draw(image: Picture, _number: int, box: XyxyPx, second: float) -> None:
        draw_bike(image, box, paint, fenders=True, basket=True)
        if lock(second):
            x, y = box.centre
            cv2.rectangle(image, (round(x) - 8, round(y)), (round(x) + 8, round(y) + 14), MAGENTA, -1)

    return draw


def film(scene: Scene, pictures: PictureEvidence, draw: Draw) -> tuple[ParkingWatch, list[LockEvidence]]:
    """The watch at the scene's end, and the completed evidence each time the rider of a bike has left."""
    tracker, watch, told = Tracker(), ParkingWatch(VIEW.rack_list(), VIEW.thresholds, seed="test"), []
    for index, (at, detections) in enumerate(scene.frames()):
        image = GROUND.copy()
        for number, one in enumerate(one for one in detections if one.kind is Kind.BICYCLE):
            draw(image, number, one.xyxy_px, (at - scene.start).total_seconds())
        frame, tracks = Frame(image, index, at), tracker.update(detections, at)
        events = watch.update(tracks, detections, at, WIDTH_PX, HEIGHT_PX)
        pictures.see(frame, watch.places, tracks, detections)
        left = [event for event in events if event.kind is StayEventKind.LEFT]
        told += [pictures.complete(event.evidence, event.stay, frame) for event in left]
    return watch, told


def look(
    scene: Scene, eyes: Eyes = NO_MODELS, view: ViewConfig = VIEW, *, paint: Bgr = GREY, lock: Drawn = never
) -> list[LockEvidence]:
    return film(scene, PictureEvidence(view, eyes), painted(paint, lock))[1]


# People


def test_skeletons_of_the_rider_tell_bending_and_hands() -> None:
    (evidence,) = look(Scene((parked_bike(), BENDING), 30), Eyes(pose=BoxSkeletons()))
    assert evidence.bent_s == pytest.approx(5, abs=0.6)
    assert evidence.bends == 1
    assert evidence.hands_low_s is not None


def test_where_skeletons_are_not_made_out_the_boxes_tell() -> None:
    scene = Scene((parked_bike(), BENDING), 30)
    (without,), (blind,) = look(scene), look(scene, Eyes(pose=BoxSkeletons(blind=True)))
    assert blind == without
    assert blind.hands_low_s is None


def test_nobody_is_looked_at_but_who_is_at_a_bike_that_waits_for_its_verdict() -> None:
    pose = BoxSkeletons()
    standing, passer_by = bike((0, 200, 300), (60, 200, 300)), person((12, 0, 330), (22, 600, 330))
    look(Scene((standing, passer_by), 30), Eyes(pose=pose))
    assert sum(pose.asked) == 0
    look(Scene((parked_bike(), rider(12), person((22, 0, 470), (32, 600, 470))), 40), Eyes(pose=pose))
    assert 0 < sum(pose.asked) <= 6 * 5


# Locks


def at_rest(second: float) -> bool:
    return second >= 9


@pytest.mark.parametrize(
    ("lock", "kind", "seen", "carried"),
    [
        pytest.param(at_rest, LockKind.CHAIN, True, False, id="put on at the rack"),
        pytest.param(lambda _: True, LockKind.CHAIN, False, True, id="hung there all along"),
        pytest.param(never, LockKind.CHAIN, False, False, id="none"),
    ],
)
def test_locks_are_seen_carried_or_not_there(lock: Drawn, kind: LockKind, *, seen: bool, carried: bool) -> None:
    (evidence,) = look(Scene((parked_bike(), PUSHED), 30), Eyes(locks=MagentaLocks(kind)), lock=lock)
    assert evidence.lock_views >= 5
    assert (evidence.lock_seen >= 5, evidence.lock_carried >= 5) == (seen, carried)
    assert evidence.lock_seen + evidence.lock_carried <= evidence.lock_views


def test_where_a_ring_lock_is_fitted_that_no_other_is_seen_says_nothing() -> None:
    (evidence,) = look(
        Scene((parked_bike(), PUSHED), 30), Eyes(locks=MagentaLocks(LockKind.RING_LOCK)), lock=lambda _: True
    )
    assert (evidence.lock_views, evidence.lock_seen, evidence.lock_carried) == (0, 0, 0)


def test_what_was_on_the_bike_before_somebody_came_back_is_looked_at_anew() -> None:
    returns = rider(12, (30, 90, 330), (34, 390, 305), (40, 390, 305), (46, 60, 330))
    first, second = look(
        Scene((parked_bike(), returns), 60), Eyes(locks=MagentaLocks()), lock=lambda second: 9 <= second < 36
    )
    assert first.lock_seen >= 5
    assert (second.return_visits, second.lock_seen) == (1, 0)
    assert second.lock_views >= 5


def test_on_a_narrow_bike_no_lock_is_looked_for() -> None:
    locks = MagentaLocks()
    (evidence,) = look(Scene((parked_bike(), PUSHED), 30), Eyes(locks=locks), ViewConfig(), lock=at_rest)
    assert (evidence.lock_views, locks.asked) == (0, 0)


def test_a_full_rack_is_not_looked_at_all_at_once() -> None:
    class Counting(MagentaLocks):
        most = 0

        def find(self, crop_bgr: Picture) -> list[LockBox]:
            self.most = max(self.most, self.asked + 1)
            return super().find(crop_bgr)

    locks = Counting()
    pushed = [bike((0, 60 + 60 * n, 300), (6, 100 + 60 * n, 300)) for n in range(8)]
    people = [person((0, 30 + 60 * n, 310), (6, 70 + 60 * n, 310)) for n in range(8)]
    pictures, tracker = PictureEvidence(VIEW, Eyes(locks=locks)), Tracker()
    for index, (at, detections) in enumerate(Scene((*pushed, *people), 4).frames()):
        locks.asked = 0
        pictures.see(Frame(GROUND, index, at), (), tracker.update(detections, at), detections)
    assert locks.most <= MOST_CROPS


# Paint


@pytest.mark.parametrize(
    ("paint", "fleets", "shared"),
    [
        pytest.param(YELLOW, None, True, id="a fleet's"),
        pytest.param(GREY, None, False, id="a private bike's"),
        pytest.param(YELLOW, (), False, id="no fleets here"),
    ],
)
def test_a_shared_bike_is_known_by_its_paint(
    paint: Bgr, fleets: tuple[FleetConfig, ...] | None, *, shared: bool
) -> None:
    (evidence,) = look(Scene((parked_bike(), rider(10)), 25), view=ViewConfig(fleets=fleets), paint=paint)
    assert evidence.shared_bike is shared


def test_a_yellow_bike_beside_a_grey_one_does_not_rub_off_on_it() -> None:
    yellow = bike((0, 330, 296), (60, 330, 296))
    scene = Scene((yellow, parked_bike(), rider(10)), 25)

    def draw(image: Picture, number: int, box: XyxyPx, second: float) -> None:
        painted(GREY if number else YELLOW)(image, number, box, second)

    _, told = film(scene, PictureEvidence(VIEW), draw)
    assert [one.shared_bike for one in told] == [False]


def test_fleets_are_those_built_in_unless_others_are_named() -> None:
    mine = FleetConfig(name="mobike", hue_from_deg=350, hue_to_deg=20, least_saturation=0.5)
    assert fleets_of(ViewConfig()) == FLEETS
    assert fleets_of(ViewConfig(fleets=())) == ()
    (fleet,) = fleets_of(ViewConfig(fleets=(mine,)))
    assert (fleet.name, fleet.hue_from_deg, fleet.hue_to_deg, fleet.least_saturation) == ("mobike", 350, 20, 0.5)


# A restart


def test_what_pictures_told_of_a_stay_outlasts_a_restart() -> None:
    pictures = PictureEvidence(VIEW)
    watch, _ = film(Scene((parked_bike(), rider(10)), 14), pictures, painted(YELLOW))
    (place,) = watch.places
    kept = RememberedStay(
        width_px=WIDTH_PX, height_px=HEIGHT_PX, place=place, pictured=pictures.remembered(place.stay_id)
    )
    again = remembered_from(kept.to_text())
    assert again.pictured is not None
    assert again == kept
    after, frame = PictureEvidence(VIEW), Frame(GROUND, 0, START + timedelta(seconds=20))
    after.restore(place.stay_id, again.pictured)
    (stay,) = watch.stays
    assert after.complete(LockEvidence(), stay, frame).shared_bike


def test_marks_against_other_fleets_are_not_taken_over() -> None:
    after = PictureEvidence(ViewConfig(fleets=(FleetConfig(name="one", hue_from_deg=0, hue_to_deg=9),)))
    after.restore("stay", Pictured(("meituan", "hellobike", "qingju"), [(0.9, 0.0, 0.0)] * 5))
    kept = after.remembered("stay")
    assert kept is not None
    assert (kept.fleets, kept.marks) == (("one",), [])


# The camera


def street(right_px: int = 0) -> Picture:
    dice = np.random.default_rng(1)
    small = dice.integers(40, 220, (HEIGHT_PX // 16, WIDTH_PX // 16, 1), dtype=np.uint8)
    big = small.repeat(16, axis=0).repeat(16, axis=1).repeat(3, axis=2)
    return np.ascontiguousarray(np.roll(big, right_px, axis=1))


def test_a_moved_camera_is_doubted_until_it_looks_where_it_did() -> None:
    pictures, dark = PictureEvidence(ViewConfig(camera_check_s=1)), np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    said = []
    for spell, image in enumerate((street(), street(80), dark, street(80), street())):
        for number in range(6):
            at = START + timedelta(seconds=6 * spell + number)
            pictures.see(Frame(image, number, at), (), (), ())
        said.append(pictures.camera_moved)
    assert said == [False, True, True, True, False]


# Models that cannot be used


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        pytest.param(("absent.onnx", None), r"no pose model file .*absent\.onnx", id="no pose model"),
        pytest.param((None, "absent-v1"), "no model 'absent-v1'", id="no model of locks"),
        pytest.param((None, "bikepark-v0"), "not valid for a model of locks", id="a model of bikes is none of locks"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(models: tuple[str | None, str | None], sentence: str) -> None:
    with pytest.raises(ModelRefusedError, match=sentence):
        open_eyes(*models)


def test_a_model_of_bikes_is_no_pose_model(project_root: Path) -> None:
    with pytest.raises(ModelRefusedError, match="is no pose model"):
        open_eyes(str(project_root / "models/bikepark-v0/bikepark-v0.onnx"), None)


def test_without_models_nothing_is_opened() -> None:
    assert open_eyes(None, None) == (None, None)
