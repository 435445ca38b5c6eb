"""The hard cases of who came with what, as scenes: one bike, one rider, one drop, one take, in that order."""

from __future__ import annotations

import pytest

from detector.config import WHOLE_PICTURE, Thresholds
from detector.open_stays import OpenStay
from detector.parking import ParkingWatch
from detector.tracking import Tracker
from detector.vocabulary import LockState, StayEventKind
from tests.detector.scenes import (
    HEIGHT_PX,
    WIDTH_PX,
    Actor,
    Scene,
    Told,
    bike,
    parked_bike,
    person,
    rider,
    second_of,
    watch,
)

OPENED, LEFT, RETURNED, CLOSED = StayEventKind.OPENED, StayEventKind.LEFT, StayEventKind.RETURNED, StayEventKind.CLOSED
FRAME_RATES = [3.0, 5.0, 12.0]
SEEDS = [1, 2, 3]


def _left_x(told: Told) -> list[int]:
    """Where (x of the wheels, in tens of pixels) the bikes stand whose riders have left, in that order."""
    return [
        round((event.stay.xyxy_norm.left + event.stay.xyxy_norm.right) / 2 * WIDTH_PX / 10) for event in told.of(LEFT)
    ]


def _places(scene: Scene) -> tuple[OpenStay, ...]:
    tracker, parking = Tracker(), ParkingWatch((WHOLE_PICTURE,), Thresholds())
    for at, detections in scene.frames():
        parking.update(tracker.update(detections, at), detections, at, WIDTH_PX, HEIGHT_PX)
    return parking.places


