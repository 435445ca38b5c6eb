"""Who came with which bike, and where they put it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from detector.boxes import XyxyPx, iou
from detector.trails import Trails
from detector.visits import Drop, Standing, Visits
from detector.vocabulary import Kind, StayEventKind
from tests.detector.films import bike_on, film, when
from tests.detector.scenes import Actor, Scene, bike, parked_bike, person, rider, second_of, watch

OPENED = StayEventKind.OPENED
ANNA, BEN, HERS, OTHER = 1, 2, 10, 11
FRAME_RATES = [3.0, 5.0, 12.0]
COMES = person((0, 30, 305), (6, 390, 305), (12, 390, 308), (17, 90, 330))
PUSHED = bike((0, 40, 300), (6, 400, 300), (60, 400, 300))
PLACE = bike_on(400, 300)


def _drops(
    actors: Mapping[int, Actor], ends_s: float = 16, fps: float = 5.0, standing: Standing | None = None
) -> list[Drop]:
    visits, trails, drops = Visits(park_after_s=2.0), Trails(), list[Drop]()
    for moment in film(actors, ends_s, fps):
        trails.update(moment)
        settled = frozenset(track_id for drop in drops for track_id in drop.track_ids)
        drops += visits.update(moment, trails, settled, standing or Standing())
    return drops


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_drop_says_where_since_when_and_by_whom(fps: float) -> None:
    (drop,) = _drops({ANNA: COMES, HERS: PUSHED, BEN: person((0, 600, 460), (20, 600, 460))}, fps=fps)
    assert iou(drop.xyxy_px, PLACE) > 0.9
    assert (drop.parked_at - when(0)).total_seconds() == pytest.approx(6, abs=1)
    assert (drop.track_id, drop.riders, drop.rider_seen, drop.certain) == (HERS, frozenset({ANNA}), True, True)


ONE_DROP: dict[str, tuple[dict[int, Actor], set[int] | None]] = {
    "its track breaks off on the way and another begins where it rests": (
        {ANNA: COMES, HERS: bike((0, 40, 300), (4, 280, 300)), OTHER: bike((7, 400, 300), (60, 400, 300))},
        {OTHER},
    ),
    "two tracks lie on it": ({ANNA: COMES, HERS: PUSHED, OTHER: replace(PUSHED, score=0.4)}, None),
    "nobody is seen with it": ({HERS: PUSHED}, {HERS}),
    "its rider comes with a friend": (
        {ANNA: COMES, BEN: person((0, 60, 320), (6, 430, 320), (12, 430, 320), (17, 100, 330)), HERS: PUSHED},
        {HERS},
    ),
    "its box is lost on the way and its rider stands long where they put it": (
        {ANNA: COMES, HERS: bike((0, 40, 300), (4, 280, 300))},
        set(),
    ),
    "its box is lost on the way and its rider pauses and walks on": (
        {
            ANNA: person((0, 30, 305), (6, 390, 305), (8.5, 390, 308), (13, 90, 330)),
            HERS: bike((0, 40, 300), (4, 280, 300)),
        },
        set(),
    ),
}


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("what", ONE_DROP)
def test_one_bike_is_put_down_once_though(what: str, fps: float) -> None:
    actors, tracks = ONE_DROP[what]
    (drop,) = _drops(actors, fps=fps)
    assert tracks is None or drop.track_ids == tracks
    assert iou(drop.xyxy_px, PLACE) > 0.5
    assert drop.certain is bool(drop.track_ids)
    assert drop.rider_seen is (ANNA in actors)
    assert (ANNA in drop.riders) is (ANNA in actors)


NO_DROP: dict[str, tuple[dict[int, Actor], tuple[XyxyPx, ...]]] = {
    "rides through": ({ANNA: person((0, 10, 305), (6, 640, 305)), HERS: bike((0, 20, 300), (6, 640, 300))}, ()),
    "stands at a bike that was there": (
        {ANNA: COMES, HERS: bike((0, 400, 300), (60, 400, 300))},
        (),
    ),
    "takes a bike out of its place and rides off": (
        {
            ANNA: person((0, 600, 330), (4, 390, 305), (8, 390, 305), (14, 10, 320)),
            HERS: bike((0, 400, 300), (8, 400, 300), (14, 20, 310)),
        },
        (PLACE,),
    ),
    "stops with the bike at the edge of the picture": (
        {ANNA: person((0, 300, 305), (5, 630, 305), (7, 630, 305)), HERS: bike((0, 290, 300), (4, 540, 300))},
        (),
    ),
}


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("who", NO_DROP)
def test_nothing_is_put_down_where_somebody(who: str, fps: float) -> None:
    actors, unseen = NO_DROP[who]
    assert not _drops(actors, 14, fps, Standing(boxes=unseen, unseen=unseen))


def test_the_kind_of_bike_is_told() -> None:
    (drop,) = _drops({ANNA: COMES, HERS: replace(PUSHED, kind=Kind.MOTORCYCLE)})
    assert drop.kind is Kind.MOTORCYCLE


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_whose_rider_has_a_stay_already_rides_no_other_bike(fps: float) -> None:
    """Anna stands at her bike while Ben brings his beside it."""
    anna = person((0, 330, 305), (60, 330, 305))
    (drop,) = _drops({ANNA: anna, BEN: COMES, HERS: PUSHED}, 14, fps, Standing(riders=frozenset({ANNA})))
    assert drop.riders == {BEN}


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


def test_whose_coming_was_not_seen_was_first_found_inside_the_picture() -> None:
    visits, trails = Visits(park_after_s=2.0), Trails()
    people = {1: person((0, 5, 310), (4, 300, 310)), 2: person((0, 300, 310), (4, 400, 310))}
    for moment in film(people, 4, 5.0):
        trails.update(moment)
        visits.update(moment, trails, frozenset(), Standing())
    assert visits.came_unseen(trails, moment) == {2: when(0)}
