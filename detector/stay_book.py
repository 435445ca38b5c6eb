"""Looks over the line's shoulder and keeps, per stay, what a person wants to see afterwards: times, verdicts, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from broker_bridge.messages import AlertMessage
from detector.boxes import XyxyPx, intersection_px
from detector.pipeline import Judged, Step
from detector.snapshots import bike_picture
from detector.vocabulary import Detection, Frame, Kind, LockVerdict, Stay, StayEventKind, StayState, Track

PICTURE_LONG_SIDE_PX = 320
PICTURE_SHAPE = 4 / 3
AROUND_BIKE = 1.5
"""The crop's height is at least this many bike heights, so that whoever stands there is on it."""
BETTER_BY = 1.1
"""A picture of the rider at the bike is replaced only by one that shows this much more of them."""


SETTLED = timedelta(seconds=1)


class Moment(StrEnum):
    """The moments of a stay that are worth a picture, in order."""

    PARKED = "parked"
    ATTENDED = "attended"
    LEFT = "left"
    GONE = "gone"


MOMENT_OF = {
    StayEventKind.OPENED: Moment.PARKED,
    StayEventKind.LEFT: Moment.LEFT,
    StayEventKind.CLOSED: Moment.GONE,
}


@dataclass(frozen=True, slots=True)
class Picture:
    at: datetime
    jpeg: bytes


@dataclass(slots=True)
class StayRecord:
    """One stay as a person reads about it; `number` counts the clip's stays from 1."""

    number: int
    stay: Stay
    verdict: LockVerdict | None = None
    alert: str = ""
    """Empty, `raised` or `cleared`."""
    alert_at: datetime | None = None
    clear_reason: str = ""
    pictures: dict[Moment, Picture] = field(default_factory=dict)
    attended_overlap_px: float = 0.0


class StayBook:
    """Fills itself from the line's steps. `records` are in the order the stays were opened."""

    def __init__(self) -> None:
        self._by_id: dict[str, StayRecord] = {}
        self._tentative: dict[str, StayRecord] = {}
        """Pictures of bikes at rest, in case they turn out to be parked."""
        self.most_stays = -1
        self.overview: Step | None = None
        """The frame on which most stays were open: the one to show where they are."""

    @property
    def records(self) -> list[StayRecord]:
        return list(self._by_id.values())

    def see(self, step: Step) -> None:
        people = [*_people(step.detections), *_people(step.tracks)]
        for judged in step.judged:
            self._note(judged, step.frame, people)
        for alert in step.expired:
            _note_alert(self._by_id[alert.stay_id], alert)
        for stay in step.tentative:
            self._follow(stay, self._waiting(stay, step.frame, people), step.frame, people)
        for stay in step.stays:
            self._follow(stay, self._record(stay), step.frame, people)
        if len(step.stays) > self.most_stays:
            self.most_stays, self.overview = len(step.stays), step

    def number_of(self, stay_id: str) -> int:
        return self._by_id[stay_id].number

    def verdict_of(self, stay_id: str) -> LockVerdict | None:
        return self._by_id[stay_id].verdict

    def _record(self, stay: Stay) -> StayRecord:
        known = self._tentative.pop(stay.stay_id, None) or StayRecord(0, stay)
        record = self._by_id.setdefault(stay.stay_id, known)
        record.number = record.number or len(self._by_id)
        record.stay = stay
        return record

    def _waiting(self, stay: Stay, frame: Frame, people: Sequence[Detection | Track]) -> StayRecord:
        if stay.stay_id not in self._tentative:
            self._tentative[stay.stay_id] = StayRecord(0, stay, pictures={Moment.PARKED: _picture(stay, frame, people)})
        return self._tentative[stay.stay_id]

    def _note(self, judged: Judged, frame: Frame, people: Sequence[Detection | Track]) -> None:
        record = self._record(judged.event.stay)
        record.verdict = judged.verdict or record.verdict
        if judged.alert is not None:
            _note_alert(record, judged.alert)
        moment = MOMENT_OF.get(judged.event.kind)
        if moment is Moment.PARKED and moment in record.pictures:
            return  # taken when the bike came to rest
        if moment is not None:
            record.pictures[moment] = _picture(record.stay, frame, people)

    @staticmethod
    def _follow(stay: Stay, record: StayRecord, frame: Frame, people: Sequence[Detection | Track]) -> None:
        if record.pictures[Moment.PARKED].at < stay.parked_at <= frame.at:
            # The bike was moved again before it came to rest.
            record.pictures[Moment.PARKED] = _picture(stay, frame, people)
        if stay.state not in {StayState.PARKED, StayState.ATTENDED} or Moment.LEFT in record.pictures:
            return
        around_px = _around(stay.xyxy_norm.to_px(frame.width_px, frame.height_px))
        overlap_px = max((intersection_px(around_px, person.xyxy_px) for person in people), default=0.0)
        if overlap_px > _to_beat_px(record, frame):
            record.attended_overlap_px = overlap_px
            record.pictures[Moment.ATTENDED] = _picture(stay, frame, people)


def _note_alert(record: StayRecord, alert: AlertMessage) -> None:
    record.alert = "cleared" if alert.event == "cleared" else "raised"
    record.alert_at = record.alert_at or alert.at
    record.clear_reason = alert.clear_reason or ""


def _to_beat_px(record: StayRecord, frame: Frame) -> float:
    """The first picture some time after parking beats any from before: the strip is to show two moments."""
    early, shown = record.pictures[Moment.PARKED].at + SETTLED, record.pictures.get(Moment.ATTENDED)
    if shown is None or (shown.at < early <= frame.at):
        return 0.0
    return record.attended_overlap_px * BETTER_BY


def _people(things: Sequence[Detection] | Sequence[Track]) -> list[Detection | Track]:
    return [thing for thing in things if thing.kind is Kind.PERSON]


def _picture(stay: Stay, frame: Frame, people: Sequence[Detection | Track]) -> Picture:
    around_px = _around(stay.xyxy_norm.to_px(frame.width_px, frame.height_px))
    return Picture(frame.at, bike_picture(frame, around_px, people, PICTURE_LONG_SIDE_PX))


def _around(bike_px: XyxyPx) -> XyxyPx:
    """A 4:3 box around the bike with room above it for a person, in pixels; it may reach beyond the picture."""
    height = max(AROUND_BIKE * bike_px.height, bike_px.width / PICTURE_SHAPE)
    width, middle = height * PICTURE_SHAPE, bike_px.centre[0]
    return XyxyPx(middle - width / 2, bike_px.bottom - height, middle + width / 2, bike_px.bottom)
