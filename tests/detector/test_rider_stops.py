"""Where a rider put down a bike that was lost among others."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyPx, iou
from detector.rider_stops import Stop, place_at, put_down_by, stop_of
from detector.trails import Moment
from tests.detector.films import bike_on, film, person_on, trail_of, trails_of, when
from tests.detector.scenes import Actor, Waypoint, bike, person

ANNA = 1
FRAME_RATES = [2.0, 5.0, 15.0]
COMES: tuple[Waypoint, ...] = ((0, 60, 310), (4, 300, 310))
HER_BIKE = bike_on(300, 300)


def _put_down(
    actor: Actor,
    second: float,
    *,
    fps: float = 5.0,
    without_s: float = 3.0,
    unseen_s: float = 0.0,
    bike_in_view: bool = False,
) -> Stop | None:
    """Where and since when Anna has put a bike down, as of `second`; None: she has not."""
    way = trails_of(film({ANNA: actor}, second, fps)).of(ANNA)
    return put_down_by(way, without_s=without_s, unseen_s=unseen_s, bike_in_view=bike_in_view)


def _is(stop: Stop | None, x: float, second: float) -> bool:
    """Whether somebody stopped at about this foot x since about this second."""
    assert stop is not None
    return abs(stop.person_px.foot[0] - x) <= 15 and abs((stop.since - when(0)).total_seconds() - second) <= 0.8


def _anna(*then: Waypoint) -> Actor:
    return person(*COMES, *then)


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("pause_s", [2.0, 3.0])
def test_who_pauses_and_walks_on_without_a_bike_has_put_it_down_where_they_paused(fps: float, pause_s: float) -> None:
    ends_s = 4 + pause_s
    way = _anna((ends_s, 300, 310), (ends_s + 4, 540, 310))
    assert _put_down(way, ends_s, fps=fps) is None, "so short a stop alone means nothing"
    assert _is(_put_down(way, ends_s + 4, fps=fps), 300, 4)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_stands_for_long_has_put_it_down(fps: float) -> None:
    way = _anna((20, 300, 310))
    assert _put_down(way, 7.5, fps=fps) is None
    assert _is(_put_down(way, 9.5, fps=fps), 300, 4)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_of_pauses_near_each_other_the_first_counts(fps: float) -> None:
    """She sets the bike in at x 300, steps aside to lock it at x 345, and goes."""
    way = _anna((6, 300, 310), (7, 345, 310), (9, 345, 310), (12, 580, 310))
    assert _is(_put_down(way, 12, fps=fps), 300, 4)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_of_pauses_far_from_each_other_the_first_counts(fps: float) -> None:
    """On the way from x 300 to x 440 her bike would have been seen with her, and her path would begin there."""
    way = _anna((6, 300, 310), (9, 440, 310), (11.5, 440, 310), (16, 170, 310))
    assert _is(_put_down(way, 16, fps=fps), 300, 4)


@pytest.mark.parametrize("fps", [5.0, 15.0])
def test_who_falters_for_a_moment_has_put_down_nothing(fps: float) -> None:
    assert _put_down(_anna((4.3, 300, 310), (9, 560, 310)), 9, fps=fps) is None


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_steps_aside_has_not_walked_off(fps: float) -> None:
    assert _put_down(_anna((6, 300, 310), (7, 365, 310), (8.5, 365, 310)), 8.5, fps=fps) is None


def test_who_rocks_from_foot_to_foot_stands() -> None:
    rocking = [person_on(100 + 10 * (look % 2), 300) for look in range(20)]
    assert stop_of(trail_of(rocking), 2.0) is not None


WITHOUT = [
    # The bike was beside them in the last look.
    (0.0, False),
    # It was missed for a moment.
    (0.8, False),
    (1.2, True),
]


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize(("without_s", "put_down"), WITHOUT)
def test_only_who_walks_on_without_the_bike_has_put_it_down(fps: float, without_s: float, *, put_down: bool) -> None:
    stop = _put_down(_anna((6, 300, 310), (10, 540, 310)), 10, fps=fps, without_s=without_s)
    assert (stop is not None) is put_down


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_stands_for_long_has_put_it_down_though_it_is_beside_them(fps: float) -> None:
    assert _is(_put_down(_anna((20, 300, 310)), 9.5, fps=fps, without_s=0.0, bike_in_view=True), 300, 4)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_while_their_bike_is_in_view_walking_on_means_nothing(fps: float) -> None:
    assert _put_down(_anna((6, 300, 310), (10, 540, 310)), 10, fps=fps, bike_in_view=True) is None


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_walks_on_without_a_pause_has_put_down_nothing(fps: float) -> None:
    assert _put_down(person((0, 60, 310), (10, 600, 310)), 10, fps=fps) is None


def test_who_bends_down_and_cannot_be_seen_stands_there() -> None:
    way = _anna((20, 300, 310))
    assert _put_down(way, 6.0) is None
    assert _is(_put_down(way, 6.0, unseen_s=3.0), 300, 4)


STOPS = [
    # Stands.
    (0.0, True),
    # Shifts a little.
    (2.0, True),
    # Pushes a bike along slowly, at a quarter of their height a second: that is not a stop.
    (28.0, False),
    (60.0, False),
]


@pytest.mark.parametrize("step_s", [0.07, 0.2, 0.5])
@pytest.mark.parametrize(("px_per_s", "stops"), STOPS)
def test_who_pushes_slowly_has_not_stopped(step_s: float, px_per_s: float, *, stops: bool) -> None:
    way = trail_of([person_on(100 + px_per_s * step_s * step, 300) for step in range(int(6 / step_s))], step_s)
    assert (stop_of(way, 2.0) is not None) is stops


def test_one_stray_look_does_not_end_a_stop_but_two_do() -> None:
    here, stray = person_on(100, 300), person_on(160, 300)
    one = stop_of(trail_of([here] * 10 + [stray] + [here] * 10), 0.0)
    two = stop_of(trail_of([here] * 10 + [stray] * 2 + [here] * 10), 0.0)
    assert one is not None
    assert two is not None
    assert (one.since, two.since) == (when(0), when(2.4))


@pytest.mark.parametrize("way", [[], [person_on(100, 300)], [person_on(100, 300)] * 2])
def test_nobody_is_seen_to_stop_in_hardly_any_look(way: list[XyxyPx]) -> None:
    assert stop_of(trail_of(way), 0.0) is None


STOP = Stop(person_on(310, 305), when(5))


def _recent(*bikes: Actor) -> list[Moment]:
    return list(film(dict(enumerate(bikes)), 10))


NEW_BOXES = [
    # A box came up where she stopped.
    ([bike((5, 300, 300), (60, 300, 300))], [], True),
    # It stood there before she came.
    ([bike((0, 300, 300), (60, 300, 300))], [], False),
    # It is that of a bike known to stand there.
    ([bike((5, 300, 300), (60, 300, 300))], [HER_BIKE], False),
    # It came up elsewhere.
    ([bike((5, 480, 300), (60, 480, 300))], [], False),
    # It came up a bike's length off.
    ([bike((5, 420, 300), (60, 420, 300))], [], False),
    # It flickered up in two looks only.
    ([bike((5, 300, 300), (5.3, 300, 300))], [], False),
    # Nothing came up.
    ([], [], False),
]


@pytest.mark.parametrize(("bikes", "places", "seen"), NEW_BOXES)
def test_a_box_that_came_up_at_the_stop_is_the_bike(bikes: list[Actor], places: list[XyxyPx], *, seen: bool) -> None:
    box, certain = place_at(STOP, bike_on(60, 310), _recent(*bikes), places)
    assert certain is seen
    assert iou(box, HER_BIKE) > (0.95 if seen else 0.6)


def test_without_a_box_the_bike_stands_on_the_ground_where_the_rider_stopped_in_its_own_size() -> None:
    small = bike_on(60, 310, 90, 50)
    box, certain = place_at(STOP, small, _recent(), [])
    assert (box, certain) == (bike_on(310, 305, 90, 50), False)


def test_without_a_box_the_bike_is_as_large_as_those_that_stand_next_to_it() -> None:
    """On its way a box is often drawn around the rider, too, or around half of the bike."""
    small = bike_on(60, 310, 60, 40)
    neighbours = [bike_on(x, 300) for x in (430, 550, 180)]
    box, certain = place_at(STOP, small, _recent(), neighbours)
    assert (box, certain) == (bike_on(310, 305), False)


def test_a_single_neighbour_says_how_large_a_bike_is_here() -> None:
    box, _ = place_at(STOP, bike_on(60, 310, 275, 65), _recent(), [bike_on(430, 300)])
    assert box == bike_on(310, 305)


def test_without_a_box_it_stands_with_the_bike_at_hand_of_which_it_cannot_be_told() -> None:
    at_hand, near = bike_on(320, 300), bike_on(350, 300)
    assert place_at(STOP, bike_on(60, 310), _recent(), [near, at_hand]) == (at_hand, False)


def test_a_look_that_shows_a_piece_of_somebody_says_nothing_of_their_feet() -> None:
    here = person_on(100, 300)
    piece = XyxyPx(here.left + 5, here.top + 20, here.right - 5, here.top + 60)
    hidden = stop_of(trail_of([here] * 10 + [piece] * 5 + [here] * 10), 0.0)
    assert hidden is not None
    assert hidden.since == when(0)
