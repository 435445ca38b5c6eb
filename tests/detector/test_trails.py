"""Where things have been, and what of it is movement."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyPx
from detector.trails import Sighting, rigid_shift_px, since, span_s, trace_back, travel
from detector.vocabulary import Detection, Kind
from tests.detector.films import bike_on, film, followed, moment_of, person_on, trail_of, trails_of, when
from tests.detector.scenes import bike, person

SHIFTS = [
    # Moved right and down as a whole.
    ((0, 0, 100, 50), (10, 5, 110, 55), (10, 5)),
    # Grown to the right over a neighbour: nothing moved.
    ((0, 0, 100, 50), (0, 0, 160, 50), (0, 0)),
    # Moved by at least what both sides did.
    ((0, 0, 100, 50), (10, 0, 104, 50), (4, 0)),
    # Grown to both sides.
    ((20, 0, 100, 50), (0, 0, 120, 50), (0, 0)),
]


@pytest.mark.parametrize(("before", "after", "shift"), SHIFTS)
def test_only_what_both_sides_do_together_is_movement(
    before: tuple[float, float, float, float], after: tuple[float, float, float, float], shift: tuple[float, float]
) -> None:
    assert rigid_shift_px(XyxyPx(*before), XyxyPx(*after)) == shift


def test_a_box_that_grows_over_a_neighbour_and_shrinks_to_it_has_travelled_nowhere() -> None:
    own, both, others = XyxyPx(0, 0, 80, 50), XyxyPx(0, 0, 170, 50), XyxyPx(90, 0, 170, 50)
    assert travel(trail_of([own, own, both, both, others, others], 0.4)).sizes == 0


@pytest.mark.parametrize("step_s", [0.07, 0.2, 0.4])
def test_a_bike_pushed_along_has_travelled_straight_at_any_frame_rate(step_s: float) -> None:
    pushed = travel(trail_of([bike_on(100 + 55 * step_s * step, 300) for step in range(int(4 / step_s))], step_s))
    assert pushed.sizes == pytest.approx(2, abs=0.25)
    assert pushed.straightness == pytest.approx(1)


def test_a_bike_rolled_to_and_fro_went_nowhere() -> None:
    to_and_fro = [bike_on(100 + 30 * (step % 2), 300) for step in range(13)]
    assert travel(trail_of(to_and_fro, 0.4)).straightness < 0.1


def test_a_new_track_is_traced_back_along_its_faint_boxes() -> None:
    faint = bike((0, 100, 300), (2, 300, 300), score=0.15)
    moments = [
        moment_of(step / 5, faint=[Detection(Kind.BICYCLE, 0.15, box)])
        for step in range(10)
        if (box := faint.box(step / 5)) is not None
    ]
    last = moments[-1].detections[0].xyxy_px
    path = trace_back(followed(1, last, 2, kind=Kind.BICYCLE), when(2), moments)
    assert [sighting.xyxy_px for sighting in path] == [moment.detections[0].xyxy_px for moment in moments]


def test_it_is_not_traced_back_over_the_boxes_of_others_nor_over_a_long_gap() -> None:
    box = bike_on(100, 300)
    track = followed(1, box, 2, kind=Kind.BICYCLE)
    others = [moment_of(step / 5, followed(2, box, step / 5, kind=Kind.BICYCLE)) for step in range(10)]
    assert trace_back(track, when(2), others) == []
    long_ago = [moment_of(step / 5, faint=[Detection(Kind.BICYCLE, 0.15, box)]) for step in range(4)]
    assert trace_back(track, when(2), long_ago) == []


def test_a_person_is_not_traced_back_to_a_bike() -> None:
    beside = [moment_of(step / 5, faint=[Detection(Kind.BICYCLE, 0.15, person_on(100, 300))]) for step in range(10)]
    assert trace_back(followed(1, person_on(100, 300), 2), when(2), beside) == []


def test_paths_are_remembered_for_half_a_minute_and_moments_for_a_quarter() -> None:
    trails = trails_of(film({1: person((0, 100, 300), (60, 100, 300)), 2: person((0, 300, 300), (20, 300, 300))}, 60))
    assert span_s(trails.of(1)) == pytest.approx(30, abs=0.3)
    assert trails.of(2) == ()
    assert (trails.recent[-1].at - trails.recent[0].at).total_seconds() == pytest.approx(15, abs=0.3)


def test_the_last_seconds_of_a_path_are_counted_from_its_own_end() -> None:
    way = trail_of([bike_on(100, 300)] * 11, 1.0)
    assert since(way, 3)[0] == Sighting(when(7), bike_on(100, 300), 0.8)
    assert since([], 3) == []
    assert span_s([]) == 0
