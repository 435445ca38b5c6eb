"""Whether somebody is at a parked bike. *Lost at the bike* is not *left*: leaving is something one sees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from detector.arrivals import at_way_out
from detector.boxes import XyxyPx, overlap_of_smaller
from detector.places import PEOPLE, has_walked_off, within_reach
from detector.trails import TRAIL_S, Moment, Trails, distance_px
from detector.vocabulary import Track

WALK_HEIGHTS_PER_S = 2.0
"""How fast somebody who was lost at the bike may have walked off, in their own heights a second."""
STROLL_HEIGHTS_PER_S = 0.8
"""How fast people usually walk off."""
LOST_LIMIT_S = 120.0
"""Nobody locks a bike unseen for longer than this: they have left without being seen."""
RETURN_AFTER_S = 1.5
STRAIGHT_S = 2.5
"""From the last moment within reach to being clearly elsewhere, for who goes without stopping again."""
STANDING_LOOKS = 200
SOUGHT_S = 10.0
"""After nobody looked for a while: who is not found at the bike within this time left unseen. Bent people vanish so long."""
EDGE_SHARE = 0.03
LEFT_PICTURE_S = 1.0
FAINT_OVERLAP = 0.5
LEAST_SEEN = 0.25
FAINT = -1
"""Somebody without a track of their own."""


class Presence(StrEnum):
    HERE = "here"
    LOST = "lost"
    """Cannot be seen, and was last seen here."""
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class AtBike:
    """One frame of somebody at the bike. `seconds` is the time it stands for."""

    at: datetime
    seconds: float
    people: tuple[tuple[int, XyxyPx], ...]
    """Everybody who belongs to the bike and is at it: who (a number that outlives lost tracks) and their box in pixels,
    the clearest first. None: not seen, so lost at the bike."""
    visit: int = 0
    """0: the rider's own after parking; 1 and on: each time somebody came back."""
    somebody_hidden: bool = False
    """Somebody who is at it too, and was not seen to leave, cannot be seen: what they do is not known."""


