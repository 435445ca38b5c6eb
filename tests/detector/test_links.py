"""Who came with which bike, where it was put, who took it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from detector.boxes import XyxyPx
from detector.links import Candidate, attended_by, drops_of, riders_of, takers_of
from tests.detector.films import bike_on

ANNA, BEN, CARL = 1, 2, 3
Company = dict[int, float]

RIDERS: list[tuple[list[Company], set[int], list[set[int]]]] = [
    # One rider a bike.
    ([{ANNA: 5.0}], set(), [{ANNA}]),
    # Two riders side by side, each also near the other's bike.
    ([{ANNA: 5.0, BEN: 4.0}, {ANNA: 4.0, BEN: 5.0}], set(), [{ANNA}, {BEN}]),
    # Anna was longest with both, but nobody rides two bikes: in sum she goes with the second.
    ([{ANNA: 6.0, BEN: 3.0}, {ANNA: 5.0, BEN: 1.0}], set(), [{BEN}, {ANNA}]),
    # A friend who walked along most of the way counts with the bike.
    ([{ANNA: 5.0, CARL: 4.0}], set(), [{ANNA, CARL}]),
    # Somebody who was near for a short part of it does not.
    ([{ANNA: 5.0, CARL: 1.5}], set(), [{ANNA}]),
    # A friend between two bikes is company to both and takes neither from its rider.
    ([{ANNA: 5.0, CARL: 4.0}, {BEN: 5.0, CARL: 3.0}], set(), [{ANNA, CARL}, {BEN, CARL}]),
    # Anna came with another bike: at this one she is neither rider nor friend.
    ([{ANNA: 5.0, BEN: 3.0}], {ANNA}, [{BEN}]),
    ([{ANNA: 5.0}], {ANNA}, [set()]),
    # Passed by for a tenth of a second.
    ([{ANNA: 0.1}], set(), [set()]),
    # Was with it for half a second: at low frame rates that is all one sees.
    ([{ANNA: 0.5}], set(), [{ANNA}]),
    # Two bikes and one person: one of the two has nobody.
    ([{ANNA: 5.0}, {ANNA: 4.0}], set(), [{ANNA}, set()]),
    ([{}], set(), [set()]),
    ([], {ANNA}, []),
]


@pytest.mark.parametrize(("companies", "others", "riders"), RIDERS)
def test_each_bike_has_one_rider_and_each_rider_one_bike(
    companies: list[Company], others: set[int], riders: list[set[int]]
) -> None:
    assert riders_of(companies, others) == riders


def test_who_brings_a_bike_of_their_own_is_nobodys_friend_but_may_be_the_rider() -> None:
    companies = [{ANNA: 5.0, CARL: 3.0}]
    assert riders_of(companies, (), [CARL]) == [{ANNA}]
    assert riders_of(companies, (), [ANNA]) == [{ANNA, CARL}]


def test_a_friend_who_waits_where_the_bike_is_put_down_is_not_its_rider() -> None:
    assert riders_of([{ANNA: 1.1, BEN: 1.4}], (), [ANNA]) == [{ANNA, BEN}]
    assert riders_of([{ANNA: 1.1, BEN: 1.4}], {BEN}, [ANNA]) == [{ANNA}]


def test_who_had_a_bike_while_the_rider_had_one_is_no_friend_of_theirs() -> None:
    """Ben has put his down beside the way and Anna stopped next to him: he did not come along with her."""
    companies = [{ANNA: 5.0, BEN: 4.0, CARL: 4.0}]
    assert riders_of(companies, had_one_each={ANNA: {BEN}, BEN: {ANNA}}) == [{ANNA, CARL}]
    assert riders_of([{BEN: 5.0}], had_one_each={ANNA: {BEN}, BEN: {ANNA}}) == [{BEN}]


FIRST, SECOND = 11, 12
HERE, THERE = bike_on(100, 300), bike_on(200, 300)
Arriving = list[tuple[int, XyxyPx]]

DROPS: list[tuple[Arriving, list[Candidate], list[list[bool]], list[tuple[int, int]]]] = [
    # Followed until it rested.
    ([(FIRST, HERE)], [Candidate(FIRST, HERE)], [[True]], [(0, FIRST)]),
    # Its own track wins over another resting one, which lies just as near.
    ([(FIRST, HERE)], [Candidate(31, HERE), Candidate(FIRST, HERE)], [[True, True]], [(0, FIRST)]),
    # Its track broke off; a box came up where it was lost.
    ([(FIRST, HERE)], [Candidate(31, bike_on(130, 300))], [[True]], [(0, 31)]),
    # Time or place forbid the link.
    ([(FIRST, HERE)], [Candidate(31, HERE)], [[False]], []),
    # More than one and a half of its sizes away.
    ([(FIRST, HERE)], [Candidate(31, bike_on(280, 300))], [[True]], []),
    # Two lost side by side: each goes to the box next to it.
    (
        [(FIRST, HERE), (SECOND, THERE)],
        [Candidate(31, bike_on(190, 300)), Candidate(32, bike_on(110, 300))],
        [[True, True], [True, True]],
        [(0, 32), (1, 31)],
    ),
    # Both could be the nearer box, one of them only that: no bike is left over.
    (
        [(FIRST, HERE), (SECOND, THERE)],
        [Candidate(31, bike_on(110, 300)), Candidate(32, bike_on(20, 300))],
        [[True, True], [True, False]],
        [(0, 32), (1, 31)],
    ),
    # One drop is one bike: the other one has none.
    ([(FIRST, HERE), (SECOND, THERE)], [Candidate(31, bike_on(120, 300))], [[True], [True]], [(0, 31)]),
    ([(FIRST, HERE)], [], [[]], []),
    ([], [Candidate(31, HERE)], [], []),
]


@pytest.mark.parametrize(("arrivals", "candidates", "possible", "pairs"), DROPS)
def test_each_bike_is_put_down_once(
    arrivals: Arriving, candidates: list[Candidate], possible: list[list[bool]], pairs: list[tuple[int, int]]
) -> None:
    allowed = [(row, column) for row, may_be in enumerate(possible) for column, may in enumerate(may_be) if may]
    found = drops_of(arrivals, candidates, allowed)
    assert [(row, candidate.track_id) for row, candidate in found] == pairs


TAKERS: list[tuple[list[Company], set[int], list[int | None]]] = [
    # One visitor, one empty place.
    ([{ANNA: 4.0}], set(), [ANNA]),
    # One visitor, two empty places: nobody takes two bikes.
    ([{ANNA: 4.0}, {ANNA: 3.0}], set(), [ANNA, None]),
    ([{ANNA: 3.0}, {ANNA: 4.0}], set(), [None, ANNA]),
    # Two visitors who were at both.
    ([{ANNA: 4.0, BEN: 3.0}, {ANNA: 3.0, BEN: 4.0}], set(), [ANNA, BEN]),
    # Ben can only have taken the first, so Anna has the second, though she was at the first for longer.
    ([{ANNA: 4.0, BEN: 2.0}, {ANNA: 3.0}], set(), [BEN, ANNA]),
    # Anna has taken a bike before.
    ([{ANNA: 4.0}], {ANNA}, [None]),
    ([{ANNA: 4.0, BEN: 0.5}], {ANNA}, [BEN]),
    # Nobody was there.
    ([{}], set(), [None]),
    ([], set(), []),
]


@pytest.mark.parametrize(("seconds_at", "used", "takers"), TAKERS)
def test_nobody_takes_two_bikes(seconds_at: list[Company], used: set[int], takers: list[int | None]) -> None:
    assert takers_of(seconds_at, frozenset(used)) == takers


ATTENDED: list[tuple[Mapping[int, Mapping[str, float]], dict[int, str]]] = [
    # Within reach of two bikes: at the one that pulls more.
    ({ANNA: {"left": 0.4, "right": 0.7}}, {ANNA: "right"}),
    # Two people at one bike.
    ({ANNA: {"left": 0.4}, BEN: {"left": 0.9}}, {ANNA: "left", BEN: "left"}),
    # As near to both: the same answer at every run, whatever the order.
    ({ANNA: {"left": 0.5, "right": 0.5}}, {ANNA: "right"}),
    ({ANNA: {"right": 0.5, "left": 0.5}}, {ANNA: "right"}),
    # Within reach of none.
    ({ANNA: {}, BEN: {"left": 0.1}}, {BEN: "left"}),
    ({}, {}),
]


@pytest.mark.parametrize(("pulls", "at_stay"), ATTENDED)
def test_nobody_is_at_two_bikes(pulls: Mapping[int, Mapping[str, float]], at_stay: dict[int, str]) -> None:
    assert attended_by(pulls) == at_stay
