"""Who came with a bike, and where they put it down.

The visit comes first: a bike is parked by somebody, so what opens a stay is a bike that moved and came to rest, not a
box that appeared in a crowded rack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np

from detector.arrivals import (
    Arrival,
    are_on_one_bike,
    arrival_of,
    at_edge,
    begins_in_place,
    clearness,
    has_come_far,
    is_still_occupied,
    stood_before,
    went_over_at,
)
from detector.boxes import XyxyPx, iou
from detector.links import Candidate, drops_of, riders_of
from detector.places import SAME_PLACE_IOU
from detector.rest import ended_slowly, resting_box, resting_since
from detector.rider_stops import left_behind, place_at, stop_of
from detector.trails import Moment, Sighting, Trail, Trails, distance_px, median_box, since, size_px
from detector.vocabulary import Kind, Track

LOST_PATIENCE_S = 10.0
NEAR_SIZES = 1.5
LAST_SEEN_S = 0.5


@dataclass(frozen=True, slots=True)
class Drop:
    """A bike put down: where, since when, by whom as far as was seen."""

    track_id: int
    kind: Kind
    xyxy_px: XyxyPx
    parked_at: datetime
    riders: frozenset[int]
    rider_seen: bool
    certain: bool
    """False where the bike's own box was lost among others and the rider's stop gives the place."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The boxes of all bikes that have a stay, and of those among them not seen in this frame."""

    boxes: tuple[XyxyPx, ...] = ()
    unseen: tuple[XyxyPx, ...] = ()


