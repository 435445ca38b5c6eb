"""A person's body: rigid parts on bones, and where the bones are in a posture (two-bone inverse kinematics)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_videos.render.geometry import Floats, Mesh, along, box, ellipsoid, moved, stack, unit, vec
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

_AHEAD = vec(1, 0, 0)
_SIDES = ((0, "left", 1), (1, "right", -1))


@dataclass(frozen=True, slots=True)
class Looks:
    """What somebody wears: names of materials."""

    skin: str
    hair: str
    top: str
    trousers: str
    shoes: str
    long_sleeves: bool
    long_hair: bool
    backpack: bool
    height_m: float = REFERENCE_HEIGHT_M


def build_person(looks: Looks) -> dict[str, tuple[Mesh, ...]]:
    """Meshes by bone, each in its bone's own frame: z along the bone, x ahead."""
    sleeve = looks.top if looks.long_sleeves else looks.skin
    parts: dict[str, tuple[Mesh, ...]] = {"trunk": _trunk(looks), "head": _head(looks)}
    for _, name, _ in _SIDES:
        parts[f"{name}_thigh"] = (_limb(THIGH_M, 0.086, 0.060, looks.trousers),)
        parts[f"{name}_shin"] = (_limb(SHIN_M, 0.060, 0.043, looks.trousers),)
        parts[f"{name}_foot"] = (_shoe(looks.shoes),)
        parts[f"{name}_upper_arm"] = (_limb(UPPER_ARM_M, 0.052, 0.042, looks.top),)
        hand = ellipsoid((0.0, 0.0, FOREARM_M + 0.06), (0.03, 0.022, 0.075), looks.skin)
        parts[f"{name}_forearm"] = (_limb(FOREARM_M, 0.041, 0.030, sleeve), hand)
    return parts


def _limb(length: float, near: float, far: float, material: str) -> Mesh:
    rows = [(-0.8 * near, 0, 0.4 * near, 0.4 * near), (-0.4 * near, 0, 0.85 * near, 0.85 * near), (0.0, 0, near, near)]
    rows += [(0.35 * length, 0, 0.96 * near, 0.96 * near), (length, 0, far, far)]
    rows += [(length + 0.5 * far, 0, 0.8 * far, 0.8 * far), (length + 0.9 * far, 0, 0.3 * far, 0.3 * far)]
    return stack(rows, material)


def _trunk(looks: Looks) -> tuple[Mesh, ...]:
    hips = stack(
        [(-0.13, 0, 0.05, 0.07), (-0.09, 0, 0.10, 0.15), (0, 0, 0.118, 0.172), (0.09, 0, 0.108, 0.16)], looks.trousers
    )
    chest_rows = [
        (0.05, 0, 0.112, 0.166),
        (0.16, 0, 0.104, 0.15),
        (0.30, 0.01, 0.122, 0.175),
        (0.42, 0.005, 0.118, 0.20),
    ]
    chest_rows += [(0.485, -0.005, 0.095, 0.195), (0.525, -0.01, 0.07, 0.12), (0.545, -0.01, 0.05, 0.06)]
    neck = stack([(0.50, 0, 0.05, 0.052), (0.62, 0.02, 0.047, 0.048)], looks.skin)
    parts = [hips, stack(chest_rows, looks.top), neck]
    if looks.backpack:
        parts += [
            stack(
                [
                    (0.10, -0.19, 0.05, 0.11),
                    (0.13, -0.20, 0.09, 0.14),
                    (0.40, -0.19, 0.085, 0.135),
                    (0.48, -0.17, 0.04, 0.09),
                ],
                "bag",
            )
        ]
        parts += [box((0.0, y, 0.40), (0.22, 0.035, 0.15), "bag") for y in (-0.115, 0.115)]
    return tuple(parts)


