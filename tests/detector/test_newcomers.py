"""Bikes that come to light where none was known, and who put them there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from detector.boxes import XyxyPx
from detector.newcomers import Newcomers, brought_by, claims, is_one_bike, is_whole, was_free
from detector.trails import Moment, Trails
from detector.vocabulary import Detection, Kind, StayEventKind
from tests.detector.films import bike_on, followed, moment_of, person_on, when
from tests.detector.scenes import Scene, bike, person, second_of, watch

PLACE, NEXT, FAR = bike_on(300, 300), bike_on(350, 300), bike_on(470, 300)
ANNA, BEN = 1, 2


def _moment(second: float, *boxes: XyxyPx, score: float = 0.5) -> Moment:
    return moment_of(second, faint=[Detection(Kind.BICYCLE, score, box) for box in boxes])


def _ripe_at(
    moments: Sequence[Moment], known: Collection[XyxyPx] = (), arriving: Collection[XyxyPx] = ()
) -> list[float]:
    newcomers = Newcomers()
    return [(one.at - when(0)).total_seconds() for one in moments if newcomers.update(one, known, arriving)]


def _frames(*boxes: XyxyPx, seconds: float = 4.0, score: float = 0.5) -> list[Moment]:
    return [_moment(number / 5, *boxes, score=score) for number in range(int(5 * seconds))]


def test_a_box_that_stays_where_no_bike_is_known_is_a_newcomer_after_two_seconds() -> None:
    assert _ripe_at(_frames(PLACE))[0] == pytest.approx(2.0)


NO_NEWCOMERS = {
    "of a known bike": (_frames(PLACE), [PLACE]),
    "faint": (_frames(PLACE, score=0.2), []),
    "seen too seldom": ([_moment(number / 5, *([PLACE] * (number % 3 == 0))) for number in range(20)], []),
    "moving slowly": ([_moment(number / 5, bike_on(300 + 6 * number, 300)) for number in range(20)], []),
}


@pytest.mark.parametrize("name", NO_NEWCOMERS)
def test_other_boxes_are_none(name: str) -> None:
    moments, known = NO_NEWCOMERS[name]
    assert not _ripe_at(moments, known)


def test_a_bike_pushed_slowly_into_its_place_is_one_once_it_stands() -> None:
    pushed = [_moment(number / 5, bike_on(300 + 6 * min(number, 20), 300)) for number in range(40)]
    assert _ripe_at(pushed)[0] == pytest.approx(6.0, abs=1.0)


def test_a_bike_followed_on_its_way_is_given_longer() -> None:
    assert _ripe_at(_frames(PLACE, seconds=8), arriving=[PLACE])[0] == pytest.approx(3.0)


WHOLE: list[tuple[XyxyPx, list[XyxyPx], bool]] = [
    (PLACE, [], True),
    (PLACE, [NEXT], True),
    # A wheel of it.
    (bike_on(300, 300, 50, 50), [NEXT], False),
    # One box around three bikes.
    (bike_on(300, 300, 330, 70), [NEXT], False),
]


@pytest.mark.parametrize(("box", "places", "whole"), WHOLE)
def test_a_bike_is_about_as_large_as_its_neighbours(box: XyxyPx, places: list[XyxyPx], *, whole: bool) -> None:
    assert is_whole(box, places) is whole


LEFT, RIGHT = XyxyPx(240, 136, 340, 220), XyxyPx(257, 147, 357, 225)
BESIDE: list[tuple[XyxyPx, bool]] = [
    (XyxyPx(242, 140, 359, 226), False),
    (XyxyPx(270, 156, 372, 236), True),
]


@pytest.mark.parametrize(("box", "one_bike"), BESIDE)
def test_one_box_around_two_known_bikes_is_no_third(box: XyxyPx, *, one_bike: bool) -> None:
    assert is_whole(box, [LEFT, RIGHT])
    assert is_one_bike(box, [LEFT, RIGHT]) is one_bike
    assert is_one_bike(box, [LEFT])


HIDDEN_BESIDE_LEFT = XyxyPx(290, 150, 390, 234)
AROUND_THESE = XyxyPx(242, 138, 388, 233)


def test_nor_is_one_around_a_known_bike_and_one_that_was_hidden_when_all_began() -> None:
    assert is_one_bike(AROUND_THESE, [LEFT])
    assert not is_one_bike(AROUND_THESE, [LEFT], [HIDDEN_BESIDE_LEFT])
    assert not is_one_bike(AROUND_THESE, [], [LEFT, HIDDEN_BESIDE_LEFT])


def test_a_bikes_own_box_seen_a_little_otherwise_does_not_speak_against_it() -> None:
    likewise, less_like, part = AROUND_THESE, XyxyPx(242, 138, 388, 205), XyxyPx(300, 140, 380, 200)
    assert is_one_bike(AROUND_THESE, [LEFT], [likewise])
    assert is_one_bike(AROUND_THESE, [], [less_like, part])


def test_a_box_is_sure_once_it_was_seen_long_and_often_enough() -> None:
    newcomers = Newcomers()
    for moment in _frames(PLACE, seconds=2.8):
        newcomers.update(moment, ())
    assert newcomers.sure() == []
    for moment in _frames(PLACE, seconds=3.4):
        newcomers.update(moment, ())
    assert newcomers.sure() == [PLACE]


def test_a_part_of_a_known_bike_is_no_second_one() -> None:
    part = XyxyPx(242, 140, 300, 218)
    assert is_whole(part, [LEFT])
    assert not is_one_bike(part, [LEFT])


def test_a_place_was_free_if_it_was_watched_and_no_box_like_it_was_there_again_and_again() -> None:
    past = [*_frames(PLACE, seconds=2), *(_moment(2 + number / 5) for number in range(20))]
    assert not was_free(PLACE, when(6), past)
    assert was_free(NEXT, when(6), past), "that was another one"
    assert was_free(PLACE, when(6), past[8:]), "a box that came up once or twice"
    assert not was_free(NEXT, when(1.5), past), "not watched long enough to tell"


def _brought(riders: Collection[int], past: Sequence[Moment] = ()) -> dict[int, int]:
    trails, newcomers = Trails(), Newcomers()
    for number in range(60):
        second = number / 5
        people = {ANNA: person_on(300, 305), BEN: person_on(600 if second < 7 else 470, 305)} if second < 10 else {}
        boxes = (PLACE, FAR) if second >= 9 else ()
        tracks = [followed(who, box, second) for who, box in people.items()]
        trails.update(moment_of(second, *tracks, faint=[Detection(Kind.BICYCLE, 0.5, box) for box in boxes]))
        ripe = newcomers.update(trails.recent[-1], ())
    assert len(ripe) == 2
    return dict(brought_by(ripe, riders, trails, [*past, *trails.past]))


FREE = [_moment(number / 5 - 8) for number in range(20)]


def test_each_has_brought_one_bike_who_was_longest_at_it() -> None:
    assert _brought({ANNA, BEN}, FREE) == {0: ANNA, 1: BEN}
    assert _brought({ANNA}, FREE) == {0: ANNA}
    assert _brought((), FREE) == {}


def test_nobody_has_brought_what_stood_there_before_they_came() -> None:
    before = [_moment(number / 5 - 8, PLACE) for number in range(20)]
    assert 0 not in _brought({ANNA, BEN}, before)


def _claimed(first_x: float, *, came: bool = False, until_s: float = 15.0) -> list[tuple[int, float]]:
    """Somebody is found in second 6, is at the place from 7 to 11, and a bike shows there from 10 on."""
    trails, newcomers = Trails(), Newcomers()
    for number in range(int(5 * until_s)):
        second = number / 5
        somebody = [followed(ANNA, person_on(first_x if second < 7 else 300, 305), second)] if 6 <= second < 11 else []
        trails.update(moment_of(second, *somebody, faint=[Detection(Kind.BICYCLE, 0.5, PLACE)] * (second >= 10)))
        ripe = newcomers.update(trails.recent[-1], ())
    known, unseen = ({ANNA: when(8)}, {}) if came else ({}, {ANNA: when(6)})
    return [(who, (until - when(0)).total_seconds()) for _, who, until in claims(ripe, known, unseen, trails)]


def test_who_was_found_only_at_a_bike_that_surely_stands_there_may_have_brought_it() -> None:
    assert _claimed(300) == [(ANNA, 6)]
    assert _claimed(300, until_s=12.6) == [], "it may be gone again"
    assert _claimed(300, came=True, until_s=12.6) == [(ANNA, 8)]


def test_who_was_found_elsewhere_and_without_a_bike_has_brought_none() -> None:
    assert _claimed(500) == []
    assert _claimed(500, came=True) == [(ANNA, 8)]


@pytest.mark.parametrize("fps", [3.0, 5.0, 12.0])
def test_a_bike_hidden_by_its_rider_until_they_leave_is_their_stay(fps: float) -> None:
    """Pushed in between others its own box is lost; it is seen again once the rider is off."""
    racked = tuple(bike((0, x, 300), (60, x, 300)) for x in (240, 470))
    pushed = bike((4, 20, 300), (9, 345, 300), (60, 345, 300), unseen=[(8, 16.5)])
    rider = person((4, 40, 312), (9, 365, 312), (16, 365, 312), (22, 30, 330), bent=[(10, 14)])
    told = watch(Scene((*racked, pushed, rider), 40, fps=fps))
    (opened,) = told.of(StayEventKind.OPENED)
    (left,) = told.of(StayEventKind.LEFT)
    assert second_of(opened.stay.parked_at) == pytest.approx(9, abs=2.5)
    assert second_of(left.stay.left_at) == pytest.approx(16.8, abs=1.5)
    assert (left.evidence.longest_bend_s or 0) >= 3
