"""Bikes on their way: what moved, with whom, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from detector.arrivals import (
    Arrival,
    are_on_one_bike,
    arrival_of,
    at_way_out,
    begins_in_place,
    has_come_far,
    is_still_occupied,
    stood_before,
    was_followed,
)
from detector.boxes import XyxyPx
from detector.carriers import Carriers
from detector.links import Candidate
from detector.trails import Moment, Sighting, Trails
from detector.vocabulary import Kind
from tests.detector.films import bike_on, film, followed, moment_of, person_on, trail_of, trails_of, when
from tests.detector.scenes import Actor, bike, person

ANNA, BEN, HERS, OTHER = 1, 2, 10, 11
FRAME_RATES = [3.0, 5.0, 15.0]
ANNA_PUSHES = person((0, 120, 310), (4, 340, 310))
PUSHED = bike((0, 100, 300), (4, 320, 300))
STANDS = bike((0, 300, 300), (60, 300, 300))


def _arrival(actors: Mapping[int, Actor], ends_s: float = 4.0, fps: float = 5.0) -> Arrival | None:
    return _arrival_in(list(film(actors, ends_s, fps)))


def _arrival_in(moments: Sequence[Moment]) -> Arrival | None:
    carriers, trails = Carriers(), Trails()
    for moment in moments:
        trails.update(moment)
        carriers.update(moment, trails, (), ())
    track = next(one for one in moments[-1].bikes() if one.track_id == HERS)
    return arrival_of(track, trails.of(HERS), trails.recent, carriers.owner)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_pushed_along_is_on_its_way_with_who_pushes_it(fps: float) -> None:
    arrival = _arrival({ANNA: ANNA_PUSHES, HERS: PUSHED, BEN: person((0, 320, 460), (4, 320, 460))}, fps=fps)
    assert arrival is not None
    assert arrival.moved
    assert arrival.is_with_rider()
    assert arrival.company[ANNA] > 2
    assert BEN not in arrival.company


FOLLOWED = [
    (HERS, bike_on(320, 300), True),
    # Another track: it may be another bike.
    (OTHER, bike_on(320, 300), False),
    # Hardly farther than its own size.
    (HERS, bike_on(210, 300), False),
]


@pytest.mark.parametrize(("track_id", "box", "is_it"), FOLLOWED)
def test_a_bike_seen_all_the_way_to_where_it_stands_was_brought(track_id: int, box: XyxyPx, *, is_it: bool) -> None:
    arrival = _arrival({ANNA: ANNA_PUSHES, HERS: PUSHED})
    assert arrival is not None
    assert was_followed(arrival, Candidate(track_id, box)) is is_it


NOT_ON_ITS_WAY: dict[str, dict[int, Actor]] = {
    "stands alone": {HERS: STANDS},
    "stands, and somebody walks by": {HERS: STANDS, ANNA: person((0, 30, 310), (4, 420, 310))},
    "moved by less than its size and a half, and nobody is seen with it": {HERS: bike((0, 100, 300), (4, 220, 300))},
    "is rolled to and fro": {
        HERS: bike((0, 300, 300), (1, 330, 300), (2, 300, 300), (3, 330, 300), (4, 300, 300)),
        ANNA: person((0, 500, 310), (4, 500, 310)),
    },
}


@pytest.mark.parametrize("what", NOT_ON_ITS_WAY)
@pytest.mark.parametrize("fps", FRAME_RATES)
def test_it_is_not_on_its_way_what(what: str, fps: float) -> None:
    assert _arrival(NOT_ON_ITS_WAY[what], fps=fps) is None


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_that_came_far_is_believed_without_a_rider(fps: float) -> None:
    arrival = _arrival({HERS: bike((0, 100, 300), (4, 460, 300))}, fps=fps)
    assert arrival is not None
    assert not arrival.is_with_rider()


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_somebody_is_always_at_may_be_arriving_but_must_yet_move(fps: float) -> None:
    arrival = _arrival({HERS: STANDS, ANNA: person((0, 310, 310), (4, 310, 310))}, fps=fps)
    assert arrival is not None
    assert not arrival.moved
    assert not has_come_far(arrival, bike_on(320, 300))
    assert has_come_far(arrival, bike_on(380, 300))


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_third_of_its_size_is_no_way_and_one_and_a_half_sizes_are(fps: float) -> None:
    for far_px, moved in ((37, False), (165, True)):
        pushed = bike((0, 300, 300), (4, 300 + far_px, 300))
        arrival = _arrival({HERS: pushed, ANNA: person((0, 310, 310), (4, 310 + far_px, 310))}, fps=fps)
        assert arrival is not None
        assert arrival.moved is moved


def test_company_long_past_counts_for_less() -> None:
    arrival = Arrival(HERS, Kind.BICYCLE, bike_on(300, 300), Sighting(when(0), bike_on(300, 300), 0.8))
    for step in range(1, 41):
        second = step / 4
        who = followed(ANNA if second <= 5 else BEN, person_on(310, 305), second)
        arrival.see(Sighting(when(second), bike_on(300, 300), 0.8), moment_of(second, who), owner=None)
    assert arrival.company[BEN] > 2 * arrival.company[ANNA] > 0


def test_with_whom_the_bike_goes_along_is_more_company_than_who_is_near() -> None:
    arrival = Arrival(HERS, Kind.BICYCLE, bike_on(300, 300), Sighting(when(0), bike_on(300, 300), 0.8))
    for step in range(1, 11):
        people = [followed(who, person_on(x, 305), step / 5) for who, x in ((ANNA, 320), (BEN, 300))]
        arrival.see(Sighting(when(step / 5), bike_on(300, 300), 0.8), moment_of(step / 5, *people), owner=ANNA)
    assert arrival.company[ANNA] > 2 * arrival.company[BEN] > 0


def test_people_too_faint_to_follow_are_seen_as_riders_only_where_they_are_likely_people() -> None:
    assert _with_faint_rider(0.12) is False
    assert _with_faint_rider(0.3) is True


def _with_faint_rider(score: float) -> bool:
    moments = list(film({HERS: PUSHED, ANNA: ANNA_PUSHES}, 4))
    faint = [
        moment_of(
            (moment.at - when(0)).total_seconds(),
            *moment.bikes(),
            faint=[one.__class__(one.kind, score, one.xyxy_px) for one in moment.boxes(frozenset({Kind.PERSON}))],
        )
        for moment in moments
    ]
    arrival = _arrival_in(faint)
    assert arrival is not None, "somebody is with it, however faint"
    return arrival.is_with_rider()


@pytest.mark.parametrize(("other", "stood"), [(STANDS, True), (bike((3.5, 300, 300), (60, 300, 300)), False)])
def test_where_a_bike_stood_while_the_other_was_on_its_way_that_one_did_not_come(other: Actor, *, stood: bool) -> None:
    """Its track went over to the standing one: boxes that overlap swap tracks, places do not."""
    trails = trails_of(film({HERS: bike((0, 60, 300), (4, 290, 300)), OTHER: other}, 5))
    assert stood_before(bike_on(300, 300), trails.of(HERS), trails.recent) is stood


OCCUPIED = [
    # Another bike still stands where this one seems to have come from: the box hopped.
    (bike_on(300, 300), bike_on(420, 300), True),
    # Nothing stands there any more: it moved.
    (bike_on(120, 300), bike_on(240, 300), False),
    # Hardly moved: its own box is the one in the place.
    (bike_on(300, 300), bike_on(330, 300), False),
]


@pytest.mark.parametrize(("origin", "now", "occupied"), OCCUPIED)
def test_a_box_that_hopped_leaves_a_bike_behind(origin: XyxyPx, now: XyxyPx, *, occupied: bool) -> None:
    assert is_still_occupied(origin, now, list(film({OTHER: STANDS}, 3))) is occupied


TWINS = [
    # Two boxes on one bike.
    ([bike_on(100 + 20 * step, 300) for step in range(6)], [bike_on(110 + 20 * step, 300) for step in range(6)], True),
    # A small box in a large one.
    ([bike_on(100, 300)] * 6, [bike_on(100, 300, 50, 40)] * 6, True),
    # Two bikes side by side.
    ([bike_on(100, 300)] * 6, [bike_on(180, 300)] * 6, False),
    # Crossed each other once.
    (
        [bike_on(100 + 100 * step, 300) for step in range(6)],
        [bike_on(600 - 100 * step, 300) for step in range(6)],
        False,
    ),
]


@pytest.mark.parametrize(("one", "two", "on_one"), TWINS)
def test_two_tracks_on_each_other_are_on_one_bike(one: list[XyxyPx], two: list[XyxyPx], *, on_one: bool) -> None:
    assert are_on_one_bike(trail_of(one), trail_of(two)) is on_one


PLACES = [
    # Out of the place.
    (bike_on(300, 300), True),
    # Out of the place beside it.
    (bike_on(420, 300), False),
]


@pytest.mark.parametrize(("place", "begins"), PLACES)
def test_a_bike_may_come_out_of_a_place(place: XyxyPx, *, begins: bool) -> None:
    way = trail_of([bike_on(310 + 20 * step, 300) for step in range(6)])
    arrival = Arrival(HERS, Kind.BICYCLE, way[1].xyxy_px, way[-1])
    assert begins_in_place(arrival, way, [place]) is begins
    assert not begins_in_place(arrival, way, [])


WAYS_OUT = [
    (person_on(10, 300), True),
    (person_on(632, 300), True),
    (person_on(300, 478), True),
    (person_on(300, 300), False),
    # The head at the upper edge: a low camera sees people like that.
    (person_on(300, 110), False),
]


@pytest.mark.parametrize(("box", "out"), WAYS_OUT)
def test_who_stops_at_the_edge_is_leaving_the_picture(box: XyxyPx, *, out: bool) -> None:
    assert at_way_out(box, moment_of(0)) is out
