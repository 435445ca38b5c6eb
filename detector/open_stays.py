"""One open stay and what is remembered about it between frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from detector.attendance import Attendance, Presence
from detector.boxes import XyxyPx, iou, overlap_of_smaller
from detector.lock_evidence import collect
from detector.newcomers import is_piece
from detector.places import SAME_PLACE_IOU, closeness, within_reach
from detector.trails import TWO_WHEELERS, Moment, Sighting, distance_px, median_box, size_px
from detector.vacancy import EMPTY_LOOKS, REMEMBERED_S, VISIT_BEFORE_S, Look, Looks, Vacancy, note_visit
from detector.visits import Drop
from detector.vocabulary import Detection, Kind, LockEvidence, Rack, Stay, StayState

SETTLE_S = 8.0
"""How soon after it was put down a bike may still be pushed into its place."""
ONE_BIKE_IOU = 0.65
"""Of two bikes whose boxes are more alike than this the model gives one: two boxes are of one bike."""
NEAR_SIZES = 1.0
FOUND_COVER = 0.5
EMPTY_BEFORE_NEXT_S = 1.0
SHARPEN_IOU = 0.4
SHARPEN_LOOKS = 3
SAME_BIKE_IOU = 0.5
SUPPORTED = 0.5
SHARPEN_AREA = 0.5
"""A box of less than this share of the bike's own is drawn around a piece of it."""
OWN_RIDER = 2.0
LAST_AT = 0.5
"""What being the rider, and having been at this bike a moment ago, weigh against standing nearer to another one."""
VISITOR_MEMORY_S = 60.0
CONFIRM_AWAY_S = 1.0
CONFIRM_AFTER_S = 25.0
"""Who halts with a bike for longer than this has parked it."""
HALT_EMPTY_S = 2.5
KNOWN_AGAIN_S = 10.0
"""After nobody looked for a while: a bike seen in the same place for this long is taken for the same one."""


@dataclass(slots=True)
class Visitor:
    """Somebody who was within reach of a bike: for how many seconds, and when last."""

    seconds: float
    last_at: datetime


