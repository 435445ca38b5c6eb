"""Who came with a bike, and where they put it down.

The visit comes first: a bike is parked by somebody, so what opens a stay is a bike that moved and came to rest, not a
box that appeared in a crowded rack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from math import hypot

from detector.boxes import XyxyPx, intersection_px, iou
from detector.places import PEOPLE, SAME_PLACE_IOU, within_reach
from detector.trails import (
    TWO_WHEELERS,
    Moment,
    Sighting,
    Trail,
    Trails,
    distance_px,
    median_box,
    paces,
    rigid_shift_px,
    since,
    size_px,
    span_s,
    travel,
)
from detector.vocabulary import Kind, Track

ARRIVAL_WINDOW_S = 4.0
ARRIVAL_SIZES = 0.5
ARRIVAL_STRAIGHTNESS = 0.6
ARRIVAL_PACES = 2
ALONE_SIZES = 1.5
"""A bike that moved without anybody being seen with it must have moved this far to be believed."""
RIDER_SCORE = 0.25
RIDER_LOOKS = 2
REST_SIZES = 0.15
REST_MAX_SIZES = 0.4
CREEP_SIZES = 0.08
"""Slowly but steadily this far in the resting time: still being pushed."""
STILL_SIZES = 0.04
GROUND_SIZES = 0.06
"""Where the wheels stand is hidden least: a bottom edge that still moves this far is a bike not yet in its place."""
SLOW_SIZES = 0.35
LOST_PATIENCE_S = 10.0
NEAR_SIZES = 1.5
ORIGIN_IOU = 0.4
EDGE_SHARE = 0.02
TWIN_OVERLAP = 0.6
ELSEWHERE_IOU = 0.1
SAME_BOX_IOU = 0.6


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


@dataclass(slots=True)
class Arrival:
    """A bike on its way, with the company it keeps."""

    track_id: int
    kind: Kind
    origin_px: XyxyPx
    last: Sighting
    company: Counter[int] = field(default_factory=Counter)
    rider_looks: int = 0
    is_lost: bool = False
    """Its track went over to another bike; `last` is where the bike itself was seen last."""

    def riders(self) -> frozenset[int]:
        """Who was with the bike for a good part of the way."""
        most = max(self.company.values(), default=0)
        return frozenset(
            person for person, looks in self.company.items() if looks >= RIDER_LOOKS and looks > 0.4 * most
        )

    def is_with_rider(self) -> bool:
        return self.rider_looks >= RIDER_LOOKS


class Visits:
    """Watches all two-wheelers of one camera for those that arrive and are put down."""

    def __init__(self, park_after_s: float) -> None:
        self._park_after_s = park_after_s
        self._arrivals: dict[int, Arrival] = {}
        self._twins: set[int] = set()

    def arriving(self) -> frozenset[int]:
        """The tracks that are on their way."""
        return frozenset(track_id for track_id, arrival in self._arrivals.items() if not arrival.is_lost)

    def update(self, moment: Moment, trails: Trails, settled: frozenset[int]) -> list[Drop]:
        """Go one frame on; the bikes put down as of now. `settled` are the tracks of bikes that have a stay here."""
        for bike in moment.bikes():
            if bike.track_id in self.arriving():
                arrival = self._arrivals[bike.track_id]
                arrival.last = Sighting(moment.at, bike.xyxy_px, bike.score)
                _note_company(arrival, bike.xyxy_px, moment)
            elif bike.track_id not in settled | self._twins | self._arrivals.keys():
                self._notice(bike, trails)
        self._twins = {twin for twin in self._twins if trails.of(twin)} | self._weaker_twins(trails)
        for twin in self._twins & self._arrivals.keys():
            del self._arrivals[twin]
        drops = [self._drop(arrival, moment, trails, settled) for arrival in list(self._arrivals.values())]
        return [drop for drop in drops if drop is not None]

    def _notice(self, bike: Track, trails: Trails) -> None:
        arrival = _arrival_of(bike, trails.of(bike.track_id), trails.recent)
        if arrival is not None and not _is_still_occupied(arrival.origin_px, bike.xyxy_px, trails.recent):
            self._arrivals[bike.track_id] = arrival

    def _weaker_twins(self, trails: Trails) -> set[int]:
        """Nobody brings two bikes: of two tracks on one bike only the clearer one counts."""
        return {
            min(one, two, key=lambda arrival: _clearness(trails.of(arrival.track_id))).track_id
            for one, two in combinations(self._arrivals.values(), 2)
            if one.riders() & two.riders() or _are_on_one_bike(trails.of(one.track_id), trails.of(two.track_id))
        }

    def _drop(self, arrival: Arrival, moment: Moment, trails: Trails, settled: frozenset[int]) -> Drop | None:
        trail = [one for one in trails.of(arrival.track_id) if one.at <= arrival.last.at]
        unseen_s = (moment.at - arrival.last.at).total_seconds()
        if not arrival.is_lost and any(track.track_id == arrival.track_id for track in moment.tracks):
            rest = resting_box(trail, self._park_after_s) if unseen_s == 0 else None
            if rest is not None and _stood_before(rest, trail, trails.recent):
                arrival.is_lost = True
                arrival.last = next(one for one in reversed(trail) if iou(one.xyxy_px, rest) < SAME_PLACE_IOU)
                return None
            return self._put_down(arrival, trail, rest, certain=True) if rest is not None else None
        if unseen_s < self._park_after_s:
            return None
        found = self._found_again(arrival, moment, trails, settled)
        stopped = unseen_s >= 2 * self._park_after_s and _ended_slowly(trail) and not _at_edge(arrival, moment)
        if found is None and stopped:
            return self._put_down(arrival, trail, median_box(since(trail, 0.5)), certain=False)
        if found is None and unseen_s > LOST_PATIENCE_S:
            del self._arrivals[arrival.track_id]
        return found

    def _found_again(self, arrival: Arrival, moment: Moment, trails: Trails, settled: frozenset[int]) -> Drop | None:
        """A bike lost on its way may be the one that now stands close by and has no stay yet."""
        for bike in moment.bikes():
            if bike.track_id in settled | self._arrivals.keys():
                continue
            rest = resting_box(trails.of(bike.track_id), self._park_after_s)
            near = distance_px(bike.xyxy_px, arrival.last.xyxy_px) <= NEAR_SIZES * size_px(arrival.last.xyxy_px)
            if rest is not None and near and self._came_since(arrival, bike, rest, trails):
                drop = self._put_down(arrival, trails.of(bike.track_id), rest, certain=True)
                return replace(drop, track_id=bike.track_id)
        return None

    @staticmethod
    def _came_since(arrival: Arrival, bike: Track, rest: XyxyPx, trails: Trails) -> bool:
        """Whether this bike was not there yet while the lost one was still seen on its way."""
        before = [one for one in trails.of(bike.track_id) if one.at <= arrival.last.at - timedelta(seconds=1)]
        way = [one for one in trails.of(arrival.track_id) if one.at <= arrival.last.at]
        return all(iou(one.xyxy_px, rest) < SAME_PLACE_IOU for one in before) and not _stood_before(
            rest, way, trails.recent
        )

    def _put_down(self, arrival: Arrival, trail: Trail, rest: XyxyPx, *, certain: bool) -> Drop:
        del self._arrivals[arrival.track_id]
        riders, seen = arrival.riders(), arrival.is_with_rider()
        return Drop(arrival.track_id, arrival.kind, rest, resting_since(trail, rest), riders, seen, certain)


def _clearness(trail: Trail) -> float:
    return sum(sighting.score for sighting in trail)


def _are_on_one_bike(one: Trail, two: Trail) -> bool:
    boxes = {sighting.at: sighting.xyxy_px for sighting in one}
    pairs = [(boxes[sighting.at], sighting.xyxy_px) for sighting in two if sighting.at in boxes]
    shared = [intersection_px(a, b) / max(1.0, min(a.area, b.area)) >= TWIN_OVERLAP for a, b in pairs]
    return sum(shared) >= RIDER_LOOKS


def _arrival_of(bike: Track, trail: Trail, recent: Sequence[Moment]) -> Arrival | None:
    """Whether this track's last seconds are those of a bike on its way, and with whom it was."""
    way = since(trail, ARRIVAL_WINDOW_S)
    moved = travel(way)
    if moved.straightness < ARRIVAL_STRAIGHTNESS or moved.moving_paces < ARRIVAL_PACES or moved.sizes < ARRIVAL_SIZES:
        return None
    arrival = Arrival(bike.track_id, bike.kind, way[0].xyxy_px, way[-1])
    boxes = {sighting.at: sighting.xyxy_px for sighting in way}
    looks = [_note_company(arrival, boxes[moment.at], moment) for moment in recent if moment.at in boxes]
    return arrival if sum(looks) >= RIDER_LOOKS or moved.sizes >= ALONE_SIZES else None


