"""Bikes that stand where none stood, seen once their rider is out of the way. Pure.

A bike pushed in between others has no box of its own until nobody stands before it. Then it is one box more than there are
bikes known here: whoever came with a bike and was at that place has put it down there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median

from detector.assignment import best_pairs, likeness_of
from detector.boxes import XyxyPx, around, iou, overlap_of_smaller
from detector.dwelling import LEAST_DWELL_S, dwell_of
from detector.places import PEOPLE, within_reach
from detector.trails import TWO_WHEELERS, Moment, Trails, distance_px, span_s
from detector.vocabulary import Detection, Kind

SURE_SCORE = 0.25
SAME_BOX_IOU = 0.65
FOLLOW = 0.3
"""How much the newest box counts for where the bike stands."""
RIPE_S = 2.0
RIPE_ARRIVING_S = 3.0
RIPE_LOOKS = 4
RIPE_SHARE = 0.6
SURE_S, SURE_LOOKS, SURE_SHARE = 3.0, 6, 0.8
"""More than to be ripe, since of who brought it less is known."""
LOST_S = 1.5
LEAST_WATCHED_S = 2.0
BEFORE_SCORE = 0.1
BEFORE_IOU = 0.7
BEFORE_LOOKS = 2
BEFORE_SHARE = 0.1
SOON_S = 10.0
"""So soon after its rider is out of the way a bike comes to light; later somebody else brought it."""
LEAST_AREA, MOST_AREA = 0.45, 2.2
"""Of the area that bikes near it have: smaller is a piece of one, larger is drawn around several."""
AROUND_IOU = 0.7
"""So like the smallest box around two bikes that it is theirs; a bike between two is narrower."""
PIECE_AREA, PIECE_INSIDE = 0.8, 0.9
"""A box so much smaller than a known bike's, and so wholly within it, is a part of that one which nothing hides."""
BIRTH_S = 0.5
"""Who is at a bike this soon after they were first found was there before."""
VARIANT_IOU = 0.75
"""Boxes more alike than this are likely of one bike."""
NEIGHBOURS = 3


@dataclass(slots=True)
class Newcomer:
    """A box that belongs to no bike known here, seen again and again in the same place."""

    box_px: XyxyPx
    first_px: XyxyPx
    kind: Kind
    first_at: datetime
    last_at: datetime
    looks: int = 1
    missed: int = 0

    def see(self, found: Detection, at: datetime) -> None:
        sides = zip(self.box_px, found.xyxy_px, strict=True)
        self.box_px = XyxyPx(*(old + FOLLOW * (new - old) for old, new in sides))
        self.looks, self.last_at, self.kind = self.looks + 1, at, found.kind
        if iou(self.first_px, self.box_px) < SAME_BOX_IOU:  # pushed slowly it looks alike from frame to frame
            self.first_px, self.first_at, self.looks, self.missed = self.box_px, at, 1, 0

    def is_at(self, boxes: Collection[XyxyPx]) -> bool:
        return any(iou(self.box_px, box) >= SAME_BOX_IOU for box in boxes)

    def is_ripe(self, at: datetime, needed_s: float) -> bool:
        stood_s = (self.last_at - self.first_at).total_seconds()
        share = self.looks / (self.looks + self.missed)
        return self.last_at == at and stood_s >= needed_s and self.looks >= RIPE_LOOKS and share >= RIPE_SHARE

    def is_sure(self) -> bool:
        """Whether it was seen so long and so often that it stands there whoever brought it."""
        return (
            self.looks >= SURE_LOOKS
            and (self.last_at - self.first_at).total_seconds() >= SURE_S
            and (self.looks >= SURE_SHARE * (self.looks + self.missed))
        )


class Newcomers:
    """The boxes of one camera that are in nobody's place."""

    def __init__(self) -> None:
        self._seen: list[Newcomer] = []

    def update(self, moment: Moment, known: Collection[XyxyPx], arriving: Collection[XyxyPx] = ()) -> list[Newcomer]:
        """Go one frame on; those that stand there by now.

        Args:
            moment: the frame.
            known: its boxes of bikes known to stand here.
            arriving: its boxes of bikes followed on their way, which are given more time to come to rest by themselves.
        """
        loose = [one for one in moment.boxes(TWO_WHEELERS) if one.score >= SURE_SCORE and one.xyxy_px not in known]
        likeness = likeness_of([one.box_px for one in self._seen], [one.xyxy_px for one in loose])
        pairs = dict(best_pairs(likeness, SAME_BOX_IOU))
        for row, one in enumerate(self._seen):
            if row in pairs:
                one.see(loose[pairs[row]], moment.at)
            else:
                one.missed += not _is_attended(one.box_px, moment)
        new = [one for column, one in enumerate(loose) if column not in pairs.values()]
        self._seen = [one for one in self._seen if _age_s(one, moment.at) <= LOST_S]
        self._seen += [Newcomer(one.xyxy_px, one.xyxy_px, one.kind, moment.at, moment.at) for one in new]
        coming = [box for box in arriving if box not in known]
        return [one for one in self._seen if one.is_ripe(moment.at, RIPE_ARRIVING_S if one.is_at(coming) else RIPE_S)]

    def sure(self) -> list[XyxyPx]:
        """The boxes that stand there whoever brought them."""
        return [one.box_px for one in self._seen if one.is_sure()]