@dataclass(slots=True)
class Attendance:
    """Follows the rider of one stay and who came along, and whoever comes to the bike later."""

    bike_px: XyxyPx
    parked_at: datetime
    riders: set[int]
    rider_seen: bool
    presence: Presence = Presence.LOST
    last_here_at: datetime | None = None
    away_since: datetime | None = None
    has_left: bool = False
    """True from the moment the grace time is over until somebody returns."""
    left_straight: bool | None = None
    """Whether the rider, once out of reach, went off at once; None: was not seen doing so."""
    return_visits: int = 0
    frames: list[AtBike] = field(default_factory=list)
    standing: list[XyxyPx] = field(default_factory=list)
    """The riders' boxes away from the bike, where they walk upright."""
    last_here: set[int] = field(default_factory=set)
    """Who was within reach in the last frame in which anybody was."""
    not_watched_s: float = 0.0
    """Seconds nobody looked while somebody was at the bike, or had left it no longer ago than the grace time."""
    _known_as: dict[int, int] = field(default_factory=dict)
    """The number of somebody whose first track was lost, by their later tracks."""
    _last_seen: dict[int, tuple[datetime, XyxyPx]] = field(default_factory=dict)
    _at_bike: set[int] = field(default_factory=set)
    """Riders last seen here, and not yet seen elsewhere."""
    _visitors: dict[int, datetime] = field(default_factory=dict)
    _last_at: datetime | None = None
    _sought_since: datetime | None = None
    """Since when whoever was here is looked for again, after nobody looked for a while."""

    def update(self, moment: Moment, trails: Trails, elsewhere: Collection[int]) -> None:
        """Go one frame on. `elsewhere` are people at another bike or occupied with one, who are not counted here."""
        seconds = 0.0 if self._last_at is None else min(2.0, (moment.at - self._last_at).total_seconds())
        self._last_at = moment.at
        people = [person for person in moment.people() if person.track_id not in elsewhere]
        self._note_standing(people)
        if self.has_left:
            self._watch_for_return(people, moment.at)
            return
        self._take_back(moment)
        self._adopt(people, moment, trails)
        in_view = [person for person in moment.people() if person.track_id in self.riders]
        riders = [person for person in in_view if person.track_id not in elsewhere]
        here = [person for person in riders if within_reach(person.xyxy_px, self.bike_px)]
        gone = [person for person in in_view if has_walked_off(person.xyxy_px, self.bike_px)]
        left = self._left_picture(in_view, moment)
        self._at_bike = (self._at_bike | {one.track_id for one in here}) - {one.track_id for one in gone} - left.keys()
        if here:
            self.last_here = {one.track_id for one in here}
            here.sort(key=lambda one: one.score, reverse=True)
            hidden = bool(self._at_bike - {one.track_id for one in in_view})
            self._be_here([(self._who(one.track_id), one.xyxy_px) for one in here], moment.at, seconds, hidden=hidden)
        elif (gone or left) and not self._at_bike:
            self._be_away(gone[0].xyxy_px if gone else next(iter(left.values())), moment.at)
        elif self.presence is not Presence.AWAY and not self._at_bike & {one.track_id for one in riders}:
            self._be_lost(moment, seconds)

    def _left_picture(self, riders: Sequence[Track], moment: Moment) -> dict[int, XyxyPx]:
        """Who was seen last at the picture's edge, out of the bike's reach, and is not seen any more."""
        self._last_seen |= {one.track_id: (moment.at, one.xyxy_px) for one in riders}
        return {
            who: box
            for who, (at, box) in self._last_seen.items()
            if who in self._at_bike
            and (moment.at - at).total_seconds() >= LEFT_PICTURE_S
            and at_way_out(box, moment)
            and not within_reach(box, self.bike_px)
        }

    def resume(self, at: datetime) -> None:
        """Go on after nobody looked for a while: track ids mean nothing any more, and that time counts for nothing."""
        unseen_s = max(0.0, (at - (self._last_at or at)).total_seconds())
        self.riders, self._at_bike, self.last_here, self._visitors = set(), set(), set(), {}
        self._known_as, self._last_seen = {}, {}
        self._last_at = None
        if not self.has_left:
            self.not_watched_s += unseen_s
            self._sought_since = None if self.presence is Presence.AWAY else at

    def is_left(self, at: datetime, grace_s: float) -> bool:
        """Whether the rider is now gone for the grace time and this was not yet told."""
        if self.has_left or self.last_here_at is None or self._sought_since is not None:
            return False
        if self.presence is Presence.AWAY and self.away_since is not None:
            return (at - self.away_since).total_seconds() >= grace_s
        return (at - self.last_here_at).total_seconds() >= LOST_LIMIT_S

    def was_seen_here(self) -> bool:
        """Whether somebody was really seen at the bike since it was parked, and not hardly ever."""
        since = [frame for frame in self.frames if frame.at >= self.parked_at]
        return sum(bool(frame.people) for frame in since) >= max(1.0, LEAST_SEEN * len(since))

    def everybody(self) -> set[int]:
        """The track ids of all who came with the bike, lost ones too: nobody brings a second one."""
        return self.riders | self._known_as.keys() | set(self._known_as.values())

    def hides_place(self, at: datetime) -> bool:
        """Whether a rider who cannot be seen may be what hides the bike."""
        recently = self.last_here_at is not None and (at - self.last_here_at).total_seconds() <= LOST_LIMIT_S / 6
        return self.presence is not Presence.AWAY and recently

    def _who(self, track_id: int) -> int:
        return self._known_as.get(track_id, track_id)

    def _be_here(self, people: list[tuple[int, XyxyPx]], at: datetime, seconds: float, *, hidden: bool = False) -> None:
        self.presence, self.last_here_at, self.away_since, self._sought_since = Presence.HERE, at, None, None
        self.frames.append(AtBike(at, seconds, tuple(people), self.return_visits, hidden))

    def _be_away(self, box: XyxyPx, at: datetime) -> None:
        """Seen elsewhere. The way there takes its time; what was unseen before that was still attendance."""
        if self.presence is Presence.AWAY:
            return
        if self.return_visits == 0 and self.last_here_at is not None:
            unseen = self.presence is Presence.LOST
            self.left_straight = None if unseen else (at - self.last_here_at).total_seconds() <= STRAIGHT_S
        way_s = distance_px(box, self.bike_px) / (STROLL_HEIGHTS_PER_S * max(1.0, box.height))
        left_at = max(self._last_seen_here_at(), at - timedelta(seconds=way_s))
        self.presence, self.away_since, self.last_here_at = Presence.AWAY, at, left_at
        while self.frames and self.frames[-1].at > left_at:
            self.frames.pop()

    def _last_seen_here_at(self) -> datetime:
        seen = (frame.at for frame in reversed(self.frames) if frame.people)
        return next(seen, self.parked_at)

    def _be_lost(self, moment: Moment, seconds: float) -> None:
        faint = [one for one in moment.boxes(PEOPLE) if self._is_at_bike(one.xyxy_px)]
        if faint:
            who = self._who(max(self._at_bike)) if self._at_bike else FAINT
            self._be_here([(who, max(faint, key=lambda one: one.score).xyxy_px)], moment.at, seconds)
            return
        if self._sought_since is not None:
            self._be_missed(self._sought_since, moment.at)
            return
        self.presence = Presence.LOST
        self.last_here_at = self.last_here_at or self.parked_at
        self.frames.append(AtBike(moment.at, seconds, (), self.return_visits))

    def _be_missed(self, sought_since: datetime, at: datetime) -> None:
        """Not found here again: they left while nobody looked, and how is not known."""
        if (at - sought_since).total_seconds() >= SOUGHT_S:
            self.presence, self.away_since, self._sought_since = Presence.AWAY, sought_since, None
            self.last_here_at = self.frames[-1].at if self.frames else self.parked_at

    def _is_at_bike(self, person: XyxyPx) -> bool:
        return within_reach(person, self.bike_px) and overlap_of_smaller(person, self.bike_px) >= FAINT_OVERLAP

    def _adopt(self, people: list[Track], moment: Moment, trails: Trails) -> None:
        """A rider lost at the bike who comes back into view has a new track id: the one born where they could be."""
        in_view = {person.track_id for person in people}
        lost = self._at_bike - in_view
        if (self.riders & in_view and not lost) or self.presence is Presence.AWAY:
            return
        for person in people:
            trail = trails.of(person.track_id)
            known_longer = (
                self._sought_since is None and (moment.at - person.first_seen_at).total_seconds() > TRAIL_S / 2
            )
            new = person.track_id not in self.riders and trail and not known_longer
            if new and self._could_be_rider(trail[0].at, trail[0].xyxy_px, moment):
                self._take_over(person.track_id, lost)
                return

    def _take_back(self, moment: Moment) -> None:
        """A rider's track that was lost for a moment goes on: whoever stood for it meanwhile is somebody else."""
        for track_id in [one.track_id for one in moment.people()]:
            stood_in = {one for one in self.riders if one > track_id and self._who(one) == self._who(track_id)}
            if stood_in:
                self.riders = (self.riders - stood_in) | {track_id}
                self._at_bike -= stood_in
                self._known_as = {one: who for one, who in self._known_as.items() if one not in stood_in}

    def _take_over(self, track_id: int, lost: set[int]) -> None:
        """One new track stands for one lost rider, the one followed last."""
        if lost:
            replaced = max(lost)
            self._known_as[track_id] = self._who(replaced)
            self.riders.discard(replaced)
            self._at_bike.discard(replaced)
        self.riders.add(track_id)
        self.rider_seen = True

    def _could_be_rider(self, born_at: datetime, box: XyxyPx, moment: Moment) -> bool:
        last_at = self.last_here_at or self.parked_at
        if within_reach(box, self.bike_px) or self._sought_since is not None:
            return within_reach(box, self.bike_px)
        gap_s = (born_at - last_at).total_seconds()
        near = distance_px(box, self.bike_px) <= self.bike_px.width / 2 + WALK_HEIGHTS_PER_S * box.height * gap_s
        return gap_s >= 0 and near and not _at_edge(box, moment)

    def _note_standing(self, people: list[Track]) -> None:
        for person in people:
            away = not within_reach(person.xyxy_px, self.bike_px)
            if person.track_id in self.riders and away and len(self.standing) < STANDING_LOOKS:
                self.standing.append(person.xyxy_px)

    def _watch_for_return(self, people: list[Track], at: datetime) -> None:
        here = {one.track_id: one.xyxy_px for one in people if within_reach(one.xyxy_px, self.bike_px)}
        self._visitors = {person: self._visitors.get(person, at) for person in here}
        stayed = [one for one, came in self._visitors.items() if (at - came).total_seconds() >= RETURN_AFTER_S]
        if stayed:
            self.has_left, self._visitors = False, {}
            self.return_visits += 1
            self.riders.update(stayed)
            self._at_bike = set(stayed)
            self._be_here([(self._who(one), here[one]) for one in stayed], at, 0.0)


def _at_edge(box: XyxyPx, moment: Moment) -> bool:
    x_px, y_px = EDGE_SHARE * moment.width_px, EDGE_SHARE * moment.height_px
    return (
        box.left < x_px or box.top < y_px or box.right > moment.width_px - x_px or box.bottom > moment.height_px - y_px
    )
