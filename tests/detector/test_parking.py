"""Stays, from detections to what is told: steps 3 to 6 together on simulated scenes."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyPx
from detector.config import WHOLE_PICTURE, RackConfig, Thresholds
from detector.parking import ParkingWatch
from detector.tracking import Tracker
from detector.vocabulary import LockState, Rack, StayEvent, StayEventKind, StayState
from tests.detector.scenes import (
    HEIGHT_PX,
    START,
    WIDTH_PX,
    Scene,
    bike,
    parked_bike,
    person,
    rider,
    second_of,
    watch,
)

OPENED, LEFT, RETURNED, CLOSED = StayEventKind.OPENED, StayEventKind.LEFT, StayEventKind.RETURNED, StayEventKind.CLOSED
FRAME_RATES = [2.0, 3.0, 5.0, 8.0, 12.0, 15.0]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_rider_who_parks_and_walks_off_leaves_one_unlocked_stay_at_any_frame_rate(fps: float) -> None:
    told = watch(Scene((parked_bike(), rider(leaves=10)), 25, fps=fps))
    (opened,) = told.of(OPENED)
    (left,) = told.of(LEFT)
    assert second_of(opened.stay.parked_at) == pytest.approx(6, abs=1)
    assert second_of(left.stay.left_at) == pytest.approx(10.8, abs=1.2)
    assert left.stay.stay_id == opened.stay.stay_id
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_the_alert_comes_within_8_s_of_leaving(fps: float) -> None:
    told = watch(Scene((parked_bike(), rider(leaves=10)), 25, fps=fps))
    ((second, reminder),) = told.reminders()
    assert reminder.action == "raised"
    assert 10 + 4 <= second <= 10 + 8


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_rider_who_bends_over_the_bike_for_long_has_locked_it(fps: float) -> None:
    told = watch(Scene((parked_bike(), rider(leaves=28, bent=[(9, 26)])), 45, fps=fps))
    (left,) = told.of(LEFT)
    assert left.evidence.bent_s == pytest.approx(17, abs=3)
    assert left.evidence.bends == 1
    assert [verdict.state for verdict in told.verdicts()] == [LockState.LOCKED]
    assert not told.reminders()


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_rider_who_vanishes_over_the_bike_is_attending_it_until_seen_elsewhere(fps: float) -> None:
    told = watch(Scene((parked_bike(), rider(leaves=28, unseen=[(9, 28.5)])), 45, fps=fps))
    (left,) = told.of(LEFT)
    assert second_of(left.stay.left_at) == pytest.approx(28.5, abs=2)
    assert left.evidence.lost_at_bike_s == pytest.approx(19, abs=3)
    assert [verdict.state for verdict in told.verdicts()] == [LockState.LOCKED]


def test_faint_boxes_keep_a_bent_rider_at_the_bike() -> None:
    told = watch(Scene((parked_bike(), rider(leaves=28, bent=[(9, 26)], faint=[(9, 27)])), 45))
    (left,) = told.of(LEFT)
    assert left.evidence.bent_s == pytest.approx(17, abs=3)
    assert left.evidence.lost_at_bike_s < 3


PASSERS_BY = {
    "walks straight through": person((5, 0, 310), (13, 640, 310)),
    "stops beside a bike to phone": person((5, 0, 310), (10, 390, 310), (30, 390, 310), (36, 640, 310)),
    "stops and bends to tie a shoe": person(
        (5, 0, 310), (10, 390, 310), (20, 390, 310), (25, 640, 310), bent=[(12, 17)]
    ),
}


@pytest.mark.parametrize("who", PASSERS_BY)
@pytest.mark.parametrize("fps", [2.5, 5.0, 12.0])
def test_somebody_who_came_without_a_bike_opens_nothing(who: str, fps: float) -> None:
    stands = (bike((0, 400, 300), (120, 400, 300)), bike((0, 520, 300), (120, 520, 300)))
    told = watch(Scene((*stands, PASSERS_BY[who]), 40, fps=fps))
    assert not told.of(OPENED)
    assert not told.reminders()
    assert [stay.preexisting for stay in told.open_stays] == [True, True]


def test_a_cyclist_who_rides_through_opens_nothing() -> None:
    told = watch(Scene((bike((0, 20, 300), (5, 640, 300)), person((0, 10, 300), (5, 630, 300))), 20))
    assert not told.lines


def test_bikes_there_from_the_start_are_preexisting_and_never_alert() -> None:
    stands = bike((0, 400, 300), (60, 400, 300))
    owner = person((5, 0, 310), (10, 390, 310), (14, 390, 310), (20, 0, 330))
    told = watch(Scene((stands, owner), 40))
    assert [stay.preexisting for stay in told.open_stays] == [True]
    assert not told.reminders()


def test_an_owner_who_comes_back_and_locks_clears_the_alert() -> None:
    comes_back = ((25, 90, 330), (30, 390, 305), (45, 390, 305), (51, 60, 330))
    told = watch(Scene((parked_bike(), rider(10, *comes_back, bent=[(31, 44)])), 70))
    assert told.actions() == ["raised", "locked"]
    (returned,) = told.of(RETURNED)
    assert returned.stay.state is StayState.ATTENDED
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED, LockState.LOCKED]
    assert told.of(LEFT)[-1].evidence.return_visits == 1


def test_somebody_phoning_beside_the_bike_later_does_not_clear_the_alert() -> None:
    passer_by = person((25, 640, 310), (30, 410, 310), (60, 410, 310), (66, 640, 310))
    told = watch(Scene((parked_bike(), rider(10), passer_by), 90))
    assert [one for one in told.actions() if one != "updated"] == ["raised"]
    assert [verdict.state for verdict in told.verdicts()] == [LockState.UNLOCKED] * 2


def test_a_bike_hidden_for_30_s_keeps_its_stay() -> None:
    crowd = person((30, 400, 330), (62, 400, 330))
    told = watch(Scene((parked_bike(unseen=[(31, 61)]), rider(10), crowd), 80))
    assert len(told.of(OPENED)) == 1
    assert not told.of(CLOSED)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_that_is_fetched_and_whose_place_is_seen_empty_is_gone_and_its_alert_cleared(fps: float) -> None:
    fetched = bike((0, 40, 300), (6, 400, 300), (40, 400, 300), (45, 100, 320), (47, 20, 325))
    fetches = person((30, 60, 330), (35, 390, 308), (40, 390, 308), (45, 90, 325), (47, 10, 330))
    told = watch(Scene((fetched, rider(10), fetches), 65, fps=fps))
    (closed,) = told.of(CLOSED)
    assert closed.stay.state is StayState.GONE
    assert second_of(closed.stay.gone_at) == pytest.approx(42, abs=2)
    assert [one for one in told.actions() if one != "updated"] == ["raised", "gone"]
    assert not told.open_stays


def test_a_bike_that_vanishes_without_a_visit_is_not_gone_after_a_minute() -> None:
    """Nobody can have taken it, so it is the camera that does not see it."""
    told = watch(Scene((parked_bike(until=40), rider(10)), 100))
    assert not told.of(CLOSED)
    assert len(told.open_stays) == 1


def test_a_bike_that_vanishes_without_a_visit_is_gone_in_the_end() -> None:
    told = watch(Scene((parked_bike(until=40), rider(10)), 180, fps=2))
    assert len(told.of(CLOSED)) == 1
    assert told.actions() == ["raised", "gone"]


def test_a_bike_that_flickers_while_its_rider_walks_off_was_no_halt() -> None:
    told = watch(Scene((parked_bike(unseen=[(12, 13.5)]), rider(10)), 30))
    assert len(told.of(OPENED)) == 1


def test_a_flickering_parked_bike_stays_one_stay() -> None:
    flicker = [(second, second + 1.5) for second in range(15, 100, 3)]
    told = watch(Scene((parked_bike(unseen=flicker), rider(10)), 110))
    assert len(told.of(OPENED)) == 1
    assert not told.of(CLOSED)
    assert told.actions() == ["raised"]


def test_flickering_racked_bikes_open_no_stay_beyond_those_that_stand_there() -> None:
    rack = tuple(bike((0, x, 300), (90, x, 300), score=0.45) for x in (100, 180, 260, 340, 420, 500))
    for seed in range(5):
        told = watch(Scene(rack, 90, miss_share=0.5, noise_px=3, seed=seed))
        assert not told.of(OPENED)
        assert len(told.open_stays) <= len(rack)


def test_a_rider_whose_track_breaks_off_is_known_again_at_the_bike() -> None:
    told = watch(Scene((parked_bike(), rider(20, unseen=[(8, 13)], bent=[(13, 19)])), 35))
    (left,) = told.of(LEFT)
    assert second_of(left.stay.left_at) == pytest.approx(20.8, abs=1.2)
    assert left.evidence.attended_s == pytest.approx(14.5, abs=2)


def test_a_bike_whose_track_breaks_off_on_the_way_is_still_parked_by_its_rider() -> None:
    told = watch(Scene((parked_bike(unseen=[(4, 9)]), rider(14)), 30))
    assert len(told.of(OPENED)) == 1
    assert len(told.of(LEFT)) == 1


def test_the_seam_of_a_looped_clip_ends_the_stay_and_begins_a_new_one() -> None:
    scene = Scene((parked_bike(), rider(10)), 30)
    again = Scene(scene.actors, 30, start=START.replace(second=30))
    told = watch(scene, again)
    assert len(told.of(OPENED)) == 2
    assert told.actions() == ["raised", "gone", "raised"]
    assert len({event.stay.stay_id for event in told.of(OPENED)}) == 2


def test_two_riders_arriving_together_make_two_stays() -> None:
    other_bike = bike((1, 620, 400), (7, 300, 400), (60, 300, 400))
    other = person((1, 620, 400), (7, 310, 400), (11, 310, 405), (17, 620, 430))
    told = watch(Scene((parked_bike(), rider(10), other_bike, other), 35))
    assert len(told.of(OPENED)) == 2
    assert told.actions() == ["raised", "raised"]


def test_locking_the_bike_next_to_it_does_not_clear_an_alert() -> None:
    second_bike = bike((25, 640, 330), (31, 470, 330), (120, 470, 330))
    locker = person((25, 640, 330), (31, 480, 330), (48, 480, 335), (54, 640, 350), bent=[(33, 46)])
    told = watch(Scene((parked_bike(), rider(10), second_bike, locker), 70))
    assert told.actions() == ["raised"]
    assert len(told.of(OPENED)) == 2


def test_a_bike_outside_every_rack_is_nobodys_stay() -> None:
    far = RackConfig(id="far", outline=((0.0, 0.0), (0.2, 0.0), (0.2, 0.2))).to_rack()
    assert _opened_in((far,)) == []
    assert _opened_in((far, WHOLE_PICTURE)) == [WHOLE_PICTURE.rack_id]


def _opened_in(racks: tuple[Rack, ...]) -> list[str]:
    tracker, parking = Tracker(), ParkingWatch(racks, Thresholds())
    events = []
    for at, detections in Scene((parked_bike(), rider(10)), 20).frames():
        events += parking.update(tracker.update(detections, at), detections, at, WIDTH_PX, HEIGHT_PX)
    return [event.stay.rack_id for event in events if event.kind is OPENED]


def test_stay_ids_are_the_same_at_every_run_and_differ_between_cameras() -> None:
    def ids(seed: str) -> list[str]:
        tracker, parking = Tracker(), ParkingWatch((WHOLE_PICTURE,), Thresholds(), seed=seed)
        for at, detections in Scene((parked_bike(), rider(10)), 20).frames():
            parking.update(tracker.update(detections, at), detections, at, WIDTH_PX, HEIGHT_PX)
        return [stay.stay_id for stay in parking.stays]

    assert ids("gate") == ids("gate") != ids("yard")


def test_open_stays_say_how_far_they_are() -> None:
    """While the rider is at it a bike at rest may yet go on: it is known, and not yet said to be parked."""
    states, waiting = {}, {}
    tracker, parking = Tracker(), ParkingWatch((WHOLE_PICTURE,), Thresholds())
    for at, detections in Scene((parked_bike(), rider(12)), 25).frames():
        parking.update(tracker.update(detections, at), detections, at, WIDTH_PX, HEIGHT_PX)
        states[round(second_of(at))] = [stay.state for stay in parking.stays]
        waiting[round(second_of(at))] = [stay.state for stay in parking.tentative]
    assert (waiting[3], waiting[10], waiting[24]) == ([], [StayState.ATTENDED], [])
    assert (states[3], states[10], states[24]) == ([], [], [StayState.LEFT])
    (stay,) = parking.stays
    box = stay.xyxy_norm.to_px(WIDTH_PX, HEIGHT_PX)
    assert box == pytest.approx(XyxyPx(345, 235, 455, 300), abs=4)


def test_a_bike_whose_rider_halts_and_goes_on_is_no_stay() -> None:
    halts = person((0, 30, 300), (6, 390, 300), (12, 390, 305), (17, 640, 305))
    goes_on = bike((0, 40, 300), (6, 400, 300), (12, 400, 300), (17, 650, 300))
    told = watch(Scene((goes_on, halts), 40))
    assert not told.lines
    assert not told.open_stays


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_halts_astride_and_rides_on_has_parked_nothing(fps: float) -> None:
    """The halt is known as a bike at rest, and forgotten once rider and bike are gone; not even then is it told."""
    astride = person((0, 30, 298), (6, 390, 298), (14, 390, 298), (20, 700, 298))
    ridden = bike((0, 40, 300), (6, 400, 300), (14, 400, 300), (20, 710, 300))
    waited, told, parking = _followed(Scene((ridden, astride), 40, fps=fps))
    assert any(11 <= second <= 14 for second in waited)
    assert not told
    assert parking.stays == parking.tentative == ()


def _followed(scene: Scene) -> tuple[list[float], list[StayEvent], ParkingWatch]:
    """The seconds in which a bike at rest was waited for, all that was told, and the watch after the last frame."""
    tracker, parking = Tracker(), ParkingWatch((WHOLE_PICTURE,), Thresholds())
    waited, told = [], []
    for at, detections in scene.frames():
        told += parking.update(tracker.update(detections, at), detections, at, WIDTH_PX, HEIGHT_PX)
        waited += [second_of(at)] * bool(parking.tentative)
    return waited, told, parking


@pytest.mark.parametrize("leaves", [10.0, 14.0, 18.0])
def test_a_stay_is_told_once_its_rider_is_seen_elsewhere_and_the_bike_is_not(leaves: float) -> None:
    waited, told, parking = _followed(Scene((parked_bike(), rider(leaves)), 35))
    opened_at = next(second_of(event.at) for event in told if event.kind is OPENED)
    assert leaves < opened_at <= leaves + 4
    assert max(waited) < opened_at
    assert len(parking.stays) == 1


def test_whoever_is_at_a_bike_for_long_has_parked_it() -> None:
    told = watch(Scene((parked_bike(), rider(60)), 50, fps=3))
    assert len(told.of(OPENED)) == 1
