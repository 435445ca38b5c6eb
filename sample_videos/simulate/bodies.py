"""Bodies as a few points: enough for the box and the coarse shape that a camera sees, for all frames at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from scipy.spatial import ConvexHull

from detector.vocabulary import Kind
from sample_videos.render.bike import (
    CRANK_AXLE,
    FRONT_AXLE,
    GRIPS,
    REAR_AXLE,
    SADDLE,
    WHEEL_RADIUS_M,
    BikeStyle,
    bike_points,
)
from sample_videos.render.geometry import Floats, vec
from sample_videos.render.poses import (
    FOREARM_M,
    HIP_HALF_M,
    REFERENCE_HEIGHT_M,
    SHIN_M,
    SHOULDER_HALF_M,
    SPINE_M,
    THIGH_M,
    UPPER_ARM_M,
    Pose,
)
from sample_videos.render.states import BikeState, PersonState

State = TypeVar("State", PersonState, BikeState)

_HEAD_TOP, _SEAT_CLUSTER = vec(0.33, 0, 0.86), vec(-0.25, 0, 0.78)
_HAND_M = 0.10
_SHOE_M = 0.16


@dataclass(frozen=True, slots=True)
class Stroke:
    """A part of a body drawn as a thick line through joints, `radius_m` thick, or filled between them."""

    joints: tuple[int, ...]
    radius_m: float
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Bodies:
    """One actor in every frame it is there; frames in which it keeps still share a row. Metres in the world."""

    rows: dict[int, int]
    """The row of the arrays below for each of those frames."""
    joints: Floats
    """Shape (n, j, 3)."""
    outline: Floats
    """Points that reach as far as the body does, shape (n, k, 3)."""
    outline_radius_m: Floats
    """What to add around each of them, shape (k,)."""
    ground: Floats
    """Where it stands, shape (n, 2)."""
    stoop: Floats
    """0 upright, 1 bent right down or crouched, shape (n,)."""
    strokes: tuple[Stroke, ...]


# A person: pelvis, neck, head, then left and right of hip, knee, ankle, toe, shoulder, elbow, wrist, fingertips.
_PELVIS, _NECK, _HEAD = range(3)
_HIPS, _KNEES, _ANKLES, _TOES, _SHOULDERS, _ELBOWS, _WRISTS, _TIPS = ((3 + 2 * k, 4 + 2 * k) for k in range(8))
_PERSON_RADII_M = np.array(
    [0.14, 0.06, 0.125, *[0.09] * 2, *[0.06] * 2, *[0.05] * 2, *[0.04] * 2, *[0.06] * 2, *[0.042] * 2, *[0.035] * 2]
    + [0.03] * 2
)
PERSON_STROKES = (
    Stroke((*_HIPS, _SHOULDERS[1], _SHOULDERS[0]), 0.08, filled=True),
    Stroke((_HEAD,), 0.12),
    *(Stroke((_HIPS[s], _KNEES[s]), 0.075) for s in (0, 1)),
    *(Stroke((_KNEES[s], _ANKLES[s], _TOES[s]), 0.05) for s in (0, 1)),
    *(Stroke((_SHOULDERS[s], _ELBOWS[s], _TIPS[s]), 0.042) for s in (0, 1)),
)
_STANDING_HEAD_M = 1.60
_LOWEST_HEAD_M = 1.05
_SIDES = np.array([1.0, -1.0])


def person_bodies(states: Sequence[PersonState | None], height_m: float) -> Bodies:
    """The bodies of one person; `states` has one entry per frame."""
    rows, there = _apart(states)
    local = person_joints([state.pose for state in there]) * (height_m / REFERENCE_HEIGHT_M)
    x, y, yaw = (np.array([getattr(state, name) for state in there], dtype=float) for name in ("x", "y", "yaw"))
    joints = _placed(local, x, y, yaw)
    head_m = local[:, _HEAD, 2] * REFERENCE_HEIGHT_M / height_m
    stoop = np.clip((_STANDING_HEAD_M - head_m) / (_STANDING_HEAD_M - _LOWEST_HEAD_M), 0, 1)
    return Bodies(rows, joints, joints, _PERSON_RADII_M, np.stack([x, y], axis=1), stoop, PERSON_STROKES)


def _apart(states: Sequence[State | None]) -> tuple[dict[int, int], list[State]]:
    """The states one after the other, one that lasts only once, and for each frame which of them it has."""
    rows: dict[int, int] = {}
    apart: list[State] = []
    for frame, state in enumerate(states):
        if state is None:
            continue
        if not apart or apart[-1] is not state:
            apart.append(state)
        rows[frame] = len(apart) - 1
    return rows, apart


def person_joints(poses: Sequence[Pose]) -> Floats:
    """Joints in the person's own frame for somebody of reference height, shape (n, 19, 3).

    The same skeleton as `render.person.bone_matrices`, without its matrices, for all frames at once.
    """
    pelvis = np.array([pose.pelvis for pose in poses], dtype=float).reshape(-1, 3)
    feet = np.array([pose.feet for pose in poses], dtype=float).reshape(-1, 2, 3)
    hands = np.array([pose.hands for pose in poses], dtype=float).reshape(-1, 2, 3)
    lean = np.array([pose.lean_rad for pose in poses], dtype=float)
    tilt = 0.45 * lean + np.array([pose.nod_rad for pose in poses], dtype=float)
    up = _tipped(lean)
    ahead = np.stack([np.cos(lean), np.zeros_like(lean), -np.sin(lean)], axis=-1)
    neck = pelvis + 0.01 * ahead + (SPINE_M + 0.05) * up
    head = neck + 0.13 * _tipped(tilt)
    across = np.zeros((1, 2, 3))
    across[0, :, 1] = _SIDES
    hips = (pelvis - 0.03 * up)[:, None] + HIP_HALF_M * across
    shoulders = (pelvis + (SPINE_M - 0.04) * up)[:, None] + SHOULDER_HALF_M * across
    knees, ankles = _reach(hips, feet, THIGH_M, SHIN_M, np.broadcast_to(vec(1, 0, 0.25), feet.shape))
    out = np.stack([-np.ones(2), 0.35 * _SIDES, -0.5 * np.ones(2)], axis=-1)
    elbows, wrists = _reach(shoulders, hands, UPPER_ARM_M, FOREARM_M, np.broadcast_to(out, hands.shape))
    toes = ankles + _SHOE_M * vec(1, 0, -0.3)
    tips = wrists + _HAND_M * _unit(wrists - elbows)
    pairs = [hips, knees, ankles, toes, shoulders, elbows, wrists, tips]
    return np.concatenate([pelvis[:, None], neck[:, None], head[:, None], *pairs], axis=1)


def _tipped(angle: Floats) -> Floats:
    return np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=-1)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _reach(root: Floats, target: Floats, first_m: float, second_m: float, bends_to: Floats) -> tuple[Floats, Floats]:
    """`render.person.reach` for arrays of shape (n, 2, 3)."""
    way = _unit(target - root)
    far = np.linalg.norm(target - root, axis=-1, keepdims=True)
    far = np.clip(far, abs(first_m - second_m) + 0.05, 0.995 * (first_m + second_m))
    to_middle = (first_m**2 - second_m**2 + far**2) / (2 * far)
    out = np.sqrt(np.maximum(first_m**2 - to_middle**2, 0.0))
    outward = _unit(bends_to - way * np.sum(bends_to * way, axis=-1, keepdims=True))
    return root + way * to_middle + outward * out, root + way * far


# A bike: the axles, what the frame hangs between, and the rims as points of a circle.
_RIM = WHEEL_RADIUS_M * np.stack([(np.cos(a), 0.0, np.sin(a)) for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)])
_BIKE_JOINTS = np.concatenate(
    [
        np.stack([REAR_AXLE, CRANK_AXLE, FRONT_AXLE, _HEAD_TOP, _SEAT_CLUSTER, SADDLE, *GRIPS]),
        REAR_AXLE + _RIM,
        FRONT_AXLE + _RIM,
    ]
)
BIKE_STROKES = (
    Stroke(tuple(range(8, 20)), 0.02, filled=True),
    Stroke(tuple(range(20, 32)), 0.02, filled=True),
    Stroke((0, 1, 3, 4), 0.03, filled=True),
    Stroke((2, 3), 0.04),
    Stroke((4, 5), 0.05),
    Stroke((6, 3, 7), 0.03),
)


@cache
def bike_outline(style: BikeStyle) -> Floats:
    """The corners of a bike's convex hull in its own frame, shape (k, 3): they alone decide its box."""
    points = bike_points(style)
    return np.asarray(points[ConvexHull(points).vertices])


