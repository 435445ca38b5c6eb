"""Who brings a bike. People are found nearly always, a bike pushed into a full rack is not: so the visit is the person's.

Somebody who moves with a bike, pauses, and then walks on without it has left it where they paused.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from math import exp, hypot
from operator import attrgetter
from typing import NamedTuple

from detector.bikes_along import bikes_along, bikes_at_hand, loose_bikes
from detector.boxes import XyxyPx, iou
from detector.places import SAME_PLACE_IOU, within_reach
from detector.trails import (
    Moment,
    Sighting,
    Trail,
    Trails,
    distance_px,
    rigid_shift_px,
    size_px,
)
from detector.vocabulary import Detection, Kind

STEP_S = 0.6
STEP_HEIGHTS = 0.12
"""Who moves less than this share of their height in a step's time stands."""
MEMORY_S = 6.0
LEAST_WITH_S = 0.7
LEAST_WITH_SHARE = 0.4
LEAST_EACH_S = 0.7
KEPT_SHARE = 0.06
"""Who moved with a bike for less than this share of their moving has lost it: stepping aside to lock it is moving, too."""
ANCHOR_S, LOST_ANCHOR_S = 1.0, 2.5
AGAIN_S = 0.6
KEEPS_UP_SIZES = 0.6
STEP_SIZES, BIKE_SHARE = 0.3, 0.4
"""Who has gone this far, in bike sizes, has a bike with them only if it went this share of the way."""
ON_FOOT_S, ON_FOOT_TIMES = 4.0, 1.5
"""Who walked this long, and this much longer than with a bike, came on foot: a bike with them now is one they take."""
ONLY_WALKED_S = 2.0
"""Who never had a bike for long needs less to say so: a bike that comes up beside them after this long stood there before."""
LEAST_WAY_SIZES = 0.6
"""A bike that was carried less far than this share of its own size was not brought."""
LEAST_WALK_S = 1.0
FROM_SIZES = 2.0
"""A bike that somebody takes is first seen with them at most this many sizes from where it stood: pulled out from between
others, it has no box of its own for a step or two."""
WITHOUT_S = 8.0
"""Who moves this long without the bike and never paused has lost it to a mistake of ours."""
LONGEST_LOOK_S = 1.0


class Beside(NamedTuple):
    """A person and the bike at their side, in one look."""

    at: datetime
    bike_px: XyxyPx
    person_px: XyxyPx

    def keeps_up(self, now: Beside) -> bool:
        """Whether the bike went where the person went since this look, and did not just stand within their reach."""
        (x, y), (was_x, was_y) = now.bike_px.centre, self.bike_px.centre
        (foot_x, foot_y), (was_foot_x, was_foot_y) = now.person_px.foot, self.person_px.foot
        person_px = hypot(foot_x - was_foot_x, foot_y - was_foot_y)
        bike_px = hypot(*rigid_shift_px(self.bike_px, now.bike_px))  # a box that comes out from behind them only grows
        off_px = hypot((x - was_x) - (foot_x - was_foot_x), (y - was_y) - (foot_y - was_foot_y))
        size = size_px(now.bike_px)
        stays_behind = self.has_stepped(now) and bike_px < BIKE_SHARE * person_px
        return off_px <= KEEPS_UP_SIZES * size and not stays_behind

    def has_stepped(self, now: Beside) -> bool:
        """Whether the person went far enough since this look to tell whether the bike went with them."""
        (foot_x, foot_y), (was_x, was_y) = now.person_px.foot, self.person_px.foot
        return hypot(foot_x - was_x, foot_y - was_y) >= STEP_SIZES * size_px(now.bike_px)