def _note_company(arrival: Arrival, bike: XyxyPx, moment: Moment) -> bool:
    """Count who is at the bike in this moment; True where anybody is, however faint."""
    for person in moment.people():
        if _is_with(person.xyxy_px, bike):
            arrival.company[person.track_id] += 1
    faint = [one for one in moment.boxes(PEOPLE) if _is_with(one.xyxy_px, bike)]
    arrival.rider_looks += any(one.score >= RIDER_SCORE for one in faint)
    return bool(faint)


def _is_with(person: XyxyPx, bike: XyxyPx) -> bool:
    return within_reach(person, bike) or intersection_px(person, bike) > 0.3 * person.area


def _stood_before(place: XyxyPx, way: Trail, recent: Sequence[Moment]) -> bool:
    """Whether a bike stood at `place` while the arriving one was still elsewhere: then its track went over to that one.

    Boxes that overlap swap their tracks easily; places do not swap.
    """
    on_way = {one.at for one in way if iou(one.xyxy_px, place) < ELSEWHERE_IOU}
    looks = [
        any(iou(one.xyxy_px, place) >= SAME_BOX_IOU for one in moment.boxes(TWO_WHEELERS))
        for moment in recent
        if moment.at in on_way
    ]
    return sum(looks) >= RIDER_LOOKS and sum(looks) > len(looks) / 2


