from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from detector.config import ViewConfig
from detector.lock_views import LockBox, LockKind
from detector.model_folder import ModelRefusedError
from detector.picture_evidence import MOST_CROPS, Eyes, PictureEvidence, open_eyes
from detector.stay_memory import RememberedStay, remembered_from
from detector.tracking import Tracker
from detector.vocabulary import Frame, LockEvidence
from tests.detector.drawn_bikes import Picture
from tests.detector.filmed import (
    BENDING,
    GROUND,
    PUSHED,
    VIEW,
    YELLOW,
    BoxSkeletons,
    Drawn,
    MagentaLocks,
    film,
    look,
    never,
    painted,
)
from tests.detector.scenes import HEIGHT_PX, START, WIDTH_PX, Scene, bike, parked_bike, person, rider


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