@dataclass(slots=True)
class Carrier:
    """One person as to whether a bike goes along with them."""

    with_s: float = 0.0
    moving_s: float = 0.0
    """Seconds of moving, and of these with a bike; what is long past counts for less."""
    first: Sighting | None = None
    last: Sighting | None = None
    """Where the bike was first and last seen with them."""
    anchor: Beside | None = None
    bike_track: int | None = None
    """The track of the bike that went along last, where it had one."""
    kind: Kind = Kind.BICYCLE
    brings: bool = False
    takes: bool = False
    """The bike came out of a place where one stood."""
    without_s: float = 0.0
    walked_s: float = 0.0
    rode_s: float = 0.0
    """Seconds of moving without and with a bike since they came into view."""
    had_until: datetime | None = None
    """When a bike was last seen to go along with them, put down since or not."""
    sought_s: float = 0.0
    """The bike they bring was lost from view: a box at their side must go with them this much longer to be it."""

    def move(self, seconds: float, person: XyxyPx, bike: Detection | None, at: datetime) -> None:
        """Go a moving look on, with the bike that goes along, if any."""
        fade = exp(-seconds / MEMORY_S)
        self.moving_s, self.with_s = fade * self.moving_s + seconds, fade * self.with_s
        if bike is not None and self._goes_along(Beside(at, bike.xyxy_px, person), seconds):
            self.with_s, self.without_s, self.kind = self.with_s + seconds, 0.0, bike.kind
            self.rode_s += seconds
            self.had_until = at
            self.last = Sighting(at, bike.xyxy_px, bike.score)
            self.first = self.first or self.last
        else:
            self.without_s += seconds
            self.walked_s += seconds
        self.brings = self._is_bringing() or (self.brings and self.with_s >= KEPT_SHARE * self.moving_s)

    def _goes_along(self, here: Beside, seconds: float) -> bool:
        """Whether this is the bike that was there before and kept up; one that stays behind stands beside the way."""
        anchor = self.anchor
        if anchor is None or (here.at - anchor.at).total_seconds() >= LOST_ANCHOR_S:
            self.anchor, self.sought_s = here, AGAIN_S if self.brings else 0.0
            self.first = self.first if self.brings else None
            return not self.brings
        if not anchor.keeps_up(here) or (self.sought_s > 0 and not anchor.has_stepped(here)):
            return False
        if (here.at - anchor.at).total_seconds() >= ANCHOR_S:
            self.anchor = here
        self.sought_s = max(0.0, self.sought_s - seconds)
        return self.sought_s == 0.0

    def _is_bringing(self) -> bool:
        if self.takes or self.came_on_foot() or self.first is None or self.last is None:
            return False
        far = distance_px(self.first.xyxy_px, self.last.xyxy_px) >= LEAST_WAY_SIZES * size_px(self.last.xyxy_px)
        return far and self.with_s >= LEAST_WITH_S and self.with_s >= LEAST_WITH_SHARE * self.moving_s

    def carries_off(self, place: XyxyPx) -> bool:
        """Whether the bike with them was first seen at this place, and they walked without one before."""
        if self.first is None or self.last is None or self.with_s < LEAST_WITH_S or self.walked_s < LEAST_WALK_S:
            return False
        far = distance_px(self.first.xyxy_px, self.last.xyxy_px) >= LEAST_WAY_SIZES * size_px(place)
        return far and distance_px(self.first.xyxy_px, place) <= FROM_SIZES * size_px(place)

    def came_on_foot(self) -> bool:
        return self.walked_s >= max(ON_FOOT_S, ON_FOOT_TIMES * self.rode_s)

    def was_only_walking(self) -> bool:
        """Whether they were hardly ever seen with a bike, and long enough without: not who brought one that stands here."""
        return self.rode_s < LEAST_WITH_S and self.walked_s >= ONLY_WALKED_S and not self.brings

    def forget(self) -> None:
        """The bike is put down, or never was."""
        self.brings, self.first, self.last, self.anchor, self.bike_track = False, None, None, None, None
        self.with_s = self.moving_s = self.without_s = 0.0


