"""Who came with a bike, and where they put it down.

The visit comes first: a bike is parked by somebody, so what opens a stay is a bike that moved and came to rest, not a
box that appeared in a crowded rack.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np

from detector.arrivals import (
    Arrival,
    are_on_one_bike,
    arrival_of,
    at_edge,
    clearness,
    is_still_occupied,
    note_company,
    stood_before,
    went_over_at,
)
from detector.boxes import XyxyPx, iou
from detector.links import Candidate, drops_of, riders_of
from detector.places import SAME_PLACE_IOU
from detector.rest import ended_slowly, resting_box, resting_since
from detector.trails import Moment, Sighting, Trail, Trails, distance_px, median_box, since, size_px
from detector.vocabulary import Kind

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

    def update(self, moment: Moment, trails: Trails, settled: frozenset[int], places: Collection[XyxyPx]) -> list[Drop]:
        """Go one frame on; the bikes put down as of now.

        `settled` are the tracks of bikes that have a stay here, `places` the boxes of those not seen in this frame.
        """
        self._go_on(moment, trails, settled, places)
        self._leave_out_twins(trails)
        self._departing = {track_id for track_id in self._departing if trails.of(track_id)}
        self._mark_lost(moment, trails)
        drops = self._found_at_rest(moment, trails, settled)
        return drops + self._lost_for_good(moment, trails)

    def _go_on(self, moment: Moment, trails: Trails, settled: frozenset[int], places: Collection[XyxyPx]) -> None:
        for bike in moment.bikes():
            if bike.track_id in self.arriving():
                arrival = self._arrivals[bike.track_id]
                arrival.last = Sighting(moment.at, bike.xyxy_px, bike.score)
                note_company(arrival, bike.xyxy_px, moment)
            elif bike.track_id not in settled | self._twins | self._departing | self._arrivals.keys():
                arrival_or_none = arrival_of(bike, trails.of(bike.track_id), trails.recent)
                if arrival_or_none is not None:
                    self._notice(arrival_or_none, trails, places)

    def _notice(self, arrival: Arrival, trails: Trails, places: Collection[XyxyPx]) -> None:
        """A moving bike has come from outside, or out of the place of one that stood here: then it is leaving."""
        if is_still_occupied(arrival.origin_px, arrival.last.xyxy_px, trails.recent):
            return
        begins = trails.of(arrival.track_id)[0].xyxy_px
        if any(iou(origin, place) >= SAME_PLACE_IOU for place in places for origin in (begins, arrival.origin_px)):
            self._departing.add(arrival.track_id)
        else:
            self._arrivals[arrival.track_id] = arrival

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
            self._put_down(arrivals[row], trails.of(at_rest.track_id), at_rest, riders[row], certain=True)
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
            return not arrival.is_lost
        unseen_s = (moment.at - arrival.last.at).total_seconds()
        near = distance_px(at_rest.box, arrival.last.xyxy_px) <= NEAR_SIZES * size_px(arrival.last.xyxy_px)
        if at_rest.track_id in self._arrivals or unseen_s < self._park_after_s or not near:
            return False
        before = [one for one in trails.of(at_rest.track_id) if one.at <= arrival.last.at - timedelta(seconds=1)]
        return all(iou(one.xyxy_px, at_rest.box) < SAME_PLACE_IOU for one in before) and not stood_before(
            at_rest.box, _way(arrival, trails), trails.recent
        )

    def _lost_for_good(self, moment: Moment, trails: Trails) -> list[Drop]:
        """Bikes lost among others: where they slowed down and stopped, their place is uncertain; else they went on."""
        followed = {track.track_id for track in moment.tracks}
        drops: list[Drop] = []
        for arrival in list(self._arrivals.values()):
            unseen_s = (moment.at - arrival.last.at).total_seconds()
            if not arrival.is_lost and arrival.track_id in followed:
                continue
            trail = _way(arrival, trails)
            stopped = ended_slowly(trail) and not at_edge(arrival.last.xyxy_px, moment)
            if stopped and unseen_s >= 2 * self._park_after_s:
                place = Candidate(arrival.track_id, median_box(since(trail, LAST_SEEN_S)))
                (riders,) = riders_of([arrival.company])
                drops.append(self._put_down(arrival, trail, place, riders, certain=False))
            elif unseen_s > LOST_PATIENCE_S:
                del self._arrivals[arrival.track_id]
        return drops

    def _put_down(
        self, arrival: Arrival, trail: Trail, at_rest: Candidate, riders: frozenset[int], *, certain: bool
    ) -> Drop:
        del self._arrivals[arrival.track_id]
        since_when = resting_since(trail, at_rest.box)
        return Drop(at_rest.track_id, arrival.kind, at_rest.box, since_when, riders, arrival.is_with_rider(), certain)


def _way(arrival: Arrival, trails: Trails) -> Sequence[Sighting]:
    """The arriving bike's own sightings, without those after its track went over to another bike."""
    return [one for one in trails.of(arrival.track_id) if one.at <= arrival.last.at]