def bike_bodies(states: Sequence[BikeState | None], style: BikeStyle) -> Bodies:
    """The bodies of one bike; `states` has one entry per frame."""
    rows, there = _apart(states)
    x, y, yaw, lean = (
        np.array([getattr(state, name) for state in there], dtype=float) for name in ("x", "y", "yaw", "lean_rad")
    )
    outline, count = bike_outline(style), len(there)
    local = np.broadcast_to(np.concatenate([_BIKE_JOINTS, outline]), (count, len(_BIKE_JOINTS) + len(outline), 3))
    placed = _placed(_tipped_over(local, lean), x, y, yaw)
    joints, reach = placed[:, : len(_BIKE_JOINTS)], placed[:, len(_BIKE_JOINTS) :]
    ground = np.stack([x, y], axis=1)
    return Bodies(rows, joints, reach, np.zeros(len(outline)), ground, np.zeros(count), BIKE_STROKES)


def bike_kind(style: BikeStyle) -> Kind:
    return Kind.MOTORCYCLE if style == "ebike" else Kind.BICYCLE


def _tipped_over(local: Floats, lean_rad: Floats) -> Floats:
    """Points of shape (n, k, 3) tipped to the left by angles of shape (n,)."""
    up, aside = np.cos(lean_rad)[:, None], np.sin(lean_rad)[:, None]
    x, y, z = local[..., 0], local[..., 1], local[..., 2]
    return np.stack([x, up * y + aside * z, up * z - aside * y], axis=-1)


def _placed(local: Floats, x: Floats, y: Floats, yaw: Floats) -> Floats:
    """Points of shape (n, k, 3) turned by `yaw` and put on the ground at x, y, each of shape (n,)."""
    cos, sin = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    return np.stack(
        [
            cos * local[..., 0] - sin * local[..., 1] + x[:, None],
            sin * local[..., 0] + cos * local[..., 1] + y[:, None],
            local[..., 2],
        ],
        axis=-1,
    )