class Carriers:
    """All people in view as to the bikes that go along with them. One bike a person, one person a bike."""

    def __init__(self) -> None:
        self._of: dict[int, Carrier] = {}
        self._last_at: datetime | None = None
        self._owners: dict[datetime, dict[XyxyPx, int]] = {}
        self._each_s: defaultdict[frozenset[int], float] = defaultdict(float)
        """For how many seconds two people had a bike each."""

    def update(self, moment: Moment, trails: Trails, known: Collection[XyxyPx], unseen: Sequence[XyxyPx]) -> None:
        """Go one frame on. `known` are boxes of bikes known to stand here, `unseen` places whose bike is not in view."""
        seconds = 0.0 if self._last_at is None else min(LONGEST_LOOK_S, (moment.at - self._last_at).total_seconds())
        self._last_at = moment.at
        people = moment.people()
        loose = loose_bikes(bikes_at_hand(moment, known), moment, trails)
        along = bikes_along(people, loose, self._with_before(moment.at))
        self._note_owners({bike.xyxy_px: who for who, bike in along.items()}, moment.at, trails.recent[0].at)
        tracks = {track.xyxy_px: track.track_id for track in moment.bikes()}
        for person in people:
            carrier = self._of.setdefault(person.track_id, Carrier())
            if is_moving(trails.of(person.track_id)):
                bike = along.get(person.track_id)
                if bike is not None and carrier.first is None:
                    carrier.takes = _comes_out_of(person.xyxy_px, bike.xyxy_px, unseen)
                carrier.move(seconds, person.xyxy_px, bike, moment.at)
                if bike is not None and bike.xyxy_px in tracks:
                    self._hand_over(carrier, tracks[bike.xyxy_px])
        with_bike = [who for who, carrier in self._of.items() if carrier.had_until == moment.at]
        for pair in combinations(with_bike, 2):
            self._each_s[frozenset(pair)] += seconds
        self._forget_gone(trails)

    def _note_owners(self, owners: dict[XyxyPx, int], at: datetime, since: datetime) -> None:
        if owners:
            self._owners[at] = owners
        for past in [past for past in self._owners if past < since]:
            del self._owners[past]

    def _forget_gone(self, trails: Trails) -> None:
        gone = [who for who in self._of if not trails.of(who)]
        for who in gone:
            del self._of[who]
        for pair in [pair for pair in self._each_s if not pair.isdisjoint(gone)]:
            del self._each_s[pair]

    def _hand_over(self, carrier: Carrier, bike_track: int) -> None:
        """One bike, one person: it goes along with this one now, so whoever had it before brings it no more."""
        carrier.bike_track = bike_track
        for other in self._of.values():
            same = other is not carrier and other.bike_track == bike_track
            if same and other.brings and carrier.with_s >= LEAST_WITH_S:
                carrier.brings, carrier.first = True, other.first or carrier.first
                other.forget()

    def _with_before(self, at: datetime) -> dict[int, XyxyPx]:
        """The bike each person was with a moment ago."""
        lasts = {who: carrier.last for who, carrier in self._of.items() if carrier.last is not None}
        return {who: last.xyxy_px for who, last in lasts.items() if (at - last.at).total_seconds() <= LONGEST_LOOK_S}

    def owner(self, bike: XyxyPx, at: datetime) -> int | None:
        """With whom a box of these last seconds went along."""
        return self._owners.get(at, {}).get(bike)

    def had_one_each(self) -> dict[int, set[int]]:
        """Of everybody in view, those who had a bike while they had one: they are two riders, not one and a friend."""
        pairs = [pair for pair, seconds in self._each_s.items() if seconds >= LEAST_EACH_S]
        return {who: {other for pair in pairs if who in pair for other in pair - {who}} for who in self._of}

    def people(self) -> frozenset[int]:
        """Everybody in view, or out of it not long ago."""
        return frozenset(self._of)

    def bringing(self) -> dict[int, Carrier]:
        """Who is bringing a bike that has not been put down yet, by track id."""
        return {who: carrier for who, carrier in self._of.items() if carrier.brings}

    def came_with_bike(self) -> dict[int, datetime]:
        """Who had a bike with them for a while since they came into view, put down or not, and until when."""
        came = {who: one for who, one in self._of.items() if one.rode_s >= LEAST_WITH_S and not one.takes}
        return {who: one.had_until for who, one in came.items() if one.had_until is not None}

    def took_from(self, place: XyxyPx) -> set[int]:
        """Who is going off with a bike that was first seen with them at this place."""
        return {who for who, carrier in self._of.items() if carrier.carries_off(place)}

    def brought_nothing(self) -> set[int]:
        """Who did not bring the bike that is with them now; they can only take it."""
        return {who for who, one in self._of.items() if one.takes or one.came_on_foot() or one.was_only_walking()}

    def go_on(self, people: Collection[int], bike: Sighting) -> None:
        """These people only halted: they bring their bike still, which was seen last where they did."""
        for who in people:
            if who in self._of:
                carrier = self._of[who]
                carrier.brings, carrier.first, carrier.last = True, carrier.first or bike, bike
                carrier.with_s, carrier.without_s = max(carrier.with_s, LEAST_WITH_S), 0.0

    def put_down(self, people: Collection[int]) -> None:
        """These people's bike has its stay."""
        for who in people:
            if who in self._of:
                self._of[who].forget()


def _comes_out_of(person: XyxyPx, bike: XyxyPx, unseen: Sequence[XyxyPx]) -> bool:
    return any(iou(bike, place) >= SAME_PLACE_IOU or within_reach(person, place) for place in unseen)


def is_moving(trail: Trail) -> bool:
    """Whether somebody's feet moved in the last moment."""
    if len(trail) < 2:  # noqa: PLR2004 -- one look shows no movement
        return False
    since = trail[-1].at - timedelta(seconds=STEP_S)
    before = trail[max(0, bisect_right(trail, since, hi=len(trail) - 1, key=attrgetter("at")) - 1)]
    seconds = max(1e-3, (trail[-1].at - before.at).total_seconds())
    (x, y), (was_x, was_y) = trail[-1].xyxy_px.foot, before.xyxy_px.foot
    heights = hypot(x - was_x, y - was_y) / max(1.0, trail[-1].xyxy_px.height)
    return heights >= STEP_HEIGHTS * max(1.0, seconds / STEP_S)
