"""Keeps one camera's open stays over restarts and gaps: writes them down, brings them back, and knows bikes again.

By place the stays themselves know (`open_stays.py`); what a bike looks like needs the picture, so it is asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from detector.appearance import NOTHING, Look, SameBike, look_of, same_bike
from detector.attendance import Presence
from detector.boxes import XyxyPx, intersection_px, iou
from detector.errors import CannotReadError, CannotWriteError
from detector.open_stays import OpenStay
from detector.parking import ParkingWatch
from detector.picture_evidence import PictureEvidence
from detector.places import PEOPLE, SAME_PLACE_IOU
from detector.reminders import Reminder, ReminderPolicy
from detector.stay_memory import RememberedStay, rack_today, remembered_from
from detector.stay_store import StayStore
from detector.trails import TWO_WHEELERS
from detector.vocabulary import Detection, Frame, LockVerdict, Rack, StayEvent

ATTENDED_EVERY_S, ALONE_EVERY_S = 0.5, 15.0
"""How often a stay is written down in which nothing happens but looks."""
FRAMES_PER_EVERY = 500
"""The longer an attendance is to write, the more seldom it is written: half a second for each so many looks."""
RETRY_S = 10.0
LOOK_EVERY_S, LOOK_RETRY_S = 60.0, 1.0
MOST_LOOKS = 3
"""Bikes looked at in one frame; a look takes some milliseconds, and a full rack would hold the line up."""
HIDES_SHARE = 0.1
NEIGHBOUR_SHARE = 0.3
"""A bike covered by another's box to this share is not looked at: both would be in the picture."""
SAME_BOX_IOU = 0.6
LEAST_VIEWS, LEAST_SEEN_S = 5, 2.0
"""So many free views over so long a time must all be of another bike before it is taken for one."""
log = structlog.get_logger()