@dataclass(slots=True)
class OpenStay:
    stay_id: str
    rack: Rack
    kind: Kind
    box_px: XyxyPx
    parked_at: datetime
    preexisting: bool
    certain: bool
    attendance: Attendance
    track_ids: set[int]
    vacancy: Vacancy = field(default_factory=Vacancy)
    left_at: datetime | None = None
    visitors: dict[int, Visitor] = field(default_factory=dict)
    kinds: dict[Kind, float] = field(default_factory=dict)
    """The scores of the boxes here, by what they were taken for: an e-bike is taken for both."""
    told: bool = True
    """False while the rider may still go on with the bike: it is not yet known to be parked."""
    seen_again_s: float | None = None
    """After nobody looked: for how long a bike was seen here that is not yet known to be the same. None: it is."""
    known_until: datetime | None = None
    """When it was known to be here last, before nobody looked."""

    def resume(self, at: datetime) -> None:
        """Go on after nobody looked for a while: whether this bike still stands here must be seen anew."""
        if self.seen_again_s is None:
            self.known_until = max(self.vacancy.last_seen_at or self.parked_at, self.left_at or self.parked_at)
        self.seen_again_s, self.track_ids, self.visitors = 0.0, set(), {}
        self.attendance.resume(at)
        self.vacancy.resume()

    def look(self, look: Look, at: datetime, seconds: float) -> None:
        """One look at the place on; `seconds` is the time it stands for."""
        self.vacancy.update(look, at, seconds)
        if look is Look.SEEN and self.seen_again_s is not None:
            self.seen_again_s += seconds
            if self.seen_again_s >= KNOWN_AGAIN_S:
                self.know_again()

    def know_again(self) -> None:
        """It is the same bike."""
        self.seen_again_s = None

    def gone_since(self) -> datetime | None:
        """Since when the place is empty; of a bike that left while nobody looked, when it was known to be here last."""
        return self.vacancy.empty_since if self.seen_again_s is None else self.known_until

    def as_stay(self, moment: Moment, gone_at: datetime | None = None) -> Stay:
        return Stay(
            stay_id=self.stay_id,
            rack_id=self.rack.rack_id,
            building_id=self.rack.building_id,
            kind=self.kind,
            state=StayState.GONE if gone_at else self._state(),
            xyxy_norm=self.box_px.to_norm(moment.width_px, moment.height_px).clipped(),
            preexisting=self.preexisting,
            parked_at=self.parked_at,
            left_at=self.left_at,
            gone_at=gone_at,
            visit_certain=self.certain,
        )

    def is_confirmed(self, at: datetime) -> bool:
        """Whether the bike was left here: its rider is seen elsewhere and it is not, or they have been at it for long."""
        attendance = self.attendance
        if self.vacancy.empty_s > 0 and self._is_clear():
            return False
        if attendance.presence is Presence.AWAY and attendance.away_since is not None:
            seen = self.certain or attendance.was_seen_here()
            return seen and (at - attendance.away_since).total_seconds() >= CONFIRM_AWAY_S
        return self._is_waited_for(at) and attendance.was_seen_here()

    def is_unfounded(self, at: datetime) -> bool:
        """Whether nobody was ever seen at the bike that they are said to have put down: a box came up, nothing more."""
        return not self.told and self._is_waited_for(at) and not self.attendance.was_seen_here()

    def _is_waited_for(self, at: datetime) -> bool:
        return (at - self.parked_at).total_seconds() >= CONFIRM_AFTER_S

    def was_only_a_halt(self) -> bool:
        """Whether the bike is gone again before anybody left it."""
        vacancy = self.vacancy
        empty = vacancy.empty_s >= HALT_EMPTY_S and vacancy.empty_looks >= EMPTY_LOOKS
        return not self.told and empty and self._is_clear()

    def _is_clear(self) -> bool:
        """Whether the bike can be seen well, so that a look without it says something."""
        return self.certain or self.vacancy.seen_looks > max(EMPTY_LOOKS, self.vacancy.missed_looks)

    def settle(self, box: XyxyPx, parked_at: datetime) -> None:
        """The same bike, the same visit, but only now in its place."""
        self.box_px = self.attendance.bike_px = box
        self.parked_at = self.attendance.parked_at = parked_at

    def is_supported(self) -> bool:
        """Whether the bike itself is mostly seen in its place, and so was its rider; near a guess any other may be."""
        return self.certain and self.vacancy.support >= SUPPORTED and self.attendance.was_seen_here()

    def move(self, box: XyxyPx, parked_at: datetime) -> None:
        """The same visit, but it was for another place: what was seen there counts for nothing."""
        riders = self.attendance.riders
        self.box_px, self.parked_at, self.certain, self.track_ids = box, parked_at, True, set()
        self.vacancy, self.kinds = Vacancy(), {}
        self.attendance = Attendance(box, parked_at, set(riders), self.attendance.rider_seen)

    def note(self, moment: Moment, seconds: float) -> None:
        """Remember what one look shows besides the bike itself: who is at it, and what it is taken for."""
        self.note_visitors(moment, seconds)
        note_visit(self.vacancy, self.box_px, moment)
        if not self.preexisting and not self.attendance.has_left:
            self.note_kind(moment)

    def covers(self, box: XyxyPx) -> bool:
        """Whether a box found standing is in the place of this stay."""
        return iou(self.box_px, box) >= SAME_PLACE_IOU or overlap_of_smaller(self.box_px, box) >= FOUND_COVER

    def may_show_as(self, box: XyxyPx) -> bool:
        """Whether a box is of this bike, of which only a part may have been seen when it was put down."""
        a_part_was_seen = not self.preexisting and is_piece(self.box_px, box)
        return a_part_was_seen or iou(self.box_px, box) >= ONE_BIKE_IOU

    def adopts(self, track_id: int, box: XyxyPx) -> bool:
        """Whether a box found standing where no stay is is the bike of this one, whose own box had been lost."""
        near = distance_px(self.box_px, box) <= NEAR_SIZES * size_px(self.box_px)
        if self.certain or not near or self.attendance.presence is not Presence.AWAY:
            return False
        self.box_px, self.certain = box, True
        self.track_ids.add(track_id)
        return True

    def note_visitors(self, moment: Moment, seconds: float) -> None:
        """Remember who is within reach, to know later who may have taken the bike."""
        for person in moment.people():
            if within_reach(person.xyxy_px, self.box_px):
                visitor = self.visitors.setdefault(person.track_id, Visitor(0.0, moment.at))
                visitor.seconds, visitor.last_at = visitor.seconds + seconds, moment.at
        self.visitors = {
            who: visitor
            for who, visitor in self.visitors.items()
            if (moment.at - visitor.last_at).total_seconds() <= VISITOR_MEMORY_S
        }

    def note_kind(self, moment: Moment) -> None:
        """What stands here is what it was mostly taken for, while its verdict is still to come."""
        for one in moment.boxes(TWO_WHEELERS):
            if iou(one.xyxy_px, self.box_px) >= SAME_BIKE_IOU:
                self.kinds[one.kind] = self.kinds.get(one.kind, 0.0) + one.score
        self.kind = max(self.kinds, key=lambda kind: self.kinds[kind], default=self.kind)

    def possible_takers(self) -> Mapping[int, float]:
        """Seconds at the bike of those who were there about when it was last seen, or since."""
        seen_at = self.vacancy.last_seen_at
        return {
            who: visitor.seconds
            for who, visitor in self.visitors.items()
            if seen_at is None or (seen_at - visitor.last_at).total_seconds() <= VISIT_BEFORE_S
        }

    def pull_on(self, person_id: int, person: XyxyPx) -> float | None:
        """How much speaks for somebody being at this bike and not at the next one; None: not within reach."""
        if not within_reach(person, self.box_px):
            return None
        attendance = self.attendance
        is_rider = person_id in attendance.riders and not self.preexisting and not attendance.has_left
        return closeness(person, self.box_px) + OWN_RIDER * is_rider + LAST_AT * (person_id in attendance.last_here)

    def sharpen(self, unhidden: Sequence[Moment], others_px: Sequence[XyxyPx]) -> None:
        """Take the clearest box of the place in moments without the rider, who hid part of the bike or joined boxes.

        Boxes that fit one of `others_px`, the bikes of other stays, better are left to them.
        """
        clearest: list[Sighting] = []
        for moment in unhidden:
            here = [one for one in moment.boxes(TWO_WHEELERS) if self._is_own(one.xyxy_px, others_px)]
            clearest += [Sighting(moment.at, one.xyxy_px, one.score) for one in sorted(here, key=_score)[-1:]]
        if len(clearest) >= SHARPEN_LOOKS:
            self.box_px = self.attendance.bike_px = median_box(clearest)

    def _is_own(self, box: XyxyPx, others_px: Sequence[XyxyPx]) -> bool:
        likeness = iou(box, self.box_px)
        whole = box.area >= SHARPEN_AREA * self.box_px.area
        return whole and likeness >= SHARPEN_IOU and all(iou(box, other) < likeness for other in others_px)

    def evidence(self) -> LockEvidence:
        """What is known so far, but for what only the picture can tell."""
        merged = self.vacancy.is_merged()
        return collect(
            self.attendance,
            merged_boxes=merged,
            visit_certain=self.certain,
            preexisting=self.preexisting,
            kind=self.kind,
        )

    def _state(self) -> StayState:
        if self.preexisting:
            return StayState.PARKED
        if self.attendance.has_left:
            return StayState.LEFT
        return StayState.ATTENDED if self.attendance.rider_seen else StayState.PARKED


