"""Where each track has been in the last seconds, and what its path says: moving, at rest, with whom."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import dropwhile, pairwise
from math import hypot
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from detector.assignment import Array, as_array
from detector.boxes import XyxyPx, iou
from detector.vocabulary import Detection, Kind, Track

TRAIL_S = 30.0
RECENT_S = 15.0
PAST_S = 45.0
TRACE_BACK_S = 3.0
TRACE_GAP_S = 0.9
TRACE_IOU = 0.35
PACE_S = 0.35
"""Paths are looked at in paces this long, so that frame rate and jitter do not count."""
TWO_WHEELERS = frozenset({Kind.BICYCLE, Kind.MOTORCYCLE})


class Sighting(NamedTuple):
    at: datetime
    xyxy_px: XyxyPx
    score: float


Trail = Sequence[Sighting]


@dataclass(frozen=True)
class Moment:
    """One frame as the pure steps see it: no picture, only what was found. `detections` hold the faint boxes too."""

    at: datetime
    tracks: tuple[Track, ...]
    detections: tuple[Detection, ...]
    width_px: int
    height_px: int

    def people(self) -> tuple[Track, ...]:
        """The person tracks that were really seen in this frame."""
        return self._people

    def bikes(self) -> tuple[Track, ...]:
        return self._bikes

    @cached_property
    def _people(self) -> tuple[Track, ...]:
        return tuple(track for track in self.tracks if track.kind is Kind.PERSON and track.seen)

    @cached_property
    def _bikes(self) -> tuple[Track, ...]:
        return tuple(track for track in self.tracks if track.kind in TWO_WHEELERS and track.seen)

    @cached_property
    def _of(self) -> dict[frozenset[Kind], tuple[Detection, ...]]:
        return {}

    @cached_property
    def bike_boxes(self) -> Array:
        """All two-wheelers' boxes, shape (N, 4), pixels."""
        return as_array([one.xyxy_px for one in self.detections if one.kind in TWO_WHEELERS])

    def boxes(self, kinds: frozenset[Kind]) -> tuple[Detection, ...]:
        """The boxes of these kinds, the faint ones too; every step asks for them, so they are sorted out once."""
        if kinds not in self._of:
            self._of[kinds] = tuple(detection for detection in self.detections if detection.kind in kinds)
        return self._of[kinds]


class Trails:
    """The recent past of one camera: every track's path and the last moments themselves."""

    def __init__(self) -> None:
        self._trails: dict[int, tuple[Sighting, ...]] = {}
        self.recent: deque[Moment] = deque()
        self.past: deque[Moment] = deque()
        """As `recent`, but further back: what stood where before somebody came, and a whole visit once it is over."""

    def update(self, moment: Moment) -> None:
        for track in moment.tracks:
            if track.seen:
                self._follow(track, moment.at)
        self.recent.append(moment)
        self.past.append(moment)
        _forget(self.past, moment.at - timedelta(seconds=PAST_S))
        _forget(self.recent, moment.at - timedelta(seconds=RECENT_S))
        old = moment.at - timedelta(seconds=TRAIL_S)
        begun = [track_id for track_id, trail in self._trails.items() if trail[0].at < old]
        for track_id in begun:
            self._forget(track_id, old)

    def of(self, track_id: int) -> Trail:
        """A track's sightings, oldest first; empty where it is not known (any more)."""
        return self._trails.get(track_id, ())

    def _follow(self, track: Track, at: datetime) -> None:
        trail = self._trails.get(track.track_id) or trace_back(track, at, self.recent)
        self._trails[track.track_id] = (*trail, Sighting(at, track.xyxy_px, track.score))

    def _forget(self, track_id: int, before: datetime) -> None:
        trail = self._trails[track_id]
        kept = tuple(dropwhile(lambda sighting: sighting.at < before, trail))
        if kept:
            self._trails[track_id] = kept
        else:
            del self._trails[track_id]


def _forget(past: deque[Moment], before: datetime) -> None:
    while past and past[0].at < before:
        past.popleft()


