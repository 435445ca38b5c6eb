"""A bike lost among others is where its rider stops. People are found nearly always, a bike pushed into a rack is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import hypot
from statistics import median
from typing import NamedTuple

from detector.boxes import XyxyPx, intersection_px, iou
from detector.places import SAME_PLACE_IOU, closeness, within_reach
from detector.trails import TWO_WHEELERS, Moment, Sighting, Trail, distance_px, median_box, since, size_px, span_s

STOPPED_HEIGHTS = 0.2
"""Somebody whose feet keep within this share of their height has stopped."""
LONG_STOP_S = 4.0
"""Who brought a bike and stands still this long has put it down."""
LEAST_STOP_S = 0.6
PAUSE_S = 1.2
"""Putting a bike into a rack takes at least this long."""
WALKED_OFF_HEIGHTS = 0.7
LEAST_WITHOUT_S = 1.0
NEAR_SIZES = 0.6
LEAST_AREA, MOST_AREA = 0.6, 1.8
"""Of the bike's own area: smaller is a piece of it, larger is drawn around several."""
AGREE_IOU = 0.5
AGREE_SHARE = 0.6
LEAST_LOOKS = 3
NEW_BOX_LOOKS = 3
NEIGHBOURS = 3
PIECE_INSIDE, PIECE_AREA = 0.8, 0.6
"""So much of a piece lies in the whole box, and it is at most this share of it: bending alone leaves more."""


class Stop(NamedTuple):
    """Where somebody has stopped, and since when."""

    person_px: XyxyPx
    since: datetime


def stop_of(way: Trail, rest_s: float) -> Stop | None:
    """Whether somebody stands still at the end of their path for at least `rest_s` seconds."""
    still = _still_end(way)
    if len(still) < LEAST_LOOKS or span_s(still) < rest_s:
        return None
    return Stop(median_box(since(still, PAUSE_S)), still[0].at)


def _still_end(way: Trail) -> Sequence[Sighting]:
    """The sightings at the path's end whose feet are near where they are now; one stray look is forgiven.

    A look that shows a piece of them, the rest hidden by a bike, tells nothing of their feet.
    """
    if not way:
        return way
    here = median_box(way[-LEAST_LOOKS:])
    reach_px, (x, y) = STOPPED_HEIGHTS * max(1.0, here.height), here.foot
    still: list[Sighting] = []
    strays = 0
    for sighting in reversed(way):
        foot_x, foot_y = sighting.xyxy_px.foot
        stray = abs(foot_x - x) > reach_px or abs(foot_y - y) > reach_px
        if stray and _is_piece(sighting.xyxy_px, here):
            continue
        strays = strays + 1 if stray else 0
        if strays > 1:
            break
        if not strays:
            still.append(sighting)
    return still[::-1]


def _is_piece(one: XyxyPx, whole: XyxyPx) -> bool:
    """Whether a box shows a part of somebody whose whole box is known."""
    inside = intersection_px(one, whole) >= PIECE_INSIDE * one.area
    return inside and one.area <= PIECE_AREA * whole.area


def put_down_by(way: Trail, *, without_s: float, unseen_s: float, bike_in_view: bool) -> Stop | None:
    """Where somebody who brought a bike put it down: they stand there for long, or paused and now walk on without it.

    Of several pauses the first one counts: who locks the bike steps aside first, who ties a shoe steps further, and on
    the way to another place the bike would have been seen. Who cannot be seen where they stopped has bent down there.

    Args:
        way: their path since they were seen with the bike.
        without_s: for how many seconds they have moved without it.
        unseen_s: for how long they have not been seen now.
        bike_in_view: it is still seen at their side, so walking on means nothing yet.
    """
    if stop_of(way, max(LEAST_STOP_S, LONG_STOP_S - unseen_s)) is not None:
        return next(_pauses(way, range(LEAST_LOOKS, len(way) + 1)), stop_of(way, LEAST_STOP_S))
    if bike_in_view or without_s < LEAST_WITHOUT_S:
        return None
    last = next(_pauses(way, range(len(way), LEAST_LOOKS - 1, -1)), None)
    if last is None or not _has_left(last, way):
        return None
    return next(_pauses(way, range(LEAST_LOOKS, len(way) + 1)))


