"""How long and how often somebody was bent at a bike, by skeletons where they tell it and by boxes elsewhere. Pure.

The rule: skeletons count for a visit if they tell the posture in `LEAST_TOLD` of the seconds they were looked for; each
other second (before the stay was known, over a restart, a skeleton not made out) is told by the box. Else boxes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from detector import posture
from detector.attendance import AtBike, Attendance
from detector.bending import bending_of, longest_s, runs_of
from detector.boxes import XyxyPx
from detector.posture import PoseAtBike, Skeleton
from detector.vocabulary import LockEvidence

LEAST_TOLD = 0.6
Answer = Callable[[AtBike], bool | None]


@dataclass(frozen=True, slots=True)
class Postures:
    """Of one visit; `hands_low_s` None: no hand was made out."""

    bent_s: float
    bends: int
    longest_bend_s: float
    hands_low_s: float | None


def with_keypoints(evidence: LockEvidence, attendance: Attendance, poses: Sequence[PoseAtBike]) -> LockEvidence:
    """The evidence with what skeletons tell of the rider's own visit and of the later ones."""
    by_at = {pose.at: pose for pose in poses}
    by_box = box_answer(attendance)
    first = postures([one for one in attendance.frames if one.visit == 0], by_at, by_box)
    later = postures([one for one in attendance.frames if one.visit > 0], by_at, by_box)
    if first is not None:
        evidence = replace(
            evidence,
            bent_s=first.bent_s,
            bends=first.bends,
            longest_bend_s=first.longest_bend_s,
            hands_low_s=first.hands_low_s,
        )
    return evidence if later is None else replace(evidence, return_bent_s=later.bent_s)


def most_telling(skeletons: Sequence[Skeleton | None], bike_px: XyxyPx) -> Skeleton | None:
    """Of several people at one bike whoever is bent, else whoever has a hand low at it."""
    made_out = [one for one in skeletons if one is not None]
    return max(made_out, key=lambda one: _telling(one, bike_px), default=None)


def _telling(skeleton: Skeleton, bike_px: XyxyPx) -> tuple[bool, bool, bool, float]:
    bent = posture.is_bent(skeleton)
    return bool(bent), bool(posture.hands_low(skeleton, bike_px)), bent is not None, skeleton.score


def postures(frames: Sequence[AtBike], by_at: Mapping[datetime, PoseAtBike], by_box: Answer) -> Postures | None:
    """What skeletons and boxes together tell of one visit; None: the skeletons tell too little."""
    poses = [by_at[one.at] for one in frames if one.at in by_at]
    told_s = posture.seen_s(poses)
    if not told_s or told_s < LEAST_TOLD * sum(one.seconds for one in poses):
        return None
    answers = [_answer(one, by_at.get(one.at), by_box) for one in frames]
    known_s = sum(one.seconds for one, answer in zip(frames, answers, strict=True) if answer is not None)
    if known_s < LEAST_TOLD * sum(one.seconds for one in frames if one.people):
        return None
    bent = [one for one, answer in zip(frames, answers, strict=True) if answer]
    longest = longest_s(list(zip(frames, answers, strict=True)))
    return Postures(sum(one.seconds for one in bent), runs_of(bent), longest, posture.hands_low_s(poses))


def box_answer(attendance: Attendance) -> Answer:
    """Whether somebody is bent in one frame, by their boxes; None: not known."""
    bending = bending_of(attendance.frames, attendance.standing, attendance.bike_px)
    return (lambda _frame: None) if bending is None else bending.is_bent


def _answer(frame: AtBike, pose: PoseAtBike | None, by_box: Answer) -> bool | None:
    told = posture.is_bent(pose.skeleton) if pose is not None and pose.skeleton is not None else None
    return by_box(frame) if told is None else told