class Visits:
    """Watches all two-wheelers of one camera for those that arrive and are put down."""

    def __init__(self, park_after_s: float) -> None:
        self._park_after_s = park_after_s
        self._arrivals: dict[int, Arrival] = {}
        self._twins: set[int] = set()
        self._departing: set[int] = set()

    def arriving(self) -> frozenset[int]:
        """The tracks that are on their way."""
        return frozenset(track_id for track_id, arrival in self._arrivals.items() if not arrival.is_lost)

    def departing(self) -> frozenset[int]:
        """The tracks of bikes that came out of a place where one stood."""
        return frozenset(self._departing)

    def update(self, moment: Moment, trails: Trails, settled: frozenset[int], standing: Standing) -> list[Drop]:
        """Go one frame on; the bikes put down as of now. `settled` are the tracks of bikes that have a stay here."""
        self._go_on(moment, trails, settled, standing)
        self._leave_out_twins(trails)
        self._departing = {track_id for track_id in self._departing if trails.of(track_id)}
        self._mark_lost(moment, trails)
        drops = self._found_at_rest(moment, trails, settled)
        return drops + self._lost_on_the_way(moment, trails, standing)

    def _go_on(self, moment: Moment, trails: Trails, settled: frozenset[int], standing: Standing) -> None:
        for bike in moment.bikes():
            if bike.track_id in self.arriving():
                self._follow(self._arrivals[bike.track_id], bike, moment, trails)
            elif bike.track_id not in settled | self._twins | self._departing | self._arrivals.keys():
                arrival = arrival_of(bike, trails.of(bike.track_id), trails.recent)
                if arrival is not None:
                    self._notice(arrival, trails, standing)

    @staticmethod
    def _follow(arrival: Arrival, bike: Track, moment: Moment, trails: Trails) -> None:
        arrival.see(Sighting(moment.at, bike.xyxy_px, bike.score), moment)
        if not arrival.moved:
            now = arrival_of(bike, trails.of(bike.track_id), trails.recent)
            arrival.moved = now is not None and now.moved

    def _notice(self, arrival: Arrival, trails: Trails, standing: Standing) -> None:
        """A moving bike has come from outside, or out of the place of one that stood here: then it is leaving."""
        if is_still_occupied(arrival.origin_px, arrival.last.xyxy_px, trails.recent):
            return
        trail = trails.of(arrival.track_id)
        if arrival.moved and begins_in_place(arrival, trail, standing.unseen):
            self._departing.add(arrival.track_id)
        elif arrival.moved or not (begins_in_place(arrival, trail, standing.boxes) or self._is_at_start(trail, trails)):
            self._arrivals[arrival.track_id] = arrival

    @staticmethod
    def _is_at_start(trail: Trail, trails: Trails) -> bool:
        """A bike in the camera's first pictures may be one that stands there."""
        return trail[0].at <= trails.recent[0].at

    def _leave_out_twins(self, trails: Trails) -> None:
        """Nobody brings two bikes: of two tracks on one bike only the clearer one counts."""
        together = list(self._arrivals.values())
        riders = dict(zip(self._arrivals, riders_of([one.company for one in together]), strict=True))
        twins = {
            min(one, two, key=lambda arrival: clearness(trails.of(arrival.track_id))).track_id
            for one, two in combinations(together, 2)
            if are_on_one_bike(trails.of(one.track_id), trails.of(two.track_id))
            or (not (riders[one.track_id] and riders[two.track_id]) and one.company.keys() & two.company.keys())
        }
        self._twins = {twin for twin in self._twins if trails.of(twin)} | twins
        for twin in twins:
            del self._arrivals[twin]

    def _mark_lost(self, moment: Moment, trails: Trails) -> None:
        """A track that comes to rest where a bike stood all along went over to that one."""
        for arrival in self._arrivals.values():
            trail = _way(arrival, trails)
            rest = resting_box(trail, self._park_after_s) if arrival.last.at == moment.at else None
            if not arrival.is_lost and rest is not None and stood_before(rest, trail, trails.recent):
                arrival.is_lost, arrival.last = True, went_over_at(trail, rest)

    def _found_at_rest(self, moment: Moment, trails: Trails, settled: frozenset[int]) -> list[Drop]:
        """The arrivals that are now one of the bikes at rest, solved for all of them together."""
        arrivals = list(self._arrivals.values())
        candidates = self._candidates(moment, trails, settled)
        possible = np.array(
            [[self._may_be(one, candidate, moment, trails) for candidate in candidates] for one in arrivals], dtype=bool
        ).reshape(len(arrivals), len(candidates))
        pairs = drops_of([(one.track_id, one.last.xyxy_px) for one in arrivals], candidates, possible)
        riders = riders_of([one.company for one in arrivals])
        return [
            self._put_down(
                arrivals[row],
                at_rest.box,
                resting_since(trails.of(at_rest.track_id), at_rest.box),
                riders[row],
                certain=True,
                track_id=at_rest.track_id,
            )
            for row, at_rest in pairs
        ]

    def _candidates(self, moment: Moment, trails: Trails, settled: frozenset[int]) -> list[Candidate]:
        if not self._arrivals:
            return []
        resting = (
            (bike.track_id, resting_box(trails.of(bike.track_id), self._park_after_s))
            for bike in moment.bikes()
            if bike.track_id not in settled | self._departing
        )
        return [Candidate(track_id, box) for track_id, box in resting if box is not None]

    def _may_be(self, arrival: Arrival, at_rest: Candidate, moment: Moment, trails: Trails) -> bool:
        """Whether this resting bike can be the arriving one: its own track, or one that was not there before it."""
        if at_rest.track_id == arrival.track_id:
            return not arrival.is_lost and has_come_far(arrival, at_rest.box)
        unseen_s = (moment.at - arrival.last.at).total_seconds()
        near = distance_px(at_rest.box, arrival.last.xyxy_px) <= NEAR_SIZES * size_px(arrival.last.xyxy_px)
        if at_rest.track_id in self._arrivals or unseen_s < self._park_after_s or not near:
            return False
        before = [one for one in trails.of(at_rest.track_id) if one.at <= arrival.last.at - timedelta(seconds=1)]
        return all(iou(one.xyxy_px, at_rest.box) < SAME_PLACE_IOU for one in before) and not stood_before(
            at_rest.box, _way(arrival, trails), trails.recent
        )

    def _lost_on_the_way(self, moment: Moment, trails: Trails, standing: Standing) -> list[Drop]:
        """Bikes lost among others: they are where their riders stop, or where they were slow last; else they went on."""
        followed = {track.track_id for track in moment.tracks if track.seen}
        lost = [one for one in self._arrivals.values() if one.is_lost or one.track_id not in followed]
        riders = dict(zip(self._arrivals, riders_of([one.company for one in self._arrivals.values()]), strict=True))
        drops = [self._drop_of_lost(one, riders[one.track_id], moment, trails, standing) for one in lost]
        return [drop for drop in drops if drop is not None]

    def _drop_of_lost(
        self, arrival: Arrival, riders: frozenset[int], moment: Moment, trails: Trails, standing: Standing
    ) -> Drop | None:
        unseen_s = (moment.at - arrival.last.at).total_seconds()
        if unseen_s < self._park_after_s:
            return None
        followed = [_since(trails.of(rider), arrival.last.at) for rider in riders]
        with_rider = [way for way in followed if way and (moment.at - way[-1].at).total_seconds() <= LOST_PATIENCE_S]
        for way in with_rider:
            stop = stop_of(way, 2 * self._park_after_s) or left_behind(way, trails.recent, standing.boxes)
            if stop is not None and not at_edge(stop.person_px, moment):
                box, seen = place_at(stop, arrival.last.xyxy_px, trails.recent, standing.boxes)
                if has_come_far(arrival, box):
                    return self._put_down(arrival, box, stop.since, riders, certain=seen)
        way = _way(arrival, trails)
        slow = arrival.moved and ended_slowly(way) and not at_edge(arrival.last.xyxy_px, moment)
        if slow and not with_rider and unseen_s >= 2 * self._park_after_s:
            box = median_box(since(way, LAST_SEEN_S))
            return self._put_down(arrival, box, resting_since(way, box), riders, certain=False)
        if unseen_s > LOST_PATIENCE_S and not with_rider:
            del self._arrivals[arrival.track_id]
        return None

    def _put_down(
        self,
        arrival: Arrival,
        box: XyxyPx,
        parked_at: datetime,
        riders: frozenset[int],
        *,
        certain: bool,
        track_id: int | None = None,
    ) -> Drop:
        del self._arrivals[arrival.track_id]
        track = arrival.track_id if track_id is None else track_id
        return Drop(track, arrival.kind, box, parked_at, riders, arrival.is_with_rider(), certain)


def _way(arrival: Arrival, trails: Trails) -> Sequence[Sighting]:
    """The arriving bike's own sightings, without those after its track went over to another bike."""
    return [one for one in trails.of(arrival.track_id) if one.at <= arrival.last.at]


def _since(trail: Trail, at: datetime) -> Trail:
    return [one for one in trail if one.at >= at]