def _pauses(way: Trail, ends: Iterable[int]) -> Iterator[Stop]:
    """Where somebody paused on the parts of their path that end after so many looks."""
    stops = (stop_of(way[:end], PAUSE_S) for end in ends)
    return (stop for stop in stops if stop is not None)


def _has_left(pause: Stop, way: Trail) -> bool:
    """Whether the last few looks of a path are clear of where it paused."""
    apart_px = WALKED_OFF_HEIGHTS * max(1.0, pause.person_px.height)
    return all(_apart_px(one.xyxy_px, pause.person_px) >= apart_px for one in way[-LEAST_LOOKS:])


def _apart_px(one: XyxyPx, other: XyxyPx) -> float:
    """How far apart two people's feet are."""
    (x, y), (other_x, other_y) = one.foot, other.foot
    return hypot(x - other_x, y - other_y)


def place_at(stop: Stop, bike_px: XyxyPx, recent: Sequence[Moment], places: Collection[XyxyPx]) -> tuple[XyxyPx, bool]:
    """Where the bike of a rider who stopped stands: a box that came up there, else with the bike at hand, else beside them.

    Args:
        stop: where and since when the rider stands.
        bike_px: the bike's box when it was last seen on its way, for its size.
        recent: the last seconds.
        places: boxes of bikes that stand there already.

    Returns:
        The box, and whether a box of the bike itself gave it.
    """
    guess = _beside(stop.person_px, *_size_among(bike_px, places))
    before = [one for one in recent if one.at < stop.since - timedelta(seconds=1)]
    new = [
        best
        for moment in recent
        if moment.at >= stop.since and (best := _new_box(moment, guess, before, places)) is not None
    ]
    middle = median_box(new) if len(new) >= NEW_BOX_LOOKS else guess
    agree = sum(iou(one.xyxy_px, middle) >= AGREE_IOU for one in new)
    if len(new) >= NEW_BOX_LOOKS and agree >= AGREE_SHARE * len(new):
        return middle, True
    at_hand = [place for place in places if within_reach(stop.person_px, place)]
    return max(at_hand, key=lambda place: closeness(stop.person_px, place), default=guess), False


def _new_box(moment: Moment, guess: XyxyPx, before: Sequence[Moment], places: Collection[XyxyPx]) -> Sighting | None:
    """The box nearest to where the bike should be, if it is of its size and none was there before."""
    near = [
        one
        for one in moment.boxes(TWO_WHEELERS)
        if distance_px(one.xyxy_px, guess) <= NEAR_SIZES * size_px(guess)
        and LEAST_AREA <= one.xyxy_px.area / max(1.0, guess.area) <= MOST_AREA
        and all(iou(one.xyxy_px, place) < SAME_PLACE_IOU for place in places)
        and not _was_there(one.xyxy_px, before)
    ]
    best = min(near, key=lambda one: distance_px(one.xyxy_px, guess), default=None)
    return None if best is None else Sighting(moment.at, best.xyxy_px, best.score)


def _was_there(box: XyxyPx, before: Sequence[Moment]) -> bool:
    return any(iou(box, one.xyxy_px) >= SAME_PLACE_IOU for moment in before for one in moment.boxes(TWO_WHEELERS))


def _size_among(bike: XyxyPx, places: Collection[XyxyPx]) -> tuple[float, float]:
    """How wide and high a bike stands here, in pixels: as its neighbours do, else as it came."""
    near = sorted(places, key=lambda place: distance_px(place, bike))[:NEIGHBOURS]
    if not near:
        return bike.width, bike.height
    return median(place.width for place in near), median(place.height for place in near)


def _beside(person: XyxyPx, width: float, height: float) -> XyxyPx:
    """A box of that size standing on the same ground as the person."""
    x, ground = person.foot
    return XyxyPx(x - width / 2, ground - height, x + width / 2, ground)
