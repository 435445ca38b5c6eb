"""Step 3: one thing followed through time. ByteTrack's idea, written anew on seconds instead of frames.

Boxes the model is sure of start tracks; faint boxes may only continue them. A person bent over a bike scores 0.05-0.4,
so dropping faint boxes would lose the rider just when it matters; letting them start tracks would invent people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from detector.assignment import best_pairs, closest_first, likeness_of
from detector.boxes import XyxyPx, iou, overlap_of_smaller
from detector.vocabulary import Detection, Kind, Track

START_SCORE = 0.3
CONTINUE_SCORE = 0.05
SURE_IOU = {Kind.PERSON: 0.1, Kind.BICYCLE: 0.2, Kind.MOTORCYCLE: 0.2}
"""How alike a sure box and where a track should be must be; people stride, bikes stand beside others of their size."""
FAINT_IOU = 0.3
SURE_GAIN = 0.4
"""A faint box must fit a track so much better than a sure one to be preferred to it."""
DUPLICATE_IOU = 0.6
PART_SHARE, SHIFTED_PART_SHARE = 0.75, 0.45
"""A person's box that lies so far in another one is a part of the same person, or hidden behind them; so much is enough
where it begins or ends at another height, as that of somebody beside them does not."""
SHIFTED_HEIGHTS = 0.15
ALIKE_AREAS = 0.45
"""A two-wheeler's box may not shrink or grow by more than this from one sighting to the next: in a crowded rack that
is not the same bike but one box drawn around several. People may: they bend and are hidden in part."""
COAST_S = 3.0
"""An unseen track is carried on this long."""
TENTATIVE_S = 1.0
"""A track seen once must be seen again within this time to count."""
BRAKE_S = 0.6
"""An unseen thing is expected to stop: its speed falls to 1/e in this time."""
SPEED_MEMORY_S = 0.4
STRIDES_PER_S = {Kind.PERSON: 2.5, Kind.BICYCLE: 4.0, Kind.MOTORCYCLE: 4.0}
"""How many of its own heights a thing may travel in a second; what a low frame rate must be forgiven."""
MOVING_HEIGHTS_PER_S = 0.5
ALIKE_HEIGHTS = 0.6
"""Over a gap a box may match only a track whose height is at least this share of its own."""


@dataclass(slots=True)
class _Followed:
    """A track's inner state. `speed` is that of its box's centre, right and down, in px/s."""

    track_id: int
    kind: Kind
    box: XyxyPx
    speed: tuple[float, float]
    score: float
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int = 1

    def predicted(self, at: datetime) -> XyxyPx:
        """Where its box should be at a moment."""
        coast_s = BRAKE_S * (1 - math.exp(-_seconds(self.last_seen_at, at) / BRAKE_S))
        right, down = self.speed[0] * coast_s, self.speed[1] * coast_s
        x, y, end_x, end_y = self.box
        return XyxyPx(x + right, y + down, end_x + right, end_y + down)

    def see(self, detection: Detection, at: datetime) -> None:
        gap_s = _seconds(self.last_seen_at, at)
        if gap_s > 0:
            trust = 1.0 if self.sightings == 1 else 1 - math.exp(-gap_s / SPEED_MEMORY_S)
            (x, y), (was_x, was_y), (right, down) = detection.xyxy_px.centre, self.box.centre, self.speed
            self.speed = right + trust * ((x - was_x) / gap_s - right), down + trust * ((y - was_y) / gap_s - down)
        self.box, self.score, self.last_seen_at = detection.xyxy_px, detection.score, at
        self.sightings += 1

    def may_reach(self, box: XyxyPx, at: datetime) -> bool:
        """Whether this thing could be at `box` by now: a new one anywhere in stride, a moving one on its way.

        What stands still goes nowhere; a box that appears beside it is something else.
        """
        height = max(1.0, self.box.height)
        if not ALIKE_HEIGHTS < box.height / height < 1 / ALIKE_HEIGHTS:
            return False
        gap_s = min(_seconds(self.last_seen_at, at), 1.0)
        far_px = math.dist(box.centre, self.predicted(at).centre)
        if self.sightings == 1:
            return far_px <= STRIDES_PER_S[self.kind] * height * gap_s
        speed = math.hypot(*self.speed)
        return speed >= MOVING_HEIGHTS_PER_S * height and far_px <= 0.75 * speed * gap_s + 0.25 * height

    def as_track(self, at: datetime) -> Track:
        seen = self.last_seen_at == at
        box = self.box if seen else self.predicted(at)
        return Track(self.track_id, self.kind, self.score, box, seen, self.first_seen_at, self.last_seen_at)


class Tracker:
    """Follows everything one camera sees. Ids count up from 1 within this tracker and are never used twice."""

    def __init__(self) -> None:
        self._followed: list[_Followed] = []
        self._next_id = 1

    def update(self, detections: Sequence[Detection], at: datetime) -> list[Track]:
        """One frame's boxes in, the tracks as of this frame out, those coasting unseen among them (`seen` False).

        `at` must not go backwards; footage that does so begins a new scene and new tracks.
        """
        if any(followed.last_seen_at > at for followed in self._followed):
            self._followed = []
        for kind in Kind:
            self._follow(kind, [one for one in detections if one.kind is kind], at)
        self._followed = [followed for followed in self._followed if not _is_over(followed, at)]
        return [followed.as_track(at) for followed in self._followed if followed.sightings > 1]

    def _follow(self, kind: Kind, detections: Sequence[Detection], at: datetime) -> None:
        waiting = [followed for followed in self._followed if followed.kind is kind]
        waiting, free = _continue_by_overlap(waiting, [one for one in detections if one.score >= CONTINUE_SCORE], at)
        _, free = _continue_by_reach(waiting, [one for one in free if one.score >= START_SCORE], at)
        for detection in free:
            if not self._is_duplicate(detection, at):
                self._start(detection, at)

    def _is_duplicate(self, detection: Detection, at: datetime) -> bool:
        """Whether something followed was just seen here: a second box on it, or on a part of a person."""
        here = [one for one in self._followed if one.kind is detection.kind and one.last_seen_at == at]
        if detection.kind is Kind.PERSON and any(_is_part_of(detection.xyxy_px, one.box) for one in here):
            return True
        return any(iou(one.box, detection.xyxy_px) > DUPLICATE_IOU for one in here)

    def _start(self, detection: Detection, at: datetime) -> None:
        one = _Followed(self._next_id, detection.kind, detection.xyxy_px, (0.0, 0.0), detection.score, at, at)
        self._followed.append(one)
        self._next_id += 1


def _is_part_of(person: XyxyPx, other: XyxyPx) -> bool:
    off_px = abs(person.top - other.top) + abs(person.bottom - other.bottom)
    shifted = off_px >= SHIFTED_HEIGHTS * other.height
    return overlap_of_smaller(person, other) >= (SHIFTED_PART_SHARE if shifted else PART_SHARE)


_Unmatched = tuple[list[_Followed], list[Detection]]


def _continue_by_overlap(tracks: list[_Followed], found: list[Detection], at: datetime) -> _Unmatched:
    """Sure and faint boxes together: a sure box of somebody else must not take a track from its own faint one."""
    if not tracks or not found:
        return tracks, found
    predicted = [track.predicted(at) for track in tracks]
    likeness = likeness_of(predicted, [one.xyxy_px for one in found])
    fits = {pair: _fit(predicted[pair[0]], found[pair[1]], alike) for pair, alike in likeness.items()}
    return _see_pairs(tracks, found, closest_first(fits), at)


def _fit(expected: XyxyPx, found: Detection, likeness: float) -> float:
    """How well a box fits where a track should be; 0 where it is too far off or of another size."""
    sure = found.score >= START_SCORE
    if likeness < (SURE_IOU[found.kind] if sure else FAINT_IOU):
        return 0.0
    if found.kind is not Kind.PERSON and _area_ratio(expected, found.xyxy_px) < ALIKE_AREAS:
        return 0.0
    return likeness + SURE_GAIN * sure


def _continue_by_reach(tracks: list[_Followed], found: list[Detection], at: datetime) -> _Unmatched:
    if not tracks or not found:
        return tracks, found
    closeness = {
        (row, column): 1 / (1 + math.dist(one.xyxy_px.centre, track.predicted(at).centre))
        for row, track in enumerate(tracks)
        for column, one in enumerate(found)
        if track.may_reach(one.xyxy_px, at)
    }
    return _see_pairs(tracks, found, best_pairs(closeness, 1e-9), at)


def _see_pairs(
    tracks: list[_Followed], found: list[Detection], pairs: list[tuple[int, int]], at: datetime
) -> _Unmatched:
    for row, column in pairs:
        tracks[row].see(found[column], at)
    rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
    return (
        [track for row, track in enumerate(tracks) if row not in rows],
        [detection for column, detection in enumerate(found) if column not in columns],
    )


def _is_over(followed: _Followed, at: datetime) -> bool:
    patience_s = TENTATIVE_S if followed.sightings == 1 else COAST_S
    return _seconds(followed.last_seen_at, at) > patience_s


def _area_ratio(one: XyxyPx, other: XyxyPx) -> float:
    """The smaller area over the larger, 0 to 1."""
    area, other_area = one.area, other.area
    return min(area, other_area) / max(area, other_area, 1e-9)


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
