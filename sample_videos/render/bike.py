"""A procedural bicycle: x forward, y left, z up, origin on the ground between the wheels. Metres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from sample_videos.render.geometry import Floats, Mesh, box, circle, ellipsoid, tube, vec

BikeStyle = Literal["city", "sport", "classic", "ebike", "shared"]
LockKind = Literal["none", "u_lock", "chain", "cable", "ring_lock"]

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
    rear_axle: Floats
    front_axle: Floats
    crank_axle: Floats

    def vertices(self) -> Floats:
        """All vertices of the bike at rest, shape (n, 3)."""
        wheel = np.concatenate([mesh.vertices for mesh in self.wheel])
        cranks = np.concatenate([mesh.vertices for mesh in self.cranks])
        body = [mesh.vertices for mesh in self.body]
        return np.concatenate([*body, wheel + self.rear_axle, wheel + self.front_axle, cranks + self.crank_axle])


@cache
def build_bike(style: BikeStyle, paint: str) -> BikeMeshes:
    if style == "ebike":
        return _ebike(paint)
    body = [*_frame(style, paint), *_fork(paint), *_cockpit(), *_saddle()]
    if style != "sport":
        body += [*_mudguards(paint)]
    if style in ("city", "classic"):
        body += _carrier()
    if style in ("city", "shared"):
        body += _basket()
    wheel = _wheel(paint if style == "shared" else "chrome")
    return BikeMeshes(tuple(body), tuple(wheel), tuple(_cranks()), REAR_AXLE, FRONT_AXLE, CRANK_AXLE)


@cache
def bike_points(style: BikeStyle) -> Floats:
    """All vertices of a bike of this style at rest, shape (n, 3), in whatever paint; not to be changed."""
    return build_bike(style, "paint_red").vertices()


def _frame(style: BikeStyle, paint: str) -> list[Mesh]:
    thick = {"sport": 0.021, "shared": 0.030}.get(style, 0.017)
    tubes = [tube([CRANK_AXLE, _SEAT_CLUSTER], thick, paint), tube([_HEAD_LOW, _HEAD_TOP], thick + 0.004, paint)]
    if style in ("city", "shared"):
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
        guards.append(tube(axle + _arc(WHEEL_RADIUS_M + 0.03, first, last), 0.024, paint, sides=6))
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


def _wheel(rim_material: str) -> list[Mesh]:
    tyre = tube(circle((0, 0, 0), WHEEL_RADIUS_M - 0.02, steps=36), 0.02, "rubber", closed=True)
    rim = tube(circle((0, 0, 0), WHEEL_RADIUS_M - 0.05, steps=36), 0.013, rim_material, closed=True, sides=6)
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


def _ebike(paint: str) -> BikeMeshes:
    """A small electric bike with a floor to put the feet on, a battery box under the seat and a shield before the legs."""
    rear, front, small = vec(-0.60, 0, 0.23), vec(0.60, 0, 0.23), 0.23
    floor = [vec(-0.20, 0, 0.30), vec(0.22, 0, 0.30), vec(0.36, 0, 0.48), vec(0.42, 0, 0.80)]
    flat = [
        Mesh(mesh.vertices * (1, 2.6, 1), mesh.faces, mesh.material) for mesh in (tube(floor, 0.055, paint, sides=10),)
    ]
    battery = box((-0.30, 0, 0.45), (0.34, 0.22, 0.34), "steel")
    tail = ellipsoid((-0.52, 0, 0.60), (0.32, 0.14, 0.13), paint)
    seat = ellipsoid((-0.42, 0, 0.76), (0.36, 0.14, 0.07), "rubber")
    shield = ellipsoid((0.44, 0, 0.66), (0.09, 0.20, 0.28), paint)
    fork = [tube([vec(0.46, y, 0.75), front + vec(0, y, 0)], 0.018, "steel") for y in (-0.07, 0.07)]
    guards = [tube(axle + _arc(small + 0.03, 25, 165), 0.045, paint, sides=6) for axle in (rear, front)]
    arms = [tube([vec(-0.2, y, 0.33), rear + vec(0, y, 0)], 0.02, "steel") for y in (-0.08, 0.08)]
    lamps = [
        ellipsoid((0.47, 0, 0.92), (0.06, 0.08, 0.06), "chrome", sides=8),
        box((-0.83, 0, 0.62), (0.04, 0.16, 0.07), "red_lamp"),
    ]
    neck = tube([vec(0.42, 0, 0.78), vec(0.36, 0, 1.0)], 0.03, paint)
    mirrors = [ellipsoid((0.36, y, 1.17), (0.015, 0.06, 0.045), "rubber", sides=8) for y in (-0.26, 0.26)]
    rods = [tube([vec(0.35, y * 0.8, 1.02), vec(0.36, y, 1.15)], 0.006, "steel", sides=4) for y in (-0.26, 0.26)]
    rest = tube([vec(-0.60, 0, 0.72), vec(-0.88, 0, 0.80)], 0.02, "chrome")
    body = [
        *flat,
        battery,
        tail,
        seat,
        shield,
        *fork,
        *guards,
        *arms,
        *lamps,
        neck,
        *_cockpit()[:1],
        *_cockpit()[3:],
        *mirrors,
        *rods,
        rest,
    ]
    wheel = [
        tube(circle((0, 0, 0), small - 0.045, steps=28), 0.045, "rubber", closed=True),
        tube(circle((0, 0, 0), small - 0.10, steps=24), 0.02, "steel", closed=True, sides=6),
        tube([vec(0, -0.06, 0), vec(0, 0.06, 0)], 0.07, "steel"),
        box((0, 0, 0), (0.24, 0.03, 0.03), "steel"),
        box((0, 0, 0), (0.03, 0.03, 0.24), "steel"),
    ]
    pegs = tube([vec(0, -0.20, 0), vec(0, 0.20, 0)], 0.012, "steel")
    return BikeMeshes(tuple(body), tuple(wheel), (pegs,), rear, front, vec(-0.12, 0, 0.27))


def _arc(radius: float, first_deg: float, last_deg: float) -> Floats:
    angles = np.radians(np.linspace(first_deg, last_deg, 14))
    return np.stack([np.cos(angles), np.zeros(14), np.sin(angles)], axis=1) * radius
