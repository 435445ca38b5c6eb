"""Bikes on their way: what moved, with whom, and from where. A box that only grew, flickered or hopped moved nowhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from math import exp

from detector.boxes import XyxyPx, iou, overlap_of_smaller
from detector.links import Candidate
from detector.places import PEOPLE, SAME_PLACE_IOU, is_with
from detector.trails import TWO_WHEELERS, Moment, Sighting, Trail, Travel, distance_px, since, size_px, travel
from detector.vocabulary import Kind, Track

ARRIVAL_WINDOW_S = 4.0
ARRIVAL_SIZES = 0.5
ARRIVAL_STRAIGHTNESS = 0.6
ARRIVAL_PACES = 2
ALONE_SIZES = 1.5
"""A bike that moved without anybody being seen with it must have moved this far to be believed."""
ACCOMPANIED_LOOKS = 3
ACCOMPANIED_SHARE = 0.7
FOLLOWED_SIZES = 2.0
COMPANY_MEMORY_S = 4.0
BYSTANDER = 0.4
"""What being within reach of a bike counts for those with whom it does not go along."""
FIRST_LOOK_S = 0.1
LONGEST_LOOK_S = 1.0
RIDER_SCORE = 0.25
RIDER_LOOKS = 2
ORIGIN_IOU = 0.4
EDGE_SHARE = 0.02
TWIN_OVERLAP = 0.6
ELSEWHERE_IOU = 0.1
SAME_BOX_IOU = 0.6
OCCUPIED_LOOK_S = 1.0


Owner = Callable[[XyxyPx, datetime], int | None]
"""With whom a box of these last seconds went along."""


@dataclass(slots=True)
class Arrival:
    """A bike on its way, with the company it keeps."""

    track_id: int
    kind: Kind
    origin_px: XyxyPx
    last: Sighting
    moved: bool = True
    """False where it is only known to be with somebody and not to stand in a known place; it must yet move."""
    company: dict[int, float] = field(default_factory=dict)
    """For how many seconds each person was with it; what is long past counts for less."""
    rider_looks: int = 0
    hops: int = 0
    """In how many looks running its box was that of a bike known to stand there."""

    def is_with_rider(self) -> bool:
        return self.rider_looks >= RIDER_LOOKS

    def see(self, sighting: Sighting, moment: Moment, owner: int | None) -> bool:
        """Go one look on, and count who is at the bike, most of all its `owner`; True where anybody is, however faint."""
        seconds = min(LONGEST_LOOK_S, max(0.0, (sighting.at - self.last.at).total_seconds())) or FIRST_LOOK_S
        self.last = sighting
        self.company = {who: known * exp(-seconds / COMPANY_MEMORY_S) for who, known in self.company.items()}
        for person in moment.people():
            if is_with(person.xyxy_px, sighting.xyxy_px):
                self.company[person.track_id] = self.company.get(person.track_id, 0.0) + seconds * (
                    1.0 if person.track_id == owner else BYSTANDER
                )
        faint = [one for one in moment.boxes(PEOPLE) if is_with(one.xyxy_px, sighting.xyxy_px)]
        self.rider_looks += any(one.score >= RIDER_SCORE for one in faint)
        return bool(faint)


def arrival_of(bike: Track, trail: Trail, recent: Sequence[Moment], owner: Owner) -> Arrival | None:
    """What this track's last seconds are: those of a bike on its way, with whom; None: of one that stands."""
    way = since(trail, ARRIVAL_WINDOW_S)
    travelled = travel(way)
    arrival = Arrival(bike.track_id, bike.kind, way[0].xyxy_px, way[0])
    moments = {moment.at: moment for moment in takewhile(lambda one: one.at >= way[0].at, reversed(recent))}
    looks = [
        arrival.see(sighting, moments[sighting.at], owner(sighting.xyxy_px, sighting.at))
        for sighting in way
        if sighting.at in moments
    ]
    arrival.last = way[-1]
    with_somebody = sum(looks) >= RIDER_LOOKS
    if _has_moved(travelled):
        return arrival if with_somebody or travelled.sizes >= ALONE_SIZES else None
    arrival.moved = False
    always = sum(looks) >= ACCOMPANIED_LOOKS and sum(looks) >= ACCOMPANIED_SHARE * len(looks)
    return arrival if always and arrival.is_with_rider() else None


def _has_moved(way: Travel) -> bool:
    return way.straightness >= ARRIVAL_STRAIGHTNESS and way.moving_paces >= ARRIVAL_PACES and way.sizes >= ARRIVAL_SIZES


def stood_before(place: XyxyPx, way: Trail, recent: Sequence[Moment]) -> bool:
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


def is_still_occupied(origin: XyxyPx, now: XyxyPx, recent: Sequence[Moment]) -> bool:
    """A box that hopped from one racked bike to the next leaves the first one behind; a bike that moved does not."""
    if iou(origin, now) >= ORIGIN_IOU / 2:
        return False
    looks = [moment for moment in recent if (recent[-1].at - moment.at).total_seconds() <= OCCUPIED_LOOK_S]
    return any(iou(origin, one.xyxy_px) >= ORIGIN_IOU for moment in looks for one in moment.boxes(TWO_WHEELERS))


def are_on_one_bike(one: Trail, two: Trail) -> bool:
    """Whether two tracks lie on each other most of the time."""
    boxes = {sighting.at: sighting.xyxy_px for sighting in one}
    pairs = [(boxes[sighting.at], sighting.xyxy_px) for sighting in two if sighting.at in boxes]
    shared = [overlap_of_smaller(a, b) >= TWIN_OVERLAP for a, b in pairs]
    return sum(shared) >= RIDER_LOOKS


def clearness(trail: Trail) -> float:
    return sum(sighting.score for sighting in trail)


def at_way_out(person: XyxyPx, moment: Moment) -> bool:
    """Whether somebody stands where people leave the picture: at its left, right or lower edge."""
    x_px, y_px = EDGE_SHARE * moment.width_px, EDGE_SHARE * moment.height_px
    return person.left < x_px or person.right > moment.width_px - x_px or person.bottom > moment.height_px - y_px


def begins_in_place(arrival: Arrival, trail: Trail, places: Collection[XyxyPx]) -> bool:
    """Whether a bike on its way came out of one of these places, where one stood."""
    origins = (trail[0].xyxy_px, arrival.origin_px)
    return any(iou(origin, place) >= SAME_PLACE_IOU for place in places for origin in origins)


def was_followed(arrival: Arrival, at_rest: Candidate) -> bool:
    """Whether the bike was seen all the way from far off to where it stands: somebody brought it, whatever they seemed to do."""
    way_px = distance_px(arrival.origin_px, at_rest.box)
    return arrival.moved and at_rest.track_id == arrival.track_id and way_px >= FOLLOWED_SIZES * size_px(at_rest.box)


def has_come_far(arrival: Arrival, box: XyxyPx) -> bool:
    """Whether a bike now stands elsewhere than where it was first seen."""
    return arrival.moved or distance_px(arrival.origin_px, box) >= ARRIVAL_SIZES * size_px(box)
