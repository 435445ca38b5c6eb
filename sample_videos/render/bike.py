"""A procedural bicycle: x forward, y left, z up, origin on the ground between the wheels. Metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sample_videos.render.geometry import Floats, Mesh, box, circle, ellipsoid, tube, vec

BikeStyle = Literal["city", "sport", "classic"]
LockKind = Literal["none", "u_lock", "chain", "cable"]

WHEEL_RADIUS_M = 0.335
REAR_AXLE = vec(-0.525, 0, WHEEL_RADIUS_M)
FRONT_AXLE = vec(0.525, 0, WHEEL_RADIUS_M)
CRANK_AXLE = vec(-0.10, 0, 0.28)
CRANK_M = 0.17
SADDLE = vec(-0.29, 0, 0.95)
GRIPS = np.array([[0.27, 0.29, 1.03], [0.27, -0.29, 1.03]])
_SEAT_CLUSTER, _HEAD_TOP, _HEAD_LOW = vec(-0.25, 0, 0.78), vec(0.33, 0, 0.86), vec(0.37, 0, 0.72)


@dataclass(frozen=True, slots=True)
class BikeMeshes:
    """`wheel` and `cranks` turn about their own y axis: put them at the axles."""

    body: tuple[Mesh, ...]
    wheel: tuple[Mesh, ...]
    cranks: tuple[Mesh, ...]

    def vertices(self) -> Floats:
        """All vertices of the bike at rest, shape (n, 3)."""
        wheel = np.concatenate([mesh.vertices for mesh in self.wheel])
        cranks = np.concatenate([mesh.vertices for mesh in self.cranks])
        body = [mesh.vertices for mesh in self.body]
        return np.concatenate([*body, wheel + REAR_AXLE, wheel + FRONT_AXLE, cranks + CRANK_AXLE])


def build_bike(style: BikeStyle, paint: str) -> BikeMeshes:
    body = [*_frame(style, paint), *_fork(paint), *_cockpit(), *_saddle()]
    if style != "sport":
        body += [*_mudguards(paint), *_carrier()]
    if style == "city":
        body += _basket()
    return BikeMeshes(tuple(body), tuple(_wheel()), tuple(_cranks()))


def _frame(style: BikeStyle, paint: str) -> list[Mesh]:
    thick = 0.021 if style == "sport" else 0.017
    tubes = [tube([CRANK_AXLE, _SEAT_CLUSTER], thick, paint), tube([_HEAD_LOW, _HEAD_TOP], thick + 0.004, paint)]
    if style == "city":
        low = [_HEAD_LOW, vec(0.22, 0, 0.46), vec(0.05, 0, 0.33), CRANK_AXLE]
        tubes += [
            tube(low, thick + 0.006, paint),
            tube([_HEAD_TOP, vec(0.12, 0, 0.60), vec(-0.17, 0, 0.5)], thick, paint),
        ]
    else:
        tubes += [tube([_SEAT_CLUSTER, _HEAD_TOP], thick, paint), tube([CRANK_AXLE, _HEAD_LOW], thick + 0.004, paint)]
    for y in (-0.055, 0.055):
        axle = REAR_AXLE + vec(0, y, 0)
        tubes += [tube([CRANK_AXLE, axle], 0.010, paint), tube([_SEAT_CLUSTER, axle], 0.009, paint)]
    return tubes


def _fork(paint: str) -> list[Mesh]:
    crown = vec(0.385, 0, 0.69)
    legs = [[crown + vec(0, y / 2, 0), vec(0.43, y, 0.6), FRONT_AXLE + vec(0, y, 0)] for y in (-0.05, 0.05)]
    return [tube(leg, 0.012, paint) for leg in legs]


def _cockpit() -> list[Mesh]:
    bar = [GRIPS[0], vec(0.35, 0.22, 1.02), vec(0.36, 0, 0.99), vec(0.35, -0.22, 1.02), GRIPS[1]]
    grips = [
        tube([GRIPS[i] + vec(-0.03, 0, 0), GRIPS[i] + vec(0.06, -0.05 * s, 0)], 0.019, "rubber")
        for i, s in ((0, 1), (1, -1))
    ]
    lamp = ellipsoid((0.43, 0, 0.88), (0.04, 0.035, 0.035), "chrome", sides=8)
    return [tube(bar, 0.013, "chrome"), tube([_HEAD_TOP, vec(0.34, 0, 0.99)], 0.015, "chrome"), lamp, *grips]


def _saddle() -> list[Mesh]:
    seat = ellipsoid(SADDLE + vec(-0.05, 0, 0), (0.10, 0.085, 0.035), "rubber")
    nose = ellipsoid(SADDLE + vec(0.06, 0, 0.002), (0.10, 0.032, 0.026), "rubber")
    return [seat, nose, tube([_SEAT_CLUSTER, SADDLE + vec(-0.03, 0, 0)], 0.014, "chrome")]


def _mudguards(paint: str) -> list[Mesh]:
    guards = []
    for axle, first, last in ((REAR_AXLE, 25, 190), (FRONT_AXLE, 40, 165)):
        angles = np.radians(np.linspace(first, last, 14))
        arc = np.stack([np.cos(angles), np.zeros(14), np.sin(angles)], axis=1) * (WHEEL_RADIUS_M + 0.03)
        guards.append(tube(axle + arc, 0.024, paint, sides=6))
    return guards


def _carrier() -> list[Mesh]:
    deck = [tube([vec(-0.30, y, 0.74), vec(-0.80, y, 0.74)], 0.008, "steel") for y in (-0.06, 0.0, 0.06)]
    legs = [tube([vec(-0.62, y, 0.74), REAR_AXLE + vec(0, y, 0)], 0.007, "steel") for y in (-0.07, 0.07)]
    lamp = box((-0.82, 0, 0.70), (0.03, 0.09, 0.05), "red_lamp")
    return [*deck, *legs, lamp]


def _basket() -> list[Mesh]:
    rings = [
        _rectangle(0.57, z, 0.10 + grow, 0.14 + grow)
        for z, grow in ((0.72, 0.0), (0.80, 0.015), (0.88, 0.03), (0.96, 0.04))
    ]
    hoops = [tube(ring, 0.007, "steel", closed=True, sides=5) for ring in rings]
    bars = [tube([rings[0][i], rings[-1][i]], 0.005, "steel", sides=4) for i in range(len(rings[0]))]
    floor = box((0.57, 0, 0.72), (0.2, 0.28, 0.01), "steel")
    return [*hoops, *bars, floor]


def _rectangle(x: float, z: float, half_x: float, half_y: float) -> Floats:
    across = np.linspace(-1, 1, 6)
    front = [(half_x, half_y * a) for a in across]
    back = [(-half_x, -half_y * a) for a in across]
    side = [(half_x * a, half_y) for a in (0.5, 0.0, -0.5)]
    other = [(half_x * a, -half_y) for a in (-0.5, 0.0, 0.5)]
    return np.array([(x + dx, dy, z) for dx, dy in (*front, *side, *back, *other)])


def _wheel() -> list[Mesh]:
    tyre = tube(circle((0, 0, 0), WHEEL_RADIUS_M - 0.02, steps=36), 0.02, "rubber", closed=True)
    rim = tube(circle((0, 0, 0), WHEEL_RADIUS_M - 0.05, steps=36), 0.013, "chrome", closed=True, sides=6)
    hub = tube([vec(0, -0.05, 0), vec(0, 0.05, 0)], 0.02, "steel")
    rim_points = circle((0, 0, 0), WHEEL_RADIUS_M - 0.055, steps=24)
    spokes = [
        tube([vec(0, 0.03 * (-1) ** i, 0), point], 0.0022, "chrome", sides=3) for i, point in enumerate(rim_points)
    ]
    return [tyre, rim, hub, *spokes]


def _cranks() -> list[Mesh]:
    ring = tube(circle((0, -0.05, 0), 0.085, steps=24), 0.008, "steel", closed=True, sides=5)
    spider = [
        tube([vec(0, -0.05, 0), point], 0.007, "steel", sides=4) for point in circle((0, -0.05, 0), 0.085, steps=5)
    ]
    arms = [tube([vec(0, y, 0), vec(s * CRANK_M, y, 0)], 0.011, "steel") for s, y in ((1, -0.07), (-1, 0.07))]
    pedals = [box((s * CRANK_M, y, 0), (0.09, 0.10, 0.022), "rubber") for s, y in ((1, -0.13), (-1, 0.13))]
    axle = tube([vec(0, -0.07, 0), vec(0, 0.07, 0)], 0.018, "steel")
    return [ring, *spider, *arms, *pedals, axle]


def build_lock(kind: LockKind, side: int) -> tuple[Mesh, ...]:
    """The lock between the bike and its stand; the stand is on the side -`side` (`side` is +1 for left) of the bike."""
    away = -side * 0.2
    if kind == "u_lock":
        return _u_lock(away)
    if kind == "chain":
        loop = circle((0, 0, 0), 1.0, steps=22, plane="yz") * (0, 0.16, 0.11) + vec(-0.24, away / 2, 0.66)
        return (
            tube(loop, 0.024, "lock_yellow", closed=True),
            box((-0.22, side * 0.03, 0.55), (0.07, 0.05, 0.09), "rubber"),
        )
    if kind == "cable":
        turns = [
            circle((0, 0, 0), 1.0, steps=22, plane="yz") * (0, 0.17, 0.14 - 0.02 * i)
            + vec(-0.42 + 0.035 * i, away / 2, 0.55)
            for i in range(2)
        ]
        return tuple(tube(turn, 0.013, "lock_blue", closed=True) for turn in turns)
    return ()


def _u_lock(away: float) -> tuple[Mesh, ...]:
    low, high = 0.56, 0.74
    near, far = -np.sign(away) * 0.06, away * 1.15
    shackle = [vec(-0.26, near, low), vec(-0.26, near, high), vec(-0.26, far, high), vec(-0.26, far, low)]
    bar = tube([vec(-0.26, near * 1.6, low), vec(-0.26, far * 1.15, low)], 0.024, "rubber")
    return tube(shackle, 0.014, "lock_orange"), bar


def build_stand() -> tuple[Mesh, ...]:
    """A Sheffield stand along x, centred at the origin."""
    bend = [vec(-0.36, 0, 0), vec(-0.36, 0, 0.62), vec(-0.32, 0, 0.71), vec(-0.23, 0, 0.75)]
    line = [*bend, *(point * (-1, 1, 1) for point in reversed(bend))]
    feet = [box((x, 0, 0.006), (0.14, 0.14, 0.012), "steel") for x in (-0.36, 0.36)]
    return (tube(line, 0.026, "galvanised", sides=10), *feet)