def _two_riders_side_by_side(first_leaves: float, second_leaves: float) -> tuple[Actor, ...]:
    """Both come from the left on one line, a bike's length apart, and park beside each other."""
    ahead = bike((0, 190, 300), (6, 400, 300), (120, 400, 300))
    behind = bike((0, 50, 300), (6, 260, 300), (120, 260, 300))
    her = person((0, 185, 305), (6, 395, 305), (first_leaves, 395, 308), (first_leaves + 4, 640, 330))
    him = person((0, 45, 305), (6, 255, 305), (second_leaves, 255, 308), (second_leaves + 4, 20, 330))
    return ahead, behind, her, him


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_two_who_arrive_side_by_side_each_have_their_stay_and_leave_it_by_themselves(fps: float, seed: int) -> None:
    told = watch(Scene(_two_riders_side_by_side(10, 20), 35, fps=fps, seed=seed))
    assert len(told.of(OPENED)) == 2
    assert _left_x(told) == [40, 26]
    first, second = (second_of(event.stay.left_at) for event in told.of(LEFT))
    assert first == pytest.approx(10.8, abs=1.5)
    assert second == pytest.approx(20.8, abs=1.5)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_two_who_arrive_side_by_side_are_not_each_others_riders(fps: float) -> None:
    one, two = _places(Scene(_two_riders_side_by_side(60, 60), 14, fps=fps))
    assert len(one.attendance.riders) == len(two.attendance.riders) == 1
    assert not one.attendance.riders & two.attendance.riders


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_of_two_side_by_side_only_who_bent_over_the_bike_has_locked_it(fps: float) -> None:
    ahead, behind, her, _ = _two_riders_side_by_side(10, 30)
    locks = person((0, 45, 305), (6, 255, 305), (30, 255, 308), (34, 20, 330), bent=[(9, 28)])
    told = watch(Scene((ahead, behind, her, locks), 45, fps=fps))
    assert _left_x(told) == [40, 26]
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED, LockState.LOCKED]
    assert told.actions() == ["raised"]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_locks_a_bike_that_stood_there_before_has_not_locked_the_one_beside_it(fps: float) -> None:
    stands = bike((0, 540, 310), (120, 540, 310))
    locker = person((12, 640, 320), (15, 560, 320), (32, 560, 320), (35, 640, 330), bent=[(16, 31)])
    told = watch(Scene((parked_bike(), rider(10), stands, locker), 55, fps=fps))
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED]
    assert told.actions() == ["raised"]
    assert len(told.of(OPENED)) == 1


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_locks_another_bike_while_its_rider_is_still_here_does_not_count_for_the_new_one(fps: float) -> None:
    stands = bike((0, 540, 310), (120, 540, 310))
    locker = person((0, 640, 320), (3, 560, 320), (24, 560, 320), (28, 640, 330), bent=[(4, 23)])
    told = watch(Scene((parked_bike(), rider(12), stands, locker), 40, fps=fps))
    (left,) = told.of(LEFT)
    assert second_of(left.stay.left_at) == pytest.approx(12.8, abs=1.5)
    assert (left.evidence.bent_s, left.evidence.bends) == (0, 0)
    assert told.actions() == ["raised"]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_comes_back_for_a_forgotten_thing_leaves_it_as_unlocked_as_before(fps: float) -> None:
    forgotten = ((22, 90, 330), (26, 390, 305), (30, 390, 305), (35, 60, 330))
    told = watch(Scene((parked_bike(), rider(10, *forgotten)), 50, fps=fps))
    assert len(told.of(RETURNED)) == 1
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED] * 2
    assert [one for one in told.actions() if one != "updated"] == ["raised"]
    last = told.of(LEFT)[-1].evidence
    assert (last.return_visits, last.return_bent_s) == (1, 0)
    assert last.return_attended_s == pytest.approx(4, abs=2)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_late_lock_clears_the_alert(fps: float) -> None:
    comes_back = ((40, 90, 330), (45, 390, 305), (62, 390, 305), (67, 60, 330))
    told = watch(Scene((parked_bike(), rider(10, *comes_back, bent=[(46, 61)])), 85, fps=fps))
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED, LockState.LOCKED]
    assert told.actions() == ["raised", "locked"]
    assert told.of(LEFT)[-1].evidence.return_bent_s == pytest.approx(15, abs=3)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_friend_who_stays_at_the_bike_delays_the_alert_until_they_are_gone(fps: float) -> None:
    friend = person((0, 70, 312), (6, 425, 312), (26, 425, 312), (31, 90, 330))
    told = watch(Scene((parked_bike(), rider(10), friend), 50, fps=fps))
    assert len(told.of(OPENED)) == 1
    (left,) = told.of(LEFT)
    assert second_of(left.stay.left_at) == pytest.approx(26.8, abs=1.8)
    assert all(second >= 26 + 4 for second, _ in told.reminders())


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_phones_within_reach_of_two_bikes_returns_to_neither_lock(fps: float) -> None:
    """Whoever stands between two bikes is at one of them at most, and without bending changes nothing."""
    two = _two_riders_side_by_side(10, 10)
    phones = person((25, 330, 470), (28, 330, 315), (50, 330, 315), (53, 330, 470))
    told = watch(Scene((*two, phones), 70, fps=fps))
    assert len(told.of(OPENED)) == 2
    assert len(told.of(RETURNED)) <= 1
    assert "locked" not in told.actions()
    assert told.actions().count("raised") == 2


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_one_person_takes_one_of_two_bikes(fps: float) -> None:
    """Both vanish while he is there, but he rides off on one of them."""
    ahead = bike((0, 520, 300), (40, 520, 300))
    taken = bike((0, 370, 300), (40, 370, 300), (46, 0, 320))
    taker = person((30, 300, 470), (36, 380, 310), (40, 380, 310), (46, 10, 325))
    told = watch(Scene((ahead, taken, taker), 70, fps=fps))
    closed = [event for _, event, _, _ in told.lines if event.kind is CLOSED]
    assert len(closed) == 1
    assert closed[0].stay.xyxy_norm.left == pytest.approx(315 / WIDTH_PX, abs=0.02)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_takes_a_bike_that_stood_there_parks_nothing(fps: float) -> None:
    taken = bike((0, 370, 300), (20, 370, 300), (26, 20, 320))
    taker = person((10, 300, 470), (16, 380, 310), (20, 380, 310), (26, 30, 325))
    other = bike((0, 520, 300), (60, 520, 300))
    told = watch(Scene((taken, taker, other), 45, fps=fps))
    assert not told.of(OPENED)
    assert not told.reminders()
    assert [stay.preexisting for stay in told.open_stays] == [True]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_leaves_the_picture_right_beside_the_bike_has_left(fps: float) -> None:
    at_edge = bike((0, 40, 300), (6, 520, 300), (120, 520, 300))
    leaves = person((0, 30, 300), (6, 510, 300), (10, 510, 305), (14, 690, 330))
    told = watch(Scene((at_edge, leaves), 40, fps=fps))
    (left,) = told.of(LEFT)
    assert second_of(left.stay.left_at) == pytest.approx(12, abs=2)
    assert left.evidence.lost_at_bike_s < 1
    assert LockState.LOCKED not in [verdict.state for verdict in told.verdicts()]


def _crowded_rack() -> tuple[Actor, ...]:
    return tuple(bike((0, x, 300), (90, x, 300)) for x in (250, 310, 370, 430, 490))


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_bike_lost_in_a_crowded_rack_is_one_stay_whose_box_is_uncertain(fps: float, seed: int) -> None:
    """It is followed almost up to the rack and never has a box of its own there; its rider's doings say the rest."""
    brought = bike((0, 40, 330), (4.2, 296, 330))
    rider_there = person((0, 50, 335), (5, 355, 335), (9, 355, 335), (15, 40, 360))
    told = watch(Scene((*_crowded_rack(), brought, rider_there), 30, fps=fps, seed=seed))
    (opened,) = told.of(OPENED)
    assert not opened.stay.visit_certain
    assert (opened.stay.xyxy_norm.left + opened.stay.xyxy_norm.right) / 2 == pytest.approx(355 / WIDTH_PX, abs=0.06)
    (left,) = told.of(LEFT)
    assert left.evidence.rider_seen
    assert second_of(left.stay.left_at) == pytest.approx(9.8, abs=1.8)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_walks_along_a_crowded_rack_opens_nothing(fps: float) -> None:
    walks = person((3, 20, 335), (9, 350, 335), (14, 350, 335), (20, 620, 335))
    told = watch(Scene((*_crowded_rack(), walks), 35, fps=fps))
    assert not told.of(OPENED)
    assert len(told.open_stays) == len(_crowded_rack())
