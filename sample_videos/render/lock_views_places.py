"""Where on a bike a lock hangs: around a tube or a rim, to a stand beside it, or carried. In the bike's frame, metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sample_videos.render.bike import CRANK_AXLE, FRONT_AXLE, REAR_AXLE, SADDLE, WHEEL_RADIUS_M, BikeStyle
from sample_videos.render.geometry import Floats, Mesh, moved, unit, vec
from sample_videos.render.lock_views_shapes import MAKERS, Dice, Parts, ViewedLock, coiled, folded, u_lock

_CLUSTER, _HEAD_TOP, _HEAD_LOW = vec(-0.25, 0, 0.78), vec(0.33, 0, 0.86), vec(0.37, 0, 0.72)
_CARRIED_SHARE, _TO_A_STAND_SHARE = 0.15, 0.6
_DOWN = vec(0, 0, -1)


@dataclass(frozen=True, slots=True)
class PlacedLock:
    """A lock in the bike's frame. `stand_y_m`: what it is locked to stands that far to the left; None: to nothing."""

    kind: ViewedLock
    parts: Parts
    carried: bool
    middle: Floats
    stand_y_m: float | None = None


@dataclass(frozen=True, slots=True)
class _Hold:
    """A point of the bike that a lock can be put around, and the way that the tube runs there."""

    point: Floats
    way: Floats


def place_lock(dice: Dice, kind: ViewedLock, style: BikeStyle) -> PlacedLock:
    if kind == "ring_lock":
        return _ring(dice, style)
    if dice.random() < _CARRIED_SHARE:
        return _carried(dice, kind, style)
    hold = _hold(dice, style)
    if dice.random() < _TO_A_STAND_SHARE:
        return _to_a_stand(dice, kind, hold)
    return _around(dice, kind, hold)


def _holds(style: BikeStyle) -> list[tuple[Floats, Floats]]:
    if style == "ebike":
        return [(vec(-0.60, 0, 0.72), vec(-0.88, 0, 0.80)), (vec(0.36, 0, 0.48), vec(0.42, 0, 0.80))]
    low = [(vec(0.05, 0, 0.33), vec(0.22, 0, 0.46)), (vec(-0.17, 0, 0.50), vec(0.12, 0, 0.60))]
    straight = [(CRANK_AXLE, _HEAD_LOW), (_CLUSTER, _HEAD_TOP)]
    tubes = low if style in ("city", "shared") else straight
    return [(CRANK_AXLE, _CLUSTER), (_CLUSTER, CRANK_AXLE), (_HEAD_LOW, _HEAD_TOP), (_CLUSTER, REAR_AXLE), *tubes]


def _hold(dice: Dice, style: BikeStyle) -> _Hold:
    if dice.random() < 0.4:
        return _on_rim(dice, style)
    holds = _holds(style)
    start, end = holds[int(dice.integers(len(holds)))]
    return _Hold(start + (end - start) * float(dice.uniform(0.15, 0.9)), unit(end - start))


def _on_rim(dice: Dice, style: BikeStyle) -> _Hold:
    small = style == "ebike"
    radius, x = (0.15, 0.60) if small else (WHEEL_RADIUS_M - 0.04, 0.525)
    front = bool(dice.random() < 0.5)
    axle = vec(x if front else -x, 0, 0.23) if small else (FRONT_AXLE if front else REAR_AXLE)
    turn = float(dice.uniform(-0.4, np.pi + 0.4))
    return _Hold(axle + radius * vec(np.cos(turn), 0, np.sin(turn)), vec(-np.sin(turn), 0, np.cos(turn)))


def _around(dice: Dice, kind: ViewedLock, hold: _Hold) -> PlacedLock:
    """Around one tube, hanging; a U-lock and a folding lock stand out from it any way."""
    stiff = kind in ("u_lock", "folding_lock")
    way = _tilted(dice, hold.way, 0.5)
    up = _tilted(dice, -_DOWN, 1.2 if stiff else 0.3)
    parts = MAKERS[kind](dice)
    high = float(np.ptp(np.concatenate([part.vertices for part in parts])[:, 2]))
    inside = vec(0, 0, high * float(dice.uniform(-0.2, 0.4) if stiff else dice.uniform(0.25, 0.42)))
    return _placed(kind, parts, _standing(way, up), hold.point, inside)


