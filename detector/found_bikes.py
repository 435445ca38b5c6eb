"""Bikes nobody was seen bringing: those that stood here before, and those found standing alone later."""

from __future__ import annotations

from datetime import datetime

from detector.boxes import iou
from detector.places import PEOPLE, SAME_PLACE_IOU, within_reach
from detector.rest import resting_box
from detector.trails import Moment, Trail, since, span_s
from detector.vocabulary import Track

START_S = 3.0
"""Bikes first seen this soon after the camera's first frame stood there before."""
EARLY_UNTIL_S = 8.0
"""Later than this after the start a bike must stand as long as any other."""
FOUND_EARLY_S = 2.0
FOUND_LATE_S = 10.0
FOUND_SHARE = 0.9
FOUND_SCORE = 0.3


def stands_alone(bike: Track, trail: Trail, started_at: datetime, moment: Moment) -> bool:
    """Whether a bike without a stay has stood in its place long enough, and nobody is at it who may have brought it."""
    watched_s = (moment.at - started_at).total_seconds()
    early = (bike.first_seen_at - started_at).total_seconds() <= START_S and watched_s <= EARLY_UNTIL_S
    needed_s = FOUND_EARLY_S if early else FOUND_LATE_S
    rest = resting_box(trail, FOUND_EARLY_S) if span_s(trail) >= needed_s else None
    if rest is None:
        return False
    last = since(trail, needed_s)
    stays = sum(iou(one.xyxy_px, rest) >= SAME_PLACE_IOU for one in last) >= FOUND_SHARE * len(last)
    sure = sum(one.score for one in trail) / len(trail) >= FOUND_SCORE
    alone = not any(within_reach(one.xyxy_px, bike.xyxy_px) for one in moment.boxes(PEOPLE))
    return sure and stays and (early or alone)
