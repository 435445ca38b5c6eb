"""What only the picture tells of a stay: skeletons, locks, a fleet's paint, light, and whether the camera has moved.

It looks where it can matter only: at people at a bike that waits for its verdict, and at that bike while it is free.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.attendance import Attendance, Presence
from detector.boxes import XyxyPx, intersection_px, iou
from detector.camera_shift import CameraState, ShiftWatch
from detector.config import ViewConfig
from detector.fleet import FLEETS, FleetColour, fleet_marks, which_fleet
from detector.keypoint_evidence import most_telling, with_keypoints
from detector.lock_evidence import brightness_around
from detector.lock_model import OnnxLockDetector
from detector.lock_views import MOST_VIEWS, LockDetector, ViewNeeds, usable, view_of
from detector.open_stays import OpenStay
from detector.pictured import LockLook, Pictured, with_locks
from detector.places import PEOPLE, within_reach
from detector.pose import PoseEstimator
from detector.posture import PoseAtBike, Skeleton
from detector.trails import TWO_WHEELERS
from detector.vocabulary import Detection, Frame, LockEvidence, Stay, Track

VIEW_EVERY_S = 0.4
"""Views of one bike closer together than this tell the same."""
MOST_MARKS = 15
MOST_CROPS = 4
"""Bikes looked at in one frame; with a model of locks each takes some milliseconds."""
SAME_BIKE_IOU = 0.5
SAME_BOX_IOU = 0.6
HIDES_SHARE = 0.1
ARRIVAL_MEMORY_S = 60.0


class PoseModel(Protocol):
    """Finds the skeletons of given people."""

    def estimate(self, image_bgr: NDArray[np.uint8], people_xyxy_px: Sequence[XyxyPx]) -> list[Skeleton | None]:
        """One for each of them, in pixels of the picture (h, w, 3); None: not made out."""
        ...


class Eyes(NamedTuple):
    """The models that look closer; None: that is not looked at."""

    pose: PoseModel | None = None
    locks: LockDetector | None = None


@cache
def open_eyes(pose_model: str | None, lock_model: str | None) -> Eyes:
    """Open what the configuration names, once for all cameras and clips.

    Raises:
        ModelRefusedError: one of them is missing, or is not what it should be.
    """
    pose = PoseEstimator.from_file(Path(pose_model)) if pose_model else None
    return Eyes(pose, OnnxLockDetector.from_folder(lock_model) if lock_model else None)


class _Scene(NamedTuple):
    """One frame with the boxes in it, in pixels."""

    frame: Frame
    bikes: list[XyxyPx]
    people: list[XyxyPx]
    places: list[XyxyPx]
    """Where bikes are known to stand, seen in this frame or not."""


class PictureEvidence:
    """Of one camera. Call `see` once a frame, then `complete` for each stay to be judged in it."""

    def __init__(self, view: ViewConfig, eyes: Eyes | None = None) -> None:
        """Open the models that `view` names, unless `eyes` are given.

        Raises:
            ModelRefusedError: as `open_eyes`.
        """
        self._eyes = open_eyes(view.pose_model, view.lock_model) if eyes is None else eyes
        self._fleets = fleets_of(view)
        self._needs = ViewNeeds(least_width_px=view.lock_min_bike_width_px)
        self._shift = ShiftWatch(view.camera_check_s)
        self.camera_moved = False
        """The view is another one than at first. What was said of the view before it turned dark holds in the dark."""
        self._of: dict[str, Pictured] = {}
        self._attendances: dict[str, Attendance] = {}
        self._poses: dict[str, list[PoseAtBike]] = {}
        self._arriving: deque[tuple[datetime, int, LockLook]] = deque()
        self._due: dict[str | int, datetime] = {}
        """When a stay's bike, or the bike of an arriving track, is to be looked at again."""
        self._crops_left = MOST_CROPS

    # What is seen

    def see(
        self, frame: Frame, places: Sequence[OpenStay], tracks: Sequence[Track], detections: Sequence[Detection]
    ) -> None:
        """One frame on, after the stays' own step."""
        self._watch_view(frame, detections)
        self._keep_only(places, frame.at)
        self._crops_left = MOST_CROPS
        waiting = [place for place in places if not (place.preexisting or place.attendance.has_left)]
        if not waiting and self._eyes.locks is None:
            return
        scene = _scene(frame, places, detections)
        self._see_arriving(scene, places, tracks)
        self._see_people(frame, waiting)
        for place in waiting:
            self._see_bike(scene, place)

    def complete(self, evidence: LockEvidence, stay: Stay, frame: Frame) -> LockEvidence:
        """The evidence of a stay with all that the pictures up to this one tell."""
        pictured = self._of.get(stay.stay_id, Pictured())
        completed = replace(
            with_locks(evidence, pictured),
            brightness=brightness_around(frame.image_bgr, stay.xyxy_norm),
            camera_moved=self.camera_moved,
            shared_bike=which_fleet(pictured.marks, self._fleets) is not None,
        )
        attendance = self._attendances.get(stay.stay_id)
        poses = self._poses.get(stay.stay_id, [])
        return completed if attendance is None else with_keypoints(completed, attendance, poses)

    def _watch_view(self, frame: Frame, detections: Sequence[Detection]) -> None:
        shift = self._shift.update(frame.image_bgr, frame.at, [one.xyxy_px for one in detections])
        if shift.state is not CameraState.BLIND:
            self.camera_moved = shift.state is CameraState.MOVED

    def _see_arriving(self, scene: _Scene, places: Sequence[OpenStay], tracks: Sequence[Track]) -> None:
        """Look for locks on bikes that somebody has with them; which of them will be parked is not yet known."""
        if self._eyes.locks is None or not scene.people:
            return
        settled = {track_id for place in places for track_id in place.track_ids}
        for track in tracks:
            loose = track.seen and track.kind in TWO_WHEELERS and track.track_id not in settled
            if loose and any(within_reach(one, track.xyxy_px) for one in scene.people):
                look = self._lock_look(scene, track.xyxy_px, track.track_id)
                if look is not None:
                    self._arriving.append((scene.frame.at, track.track_id, look))

    def _see_people(self, frame: Frame, waiting: Sequence[OpenStay]) -> None:
        """Skeletons of those who are at a bike just now."""
        if self._eyes.pose is None:
            return
        last = [(place, place.attendance.frames[-1]) for place in waiting if place.attendance.frames]
        here = [(place, one) for place, one in last if one.at == frame.at and one.people]
        found = iter(self._eyes.pose.estimate(frame.image_bgr, [box for _, one in here for _, box in one.people]))
        for place, one in here:
            skeleton = most_telling([next(found) for _ in one.people], place.box_px)
            pose = PoseAtBike(one.at, one.seconds, skeleton, place.box_px)
            self._poses.setdefault(place.stay_id, []).append(pose)

    def _see_bike(self, scene: _Scene, place: OpenStay) -> None:
        """Paint whenever the bike is free; locks once its rider has gone off, for hands do not lock it any more."""
        pictured = self._pictured(place)
        own = _own_box(scene, place.box_px)
        if own is None:
            return
        if place.attendance.presence is Presence.AWAY:
            look = self._lock_look(scene, own, f"lock {place.stay_id}")
            pictured.parked = [*pictured.parked, look][-MOST_VIEWS:] if look else pictured.parked
        if self._fleets and len(pictured.marks) < MOST_MARKS and _is_free(own, scene.people):
            self._mark(scene, own, place, pictured)

    def _mark(self, scene: _Scene, own: XyxyPx, place: OpenStay, pictured: Pictured) -> None:
        if self._take_turn(place.stay_id, scene.frame.at):
            near = [*scene.bikes, *(box for box in scene.places if box is not place.box_px)]
            others = [box for box in near if iou(box, own) < SAME_BOX_IOU]
            pictured.marks.append(fleet_marks(scene.frame.image_bgr, own, others, self._fleets))

    def _lock_look(self, scene: _Scene, bike_px: XyxyPx, key: str | int) -> LockLook | None:
        """The locks on a bike; None: it is not its turn, or the view is good for nothing."""
        wide = bike_px.width >= self._needs.least_width_px
        if self._eyes.locks is None or not wide or not self._take_turn(key, scene.frame.at):
            return None
        view = view_of(scene.frame.image_bgr, bike_px, scene.people)
        if not usable(view, self._needs):
            return None
        return LockLook(view.bike_px, tuple(self._eyes.locks.find(view.crop_bgr)))

    def _take_turn(self, key: str | int, at: datetime) -> bool:
        if self._crops_left <= 0 or at < self._due.get(key, at):
            return False
        self._crops_left -= 1
        self._due[key] = at + timedelta(seconds=VIEW_EVERY_S)
        return True

    # What is remembered

    def remembered(self, stay_id: str) -> Pictured | None:
        """What is to be kept of a stay over a restart."""
        return self._of.get(stay_id)

    def restore(self, stay_id: str, pictured: Pictured) -> None:
        """Go on with what an earlier run kept; paint that was held against other fleets is looked at anew."""
        names = tuple(fleet.name for fleet in self._fleets)
        if pictured.fleets != names:
            pictured.fleets, pictured.marks = names, []
        self._of[stay_id] = pictured

    def _pictured(self, place: OpenStay) -> Pictured:
        pictured = self._of.get(place.stay_id)
        if pictured is None:
            arriving = [look for _, track_id, look in self._arriving if track_id in place.track_ids]
            pictured = Pictured(tuple(fleet.name for fleet in self._fleets), arriving=arriving[-MOST_VIEWS:])
            self._of[place.stay_id] = pictured
        pictured.return_visit(place.attendance.return_visits)
        return pictured

    def _keep_only(self, places: Sequence[OpenStay], at: datetime) -> None:
        self._attendances = {place.stay_id: place.attendance for place in places}
        for known in (self._of, self._poses):
            for stay_id in known.keys() - self._attendances.keys():
                del known[stay_id]
        while self._arriving and (at - self._arriving[0][0]).total_seconds() > ARRIVAL_MEMORY_S:
            self._arriving.popleft()
        self._due = {key: due for key, due in self._due.items() if due > at}


def fleets_of(view: ViewConfig) -> tuple[FleetColour, ...]:
    """The fleets that a view's configuration names; those built in where it names none and does not say there are none."""
    if view.fleets is None:
        return FLEETS
    return tuple(FleetColour(**one.model_dump()) for one in view.fleets)


def _scene(frame: Frame, places: Sequence[OpenStay], detections: Sequence[Detection]) -> _Scene:
    bikes = [one.xyxy_px for one in detections if one.kind in TWO_WHEELERS]
    people = [one.xyxy_px for one in detections if one.kind in PEOPLE]
    return _Scene(frame, bikes, people, [place.box_px for place in places])


def _own_box(scene: _Scene, place: XyxyPx) -> XyxyPx | None:
    """The box in this frame of the bike in this place; None: it is not seen, or in a box more like another place."""
    own = max(scene.bikes, key=lambda box: iou(box, place), default=None)
    if own is None or iou(own, place) < SAME_BIKE_IOU:
        return None
    return own if all(iou(own, other) <= iou(own, place) for other in scene.places) else None


def _is_free(bike: XyxyPx, people: Sequence[XyxyPx]) -> bool:
    return all(intersection_px(person, bike) <= HIDES_SHARE * bike.area for person in people)
