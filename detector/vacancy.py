"""Whether places where bikes stand were seen empty. Hidden is not gone; nor does a bike leave without somebody's visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import exp

from detector.assignment import best_pairs, likeness_of
from detector.boxes import XyxyPx, intersection_px
from detector.places import PEOPLE, SAME_PLACE_IOU, within_reach
from detector.trails import TWO_WHEELERS, Moment

COVERED_BY_BIKES = 0.5
COVERED_BY_PEOPLE = 0.25
USUAL_IOU = 0.6
"""A standing bike's box this like its remembered one is its usual box, not one drawn around several bikes."""
GREW_BY = 0.1
"""A neighbour's box that covers this much more of the place than the neighbour does has grown around both bikes."""
BESIDE_LOOKS = 3
BLIND_PLACES = 3
"""So many bikes do not vanish in one picture; the camera was dazzled or its picture broken."""
LEAST_SEEN_SHARE = 0.15
"""A bike seen in fewer pictures than this is waited for no longer than one seen in this share of them."""
EMPTY_LOOKS = 3
REMEMBERED_S = 8.0
"""A place that was empty for long stays so in memory for this time, though its new bike flickers meanwhile."""
UNVISITED_PATIENCE = 20.0
"""Without a visit a place must be seen empty this many times as long."""
VISIT_SCORE = 0.15
VISIT_BEFORE_S = 10.0
"""How long before a bike was last seen somebody may have come who then took it."""
STEADY_LOOKS = 400
SUPPORT_S = 1.0
FADED_BY = 0.5
MERGED_SHARE = 0.5
MERGED_COVER = 0.7


class Look(StrEnum):
    SEEN = "seen"
    HIDDEN = "hidden"
    EMPTY = "empty"


@dataclass(slots=True)
class Vacancy:
    """What is known about one place being empty. A hidden look counts for nothing.

    What was hardly ever seen cannot be seen missing.

    A bike that is found in only a third of the pictures must be missing three times as long to be gone.
    """

    seen_looks: int = 1
    missed_looks: int = 0
    empty_s: float = 0.0
    empty_looks: int = 0
    empty_since: datetime | None = None
    was_empty_s: float = 0.0
    """How long the last emptiness lasted that ended with a bike being seen here; of several in a few seconds the longest."""
    since_empty_s: float = 0.0
    last_seen_at: datetime | None = None
    last_visit_at: datetime | None = None
    support: float = 1.0
    """In which share of the last unhidden looks the bike was seen, 0 to 1; presumed until it was looked for."""
    merged_looks: int = 0
    """In how many looks one box was drawn around this bike and another, which had none of its own."""
    beside: Counter[str] = field(default_factory=Counter)
    """Stays that were seen in the same picture as this one, and how often: they do not hide it."""

    def update(self, look: Look, at: datetime, seconds: float) -> None:
        """One look on; `seconds` is the time it stands for."""
        self.since_empty_s += seconds
        if look is not Look.HIDDEN:
            self.support += (1 - exp(-seconds / SUPPORT_S)) * ((look is Look.SEEN) - self.support)
        if look is Look.SEEN:
            self._see(at)
        elif look is Look.EMPTY:
            self.empty_since = self.empty_since or at
            self.empty_s += seconds
            self.empty_looks += 1

    def _see(self, at: datetime) -> None:
        self.seen_looks += 1
        self.missed_looks += self.empty_looks
        if self.empty_s and (self.empty_s >= self.was_empty_s or self.since_empty_s > REMEMBERED_S):
            self.was_empty_s, self.since_empty_s = self.empty_s, 0.0
        self.empty_s, self.empty_looks, self.empty_since, self.last_seen_at = 0.0, 0, None, at
        if self.seen_looks + self.missed_looks > STEADY_LOOKS:
            self.seen_looks, self.missed_looks = self.seen_looks // 2, self.missed_looks // 2
            self.merged_looks //= 2

    def resume(self) -> None:
        """Go on after nobody looked for a while: only what is seen empty from now on counts."""
        self.empty_s, self.empty_looks, self.empty_since, self.was_empty_s = 0.0, 0, None, 0.0

    def was_just_empty(self, least_s: float, within_s: float) -> bool:
        """Whether the place was empty for a while until just now: a bike seen here since is another one."""
        return self.empty_s >= least_s or (self.was_empty_s >= least_s and self.since_empty_s <= within_s)

    def visited(self) -> bool:
        """Whether somebody was at the bike about when it was last seen, or since."""
        if self.last_visit_at is None:
            return False
        return self.last_seen_at is None or (self.last_seen_at - self.last_visit_at).total_seconds() <= VISIT_BEFORE_S

    def is_merged(self) -> bool:
        """Whether this bike mostly shares its box with another one."""
        return self.merged_looks > MERGED_SHARE * self.seen_looks

    def has_faded(self) -> bool:
        """Whether the bike is seen much less than it used to be, though not never: faint boxes come up anywhere."""
        share = self.seen_looks / (self.seen_looks + self.missed_looks)
        return self.seen_looks > EMPTY_LOOKS and self.support <= share - FADED_BY

    def is_gone(self, gone_after_s: float, *, taken: bool) -> bool:
        """Whether the place was seen empty often and long enough; `taken`: somebody may have taken the bike."""
        share = max(LEAST_SEEN_SHARE, self.seen_looks / (self.seen_looks + self.missed_looks))
        known = self.seen_looks > EMPTY_LOOKS
        patience_s = gone_after_s / share * (1.0 if taken and known else UNVISITED_PATIENCE)
        return self.empty_looks >= EMPTY_LOOKS and self.empty_s >= patience_s


