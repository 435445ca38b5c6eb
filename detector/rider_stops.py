"""A bike lost among others is where its rider stops. People are found nearly always, a bike pushed into a rack is not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from detector.boxes import XyxyPx, intersection_px, iou
from detector.places import SAME_PLACE_IOU
from detector.trails import TWO_WHEELERS, Moment, Sighting, Trail, distance_px, median_box, size_px, span_s

STOPPED_HEIGHTS = 0.3
"""Somebody whose feet keep within this share of their height has stopped."""
PAUSE_S = 1.2
"""Putting a bike into a rack takes at least this long."""
WALKED_OFF_HEIGHTS = 1.0
WITH_BIKE_SHARE = 0.25
NEAR_SIZES = 0.7
LEAST_LOOKS = 3
NEW_BOX_LOOKS = 3


class Stop(NamedTuple):
    """Where somebody has stopped, and since when."""

    person_px: XyxyPx
    since: datetime


def stop_of(trail: Trail, rest_s: float) -> Stop | None:
    """Whether somebody stands still at the end of their path for at least `rest_s` seconds."""
    if not trail:
        return None
    still = _still_end(trail)
    if len(still) < LEAST_LOOKS or span_s(still) < rest_s:
        return None
    return Stop(median_box(still), still[0].at)


def left_behind(way: Trail, recent: Sequence[Moment], places: Collection[XyxyPx]) -> Stop | None:
    """Whether somebody stopped a moment on their way and now walks on without a bike: it stands where they stopped.

    Args:
        way: their path since the bike was last seen with them.
        recent: the last seconds.
        places: boxes of bikes that stand there already; one of them beside the path is not theirs.
    """
    pauses = [stop for end in range(LEAST_LOOKS, len(way)) if (stop := stop_of(way[:end], PAUSE_S)) is not None]
    if not pauses:
        return None
    pause = max(pauses, key=lambda stop: stop.since)
    height = max(1.0, pause.person_px.height)
    off = [one for one in way if distance_px(one.xyxy_px, pause.person_px) >= WALKED_OFF_HEIGHTS * height]
    after = [one for one in off if one.at > pause.since]
    if len(after) < LEAST_LOOKS or way[-1] not in after:
        return None
    with_bike = sum(_has_bike(one, recent, places) for one in after)
    return pause if with_bike <= WITH_BIKE_SHARE * len(after) else None


def _has_bike(one: Sighting, recent: Sequence[Moment], places: Collection[XyxyPx]) -> bool:
    moment = next((moment for moment in recent if moment.at == one.at), None)
    return moment is not None and any(
        intersection_px(one.xyxy_px, box.xyxy_px) > 0
        and all(iou(box.xyxy_px, place) < SAME_PLACE_IOU for place in places)
        for box in moment.boxes(TWO_WHEELERS)
    )


def _still_end(trail: Trail) -> Sequence[Sighting]:
    """The sightings at the path's end whose feet are near the last one's; one stray look is forgiven."""
    reach_px, last = STOPPED_HEIGHTS * max(1.0, trail[-1].xyxy_px.height), trail[-1].xyxy_px.foot
    still: list[Sighting] = []
    strays = 0
    for sighting in reversed(trail):
        x, y = sighting.xyxy_px.foot
        strays = strays + 1 if abs(x - last[0]) > reach_px or abs(y - last[1]) > 2 * reach_px else 0
        if strays > 1:
            break
        if not strays:
            still.append(sighting)
    return still[::-1]


def place_at(stop: Stop, bike_px: XyxyPx, recent: Sequence[Moment], places: Collection[XyxyPx]) -> tuple[XyxyPx, bool]:
    """Where the bike of a rider who stopped stands: a box that came up there, else the rider's own place.

    Args:
        stop: where and since when the rider stands.
        bike_px: the bike's box when it was last seen on its way, for its size.
        recent: the last seconds.
        places: boxes of bikes that stand there already.

    Returns:
        The box, and whether a box of the bike itself gave it.
    """
    guess = _beside(stop.person_px, bike_px)
    before = [one for one in recent if one.at < stop.since - timedelta(seconds=1)]
    since = [one for one in recent if one.at >= stop.since]
    new = [
        Sighting(moment.at, box.xyxy_px, box.score)
        for moment in since
        for box in moment.boxes(TWO_WHEELERS)
        if distance_px(box.xyxy_px, guess) <= NEAR_SIZES * size_px(guess)
        and all(iou(box.xyxy_px, place) < SAME_PLACE_IOU for place in places)
        and not _was_there(box.xyxy_px, before)
    ]
    return (median_box(new), True) if len(new) >= NEW_BOX_LOOKS else (guess, False)


def _was_there(box: XyxyPx, before: Sequence[Moment]) -> bool:
    return any(iou(box, one.xyxy_px) >= SAME_PLACE_IOU for moment in before for one in moment.boxes(TWO_WHEELERS))


def _beside(person: XyxyPx, bike: XyxyPx) -> XyxyPx:
    """A box of the bike's size standing on the same ground as the person."""
    x, ground = person.foot
    return XyxyPx(x - bike.width / 2, ground - bike.height, x + bike.width / 2, ground)
