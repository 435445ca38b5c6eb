"""Who came with a bike, and where they put it down.

The visit comes first: a bike is parked by somebody, so what opens a stay is a bike that moved and came to rest, not a
box that appeared in a crowded rack.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from detector.arrivals import (
    Arrival,
    are_on_one_bike,
    arrival_of,
    at_way_out,
    begins_in_place,
    clearness,
    has_come_far,
    is_still_occupied,
    stood_before,
    was_followed,
)
from detector.boxes import XyxyPx, iou
from detector.carriers import WITHOUT_S, Carriers
from detector.dwelling import dwell_of, put_down_at
from detector.links import Candidate, drops_of, riders_of
from detector.places import SAME_PLACE_IOU, is_with
from detector.rest import resting_box, resting_since
from detector.rider_stops import Stop, place_at, put_down_by, stop_of
from detector.trails import Moment, Sighting, Trail, Trails, distance_px, onwards, size_px, span_s
from detector.vocabulary import Kind, Track

LOST_PATIENCE_S = 10.0
NEAR_SIZES = 1.5
STILL_WITH_S = 1.5
"""Where a bike was seen with its rider last, they may already have stopped to put it down."""
IN_VIEW_S = 1.5
IN_VIEW_SCORE = 0.2
HOP_LOOKS = 3
HOP_S = 0.6


@dataclass(frozen=True, slots=True)
class Drop:
    """A bike put down: where, since when, by whom as far as was seen."""

    track_id: int | None
    """None: the bike's own box was not followed there."""
    kind: Kind
    xyxy_px: XyxyPx
    parked_at: datetime
    riders: frozenset[int]
    rider_seen: bool
    certain: bool
    """False where the bike's own box was lost among others and the rider's stop gives the place."""

    @property
    def track_ids(self) -> frozenset[int]:
        return frozenset() if self.track_id is None else frozenset({self.track_id})


@dataclass(frozen=True, slots=True)
class Standing:
    """The boxes of all bikes that have a stay, and of those among them not seen in this frame."""

    boxes: tuple[XyxyPx, ...] = ()
    unseen: tuple[XyxyPx, ...] = ()
    known_boxes: frozenset[XyxyPx] = frozenset()
    """This frame's boxes that were taken for them."""
    riders: frozenset[int] = frozenset()
    """Who came with them and has not left yet."""


