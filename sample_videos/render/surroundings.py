"""What stands around the rack: ground, a teaching building with windows, a strip of grass, trees. Metres."""

from __future__ import annotations

import numpy as np

from sample_videos.render.geometry import Floats, Mesh, box, ellipsoid, moved, quads, standing_at, tube, vec
from sample_videos.render.layout import WALL_FROM_BIKES_M, slot_spot, stand_spot
from sample_videos.render.locks import build_stand, build_wheel_bender
from sample_videos.render.scenario import CameraSetup, Scenario

WALL_Y_M = 3.4
_CLEAR_VIEW_M = 4.5
"""No tree stands nearer to the camera than this."""
_FAR_CAMERA_Y_M = -10.0
"""A camera beyond this line looks over the lawn, and no tree stands there."""


def build_surroundings(scenario: Scenario) -> list[Mesh]:
    dice = np.random.default_rng([scenario.seed, 9])
    if scenario.rack.kind == "wall":
        return [*_ground(wet=_wet(scenario)), *_building(WALL_FROM_BIKES_M)]
    green = [*_trees(dice, scenario), *_hedge(dice)]
    return [*_ground(wet=_wet(scenario)), *_building(WALL_Y_M), *green, *_stands(scenario)]


def _wet(scenario: Scenario) -> bool:
    return scenario.light.kind == "rain"


def _stands(scenario: Scenario) -> list[Mesh]:
    rack, placed = scenario.rack, []
    for index in range(rack.stands):
        spot = stand_spot(rack, index) if rack.kind == "sheffield" else slot_spot(rack, index)
        matrix = standing_at(spot.x, spot.y, spot.yaw)
        parts = build_stand() if rack.kind == "sheffield" else build_wheel_bender()
        placed += [Mesh(moved(part.vertices, matrix), part.faces, part.material, part.smooth) for part in parts]
    return placed


def _ground(*, wet: bool) -> list[Mesh]:
    stone, tar = ("wet_paving", "wet_asphalt") if wet else ("paving", "asphalt")
    kerb = box((0, -4.62, 0.03), (60, 0.16, 0.14), "concrete")
    paving = quads(np.array([[[-30, -4.6, 0], [30, -4.6, 0], [30, 40, 0], [-30, 40, 0]]], dtype=float), stone)
    grass = quads(
        np.array([[[-30, -40, 0.02], [30, -40, 0.02], [30, -4.6, 0.02], [-30, -4.6, 0.02]]], dtype=float), "grass"
    )
    rack_pad = quads(
        np.array([[[-6, -1.5, 0.004], [6, -1.5, 0.004], [6, 1.6, 0.004], [-6, 1.6, 0.004]]], dtype=float), tar
    )
    return [paving, grass, kerb, rack_pad]


def _building(wall_y: float) -> list[Mesh]:
    parts = [
        box((0, wall_y + 0.5, 4), (44, 1, 8), "brick"),
        box((0, wall_y - 0.04, 0.3), (44, 0.16, 0.6), "concrete"),
    ]
    for x in np.arange(-18.0, 19.0, 3.0):
        parts += _window(float(x), wall_y - 0.02, 2.1) + _window(float(x), wall_y - 0.02, 5.2)
    return parts


def _window(x: float, y: float, z: float) -> list[Mesh]:
    glass = box((x, y, z), (1.6, 0.06, 1.5), "glass")
    sill = box((x, y - 0.07, z - 0.80), (1.9, 0.26, 0.09), "concrete")
    bars = [box((x + dx, y - 0.04, z), (0.07, 0.08, 1.6), "window_frame") for dx in (-0.8, 0.0, 0.8)]
    rails = [box((x, y - 0.04, z + dz), (1.67, 0.08, 0.07), "window_frame") for dz in (-0.76, 0.3, 0.76)]
    return [glass, sill, *bars, *rails]


def _trees(dice: np.random.Generator, scenario: Scenario) -> list[Mesh]:
    parts = []
    for x, y in ((-7.2, 1.6), (8.4, 2.0), (-5.4, -6.6)):
        height = float(dice.uniform(2.4, 3.0))
        leaves = _leaves(dice, vec(x, y, height + 1.2), (1.5, 1.5, 1.2), 1500)
        if _in_the_way(x, y, scenario.camera):
            continue
        trunk = [vec(x, y, 0), vec(x + 0.05, y, height * 0.6), vec(x, y + 0.1, height + 1)]
        parts += [tube(trunk, 0.11, "bark"), quads(leaves, "leaf")]
    return parts


def _in_the_way(x: float, y: float, camera: CameraSetup) -> bool:
    camera_x, camera_y, _ = camera.position_m
    return bool(np.hypot(x - camera_x, y - camera_y) < _CLEAR_VIEW_M) or camera_y < _FAR_CAMERA_Y_M < y < -4


def _hedge(dice: np.random.Generator) -> list[Mesh]:
    parts = []
    for left, right in ((-14.0, -6.0), (6.0, 14.0)):
        middle = vec((left + right) / 2, WALL_Y_M - 0.7, 0.4)
        parts.append(quads(_leaves(dice, middle, ((right - left) / 2, 0.45, 0.5), 2600), "leaf"))
        parts.append(ellipsoid(middle - vec(0, 0, 0.1), ((right - left) / 2, 0.3, 0.4), "bark"))
    return parts


def _leaves(dice: np.random.Generator, middle: Floats, radii: tuple[float, float, float], count: int) -> Floats:
    """Quads of random direction inside an ellipsoid, shape (count, 4, 3)."""
    way = dice.normal(size=(count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    centres = middle + way * dice.uniform(0.55, 1.0, size=(count, 1)) * np.array(radii)
    first, second = dice.normal(size=(2, count, 3)) * 0.055
    corners = np.stack([-first, second, first, -second], axis=1)
    return np.asarray(centres[:, None, :] + corners)