def _head(looks: Looks) -> tuple[Mesh, ...]:
    face = ellipsoid((0.015, 0, 0.13), (0.095, 0.076, 0.125), looks.skin, sides=16)
    nose = ellipsoid((0.108, 0, 0.115), (0.02, 0.014, 0.024), looks.skin, sides=8)
    hair = ellipsoid((-0.018, 0, 0.165), (0.103, 0.089, 0.105), looks.hair, sides=16)
    parts = [face, nose, hair]
    if looks.long_hair:
        parts.append(ellipsoid((-0.068, 0, 0.05), (0.055, 0.085, 0.16), looks.hair, sides=14))
    return tuple(parts)


def _shoe(material: str) -> Mesh:
    # Along the bone from heel to toe; the sole is on the -x side, because x is the shin's way up here.
    return stack(
        [
            (-0.075, -0.03, 0.035, 0.03),
            (-0.05, -0.03, 0.05, 0.042),
            (0.08, -0.04, 0.04, 0.048),
            (0.16, -0.05, 0.028, 0.04),
            (0.185, -0.055, 0.012, 0.02),
        ],
        material,
    )


def bone_matrices(pose: Pose, height_m: float) -> dict[str, Floats]:
    """The 4x4 matrix of each bone in the person's own frame, for somebody of that height."""
    matrices = _trunk_and_head(pose)
    trunk = matrices["trunk"]
    for index, name, sign in _SIDES:
        hip = moved(vec(0, sign * HIP_HALF_M, -0.03)[None], trunk)[0]
        shoulder = moved(vec(0, sign * SHOULDER_HALF_M, SPINE_M - 0.04)[None], trunk)[0]
        matrices |= _leg(name, hip, pose.feet[index])
        matrices |= _arm(name, sign, shoulder, pose.hands[index])
    scale = np.diag([*(3 * [height_m / REFERENCE_HEIGHT_M]), 1.0])
    return {name: scale @ matrix for name, matrix in matrices.items()}


def _trunk_and_head(pose: Pose) -> dict[str, Floats]:
    trunk = along(pose.pelvis, pose.pelvis + _tipped(pose.lean_rad), _AHEAD if pose.lean_rad < 1 else vec(0.3, 0, -1))
    neck = moved(vec(0.01, 0, SPINE_M + 0.05)[None], trunk)[0]
    tilt = 0.45 * pose.lean_rad + pose.nod_rad
    return {"trunk": trunk, "head": along(neck, neck + _tipped(tilt), _AHEAD)}


def _tipped(angle: float) -> Floats:
    return vec(float(np.sin(angle)), 0, float(np.cos(angle)))


def _leg(name: str, hip: Floats, ankle: Floats) -> dict[str, Floats]:
    knee, ankle = reach(hip, ankle, THIGH_M, SHIN_M, vec(1, 0, 0.25))
    flat = vec(1, 0, -0.12)
    return {
        f"{name}_thigh": along(hip, knee, _AHEAD),
        f"{name}_shin": along(knee, ankle, _AHEAD),
        f"{name}_foot": along(ankle, ankle + flat, vec(0, 0, 1)),
    }


def _arm(name: str, sign: int, shoulder: Floats, wrist: Floats) -> dict[str, Floats]:
    elbow, wrist = reach(shoulder, wrist, UPPER_ARM_M, FOREARM_M, vec(-1, 0.35 * sign, -0.5))
    return {f"{name}_upper_arm": along(shoulder, elbow, _AHEAD), f"{name}_forearm": along(elbow, wrist, _AHEAD)}


def reach(root: Floats, target: Floats, first_m: float, second_m: float, bends_to: Floats) -> tuple[Floats, Floats]:
    """Where the joint between two bones and their end are; the end stops short of a `target` out of reach."""
    way = unit(target - root)
    distance = min(float(np.linalg.norm(target - root)), 0.995 * (first_m + second_m))
    distance = max(distance, abs(first_m - second_m) + 0.05)
    to_middle = (first_m**2 - second_m**2 + distance**2) / (2 * distance)
    out = float(np.sqrt(max(first_m**2 - to_middle**2, 0.0)))
    outward = unit(bends_to - way * float(bends_to @ way))
    return root + way * to_middle + outward * out, root + way * distance
