"""The words of the edge. Frame, Detection and Track never leave it; each type says how far along the line it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyNorm, XyxyPx


class Kind(StrEnum):
    """What a detector may find. A model's own class names map onto these."""

    PERSON = "person"
    BICYCLE = "bicycle"
    MOTORCYCLE = "motorcycle"  # e-bikes and motorcycles; no reminder by default


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with its time.

    `image_bgr` has shape (height, width, 3), uint8, blue-green-red. `at` is the source's own time, never the clock's.
    """

    image_bgr: NDArray[np.uint8]
    index: int
    at: datetime

    @property
    def width_px(self) -> int:
        return int(self.image_bgr.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.image_bgr.shape[0])


@dataclass(frozen=True, slots=True)
class Detection:
    """One box the model found in one frame; `score` is 0 to 1."""

    kind: Kind
    score: float
    xyxy_px: XyxyPx


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed through time, as of one frame.

    `seen` is False while the thing is coasting (not matched in this frame): `xyxy_px` is then a prediction and `score`
    the last one seen. `track_id` is unique within one Tracker.
    """

    track_id: int
    kind: Kind
    score: float
    xyxy_px: XyxyPx
    seen: bool
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Rack:
    """One place where bikes stand: a polygon in one camera's view, relative to the picture (0 to 1)."""

    rack_id: str
    name: str
    building_id: str
    outline_norm: tuple[tuple[float, float], ...]


class StayState(StrEnum):
    ARRIVING = "arriving"
    PARKED = "parked"
    ATTENDED = "attended"
    LEFT = "left"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Stay:
    """One bike standing in one place, from parked until seen gone, as of one moment. Has a durable id."""

    stay_id: str
    rack_id: str
    building_id: str
    kind: Kind
    state: StayState
    xyxy_norm: XyxyNorm
    preexisting: bool
    parked_at: datetime
    left_at: datetime | None = None
    gone_at: datetime | None = None
    visit_certain: bool = True
    """False where the rider's visit is certain but which box it belongs to is not (a crowded rack)."""


class StayEventKind(StrEnum):
    OPENED = "opened"
    LEFT = "left"
    """The rider is gone from reach for the grace time: time to judge."""
    RETURNED = "returned"
    """Somebody is within reach again after LEFT: the stay will be judged anew when they leave."""
    CLOSED = "closed"
    """The place was seen empty several times."""


@dataclass(frozen=True, slots=True)
class LockEvidence:
    """What was seen of one stay, each with its unit. None means: could not be seen, never zero."""

    attended_s: float | None = None
    """Seconds somebody was at the bike after parking, up to the first leaving."""
    bent_s: float | None = None
    """Of these, seconds bent or crouched."""
    bends: int | None = None
    longest_bend_s: float | None = None
    """The longest of these bends, in seconds; locking is one long bend, fussing many short ones."""
    hands_low_s: float | None = None
    """Seconds with a hand at wheel or frame level; needs a pose model."""
    left_after_s: float | None = None
    """Seconds from parked to the rider's last moment within reach."""
    left_straight: bool | None = None
    """Whether the rider went off without stopping again beside the bike."""
    lost_at_bike_s: float = 0.0
    """Seconds the rider could not be seen but was last seen at the bike, so counts as attending it."""
    not_watched_s: float = 0.0
    """Seconds nobody looked (a restart, a camera away) while the rider was at the bike or had just left it."""
    return_visits: int = 0
    return_attended_s: float | None = None
    """Seconds somebody was at the bike on all later visits together."""
    return_bent_s: float | None = None
    rider_seen: bool = False
    kind: Kind = Kind.BICYCLE
    shared_bike: bool = False
    """One of a fleet, by its colour: it locks itself."""
    bike_width_px: float | None = None
    merged_boxes: bool = False
    """Most of the time one box was drawn around this bike and a neighbour."""
    visit_certain: bool = True
    brightness: float | None = None
    """Mean grey level around the bike, 0 to 255."""
    camera_moved: bool = False
    lock_views: int = 0
    """In how many usable views a lock was looked for."""
    lock_seen: int = 0
    """In how many of them one was seen closed around the bike."""
    lock_carried: int = 0
    """In how many of them one was seen carried on the bike: evidence against its being used."""
    preexisting: bool = False
    """The bike stood there before anybody was seen with it."""


@dataclass(frozen=True, slots=True)
class StayEvent:
    """A stay's life went one step on. `evidence` is what is known up to `at`."""

    kind: StayEventKind
    stay: Stay
    evidence: LockEvidence
    at: datetime


class LockState(StrEnum):
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    UNSURE = "unsure"


class ReasonCode(StrEnum):
    """Why a verdict fell as it did; the number that comes with it has the unit in the code's name."""

    LEFT_AFTER_S = "left_after_s"
    ATTENDED_S = "attended_s"
    BENT_S = "bent_s"
    BENDS = "bends"
    LONGEST_BEND_S = "longest_bend_s"
    HANDS_LOW_S = "hands_low_s"
    LOST_AT_BIKE_S = "lost_at_bike_s"
    LEFT_STRAIGHT = "left_straight"
    RETURN_VISITS = "return_visits"
    RETURN_ATTENDED_S = "return_attended_s"
    RETURN_BENT_S = "return_bent_s"
    LOCK_SEEN_VIEWS = "lock_seen_views"
    LOCK_CARRIED_VIEWS = "lock_carried_views"
    NO_LOCK_VIEWS = "no_lock_views"
    # Self-doubt: each makes the verdict `unsure`.
    RIDER_NOT_SEEN = "rider_not_seen"
    NOT_WATCHED_S = "not_watched_s"
    BIKE_TOO_SMALL_PX = "bike_too_small_px"
    MERGED_BOXES = "merged_boxes"
    TOO_DARK = "too_dark"
    CAMERA_MOVED = "camera_moved"
    PREEXISTING = "preexisting"
    SHARED_BIKE = "shared_bike"


@dataclass(frozen=True, slots=True)
class LockVerdict:
    """`unsure` is a real answer. `p_unlocked` is None only where nothing was seen to base a probability on."""

    state: LockState
    p_unlocked: float | None
    reasons: Mapping[ReasonCode, float] = field(default_factory=dict)