def note_visit(vacancy: Vacancy, place: XyxyPx, moment: Moment) -> None:
    """Remember that somebody is at the place, however faint."""
    if any(one.score >= VISIT_SCORE and within_reach(one.xyxy_px, place) for one in moment.boxes(PEOPLE)):
        vacancy.last_visit_at = moment.at


@dataclass(frozen=True, slots=True)
class Looks:
    """What one frame shows of all places, by key, and which boxes were taken for bikes known to stand there."""

    of: Mapping[str, Look]
    known_boxes: frozenset[XyxyPx]


def looks_at(places: Sequence[tuple[str, XyxyPx, Vacancy]], moment: Moment) -> Looks:
    """What one frame shows of every place: its bike, something before it, or nothing.

    Boxes go to places one to one, so that no box vouches for two bikes. `places` are key, box and what is known.
    """
    if not places:
        return Looks({}, frozenset())
    boxes = [place for _, place, _ in places]
    found = [one.xyxy_px for one in moment.boxes(TWO_WHEELERS)]
    likeness = likeness_of(boxes, found)
    seen = dict(best_pairs(likeness, SAME_PLACE_IOU))
    missing = {row: _covers(box, found) for row, box in enumerate(boxes) if row not in seen}
    _note_beside(places, seen)
    _note_merged(places, seen, missing)
    if len(places) >= BLIND_PLACES and not seen:
        return Looks({key: Look.HIDDEN for key, _, _ in places}, frozenset())
    usual = [(row, column) for row, column in seen.items() if likeness[row, column] >= USUAL_IOU]
    people = [one.xyxy_px for one in moment.boxes(PEOPLE)]
    looks = {key: Look.SEEN for key, _, _ in places}
    for row, covers in missing.items():
        key, box, vacancy = places[row]
        own = _covers(box, boxes)
        apart = {
            column
            for other, column in usual
            if vacancy.beside[places[other][0]] >= BESIDE_LOOKS and covers[column] < own[other] + GREW_BY
        }
        hidden = _is_hidden(covers, apart) or max(_covers(box, people), default=0.0) >= COVERED_BY_PEOPLE
        looks[key] = Look.HIDDEN if hidden else Look.EMPTY
    return Looks(looks, frozenset(found[column] for column in seen.values()))


def _is_hidden(covers: Sequence[float], apart: Collection[int]) -> bool:
    """Covered by a bike's box, but for the usual boxes of bikes beside which this one was always seen."""
    return any(share >= COVERED_BY_BIKES and column not in apart for column, share in enumerate(covers))


def _covers(box: XyxyPx, others: Sequence[XyxyPx]) -> list[float]:
    """Which share of a box each of the others covers."""
    area_px = max(box.area, 1.0)
    return [intersection_px(box, other) / area_px for other in others]


def _note_beside(places: Sequence[tuple[str, XyxyPx, Vacancy]], seen: dict[int, int]) -> None:
    for row in seen:
        for other in seen:
            if other != row:
                places[row][2].beside[places[other][0]] += 1


def _note_merged(
    places: Sequence[tuple[str, XyxyPx, Vacancy]], seen: Mapping[int, int], missing: Mapping[int, Sequence[float]]
) -> None:
    for row, column in seen.items():
        if any(covers[column] >= MERGED_COVER for covers in missing.values()):
            places[row][2].merged_looks += 1
