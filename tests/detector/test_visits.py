"""What moves, what rests, and who came with which bike."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from detector.boxes import XyxyPx
from detector.trails import Moment, Sighting, Trail, Trails, rigid_shift_px, trace_back, travel
from detector.rest import resting_box, resting_since
from detector.vocabulary import Detection, StayEventKind, Track
from tests.detector.scenes import START, Scene, bike, parked_bike, person, rider, second_of, watch

OPENED = StayEventKind.OPENED


def _faint_moment(at: datetime, detections: list[Detection]) -> Moment:
    return Moment(at, (), tuple(detections), 640, 480)


def _trail(*boxes: tuple[float, float, float, float], step_s: float = 0.4) -> Trail:
    return [Sighting(START + timedelta(seconds=step_s * at), XyxyPx(*box), 0.8) for at, box in enumerate(boxes)]


SHIFTS = [
    # Moved right and down as a whole.
    ((0, 0, 100, 50), (10, 5, 110, 55), (10, 5)),
    # Grown to the right over a neighbour: nothing moved.
    ((0, 0, 100, 50), (0, 0, 160, 50), (0, 0)),
    # Moved by at least what both sides did.
    ((0, 0, 100, 50), (10, 0, 104, 50), (4, 0)),
]


@pytest.mark.parametrize(("before", "after", "shift"), SHIFTS)
def test_only_what_both_sides_do_together_is_movement(
    before: tuple[float, float, float, float], after: tuple[float, float, float, float], shift: tuple[float, float]
) -> None:
    assert rigid_shift_px(XyxyPx(*before), XyxyPx(*after)) == shift


def test_a_box_that_grows_over_a_neighbour_and_shrinks_to_it_has_travelled_nowhere() -> None:
    hop = _trail((0, 0, 80, 50), (0, 0, 80, 50), (0, 0, 170, 50), (0, 0, 170, 50), (90, 0, 170, 50), (90, 0, 170, 50))
    assert travel(hop).sizes == 0


def test_a_bike_pushed_along_has_travelled_straight() -> None:
    pushed = travel(_trail(*[(20 * step, 0, 20 * step + 100, 60) for step in range(8)]))
    assert pushed.sizes == pytest.approx(1.4)
    assert pushed.straightness == pytest.approx(1)


def test_rest_begins_when_the_wheels_stand() -> None:
    pushed = [(20.0 * step, 0.0, 20.0 * step + 100, 60.0) for step in range(6)]
    standing = [pushed[-1]] * 10
    trail = _trail(*pushed, *standing)
    rest = resting_box(trail, 2.0)
    assert rest == XyxyPx(*pushed[-1])
    assert (resting_since(trail, rest) - START).total_seconds() == pytest.approx(2.4, abs=0.41)


def test_a_bike_that_creeps_is_not_at_rest() -> None:
    assert resting_box(_trail(*[(2.5 * step, 0, 2.5 * step + 100, 60) for step in range(12)]), 2.0) is None


def test_one_frame_out_of_place_does_not_end_the_rest() -> None:
    boxes = [(0.0, 0.0, 100.0, 60.0)] * 12
    boxes[5] = (0.0, 0.0, 190.0, 60.0)
    trail = _trail(*boxes)
    assert resting_since(trail, XyxyPx(*boxes[0])) <= START + timedelta(seconds=0.4)


def test_a_new_track_is_traced_back_along_its_faint_boxes() -> None:
    trails = Trails()
    scene = Scene((bike((0, 100, 300), (2, 300, 300), score=0.15),), 2)
    from_before = []
    for at, detections in scene.frames():
        from_before.append(detections[0].xyxy_px)
        trails.update(_faint_moment(at, detections))
    last = from_before[-1]
    track = Track(1, detections[0].kind, 0.8, last, seen=True, first_seen_at=at, last_seen_at=at)
    path = trace_back(track, at + timedelta(seconds=0.2), trails.recent)
    assert [sighting.xyxy_px for sighting in path] == from_before


def test_a_rider_who_parks_before_a_standing_bike_gets_their_own_place_not_its() -> None:
    standing = bike((0, 440, 285), (60, 440, 285), unseen=[(5, 6.2)])
    told = watch(Scene((standing, parked_bike(), rider(10)), 30))
    (opened,) = told.of(OPENED)
    assert opened.stay.xyxy_norm.left == pytest.approx(345 / 640, abs=0.02)
    assert second_of(opened.stay.parked_at) == pytest.approx(6, abs=1)


def test_a_friend_who_walks_along_does_not_make_a_second_stay() -> None:
    friend = person((0, 60, 340), (6, 440, 340), (10, 440, 340), (16, 40, 360))
    told = watch(Scene((parked_bike(), rider(10), friend), 30))
    assert len(told.of(OPENED)) == 1
    assert told.actions() == ["raised"]