def _score(found: Detection) -> float:
    return found.score


def is_same_visit(place: OpenStay, drop: Drop, looks: Looks) -> bool:
    """One rider, one bike, one drop: whether this bike is the one whose stay is already open.

    A bike that is still seen in its own place did not go over to another one.
    """
    if place.preexisting or place.left_at is not None:
        return False
    soon = abs((drop.parked_at - place.parked_at).total_seconds()) <= SETTLE_S
    if soon and iou(place.box_px, drop.xyxy_px) >= SAME_PLACE_IOU:
        return True
    stays_put = looks.of.get(place.stay_id) is Look.SEEN and drop.track_id not in place.track_ids
    near = distance_px(place.box_px, drop.xyxy_px) <= NEAR_SIZES * size_px(place.box_px)
    same_rider = bool(place.attendance.riders & drop.riders) or not (place.attendance.riders and drop.riders)
    return soon and near and same_rider and not stays_put


def makes_room(place: OpenStay, drop: Drop) -> bool:
    """A bike put down where another stood, and that place was just seen empty: the other one is gone."""
    was_empty = place.vacancy.was_just_empty(EMPTY_BEFORE_NEXT_S, within_s=REMEMBERED_S)
    return was_empty and iou(place.box_px, drop.xyxy_px) >= SAME_PLACE_IOU