def _age_s(one: Newcomer, at: datetime) -> float:
    return (at - one.last_at).total_seconds()


def _is_attended(box: XyxyPx, moment: Moment) -> bool:
    return any(within_reach(one.xyxy_px, box) for one in moment.boxes(PEOPLE))


def was_free(box: XyxyPx, before: datetime, past: Sequence[Moment]) -> bool:
    """Whether a place was looked at for long enough before that moment, and no box like this was there but by chance."""
    earlier = [moment for moment in past if moment.at < before]
    if not earlier or (earlier[-1].at - earlier[0].at).total_seconds() < LEAST_WATCHED_S:
        return False
    looks = sum(
        any(one.score >= BEFORE_SCORE and iou(one.xyxy_px, box) >= BEFORE_IOU for one in moment.boxes(TWO_WHEELERS))
        for moment in earlier
    )
    return looks < BEFORE_LOOKS or looks < BEFORE_SHARE * len(earlier)


def is_whole(box: XyxyPx, places: Collection[XyxyPx]) -> bool:
    """Whether a box is about as large as the bikes that stand near it."""
    near = sorted(places, key=lambda place: distance_px(place, box))[:NEIGHBOURS]
    usual = median(place.area for place in near) if near else box.area
    return LEAST_AREA * usual <= box.area <= MOST_AREA * usual


def is_one_bike(box: XyxyPx, places: Collection[XyxyPx], unknown: Collection[XyxyPx] = ()) -> bool:
    """Whether a box is neither a piece of a bike nor drawn around two that stand beside each other.

    Args:
        box: the box.
        places: bikes known to stand here.
        unknown: boxes that have long been seen and are nobody's place, as those of bikes that others hid at the start.
    """
    beside = [*places, *(one for one in unknown if iou(one, box) < VARIANT_IOU)]
    pairs = (pair for pair in combinations(beside, 2) if 0 < overlap_of_smaller(*pair) < PIECE_INSIDE)
    a_piece = any(is_piece(box, place) for place in places)
    return is_whole(box, places) and not a_piece and all(iou(box, around(*pair)) < AROUND_IOU for pair in pairs)


def is_piece(box: XyxyPx, place: XyxyPx) -> bool:
    """Whether a box is a part of that one which nothing hides."""
    return box.area <= PIECE_AREA * place.area and overlap_of_smaller(box, place) >= PIECE_INSIDE


def claims(
    ripe: Sequence[Newcomer], came: Mapping[int, datetime], unseen: Mapping[int, datetime], trails: Trails
) -> list[tuple[Newcomer, int, datetime]]:
    """Bikes that stand where none was known, each with who put it down and until when they had it.

    Args:
        ripe: the bikes.
        came: people, by track id, who came with a bike, and until when it was seen with them.
        unseen: people whose coming was not seen, and since when they were: who stood at the bike from then on, as a
            track lost and found again does, may have brought it, too, if it is sure to stand there.
        trails: their paths.
    """
    theirs = brought_by(ripe, came, trails, trails.past)
    rest = [one for row, one in enumerate(ripe) if row not in theirs and one.is_sure()]
    found = brought_by(rest, unseen, trails, trails.past, from_birth=True)
    return [
        *((ripe[row], who, came[who]) for row, who in theirs.items()),
        *((rest[row], who, unseen[who]) for row, who in found.items()),
    ]


def brought_by(
    newcomers: Sequence[Newcomer],
    bringers: Collection[int],
    trails: Trails,
    past: Sequence[Moment],
    *,
    from_birth: bool = False,
) -> Mapping[int, int]:
    """Who put which of these bikes down: one bike a person, one person a bike, by how long they were at it.

    Args:
        newcomers: bikes that stand where none was known.
        bringers: people, by track id, who may have brought one.
        trails: their paths.
        past: the last moments, to see what stood there before.
        from_birth: only who was there from when they were first seen.

    Returns:
        Positions in `newcomers` to track ids.
    """
    people = sorted(bringers)
    seconds: dict[tuple[int, int], float] = {}
    for row, one in enumerate(newcomers):
        for column, who in enumerate(people):
            trail = trails.of(who)
            dwell = dwell_of(trail, one.box_px)
            soon = bool(dwell) and one.first_at <= dwell[-1].at + timedelta(seconds=SOON_S)
            there = not from_birth or (bool(dwell) and (dwell[0].at - trail[0].at).total_seconds() <= BIRTH_S)
            if soon and there and was_free(one.box_px, dwell[0].at - timedelta(seconds=1), past):
                seconds[row, column] = span_s(dwell)
    return {row: people[column] for row, column in best_pairs(seconds, LEAST_DWELL_S)}
