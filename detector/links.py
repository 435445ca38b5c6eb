"""Who came with which bike, where it was put, who took it: each question solved for all at once.

Hard constraints instead of rules: one bike, one rider, one drop, one take, in that order. Published work on racks owes
its largest gain to them (Damen & Hogg 2007: from 70-84 % to 93-96 % right links).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from detector.assignment import Pair, best_pairs
from detector.boxes import XyxyPx
from detector.trails import distance_px, size_px

RIDER_S = 0.25
FRIEND_SHARE = 0.4
BRINGS_TIMES = 1.4
"""A friend who waits where the bike is put down is beside it as long as its rider: who was seen to bring one counts for more."""
OWN_REST = 1.0
FOUND_REST = 0.8
NEAR_SIZES = 1.5
LEAST_GAIN = 1e-6


def riders_of(
    companies: Sequence[Mapping[int, float]],
    others: Collection[int] = frozenset(),
    bringing: Collection[int] = frozenset(),
    had_one_each: Mapping[int, Collection[int]] = MappingProxyType({}),
) -> list[frozenset[int]]:
    """Who came with each bike: one rider a bike, one bike a rider, by the time they were seen together.

    Friends who walked along for a good part of the way count with the bike whose rider they are not themselves.

    Args:
        companies: for each bike, for how many seconds each person (by track id) was with it.
        others: riders of bikes that are not asked about; they ride none of these.
        bringing: people seen with a bike of their own: rather riders than who only stands there, and nobody's friends along the way.
        had_one_each: for each person, who else had a bike while they had one, and so is no friend of theirs either.
    """
    people = sorted({person for company in companies for person in company} - set(others))
    seconds = {
        (row, column): company[person] * (BRINGS_TIMES if person in bringing else 1.0)
        for row, company in enumerate(companies)
        for column, person in enumerate(people)
        if person in company
    }
    rider = {row: people[column] for row, column in best_pairs(seconds, RIDER_S)}
    taken = {*rider.values(), *others, *bringing}
    own = [taken | set(had_one_each.get(rider.get(row, -1), ())) for row in range(len(companies))]
    return [_with_friends(company, rider.get(row), own[row]) for row, company in enumerate(companies)]


def _with_friends(company: Mapping[int, float], rider: int | None, riders: set[int]) -> frozenset[int]:
    most = max(company.values(), default=0.0)
    friends = {who for who, seconds in company.items() if seconds >= RIDER_S and seconds > FRIEND_SHARE * most}
    return frozenset(friends - riders | ({rider} if rider is not None else set()))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bike seen at rest that has no stay yet. `track_id` is its own; `box` where it rests, in pixels."""

    track_id: int
    box: XyxyPx


def drops_of(
    arrivals: Sequence[tuple[int, XyxyPx]], candidates: Sequence[Candidate], possible: Collection[Pair]
) -> list[tuple[int, Candidate]]:
    """Which arriving bike is which resting one: each drop one bike, each bike one drop, the nearest in sum.

    Args:
        arrivals: track id and last box of every bike on its way, in pixels.
        candidates: bikes at rest without a stay.
        possible: positions in `arrivals` and in `candidates`, of those that time and place do not forbid.

    Returns:
        Pairs of an arrival's position in `arrivals` and its candidate.
    """
    gain = {(row, column): _drop_gain(*arrivals[row], candidates[column]) for row, column in possible}
    return [(row, candidates[column]) for row, column in best_pairs(gain, LEAST_GAIN)]


def _drop_gain(track_id: int, last: XyxyPx, candidate: Candidate) -> float:
    if candidate.track_id == track_id:
        return OWN_REST
    return FOUND_REST * max(0.0, 1 - distance_px(candidate.box, last) / (NEAR_SIZES * size_px(last)))


def takers_of(seconds_at: Sequence[Mapping[int, float]], used: frozenset[int]) -> list[int | None]:
    """Who took which of the bikes whose places are empty: one bike a person, one person a bike.

    Args:
        seconds_at: for each empty place, how long each person (by track id) was at it about when it became empty.
        used: people who took another bike already.
    """
    people = sorted({person for visitors in seconds_at for person in visitors} - used)
    gain = {
        (row, people.index(person)): seconds
        for row, visitors in enumerate(seconds_at)
        for person, seconds in visitors.items()
        if person not in used
    }
    pairs = dict(best_pairs(gain, LEAST_GAIN))
    return [people[pairs[row]] if row in pairs else None for row in range(len(seconds_at))]


def attended_by(closeness: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
    """At which stay each person is: nobody is at two bikes at once.

    Args:
        closeness: for each person in view, a gain for each stay within their reach.
    """
    return {person: max(stays, key=lambda key: (stays[key], key)) for person, stays in closeness.items() if stays}