class StayKeeper:
    """`store` None (recorded footage): nothing is written down, gaps within the footage are bridged all the same."""

    def __init__(
        self,
        camera: str,
        racks: Sequence[Rack],
        watch: ParkingWatch,
        policy: ReminderPolicy,
        pictures: PictureEvidence,
        store: StayStore | None = None,
    ) -> None:
        self._camera, self._racks, self._watch, self._policy, self._store = camera, racks, watch, policy, store
        self._pictures = pictures
        self.verdicts: dict[str, LockVerdict] = {}
        """What was last said of each open stay."""
        self._looks: dict[str, Look] = {}
        self._look_at: dict[str, datetime] = {}
        """When each bike is to be looked at again."""
        self._answers: dict[str, list[SameBike]] = {}
        self._misplaced: set[str] = set()
        self._untold: set[str] = set()
        self._written: dict[str, tuple[object, datetime]] = {}
        """What each stay was when it was written down, and when it is due again whatever happens."""
        self._looks_left = MOST_LOOKS
        self._size_px: tuple[int, int] | None = None
        self._fails_until: datetime | None = None

    # What an earlier run knew

    def recall(self, frame: Frame) -> list[Reminder]:
        """Before the first frame: bring back the stays; the reminders that were decided on and perhaps never told."""
        first, self._size_px = self._size_px is None, (frame.width_px, frame.height_px)
        if not first or self._store is None:
            return []
        remembered = list(self._read(self._store, frame.at))
        self._watch.restore([self._take_up(one, frame) for one in remembered], frame.at)
        return [one.reminder for one in remembered if one.untold and one.reminder is not None]

    def _read(self, store: StayStore, at: datetime) -> Iterator[RememberedStay]:
        try:
            texts = store.load(self._camera)
        except CannotWriteError as error:
            self._note_failure(error, at)
            return
        for stay_id, text in texts.items():
            self._written[stay_id] = None, at
            try:
                yield remembered_from(text)
            except CannotReadError as error:
                log.error("a stay is forgotten", camera=self._camera, stay=stay_id, reason=str(error))  # noqa: TRY400

    def _take_up(self, one: RememberedStay, frame: Frame) -> OpenStay:
        place, stay_id = one.place_in(frame.width_px, frame.height_px), one.place.stay_id
        rack = rack_today(place.rack, self._racks)
        if rack is None:
            self._misplaced.add(stay_id)
        else:
            place.rack = rack
        if one.look is not None:
            self._looks[stay_id] = one.look
        if one.verdict is not None:
            self.verdicts[stay_id] = one.verdict
        if one.pictured is not None:
            self._pictures.restore(stay_id, one.pictured)
        self._policy.restore(stay_id, one.reminder, ever=one.reminded)
        return place

    # Whether it is the same bike

    def know_again(self, frame: Frame, detections: Sequence[Detection]) -> list[StayEvent]:
        """After the watch's own step: remember looks, and end the stays whose place another bike has taken."""
        self._looks_left = MOST_LOOKS
        events: list[StayEvent] = []
        for place in self._watch.places:
            seen = place.vacancy.last_seen_at == frame.at and self._looks_left > 0
            doubted = place.seen_again_s is not None
            if place.stay_id in self._misplaced or (seen and doubted and self._is_another(place, frame, detections)):
                events += self._watch.end(place)
            elif seen and not doubted and frame.at >= self._look_at.get(place.stay_id, frame.at):
                self._remember_look(place, frame, detections)
        return events

    def _remember_look(self, place: OpenStay, frame: Frame, detections: Sequence[Detection]) -> None:
        look = self._free_look(place, frame, detections)
        if look is not None:
            self._looks[place.stay_id] = look
        wait_s = LOOK_RETRY_S if look is None else LOOK_EVERY_S
        self._look_at[place.stay_id] = frame.at + timedelta(seconds=wait_s)

    def _free_look(self, place: OpenStay, frame: Frame, detections: Sequence[Detection]) -> Look | None:
        """How the bike looks; None where it cannot be seen alone, NOTHING where the picture is blank."""
        box = free_box(place.box_px, detections)
        if box is None:
            return None
        self._looks_left -= 1
        look = look_of(frame.image_bgr, box)
        return look if any(look.edges) else NOTHING  # a blank picture is like no bike, not unlike this one

    def _is_another(self, place: OpenStay, frame: Frame, detections: Sequence[Detection]) -> bool:
        """Whether a bike that is back in its place clearly is another one; a likeness makes it known again."""
        known, look = self._looks.get(place.stay_id, NOTHING), self._free_look(place, frame, detections)
        answers = self._answers.setdefault(place.stay_id, [])
        if look is not None or known == NOTHING:
            answers.append(same_bike(known, look or NOTHING))
        enough = len(answers) >= LEAST_VIEWS and (place.seen_again_s or 0.0) >= LEAST_SEEN_S
        is_another = enough and all(answer is SameBike.NO for answer in answers)
        if not is_another and (enough or SameBike.YES in answers):
            place.know_again()
        if is_another or place.seen_again_s is None:
            del self._answers[place.stay_id]
        return is_another

    # What the next run is to know

    def note(self, event: StayEvent, verdict: LockVerdict | None, reminder: Reminder | None) -> None:
        """Before anything is told: a new reminder is on disk first, so that it is decided on once, whatever dies when."""
        stay_id = event.stay.stay_id
        if verdict is not None:
            self.verdicts[stay_id] = verdict
        if reminder is not None and reminder.action == "raised":
            self._untold.add(stay_id)
            self._write([place for place in self._watch.places if place.stay_id == stay_id], (), event.at)

    def keep(self, at: datetime) -> None:
        """After a frame and all that was told of it: write down what changed."""
        self._untold.clear()
        here = {place.stay_id: place for place in self._watch.places}
        for known in (self.verdicts, self._looks, self._look_at, self._answers):
            for stay_id in known.keys() - here.keys():
                del known[stay_id]
        self._misplaced &= here.keys()
        if self._store is None:
            return
        due = [place for place in here.values() if self._is_due(place, at)]
        gone = self._written.keys() - here.keys()
        if due or gone:
            self._write(due, gone, at)

    def _is_due(self, place: OpenStay, at: datetime) -> bool:
        before, again_at = self._written.get(place.stay_id, (None, at))
        return at >= again_at or before != self._mark(place)

    def _mark(self, place: OpenStay) -> object:
        """What must not be lost when it changes; looks and seconds may be, for a while."""
        attendance, stay_id = place.attendance, place.stay_id
        standing = (
            place.box_px,
            place.parked_at,
            place.preexisting,
            place.certain,
            place.told,
            place.seen_again_s is None,
        )
        rider = attendance.has_left, attendance.presence is Presence.AWAY, attendance.return_visits, place.left_at
        said = self.verdicts.get(stay_id), self._policy.remembered(stay_id), stay_id in self._untold
        return standing, rider, said, self._looks.get(stay_id)

    def _write(self, places: Sequence[OpenStay], gone: Sequence[str] | set[str], at: datetime) -> None:
        if self._store is None or (self._fails_until is not None and at < self._fails_until):
            return
        try:
            self._store.save(self._camera, {place.stay_id: self._text(place) for place in places}, gone)
        except CannotWriteError as error:
            self._note_failure(error, at)
            return
        self._fails_until = None
        for place in places:
            self._written[place.stay_id] = self._mark(place), at + _every(place)
        for stay_id in gone:
            del self._written[stay_id]

    def _text(self, place: OpenStay) -> str:
        assert self._size_px is not None
        opened, ever = self._policy.remembered(place.stay_id)
        return RememberedStay(
            width_px=self._size_px[0],
            height_px=self._size_px[1],
            place=place,
            look=self._looks.get(place.stay_id),
            pictured=self._pictures.remembered(place.stay_id),
            verdict=self.verdicts.get(place.stay_id),
            reminder=opened,
            reminded=ever,
            untold=place.stay_id in self._untold,
        ).to_text()

    def _note_failure(self, error: CannotWriteError, at: datetime) -> None:
        """Say it once; the line goes on, and all is written again once that works."""
        if self._fails_until is None:
            log.error("open stays are not kept", camera=self._camera, reason=str(error))
        self._fails_until = at + timedelta(seconds=RETRY_S)
        self._written = dict.fromkeys(self._written, (None, at))


def _every(place: OpenStay) -> timedelta:
    if place.preexisting or place.attendance.has_left:
        return timedelta(seconds=ALONE_EVERY_S)
    return timedelta(seconds=ATTENDED_EVERY_S * (1 + len(place.attendance.frames) // FRAMES_PER_EVERY))


def free_box(place: XyxyPx, detections: Sequence[Detection]) -> XyxyPx | None:
    """The box of the bike in this place where it can be seen alone: not hidden, and without a neighbour in its box."""
    bikes = [one.xyxy_px for one in detections if one.kind in TWO_WHEELERS]
    own = max(bikes, key=lambda box: iou(box, place), default=None)
    if own is None or iou(own, place) < SAME_PLACE_IOU:
        return None
    people = [one.xyxy_px for one in detections if one.kind in PEOPLE]
    others = [box for box in bikes if iou(box, own) < SAME_BOX_IOU]
    is_free = _cover(own, people) <= HIDES_SHARE and _cover(own, others) <= NEIGHBOUR_SHARE
    return own if is_free else None


def _cover(box: XyxyPx, others: Sequence[XyxyPx]) -> float:
    return max((intersection_px(box, other) for other in others), default=0.0) / max(1.0, box.area)
