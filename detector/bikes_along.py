"""Which bike goes with whom in one frame, of those that do not stand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import hypot

import numpy as np

from detector.assignment import as_array, best_pairs, iou_matrix
from detector.boxes import XyxyPx, intersection_px, iou
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


def loose_bikes(moment: Moment, trails: Trails, known: Collection[XyxyPx]) -> list[Detection]:
    """The bikes in this frame that do not stand: not in a known place, nor where they were some seconds ago."""
    still = {track.xyxy_px for track in moment.bikes() if _stands(trails.of(track.track_id))}
    bikes = [one for one in moment.boxes(TWO_WHEELERS) if one.xyxy_px not in known and one.xyxy_px not in still]
    if not bikes:
        return []
    past = [other.bike_boxes for other in trails.recent if _age_s(moment, other) >= STOOD_AGE_S]
    alike = iou_matrix(as_array([one.xyxy_px for one in bikes]), np.concatenate([as_array([]), *past])) >= STOOD_IOU
    return [bike for bike, looks in zip(bikes, alike.sum(axis=1), strict=True) if looks < STOOD_LOOKS]


def _stands(trail: Trail) -> bool:
    """Whether a bike followed for a moment did not move in it."""
    last = since(trail, STILL_S)
    return span_s(last) >= STILL_LEAST_S and travel(last).sizes < STILL_SIZES


def _age_s(moment: Moment, other: Moment) -> float:
    return (moment.at - other.at).total_seconds()


def bikes_along(
    people: Sequence[Track], bikes: Sequence[Detection], before: Mapping[int, XyxyPx]
) -> dict[int, Detection]:
    """Which bike goes with whom in one frame: each person one, each bike one, the closest in sum.

    `before` is the bike each person was with a moment ago: bikes do not change hands on the way.
    """
    gain = np.zeros((len(people), len(bikes)))
    for row, person in enumerate(people):
        for column, bike in enumerate(bikes):
            together = _togetherness(person.xyxy_px, bike.xyxy_px)
            same = person.track_id in before and iou(before[person.track_id], bike.xyxy_px) >= SAME_PLACE_IOU
            gain[row, column] = together + SAME_BIKE * (same and together > 0)
    return {people[row].track_id: bikes[column] for row, column in best_pairs(gain, 1e-6)}


def _togetherness(person: XyxyPx, bike: XyxyPx) -> float:
    """0 where a person is not at a bike, up to 2 where their feet are in the middle of it."""
    overlap = intersection_px(person, bike) / max(1.0, min(person.area, bike.area))
    if not (within_reach(person, bike) or overlap > ON_PERSON):
        return 0.0
    x, y = person.foot
    away = hypot(x - (bike.left + bike.right) / 2, y - bike.bottom) / size_px(bike)
    return max(0.05, 1 - away) + overlap