class Visits:
    """Watches one camera's two-wheelers and people for bikes that arrive and are put down."""

    def __init__(self, park_after_s: float) -> None:
        self._park_after_s = park_after_s
        self._arrivals: dict[int, Arrival] = {}
        self._twins: dict[int, int] = {}
        """Second tracks on a bike, and its first."""
        self._departing: set[int] = set()
        self._carriers = Carriers()

    def arriving(self) -> frozenset[int]:
        """The tracks of bikes on their way."""
        return frozenset(self._arrivals)

    def came_with_bike(self) -> dict[int, datetime]:
        """Who had a bike with them since they came into view, put down or not, and until when."""
        return self._carriers.came_with_bike()

    def came_unseen(self, trails: Trails, moment: Moment) -> dict[int, datetime]:
        """Who was in the midst of the picture when they were first seen, and since when: what they had is not known."""
        firsts = {who: trail[0] for who in self._carriers.people() if (trail := trails.of(who))}
        return {who: first.at for who, first in firsts.items() if not at_way_out(first.xyxy_px, moment)}

    def took_from(self, place: XyxyPx) -> set[int]:
        """Who is going off with a bike that was first seen with them at this place."""
        return self._carriers.took_from(place)

    def put_down(self, rider: int) -> None:
        """This rider's bike has its stay."""
        self._carriers.put_down([rider])

    def go_on(self, riders: Collection[int], bike: Sighting) -> None:
        """What was taken for a drop was a halt: the riders have the bike still."""
        self._carriers.go_on(riders, bike)

    def update(self, moment: Moment, trails: Trails, settled: frozenset[int], standing: Standing) -> list[Drop]:
        """Go one frame on; the bikes put down as of now. `settled` are the tracks of bikes that have a stay here."""
        self._carriers.update(moment, trails, standing.known_boxes, standing.unseen)
        self._go_on(moment, trails, settled, standing)
        self._leave_out_twins(trails)
        self._departing = {track_id for track_id in self._departing if trails.of(track_id)}
        self._end_the_lost(moment, trails, standing)
        drops = self._found_at_rest(moment, trails, settled, standing)
        for drop in drops:
            self._carriers.put_down(drop.riders)
        return drops + self._left_by_riders(moment, trails, standing)

    def _go_on(self, moment: Moment, trails: Trails, settled: frozenset[int], standing: Standing) -> None:
        not_coming = settled | self._twins.keys() | self._departing
        for bike in moment.bikes():
            if bike.track_id in self._arrivals:
                self._follow(self._arrivals[bike.track_id], bike, moment, trails)
            elif bike.track_id not in not_coming:
                arrival = arrival_of(bike, trails.of(bike.track_id), trails.recent, self._carriers.owner)
                if arrival is not None:
                    self._notice(arrival, trails, standing)

    def _follow(self, arrival: Arrival, bike: Track, moment: Moment, trails: Trails) -> None:
        owner = self._carriers.owner(bike.xyxy_px, moment.at)
        arrival.see(Sighting(moment.at, bike.xyxy_px, bike.score), moment, owner)
        if not arrival.moved:
            now = arrival_of(bike, trails.of(bike.track_id), trails.recent, self._carriers.owner)
            arrival.moved = now is not None and now.moved

    def _notice(self, arrival: Arrival, trails: Trails, standing: Standing) -> None:
        """A moving bike has come from outside, or out of the place of one that stood here: then it is leaving."""
        if is_still_occupied(arrival.origin_px, arrival.last.xyxy_px, trails.recent):
            return
        trail = trails.of(arrival.track_id)
        if arrival.moved and begins_in_place(arrival, trail, standing.unseen):
            self._departing.add(arrival.track_id)
        elif arrival.moved or not (begins_in_place(arrival, trail, standing.boxes) or _is_at_start(trail, trails)):
            self._arrivals[arrival.track_id] = arrival

    def _leave_out_twins(self, trails: Trails) -> None:
        """Nobody brings two bikes: of two tracks on one bike only the clearer one counts."""
        self._twins = {twin: main for twin, main in self._twins.items() if trails.of(twin)}
        together = list(self._arrivals.values())
        if len(together) < 2:  # noqa: PLR2004
            return
        riders = dict(zip(self._arrivals, riders_of([one.company for one in together]), strict=True))
        for one, two in combinations(together, 2):
            without = not (riders[one.track_id] and riders[two.track_id]) and one.company.keys() & two.company.keys()
            if without or are_on_one_bike(trails.of(one.track_id), trails.of(two.track_id)):
                main, twin = sorted((one, two), key=lambda each: clearness(trails.of(each.track_id)), reverse=True)
                self._twins[twin.track_id] = main.track_id
        for twin_id in self._twins.keys() & self._arrivals.keys():
            del self._arrivals[twin_id]

    def _end_the_lost(self, moment: Moment, trails: Trails, standing: Standing) -> None:
        """Whose track is lost, or went over to a bike known to stand there: what it brought, its rider shows."""
        for arrival in list(self._arrivals.values()):
            unseen_s = (moment.at - arrival.last.at).total_seconds()
            arrival.hops = arrival.hops + 1 if arrival.last.xyxy_px in standing.known_boxes and not unseen_s else 0
            trail = trails.of(arrival.track_id)
            hopped = arrival.hops >= HOP_LOOKS and span_s(trail[-arrival.hops :]) >= HOP_S
            if hopped or unseen_s > LOST_PATIENCE_S:
                del self._arrivals[arrival.track_id]
                self._twins = {twin: main for twin, main in self._twins.items() if main != arrival.track_id}

    def _found_at_rest(self, moment: Moment, trails: Trails, settled: frozenset[int], standing: Standing) -> list[Drop]:
        """The arrivals that are now one of the bikes at rest, solved for all of them together."""
        arrivals = list(self._arrivals.values())
        candidates = self._candidates(moment, trails, settled, standing)
        if not candidates:
            return []
        possible = [
            (row, column)
            for row, one in enumerate(arrivals)
            for column, candidate in enumerate(candidates)
            if self._may_be(one, candidate, moment, trails)
        ]
        pairs = drops_of([(one.track_id, one.last.xyxy_px) for one in arrivals], candidates, possible)
        if not pairs:
            return []
        riders, empty_handed = self._riders_of(arrivals, moment, standing), self._carriers.brought_nothing()
        who = [riders[one.track_id] for one in arrivals]
        brought = [
            (row, at_rest)
            for row, at_rest in pairs
            if not who[row] or who[row] - empty_handed or was_followed(arrivals[row], at_rest)
        ]
        return [self._put_down(arrivals[row], at_rest, who[row], trails) for row, at_rest in brought]

    def _riders_of(self, arrivals: Sequence[Arrival], moment: Moment, standing: Standing) -> dict[int, frozenset[int]]:
        """Who came with which bike. Those in view choose first: a lost track may be of the same bike as one of them."""
        in_view = [one for one in arrivals if (moment.at - one.last.at).total_seconds() <= IN_VIEW_S]
        riders: dict[int, frozenset[int]] = {}
        for group in (in_view, [one for one in arrivals if one not in in_view]):
            others = frozenset().union(standing.riders, *riders.values())
            companies = [one.company for one in group]
            found = riders_of(companies, others, self._carriers.bringing(), self._carriers.had_one_each())
            riders |= dict(zip([one.track_id for one in group], found, strict=True))
        return riders

    def _candidates(
        self, moment: Moment, trails: Trails, settled: frozenset[int], standing: Standing
    ) -> list[Candidate]:
        if not self._arrivals:
            return []
        resting = (
            (bike.track_id, resting_box(trails.of(bike.track_id), self._park_after_s))
            for bike in moment.bikes()
            if bike.track_id not in settled | self._departing and bike.xyxy_px not in standing.known_boxes
        )
        return [Candidate(track_id, box) for track_id, box in resting if box is not None]

    def _may_be(self, arrival: Arrival, at_rest: Candidate, moment: Moment, trails: Trails) -> bool:
        """Whether this resting bike can be the arriving one: its own track, or one that was not there before it."""
        way = trails.of(arrival.track_id)
        if at_rest.track_id == arrival.track_id:
            return has_come_far(arrival, at_rest.box) and not stood_before(at_rest.box, way, trails.recent)
        unseen_s = (moment.at - arrival.last.at).total_seconds()
        near = distance_px(at_rest.box, arrival.last.xyxy_px) <= NEAR_SIZES * size_px(arrival.last.xyxy_px)
        if at_rest.track_id in self._arrivals or unseen_s < self._park_after_s or not near:
            return False
        before = [one for one in trails.of(at_rest.track_id) if one.at <= arrival.last.at - timedelta(seconds=1)]
        return all(iou(one.xyxy_px, at_rest.box) < SAME_PLACE_IOU for one in before) and not stood_before(
            at_rest.box, way, trails.recent
        )

    def _left_by_riders(self, moment: Moment, trails: Trails, standing: Standing) -> list[Drop]:
        """Bikes lost among others stand where who brought them stopped for long, or paused and walks on without."""
        drops: list[Drop] = []
        bringing = self._carriers.bringing()
        with_bike_in_view = self._with_bike_in_view(moment) if bringing else set()
        for who, carrier in bringing.items():
            assert carrier.last is not None
            way = onwards(trails.of(who), carrier.last.at - timedelta(seconds=STILL_WITH_S))
            unseen_s = (moment.at - way[-1].at).total_seconds() if way else 0.0
            in_view = who in with_bike_in_view
            stop = put_down_by(way, without_s=carrier.without_s, unseen_s=unseen_s, bike_in_view=in_view)
            if stop is not None and not at_way_out(stop.person_px, moment):
                drops.append(self._drop_of_rider(who, carrier.kind, carrier.last.xyxy_px, stop, trails, standing))
                self._carriers.put_down([who])
            elif carrier.without_s >= WITHOUT_S and not stop_of(way, 0.0):
                self._carriers.put_down([who])
        return drops

    def _with_bike_in_view(self, moment: Moment) -> set[int]:
        """People beside whom a bike on its way was seen just now: where it is put, it will show itself."""
        seen = [
            one.last.xyxy_px
            for one in self._arrivals.values()
            if (moment.at - one.last.at).total_seconds() <= IN_VIEW_S and one.last.score >= IN_VIEW_SCORE
        ]
        return {who.track_id for who in moment.people() if any(is_with(who.xyxy_px, bike) for bike in seen)}

    def _drop_of_rider(
        self, who: int, kind: Kind, bike_px: XyxyPx, stop: Stop, trails: Trails, standing: Standing
    ) -> Drop:
        box, seen = place_at(stop, bike_px, trails.recent, standing.boxes)
        for arrival in list(self._arrivals.values()):
            if riders_of([arrival.company])[0] == {who}:
                del self._arrivals[arrival.track_id]
        return Drop(None, kind, box, stop.since, frozenset({who}), rider_seen=True, certain=seen)

    def _put_down(self, arrival: Arrival, at_rest: Candidate, riders: frozenset[int], trails: Trails) -> Drop:
        del self._arrivals[arrival.track_id]
        since_when = resting_since(trails.of(at_rest.track_id), at_rest.box)
        since_when = self._put_down_unseen(since_when, at_rest.box, riders, trails) or since_when
        return Drop(
            at_rest.track_id, arrival.kind, at_rest.box, since_when, riders, arrival.is_with_rider(), certain=True
        )

    def _put_down_unseen(
        self, since_when: datetime, box: XyxyPx, riders: frozenset[int], trails: Trails
    ) -> datetime | None:
        """When the bike was put down, where all its riders were gone before its box stood still: they had hidden it."""
        dwells = {who: dwell for who in riders if (dwell := dwell_of(trails.of(who), box))}
        if not dwells or any(dwell[-1].at >= since_when for dwell in dwells.values()):
            return None
        had_until = self._carriers.came_with_bike()
        return max(put_down_at(dwell, had_until.get(who, dwell[0].at)) for who, dwell in dwells.items())


def _is_at_start(trail: Trail, trails: Trails) -> bool:
    """A bike in the camera's first pictures may be one that stands there."""
    return trail[0].at <= trails.recent[0].at
