"""One open stay and what is remembered about it between frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from detector.attendance import Attendance
from detector.boxes import XyxyPx, intersection_px, iou
from detector.lock_evidence import collect
from detector.places import SAME_PLACE_IOU, Vacancy
from detector.trails import TWO_WHEELERS, Moment, Sighting, distance_px, median_box, size_px
from detector.visits import Drop
from detector.vocabulary import Detection, Kind, LockEvidence, Rack, Stay, StayState

SETTLE_S = 8.0
"""How soon after it was put down a bike may still be pushed into its place."""
NEAR_SIZES = 1.0
EMPTY_BEFORE_NEXT_S = 1.0
SHARPEN_IOU = 0.4
SHARPEN_LOOKS = 3
MERGED_COVER = 0.7


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

    def settle(self, box: XyxyPx, parked_at: datetime) -> None:
        """The same bike, the same visit, but only now in its place."""
        self.box_px = self.attendance.bike_px = box
        self.parked_at = self.attendance.parked_at = parked_at

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
        return likeness >= SHARPEN_IOU and all(iou(box, other) < likeness for other in others_px)

    def evidence(self, others_px: Sequence[XyxyPx]) -> LockEvidence:
        """What is known so far; a box that takes in another stay's bike is a merged one."""
        merged = any(intersection_px(self.box_px, other) >= MERGED_COVER * other.area for other in others_px)
        return collect(self.attendance, merged_boxes=merged or not self.certain, preexisting=self.preexisting)

    def _state(self) -> StayState:
        if self.preexisting:
            return StayState.PARKED
        if self.attendance.has_left:
            return StayState.LEFT
        return StayState.ATTENDED if self.attendance.rider_seen else StayState.PARKED


def _score(found: Detection) -> float:
    return found.score


def is_same_visit(place: OpenStay, drop: Drop) -> bool:
    """One rider, one bike, one drop: whether this bike is the one whose stay is already open."""
    if place.preexisting or place.left_at is not None:
        return False
    soon = abs((drop.parked_at - place.parked_at).total_seconds()) <= SETTLE_S
    near = distance_px(place.box_px, drop.xyxy_px) <= NEAR_SIZES * size_px(place.box_px)
    same_rider = bool(place.attendance.riders & drop.riders) or not (place.attendance.riders and drop.riders)
    return soon and near and same_rider


def makes_room(place: OpenStay, drop: Drop) -> bool:
    """A bike put down where another stood, and that place was just seen empty: the other one is gone."""
    was_empty = place.vacancy.was_just_empty(EMPTY_BEFORE_NEXT_S, within_s=SETTLE_S)
    return was_empty and iou(place.box_px, drop.xyxy_px) >= SAME_PLACE_IOU
