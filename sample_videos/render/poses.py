"""Postures of a person, in metres for somebody 1.72 m tall: x ahead, y to the left, z up, origin on the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sample_videos.render.bike import CRANK_AXLE, CRANK_M, GRIPS, SADDLE
from sample_videos.render.geometry import Floats, vec

REFERENCE_HEIGHT_M = 1.72
STRIDE_M = 1.36
THIGH_M, SHIN_M, UPPER_ARM_M, FOREARM_M, SPINE_M = 0.43, 0.43, 0.29, 0.27, 0.50
HIP_HALF_M, SHOULDER_HALF_M = 0.095, 0.185
BESIDE_M = 0.46
"""How far beside the bike its pushing rider walks."""
_LEFT_RIGHT = np.array([1.0, -1.0])


@dataclass(frozen=True, slots=True)
class Pose:
    """`feet` are ankles and `hands` are wrists, shape (2, 3), left first; `lean_rad` tips the trunk forward."""

    pelvis: Floats
    lean_rad: float
    feet: Floats
    hands: Floats
    nod_rad: float = 0.0


def blend(first: Pose, second: Pose, share: float) -> Pose:
    """From `first` (share 0) to `second` (share 1), slow at both ends."""
    s = min(max(share, 0.0), 1.0)
    s = s * s * (3 - 2 * s)

    def mix(a: Floats, b: Floats) -> Floats:
        return np.asarray(a + (b - a) * s)

    lean = first.lean_rad + (second.lean_rad - first.lean_rad) * s
    nod = first.nod_rad + (second.nod_rad - first.nod_rad) * s
    return Pose(
        mix(first.pelvis, second.pelvis), lean, mix(first.feet, second.feet), mix(first.hands, second.hands), nod
    )


def standing() -> Pose:
    feet = np.array([[0.0, 0.11, 0.08], [0.0, -0.11, 0.08]])
    hands = np.array([[0.06, 0.25, 0.86], [0.06, -0.25, 0.86]])
    return Pose(vec(0, 0, 0.92), 0.03, feet, hands)


def looking_at_phone() -> Pose:
    return replace(standing(), hands=np.array([[0.30, 0.06, 1.20], [0.04, -0.25, 0.87]]), nod_rad=0.45)


def walking(phase: float) -> Pose:
    """One stride per 2 pi of `phase`."""
    angles = phase + np.array([0.0, np.pi])
    swing = np.cos(angles)
    lift = np.clip(-np.sin(angles), 0, None)
    feet = np.stack([0.30 * swing, 0.09 * _LEFT_RIGHT, 0.08 + 0.13 * lift], axis=1)
    hands = np.stack([0.05 - 0.22 * swing, 0.25 * _LEFT_RIGHT, 0.90 + 0.05 * np.abs(swing)], axis=1)
    return Pose(vec(0.02, 0, 0.895 + 0.02 * float(np.cos(2 * phase + np.pi))), 0.07, feet, hands)


def pushing(phase: float, side: int) -> Pose:
    """Walking on the bike's left (`side` +1) or right (-1), one hand on the near grip, the other on the saddle."""
    beside = vec(0, side * BESIDE_M, 0)
    near, saddle = GRIPS[0 if side > 0 else 1] - beside, SADDLE + vec(0, 0, 0.06) - beside
    hands = np.stack([near, saddle] if side > 0 else [saddle, near])
    stride = walking(phase)
    feet = stride.feet * vec(0.75, 1, 1)
    return replace(stride, hands=hands, feet=feet, lean_rad=0.14, nod_rad=0.1)


def riding(crank_rad: float) -> Pose:
    angles = -crank_rad + np.array([np.pi, 0.0])
    pedals = np.stack([CRANK_M * np.cos(angles), 0.13 * _LEFT_RIGHT, CRANK_M * np.sin(angles)], axis=1)
    feet = pedals + CRANK_AXLE + vec(-0.05, 0, 0.11)
    return Pose(vec(-0.27, 0, 1.03), 0.42, feet, GRIPS + vec(-0.03, 0, 0.03), -0.1)


def riding_scooter() -> Pose:
    """Sitting upright on an electric bike, the feet on its floor."""
    feet = np.array([[0.10, 0.11, 0.40], [0.10, -0.11, 0.40]])
    return Pose(vec(-0.30, 0, 0.90), 0.16, feet, GRIPS + vec(-0.03, 0, 0.03), -0.05)


def astride() -> Pose:
    """Halted over the bike, both feet on the ground."""
    feet = np.array([[-0.02, 0.20, 0.08], [0.06, -0.20, 0.08]])
    return Pose(vec(-0.06, 0, 0.90), 0.16, feet, GRIPS + vec(-0.03, 0, 0.03), 0.2)


def shoving(phase: float, side: int) -> Pose:
    """Pushing a bike from behind where its neighbours leave no room beside it; it stands a little to the `side`."""
    hands = np.array([[0.42, -side * 0.28 + 0.07, 0.98], [0.42, -side * 0.28 - 0.07, 0.98]])
    stride = walking(phase)
    return replace(stride, hands=hands, feet=stride.feet * vec(0.6, 1, 1), lean_rad=0.22, nod_rad=0.25)


def reaching_into_basket(fidget: float) -> Pose:
    sway = float(np.sin(fidget))
    hands = _busy_hands(vec(0.48, 0, 0.92), fidget)
    return replace(
        standing(), pelvis=vec(-0.08, 0.01 * sway, 0.90), lean_rad=0.42 + 0.04 * sway, hands=hands, nod_rad=0.4
    )


def rummaging_in_bag(fidget: float) -> Pose:
    hands = _busy_hands(vec(0.30, 0, 1.02), fidget)
    return replace(standing(), lean_rad=0.10, hands=hands, nod_rad=0.5)


def tying_shoe(fidget: float) -> Pose:
    return replace(crouching(fidget), hands=_busy_hands(vec(0.24, 0.08, 0.22), fidget), lean_rad=0.75)


def bending(fidget: float) -> Pose:
    """Bent over with straight-ish legs, the hands at the frame; `fidget` is a phase that keeps the hands busy."""
    feet = np.array([[-0.02, 0.14, 0.08], [-0.10, -0.14, 0.08]])
    sway = float(np.sin(fidget))
    pelvis, lean = vec(-0.20, 0.015 * sway, 0.80), 1.17 + 0.06 * sway
    return Pose(pelvis, lean, feet, _busy_hands(vec(0.36, 0, 0.50), fidget), 0.1 + 0.1 * sway)


def crouching(fidget: float) -> Pose:
    feet = np.array([[0.08, 0.15, 0.08], [-0.12, -0.13, 0.10]])
    sway = float(np.sin(fidget))
    pelvis, lean = vec(-0.20, 0.015 * sway, 0.40), 0.50 + 0.05 * sway
    return Pose(pelvis, lean, feet, _busy_hands(vec(0.36, 0, 0.50), fidget), 0.25 + 0.1 * sway)


def _busy_hands(middle: Floats, fidget: float) -> Floats:
    reach = np.array(
        [[0.03 * np.sin(2 * fidget), 0.10, 0.05 * np.cos(2 * fidget)], [0.04 * np.cos(fidget), -0.10, 0.0]]
    )
    return np.asarray(middle + reach)