def trace_back(track: Track, at: datetime, recent: Sequence[Moment]) -> list[Sighting]:
    """Where a new track was before the model was sure of it: a chain of faint boxes back in time, oldest first."""
    path: list[Sighting] = []
    start, box = at - timedelta(seconds=TRACE_BACK_S), track.xyxy_px
    for moment in reversed(recent):
        if moment.at < start or (at - moment.at).total_seconds() > TRACE_GAP_S:
            break
        found = _most_alike(track, box, moment)
        if found is not None:
            at, box = moment.at, found.xyxy_px
            path.append(Sighting(at, box, found.score))
    return path[::-1]


def _most_alike(track: Track, box: XyxyPx, moment: Moment) -> Detection | None:
    kinds = TWO_WHEELERS if track.kind in TWO_WHEELERS else frozenset({track.kind})
    others = {other.xyxy_px for other in moment.tracks if other.seen and other.track_id != track.track_id}
    free = [one for one in moment.boxes(kinds) if one.xyxy_px not in others]
    best = max(free, key=lambda one: iou(one.xyxy_px, box), default=None)
    return best if best is not None and iou(best.xyxy_px, box) >= TRACE_IOU else None


def size_px(box: XyxyPx) -> float:
    """A bike's size, whichever way it stands: its longer side."""
    return max(1.0, box.width, box.height)


def distance_px(one: XyxyPx, other: XyxyPx) -> float:
    (one_x, one_y), (other_x, other_y) = one.centre, other.centre
    return float(((one_x - other_x) ** 2 + (one_y - other_y) ** 2) ** 0.5)


def since(trail: Trail, seconds: float) -> Trail:
    """The last `seconds` of a trail, counted back from its own end."""
    if not trail:
        return trail
    return onwards(trail, trail[-1].at - timedelta(seconds=seconds))


def onwards(trail: Trail, start: datetime) -> Trail:
    """The part of a trail from a moment on."""
    return trail[bisect_left(trail, start, key=attrgetter("at")) :]


def span_s(trail: Trail) -> float:
    return (trail[-1].at - trail[0].at).total_seconds() if trail else 0.0


def paces(trail: Trail) -> list[Sighting]:
    """The trail thinned to steps of at least PACE_S, counted back from its end, oldest first."""
    return list(_paces_back(trail))[::-1]


def _paces_back(trail: Trail) -> Iterator[Sighting]:
    last: Sighting | None = None
    for sighting in reversed(trail):
        if last is None or (last.at - sighting.at).total_seconds() >= PACE_S:
            last = sighting
            yield sighting


class Travel(NamedTuple):
    """How far a path led, in the thing's own sizes, how straight it was (1: a line), and in how many paces it moved."""

    sizes: float
    straightness: float
    moving_paces: int


MOVING_SIZES = 0.05


def travel(trail: Trail) -> Travel:
    """How far a bike really went: only what both its sides did together counts.

    In a crowded rack boxes grow over a neighbour and shrink back to another bike; their centres travel, nothing moved.
    """
    steps = paces(trail)
    if len(steps) < 2:  # noqa: PLR2004
        return Travel(0.0, 0.0, 0)
    size = median(size_px(step.xyxy_px) for step in steps)
    legs = [rigid_shift_px(one.xyxy_px, two.xyxy_px) for one, two in pairwise(steps)]
    net = hypot(sum(x for x, _ in legs), sum(y for _, y in legs)) / size
    path = [hypot(x, y) / size for x, y in legs]
    return Travel(net, net / max(sum(path), 1e-9), sum(leg >= MOVING_SIZES for leg in path))


def rigid_shift_px(before: XyxyPx, after: XyxyPx) -> tuple[float, float]:
    """How far a box moved as a whole, in x and y; a side that moves alone is growth, not movement."""
    return (
        _together(after.left - before.left, after.right - before.right),
        _together(after.top - before.top, after.bottom - before.bottom),
    )


def _together(one: float, other: float) -> float:
    return min(one, other, key=abs) if one * other > 0 else 0.0


def median_box(trail: Trail) -> XyxyPx:
    """The middle of several boxes, side by side; `trail` must not be empty."""
    return XyxyPx(*(median(sides) for sides in zip(*(sighting.xyxy_px for sighting in trail), strict=True)))
