"""Skeletons, and what they say of somebody at a bike: bent or upright, hands low at the bike or not. Pure.

None always means: could not be seen, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from math import atan2, degrees, hypot
from typing import NamedTuple

from detector.boxes import XyxyPx

LEAST_CONFIDENCE = 0.4
BENT_DEG = 26.0
"""In the sample clips people walk, ride and stand at 0 to 19 degrees and bend over a bike at 31 to 44."""
CROUCHED_LEG_TRUNKS = 0.7
"""Hips above ankles in trunk lengths: 0.9 to 1.6 standing and walking in the sample clips, 0.3 to 0.5 crouched."""
FORESHORTENED_TRUNK_LEGS = 0.35
"""A trunk this short against the legs points at the camera or away from it: bent, though it looks upright."""
LOW_HEIGHT = 0.75
"""Hands higher than this share of the bike's height above the ground are at saddle or handlebar."""
SLACK = 0.1
"""A hand holding a wheel from outside, or a box cut a little short: this share of the bike's sides."""
HANGING_TRUNKS = 0.3
"""An idle hand of somebody upright hangs no further below the hips than this; it is before the bike, not at it."""
BEND_GAP_S = 1.0
LEAST_BEND_S = 0.5


class Joint(IntEnum):
    """The joints this project asks for, by their number among COCO's 17 keypoints."""

    NOSE = 0
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16


JOINTS = 17
SHOULDERS = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
WRISTS = (Joint.LEFT_WRIST, Joint.RIGHT_WRIST)
HIPS = (Joint.LEFT_HIP, Joint.RIGHT_HIP)
ANKLES = (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE)
SIDES = tuple(zip(SHOULDERS, HIPS, strict=True))


class Keypoint(NamedTuple):
    """One joint in pixels of the full picture; `confidence` 0 to 1."""

    x: float
    y: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Skeleton:
    """One person's 17 COCO keypoints in COCO's order; `score` 0 to 1 that it is a person at all."""

    points: tuple[Keypoint, ...]
    score: float

    def __post_init__(self) -> None:
        if len(self.points) != JOINTS:
            raise ValueError(f"a skeleton has {JOINTS} points, not {len(self.points)}")

    def sure(self, joint: Joint) -> Keypoint | None:
        """The joint where the model is confident of it."""
        point = self.points[joint]
        return point if point.confidence >= LEAST_CONFIDENCE else None


@dataclass(frozen=True, slots=True)
class PoseAtBike:
    """One frame of somebody at the bike. `seconds` is the time it stands for; no skeleton: none could be made out."""

    at: datetime
    seconds: float
    skeleton: Skeleton | None
    bike_px: XyxyPx


def trunk_angle_deg(skeleton: Skeleton) -> float | None:
    """Degrees between the trunk and upright in the picture, 0 to 180; None where no side of it is confident."""
    trunk = _trunk(skeleton)
    return None if trunk is None else degrees(atan2(abs(trunk[0]), -trunk[1]))


def is_bent(skeleton: Skeleton) -> bool | None:
    """Whether somebody is bent over or crouched; None where their trunk cannot be made out."""
    trunk = _trunk(skeleton)
    if trunk is None:
        return None
    if (trunk_angle_deg(skeleton) or 0.0) >= BENT_DEG:
        return True
    legs, length = _leg_drop_px(skeleton), hypot(*trunk)
    return legs is not None and (legs < CROUCHED_LEG_TRUNKS * length or length < FORESHORTENED_TRUNK_LEGS * legs)


def hands_low(skeleton: Skeleton, bike_px: XyxyPx) -> bool | None:
    """Whether a hand is at the bike at wheel or frame height; None where no hand can be made out."""
    wrists = _sure(skeleton, WRISTS)
    if not wrists:
        return None
    idle_until = _idle_until_px(skeleton)
    return any(_is_low(wrist, bike_px) and wrist.y > idle_until for wrist in wrists)


def bent_s(frames: Sequence[PoseAtBike]) -> float | None:
    """Seconds somebody was seen bent or crouched."""
    return _seconds_where(frames, [_bent(one) for one in frames])


def hands_low_s(frames: Sequence[PoseAtBike]) -> float | None:
    """Seconds a hand was at the bike at wheel or frame height."""
    return _seconds_where(frames, [_hands_low(one) for one in frames])


def bends(frames: Sequence[PoseAtBike]) -> int | None:
    """How often somebody bent down; shorter breaks than a second, seen upright or not seen, are not counted."""
    answers = [_bent(one) for one in frames]
    if all(answer is None for answer in answers):
        return None
    runs: list[list[PoseAtBike]] = []
    for frame in (one for one, answer in zip(frames, answers, strict=True) if answer):
        if runs and (frame.at - runs[-1][-1].at).total_seconds() <= BEND_GAP_S:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return sum(sum(one.seconds for one in run) >= LEAST_BEND_S for run in runs)


def seen_s(frames: Sequence[PoseAtBike]) -> float:
    """Seconds in which a posture could be told at all: how much the other figures rest on."""
    return sum(one.seconds for one in frames if _bent(one) is not None)


def _seconds_where(frames: Sequence[PoseAtBike], answers: Sequence[bool | None]) -> float | None:
    if all(answer is None for answer in answers):
        return None
    return sum(one.seconds for one, answer in zip(frames, answers, strict=True) if answer)


def _bent(frame: PoseAtBike) -> bool | None:
    return None if frame.skeleton is None else is_bent(frame.skeleton)


def _hands_low(frame: PoseAtBike) -> bool | None:
    return None if frame.skeleton is None else hands_low(frame.skeleton, frame.bike_px)


def _trunk(skeleton: Skeleton) -> tuple[float, float] | None:
    """From hips to shoulders (x, y) in pixels. Never from one side's hip to the other's shoulder: that always leans."""
    sides = [(skeleton.sure(hip), skeleton.sure(shoulder)) for shoulder, hip in SIDES]
    vectors = [(top.x - low.x, top.y - low.y) for low, top in sides if low is not None and top is not None]
    if not vectors:
        return None
    return sum(x for x, _ in vectors) / len(vectors), sum(y for _, y in vectors) / len(vectors)


def _leg_drop_px(skeleton: Skeleton) -> float | None:
    """How far the lower ankle is below the hips, in pixels."""
    hips, ankles = _sure(skeleton, HIPS), _sure(skeleton, ANKLES)
    if not hips or not ankles:
        return None
    return max(ankle.y for ankle in ankles) - sum(hip.y for hip in hips) / len(hips)


def _idle_until_px(skeleton: Skeleton) -> float:
    """The y down to which a hand may just be hanging; everywhere counts where somebody is bent or cannot be told."""
    trunk, hips = _trunk(skeleton), _sure(skeleton, HIPS)
    if trunk is None or not hips or is_bent(skeleton):
        return float("-inf")
    return sum(hip.y for hip in hips) / len(hips) + HANGING_TRUNKS * hypot(*trunk)


def _sure(skeleton: Skeleton, joints: Sequence[Joint]) -> list[Keypoint]:
    return [point for point in map(skeleton.sure, joints) if point is not None]


def _is_low(wrist: Keypoint, bike_px: XyxyPx) -> bool:
    highest = bike_px.bottom - LOW_HEIGHT * bike_px.height
    beside = bike_px.left - SLACK * bike_px.width <= wrist.x <= bike_px.right + SLACK * bike_px.width
    return beside and highest <= wrist.y <= bike_px.bottom + SLACK * bike_px.height