def _to_a_stand(dice: Dice, kind: ViewedLock, hold: _Hold) -> PlacedLock:
    """Around the tube and something beside the bike: the lock lies across."""
    stand_y = float(dice.uniform(0.08, 0.24)) * (1 if dice.random() < 0.5 else -1)
    across = unit(vec(float(dice.normal(0, 0.25)), stand_y, float(dice.normal(0, 0.12))))
    parts = MAKERS[kind](dice, abs(stand_y) + 0.05)
    middle = hold.point + across * abs(stand_y) / 2
    up = across if dice.random() < 0.5 else -across
    return _placed(kind, parts, _standing(_tilted(dice, hold.way, 0.4), up), middle, vec(0, 0, 0), stand_y)


def _carried(dice: Dice, kind: ViewedLock, style: BikeStyle) -> PlacedLock:
    parts: Sequence[Mesh]
    if kind in ("chain_lock", "cable_lock"):
        parts = coiled(dice, kind)
        seat_post = vec(-0.27, 0, 0.84) if style != "ebike" else vec(0.36, 0, 0.95)
        spot = (seat_post, SADDLE + vec(-0.12, 0, -0.08), vec(0.57, 0, 0.82), vec(-0.27, 0.03, 0.66))
        middle = spot[int(dice.integers(len(spot)))]
        way = vec(0, 1, 0) if dice.random() < 0.5 else vec(0.2, 0, 1)
        return _placed(
            kind, tuple(parts), _standing(_tilted(dice, way, 0.3), vec(0.3, 0, 1)), middle, vec(0, 0, 0), None, True
        )
    parts = u_lock(dice) if kind == "u_lock" else folded(dice)
    start, end = _holds(style)[int(dice.integers(len(_holds(style))))]
    aside = vec(0, float(dice.choice([-0.045, 0.045])), 0)
    middle = start + (end - start) * float(dice.uniform(0.35, 0.75)) + aside
    turned = _standing(vec(0, 1, 0), unit(end - start) if dice.random() < 0.7 else -_DOWN)
    return _placed(kind, tuple(parts), turned, middle, vec(0, 0, 0), None, True)


def _ring(dice: Dice, style: BikeStyle) -> PlacedLock:
    radius, axle = (0.27, vec(-0.60, 0, 0.23)) if style == "ebike" else (WHEEL_RADIUS_M - 0.02, REAR_AXLE)
    turn = float(dice.uniform(0.6, 1.35))
    outwards = vec(np.cos(turn), 0, np.sin(turn))
    parts = MAKERS["ring_lock"](dice)
    return _placed(
        "ring_lock",
        parts,
        _standing(vec(-np.sin(turn), 0, np.cos(turn)), outwards),
        axle + radius * outwards,
        vec(0, 0, 0),
    )


def _placed(
    kind: ViewedLock,
    parts: Parts,
    turned: Floats,
    point: Floats,
    inside: Floats,
    stand_y_m: float | None = None,
    carried: bool = False,
) -> PlacedLock:
    """The lock turned, with its own point `inside` brought to `point`."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turned, point - turned @ inside
    made = tuple(Mesh(moved(part.vertices, matrix), part.faces, part.material, part.smooth) for part in parts)
    return PlacedLock(kind, made, carried, matrix[:3, 3], stand_y_m)


def _standing(way: Floats, up: Floats) -> Floats:
    """The 3x3 rotation that takes y to `way` and z as near to `up` as can be."""
    y = unit(way)
    x = np.cross(y, up)
    x = unit(x) if np.linalg.norm(x) > 0.05 else unit(np.cross(y, (0.9, 0.3, 0.3)))
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _tilted(dice: Dice, way: Floats, by: float) -> Floats:
    return unit(way + dice.normal(0, by / 2, 3))
