"""Bikes on their way: what moved, with whom, and from where. A box that only grew, flickered or hopped moved nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from detector.boxes import XyxyPx, intersection_px, iou
from detector.places import PEOPLE, SAME_PLACE_IOU, within_reach
from detector.trails import TWO_WHEELERS, Moment, Sighting, Trail, since, travel
from detector.vocabulary import Kind, Track

ARRIVAL_WINDOW_S = 4.0
ARRIVAL_SIZES = 0.5
ARRIVAL_STRAIGHTNESS = 0.6
ARRIVAL_PACES = 2
ALONE_SIZES = 1.5
"""A bike that moved without anybody being seen with it must have moved this far to be believed."""
RIDER_SCORE = 0.25
RIDER_LOOKS = 2
ORIGIN_IOU = 0.4
EDGE_SHARE = 0.02
TWIN_OVERLAP = 0.6
ELSEWHERE_IOU = 0.1
SAME_BOX_IOU = 0.6
ON_PERSON = 0.3
OCCUPIED_LOOK_S = 1.0


@dataclass(slots=True)
class Arrival:
    """A bike on its way, with the company it keeps."""

    track_id: int
    kind: Kind
    origin_px: XyxyPx
    last: Sighting
    company: Counter[int] = field(default_factory=Counter)
    """In how many looks each person was with it."""
    rider_looks: int = 0
    is_lost: bool = False
    """Its track went over to another bike; `last` is where the bike itself was seen last."""

    def is_with_rider(self) -> bool:
        return self.rider_looks >= RIDER_LOOKS


def arrival_of(bike: Track, trail: Trail, recent: Sequence[Moment]) -> Arrival | None:
    """What this track's last seconds are: those of a bike on its way, with whom; None: of one that stands."""
    way = since(trail, ARRIVAL_WINDOW_S)
    moved = travel(way)
    if moved.straightness < ARRIVAL_STRAIGHTNESS or moved.moving_paces < ARRIVAL_PACES or moved.sizes < ARRIVAL_SIZES:
        return None
    arrival = Arrival(bike.track_id, bike.kind, way[0].xyxy_px, way[-1])
    boxes = {sighting.at: sighting.xyxy_px for sighting in way}
    looks = [note_company(arrival, boxes[moment.at], moment) for moment in recent if moment.at in boxes]
    return arrival if sum(looks) >= RIDER_LOOKS or moved.sizes >= ALONE_SIZES else None


def note_company(arrival: Arrival, bike: XyxyPx, moment: Moment) -> bool:
    """Count who is at the bike in this moment; True where anybody is, however faint."""
    for person in moment.people():
        if _is_with(person.xyxy_px, bike):
            arrival.company[person.track_id] += 1
    faint = [one for one in moment.boxes(PEOPLE) if _is_with(one.xyxy_px, bike)]
    arrival.rider_looks += any(one.score >= RIDER_SCORE for one in faint)
    return bool(faint)


def _is_with(person: XyxyPx, bike: XyxyPx) -> bool:
    return within_reach(person, bike) or intersection_px(person, bike) > ON_PERSON * person.area


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
    shared = [intersection_px(a, b) / max(1.0, min(a.area, b.area)) >= TWIN_OVERLAP for a, b in pairs]
    return sum(shared) >= RIDER_LOOKS


def clearness(trail: Trail) -> float:
    return sum(sighting.score for sighting in trail)


def went_over_at(trail: Trail, rest: XyxyPx) -> Sighting:
    """Where a bike itself was seen last whose track went over to one that stood at `rest`."""
    return next(one for one in reversed(trail) if iou(one.xyxy_px, rest) < SAME_PLACE_IOU)


def at_edge(box: XyxyPx, moment: Moment) -> bool:
    """Whether a box touches the picture's edge: what is lost there has left the picture."""
    x_px, y_px = EDGE_SHARE * moment.width_px, EDGE_SHARE * moment.height_px
    return (
        box.left < x_px or box.top < y_px or box.right > moment.width_px - x_px or box.bottom > moment.height_px - y_px
    )
