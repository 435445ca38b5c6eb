from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.boxes import XyxyNorm
from detector.evaluation.matching import Tolerances, match_stays
from tests.detector.evaluation.cases import PLACES, parked, stay, stood, truth

TOLERANCES = Tolerances()


def moved(place: int, across: float) -> XyxyNorm:
    box = PLACES[place]
    return box._replace(left=box.left + across, right=box.right + across)


@pytest.mark.parametrize(
    ("box", "parked_at_s", "is_same"),
    [
        pytest.param(PLACES[0], 10.0, True, id="the same box at the same time"),
        pytest.param(PLACES[0], 20.0, True, id="ten seconds late is just in time"),
        pytest.param(PLACES[0], 20.1, False, id="more than that is another visit"),
        pytest.param(PLACES[1], 10.0, False, id="another place"),
        pytest.param(moved(0, 0.055), 10.0, True, id="about half a box beside it still overlaps"),
        pytest.param(moved(0, 0.07), 10.0, False, id="most of a box beside it does not"),
        pytest.param(XyxyNorm(0.135, 0.47, 0.165, 0.53), 10.0, True, id="the visible part in its middle"),
        pytest.param(XyxyNorm(0.1, 0.4, 0.24, 0.6), 10.0, True, id="one box over it and its neighbour"),
    ],
)
def test_place_and_time_decide_whether_a_stay_is_found(box: XyxyNorm, parked_at_s: float, is_same: bool) -> None:
    found = stay(xyxy_norm=box, parked_at_s=parked_at_s)
    assert match_stays(truth(parked()), [found], TOLERANCES).visited == ({0: 0} if is_same else {})


def test_of_two_that_fit_the_nearer_pairs_are_taken_and_none_is_taken_twice() -> None:
    twice = truth(parked(xyxy_norm=moved(0, 0.0)), parked(xyxy_norm=moved(0, 0.02)))
    found = [stay(xyxy_norm=moved(0, 0.019)), stay(xyxy_norm=moved(0, 0.001))]
    assert match_stays(twice, found, TOLERANCES).visited == {0: 1, 1: 0}


def test_as_many_pairs_as_can_be_are_made_even_where_one_fits_worse() -> None:
    twice = truth(parked(parked_at_s=10.0), parked(parked_at_s=19.0))
    found = [stay(parked_at_s=18.0), stay(parked_at_s=28.0)]
    assert match_stays(twice, found, TOLERANCES).visited == {0: 0, 1: 1}


def test_visits_and_bikes_that_stood_there_are_never_matched_with_each_other() -> None:
    both = truth(stood(0), parked(1))
    found = [stay(0), stay(1, preexisting=True)]
    matches = match_stays(both, found, TOLERANCES)
    assert (matches.visited, matches.preexisting) == ({}, {})


def test_a_bike_that_stood_there_is_matched_whenever_it_was_first_seen() -> None:
    found = [stay(0, preexisting=True, parked_at_s=60.0)]
    assert match_stays(truth(stood(0)), found, TOLERANCES).preexisting == {0: 0}


moments = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 90)), max_size=6)


@given(moments, moments)
def test_no_stay_is_used_twice_and_every_pair_fits(
    true: list[tuple[int, float]], seen: list[tuple[int, float]]
) -> None:
    clip = truth(*(parked(place, parked_at_s=at_s, left_at_s=at_s + 5) for place, at_s in true))
    found = [stay(place, parked_at_s=at_s) for place, at_s in seen]
    visited = match_stays(clip, found, TOLERANCES).visited
    assert len(set(visited.values())) == len(visited)
    for index, number in visited.items():
        assert true[index][0] == seen[number][0]
        assert abs(true[index][1] - seen[number][1]) <= TOLERANCES.parked_s
