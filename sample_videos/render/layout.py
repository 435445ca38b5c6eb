"""Where the stands, slots and lanes of a scenario lie on the ground. Metres; the rack's row runs along x at y = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_videos.render.geometry import Floats
from sample_videos.render.scenario import RackSetup, Side

LANE_Y_M = -3.2
STAND_TO_BIKE_M = 0.2
WALL_FROM_BIKES_M = 0.42
"""From the line of bikes that lean against a wall to the wall."""
_WALL_LEAN_RAD = 0.11
_PUSH_IN_M = 2.3


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to stand in: its middle, where it points, and on which side of the bike its rider has room (+1 left)."""

    x: float
    y: float
    yaw: float
    side: int
    lean_rad: float = 0.0

    def point(self, ahead_m: float, left_m: float) -> Floats:
        """The ground point that far ahead and to the left of the middle."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([self.x + cos * ahead_m - sin * left_m, self.y + sin * ahead_m + cos * left_m])


def stand_spot(rack: RackSetup, stand: int) -> Spot:
    x = (stand - (rack.stands - 1) / 2) * rack.spacing_m
    return Spot(x, 0.0, 0.0 if rack.kind == "wall" else float(np.radians(rack.heading_deg)), 1)


def slot_spot(rack: RackSetup, slot: int, comes_from: Side = "left") -> Spot:
    """Where a bike in that slot stands; along a wall it points the way that its rider came."""
    if rack.kind == "sheffield":
        stand, side = stand_spot(rack, slot // 2), 1 if slot % 2 == 0 else -1
        x, y = stand.point(0.0, side * STAND_TO_BIKE_M)
        return Spot(float(x), float(y), stand.yaw, side)
    stand = stand_spot(rack, slot)
    if rack.kind == "wheel_bender":
        return Spot(stand.x, stand.y, stand.yaw, 1 if slot % 2 == 0 else -1)
    ahead = comes_from == "left"
    return Spot(
        stand.x, stand.y, 0.0 if ahead else float(np.pi), -1 if ahead else 1, _WALL_LEAN_RAD * (1 if ahead else -1)
    )


def lane_end(rack: RackSetup, side: Side, y: float = LANE_Y_M) -> Floats:
    return np.array([-rack.lane_left_m if side == "left" else rack.lane_right_m, y])


def way_in(rack: RackSetup, spot: Spot, side: Side) -> list[Floats]:
    """Corners of a bike's way from the end of the lane into its slot."""
    start, sign = lane_end(rack, side), -1 if side == "left" else 1
    if rack.kind == "wall":
        turns = [np.array([spot.x + sign * away, y]) for away, y in ((4.0, LANE_Y_M), (2.2, -1.9), (1.2, -0.75))]
        return [start, *turns, np.array([spot.x + sign * 0.45, spot.y - 0.12]), spot.point(0.0, 0.0)]
    mouth = spot.point(-_PUSH_IN_M, 0.0)
    before = np.array([mouth[0] + sign * 1.6, (LANE_Y_M + mouth[1]) / 2 - 0.4])
    return [start, np.array([mouth[0] + sign * 3.5, LANE_Y_M]), before, mouth, spot.point(0.0, 0.0)]


def way_out(rack: RackSetup, spot: Spot, start: Floats, side: Side) -> list[Floats]:
    """Corners of a person's way from beside the bike to the end of the lane."""
    mouth = spot.point(0.3, spot.side * 1.5) if rack.kind == "wall" else spot.point(-1.9, spot.side * 0.65)
    sign = -1 if side == "left" else 1
    return [start, mouth, np.array([mouth[0] + sign * 1.4, LANE_Y_M + 0.3]), lane_end(rack, side)]
