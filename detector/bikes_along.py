"""Which bike goes with whom in one frame, of those that do not stand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import takewhile
from math import hypot

import numpy as np

from detector.assignment import as_array, best_pairs, iou_matrix
from detector.boxes import XyxyPx, iou, overlap_of_smaller
from detector.places import SAME_PLACE_IOU, within_reach
from detector.trails import TWO_WHEELERS, Moment, Trail, Trails, since, size_px, span_s, travel
from detector.vocabulary import Detection, Track

STOOD_AGE_S = 2.5
STOOD_IOU = 0.5
STOOD_LOOKS = 2
STILL_S = 1.0
STILL_LEAST_S = 0.7
STILL_SIZES = 0.06
ON_PERSON = 0.25
SAME_BIKE = 2.0


def bikes_at_hand(moment: Moment, known: Collection[XyxyPx]) -> list[Detection]:
    """The bikes in this frame that somebody is at, but for those in known places."""
    bikes = [one for one in moment.boxes(TWO_WHEELERS) if one.xyxy_px not in known]
    return [one for one in bikes if any(_togetherness(who.xyxy_px, one.xyxy_px) > 0 for who in moment.people())]


def loose_bikes(bikes: Sequence[Detection], moment: Moment, trails: Trails) -> list[Detection]:
    """Those of a frame's bikes that do not stand: they move, and are not where one was some seconds ago."""
    moving = [one for one in bikes if not _is_still(one.xyxy_px, moment, trails)]
    if not moving:
        return []
    until = moment.at - timedelta(seconds=STOOD_AGE_S)
    past = [other.bike_boxes for other in takewhile(lambda other: other.at <= until, trails.recent)]
    alike = iou_matrix(as_array([one.xyxy_px for one in moving]), np.concatenate([as_array([]), *past])) >= STOOD_IOU
    return [bike for bike, looks in zip(moving, alike.sum(axis=1), strict=True) if looks < STOOD_LOOKS]


def _is_still(box: XyxyPx, moment: Moment, trails: Trails) -> bool:
    return any(_stands(trails.of(track.track_id)) for track in moment.bikes() if track.xyxy_px == box)


def _stands(trail: Trail) -> bool:
    """Whether a bike followed for a moment did not move in it."""
    last = since(trail, STILL_S)
    return span_s(last) >= STILL_LEAST_S and travel(last).sizes < STILL_SIZES


def bikes_along(
    people: Sequence[Track], bikes: Sequence[Detection], before: Mapping[int, XyxyPx]
) -> dict[int, Detection]:
    """Which bike goes with whom in one frame: each person one, each bike one, the closest in sum.

    `before` is the bike each person was with a moment ago: bikes do not change hands on the way.
    """
    gain = {
        (row, column): _gain(person.xyxy_px, bike.xyxy_px, before.get(person.track_id))
        for row, person in enumerate(people)
        for column, bike in enumerate(bikes)
    }
    return {people[row].track_id: bikes[column] for row, column in best_pairs(gain, 1e-6)}


def _gain(person: XyxyPx, bike: XyxyPx, before: XyxyPx | None) -> float:
    together = _togetherness(person, bike)
    same = before is not None and together > 0 and iou(before, bike) >= SAME_PLACE_IOU
    return together + SAME_BIKE * same


def _togetherness(person: XyxyPx, bike: XyxyPx) -> float:
    """0 where a person is not at a bike, up to 2 where their feet are in the middle of it."""
    overlap = overlap_of_smaller(person, bike)
    if not (overlap > ON_PERSON or within_reach(person, bike)):
        return 0.0
    x, y = person.foot
    away = hypot(x - (bike.left + bike.right) / 2, y - bike.bottom) / size_px(bike)
    return max(0.05, 1 - away) + overlap