def _is_still_occupied(origin: XyxyPx, now: XyxyPx, recent: Sequence[Moment]) -> bool:
    """A box that hopped from one racked bike to the next leaves the first one behind; a bike that moved does not."""
    last_looks = [moment for moment in recent if (recent[-1].at - moment.at).total_seconds() <= 1.0]
    if iou(origin, now) >= ORIGIN_IOU / 2:
        return False
    return any(iou(origin, one.xyxy_px) >= ORIGIN_IOU for moment in last_looks for one in moment.boxes(TWO_WHEELERS))


def resting_box(trail: Trail, rest_s: float) -> XyxyPx | None:
    """Where a bike has been at rest for the last `rest_s` seconds, or None while it moves."""
    last = since(trail, rest_s + 0.01)
    if len(last) < 3 or span_s(last) < 0.75 * rest_s or span_s(trail) < rest_s:  # noqa: PLR2004
        return None
    rest = median_box(last)
    far = sorted(distance_px(sighting.xyxy_px, rest) / size_px(rest) for sighting in last)
    steady = far[int(0.8 * (len(far) - 1))] <= REST_SIZES and far[-1] < REST_MAX_SIZES
    before, after = median_box(last[: (len(last) + 1) // 2]), median_box(last[len(last) // 2 :])
    crept = max(travel(last).sizes, hypot(*rigid_shift_px(before, after)) / size_px(rest))
    on_ground = abs(before.bottom - after.bottom) <= GROUND_SIZES * size_px(rest)
    return rest if steady and on_ground and crept < CREEP_SIZES else None


def resting_since(trail: Trail, rest: XyxyPx) -> datetime:
    """The moment from which on a bike stood where it stands: the end of its first pace without movement.

    Looking back, its box may have jumped out of place once, as boxes do, but not twice running.
    """
    steps, strikes = paces(trail), 0
    still = [steps[-1]]
    for step in reversed(steps[:-1]):
        moved_px = hypot(*rigid_shift_px(step.xyxy_px, still[-1].xyxy_px))
        off_px = max(
            distance_px(step.xyxy_px, rest) / REST_SIZES, abs(step.xyxy_px.bottom - rest.bottom) / GROUND_SIZES
        )
        strikes = strikes + 1 if off_px > size_px(rest) else 0
        if strikes > 1 or moved_px > STILL_SIZES * size_px(rest):
            break
        if not strikes:
            still.append(step)
    return still[max(0, len(still) - 2)].at


def _ended_slowly(trail: Trail) -> bool:
    return travel(since(trail, 1.2)).sizes < SLOW_SIZES and len(trail) > RIDER_LOOKS


def _at_edge(arrival: Arrival, moment: Moment) -> bool:
    box = arrival.last.xyxy_px
    x_px, y_px = EDGE_SHARE * moment.width_px, EDGE_SHARE * moment.height_px
    return (
        box.left < x_px or box.top < y_px or box.right > moment.width_px - x_px or box.bottom > moment.height_px - y_px
    )
