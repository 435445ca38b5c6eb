"""Standing bikes are known again by their place; one just put down may still be pushed into it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from detector.boxes import XyxyPx, iou
from detector.open_stays import SETTLE_S, OpenStay
from detector.places import PEOPLE, SAME_PLACE_IOU, within_reach
from detector.rest import resting_box, resting_since
from detector.trails import Moment, Trails, distance_px, since, size_px, travel
from detector.vocabulary import Track

SETTLE_SIZES = 2.0
"""How far in its own sizes a bike may still be pushed soon after it was put down."""
SETTLE_LEAST_SIZES = 0.4
SOON_S = 2.0


def settled_tracks(places: Sequence[OpenStay]) -> frozenset[int]:
    """The tracks of bikes that have a stay."""
    return frozenset(track_id for place in places for track_id in place.track_ids)


def _is_settled(bike: Track, places: Sequence[OpenStay]) -> bool:
    return any(bike.track_id in place.track_ids for place in places)


def keep_boxes(
    places: Sequence[OpenStay], moment: Moment, trails: Trails, arriving: Collection[int], park_after_s: float
) -> None:
    """Know each standing bike again by its place, and follow it while its rider still moves it about."""
    for place in places:
        still = {bike.track_id for bike in moment.bikes() if iou(bike.xyxy_px, place.box_px) >= SAME_PLACE_IOU}
        for bike in moment.bikes():
            if bike.track_id not in still and bike.track_id in place.track_ids:
                others = [other.box_px for other in places if other is not place]
                _follow_or_release(place, bike, trails, others, park_after_s)
            elif bike.track_id in still and bike.track_id not in arriving and not _is_settled(bike, places):
                place.track_ids.add(bike.track_id)


def _follow_or_release(
    place: OpenStay, bike: Track, trails: Trails, others_px: Sequence[XyxyPx], park_after_s: float
) -> None:
    """A bike that moves soon after it was put down is being settled; later it is being taken away."""
    if place.preexisting or place.left_at is not None:
        place.track_ids.discard(bike.track_id)
        return
    trail = trails.of(bike.track_id)
    rest = resting_box(trail, park_after_s)
    if rest is None or travel(since(trail, SETTLE_S)).sizes < SETTLE_LEAST_SIZES:
        return
    if not _may_settle(rest, trails, others_px):
        return
    rest_at = resting_since(trail, rest)
    soon = (rest_at - place.parked_at).total_seconds() <= SETTLE_S
    if soon and distance_px(rest, place.box_px) <= SETTLE_SIZES * size_px(place.box_px):
        place.settle(rest, rest_at)


def _may_settle(rest: XyxyPx, trails: Trails, others_px: Sequence[XyxyPx]) -> bool:
    """Only with somebody at it, and not where another bike stands: a box may hop to a neighbour, a bike does not."""
    free = all(iou(rest, other) < SAME_PLACE_IOU for other in others_px)
    resting = [one for one in trails.recent if (trails.recent[-1].at - one.at).total_seconds() <= SOON_S]
    return free and any(within_reach(one.xyxy_px, rest) for moment in resting for one in moment.boxes(PEOPLE))
