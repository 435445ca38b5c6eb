"""What is on and around the bikes that is no lock but could be taken for one, and the looks of everything. Metres."""

from __future__ import annotations

import colorsys

import numpy as np

from sample_videos.render.bike import CRANK_AXLE, FRONT_AXLE, REAR_AXLE, SADDLE, BikeStyle
from sample_videos.render.geometry import Floats, Mesh, box, circle, ellipsoid, moved, standing_at, tube, vec
from sample_videos.render.lock_views_shapes import MAIN, SECOND, Dice, Parts
from sample_videos.render.locks import build_stand, build_wheel_bender
from sample_videos.render.materials import Material, Rgb

EXTRA, EXTRA_2, STAND, GROUND, WALL = "view_extra", "view_extra_2", "view_stand", "view_ground", "view_wall"
LOCK_PAINTS = 4
"""So many locks of one view have colours of their own."""
PAINTS = ("view_paint_0", "view_paint_1", "view_paint_2")


def extras(dice: Dice, style: BikeStyle) -> list[Mesh]:
    """Bottle, pump, bags, brake cables, kickstand and the bike's own chain: each there or not."""
    if style == "ebike":
        return [*_brake_cables(dice), *(_crate(dice) if dice.random() < 0.3 else [])]
    made = [*_drive_chain()]
    for share, make in ((0.3, _bottle), (0.15, _pump), (0.3, _saddle_bag), (0.15, _crate), (0.5, _kickstand)):
        made += make(dice) if dice.random() < share else []
    return made + (_brake_cables(dice) if dice.random() < 0.85 else []) + (_bag(dice) if dice.random() < 0.12 else [])


def _bottle(dice: Dice) -> list[Mesh]:
    start, end = (CRANK_AXLE, vec(0.37, 0, 0.72)) if dice.random() < 0.6 else (CRANK_AXLE, vec(-0.25, 0, 0.78))
    way = (end - start) / np.linalg.norm(end - start)
    low = start + way * float(dice.uniform(0.15, 0.25)) + vec(-0.05 if end[0] > 0 else 0.05, 0, 0.04)
    return [tube([low, low + way * 0.19], 0.036, EXTRA), tube([low + way * 0.19, low + way * 0.22], 0.02, EXTRA_2)]


def _pump(dice: Dice) -> list[Mesh]:
    start = vec(-0.20, float(dice.choice([-0.04, 0.04])), 0.72)
    return [tube([start, start + vec(float(dice.uniform(0.25, 0.45)), 0, 0.06)], 0.014, EXTRA_2)]


def _saddle_bag(dice: Dice) -> list[Mesh]:
    return [ellipsoid(SADDLE + vec(-0.13, 0, -0.09), tuple(dice.uniform((0.05, 0.03, 0.03), (0.1, 0.06, 0.06))), EXTRA)]


def _crate(dice: Dice) -> list[Mesh]:
    return [box(vec(-0.58, 0, 0.88), dice.uniform((0.28, 0.24, 0.18), (0.42, 0.36, 0.32)), EXTRA)]


def _bag(dice: Dice) -> list[Mesh]:
    middle = vec(0.36, 0, 0.80) if dice.random() < 0.5 else vec(-0.55, float(dice.choice([-0.13, 0.13])), 0.52)
    return [ellipsoid(middle, tuple(dice.uniform((0.08, 0.05, 0.10), (0.18, 0.10, 0.18))), EXTRA_2)]


def _kickstand(dice: Dice) -> list[Mesh]:
    side = float(dice.choice([-1, 1]))
    top = vec(-0.20, side * 0.04, 0.27) if dice.random() < 0.5 else REAR_AXLE + vec(0.05, side * 0.07, -0.03)
    return [tube([top, vec(top[0] - 0.05, side * 0.20, 0.0)], 0.009, "steel")]


def _brake_cables(dice: Dice) -> list[Mesh]:
    """Thin dark arcs from the handlebar to the frame and the wheels: the nearest thing to a cable lock."""
    cables = []
    for side in (-1, 1):
        start, bow = vec(0.32, side * 0.22, 1.02), float(dice.uniform(0.05, 0.16))
        end = vec(0.30, 0, 0.80) if side < 0 else FRONT_AXLE + vec(-0.10, 0, 0.38)
        share = np.linspace(0, 1, 12)[:, None]
        arc = start + (end - start) * share + vec(bow, 0, 0.03) * np.sin(np.pi * share)
        cables.append(tube(arc, 0.0032, "rubber", sides=5))
    return cables


def _drive_chain() -> list[Mesh]:
    runs = [[CRANK_AXLE + vec(0, -0.05, z), REAR_AXLE + vec(0, -0.05, z / 2)] for z in (0.085, -0.085)]
    cog = circle(REAR_AXLE + vec(0, -0.05, 0), 0.04, steps=14)
    return [*(tube(run, 0.0045, "steel", sides=4) for run in runs), tube(cog, 0.006, "steel", closed=True, sides=5)]


def stand_at(dice: Dice, y_m: float | None, at: Floats) -> list[Mesh]:
    """What the lock at `at` joins the bike to, or a rack with nothing to it."""
    kind = dice.choice(["sheffield", "pole", "wheel_bender", "fence", "none"], p=[0.34, 0.24, 0.12, 0.15, 0.15])
    y = y_m if y_m is not None else float(dice.uniform(0.15, 0.4)) * float(dice.choice([-1, 1]))
    if kind == "none" and y_m is None:
        return []
    if kind == "wheel_bender" and y_m is None:
        return [_painted(part, vec(0, 0, 0)) for part in build_wheel_bender()]
    if kind == "sheffield":
        return [_painted(part, vec(at[0] + float(dice.uniform(-0.3, 0.3)), y, 0)) for part in build_stand()]
    if kind == "fence":
        return [*_fence(dice, y, at)]
    radius = float(dice.uniform(0.018, 0.06))
    return [tube([vec(at[0], y, 0), vec(at[0], y, float(dice.uniform(0.9, 3.0)))], radius, STAND, sides=12)]


def _painted(part: Mesh, by: Floats) -> Mesh:
    return Mesh(part.vertices + by, part.faces, STAND, part.smooth)


def _fence(dice: Dice, y: float, at: Floats) -> list[Mesh]:
    high, gap = float(dice.uniform(0.7, 1.2)), float(dice.uniform(0.10, 0.4))
    posts = [
        tube([vec(at[0] + x, y, 0), vec(at[0] + x, y, high)], 0.012, STAND, sides=6) for x in np.arange(-1.4, 1.5, gap)
    ]
    return [*posts, *(tube([vec(at[0] - 1.6, y, z), vec(at[0] + 1.6, y, z)], 0.016, STAND) for z in (0.12, high))]


def surroundings(dice: Dice) -> list[Mesh]:
    """Ground, now and then a wall behind, and things that stand about."""
    ground = Mesh(
        vec(-30, -30, 0, 30, -30, 0, 30, 30, 0, -30, 30, 0).reshape(4, 3), ((0, 1, 2, 3),), GROUND, smooth=False
    )
    parts = [ground]
    turn = standing_at(0, 0, float(dice.uniform(-0.3, 0.3)))
    if dice.random() < 0.5:
        side, far = float(dice.choice([-1, 1])), float(dice.uniform(0.5, 3.0))
        wall = box((0, side * (far + 0.5), 2), (30, 1, 4), WALL)
        parts.append(Mesh(moved(wall.vertices, turn), wall.faces, WALL, smooth=False))
    for _ in range(int(dice.integers(0, 5))):
        away, size = (
            dice.uniform(1.8, 6.0) * float(dice.choice([-1, 1])),
            dice.uniform((0.2, 0.2, 0.3), (2.5, 1.2, 1.8)),
        )
        parts.append(box((float(dice.uniform(-4, 4)), away, size[2] / 2), size, EXTRA if dice.random() < 0.5 else WALL))
    return parts


def looks(dice: Dice) -> dict[str, Material]:
    """A new look for everything that can have any: paints, locks, things, ground and wall."""
    made = {
        name: Material(_paint(dice), float(dice.uniform(0.15, 0.6)), float(dice.choice([0, 0, 0, 0.6])))
        for name in PAINTS
    }
    for number in range(LOCK_PAINTS):
        for name in (MAIN, SECOND):
            shine = float(dice.choice([0, 0, 0.7]))
            made[f"{name}_{number}"] = Material(_lock_colour(dice), float(dice.uniform(0.2, 0.8)), shine)
    made[EXTRA], made[EXTRA_2] = (Material(_paint(dice), float(dice.uniform(0.3, 0.9))) for _ in range(2))
    metal = Material(_grey(dice, 0.1, 0.6), 0.4, 0.8)
    made[STAND] = metal if dice.random() < 0.6 else Material(_paint(dice), 0.5)
    made[GROUND], made[WALL] = _surface(dice), _surface(dice)
    made["rubber"] = Material(_grey(dice, 0.01, 0.05), 0.75)
    made["chrome"] = Material(_grey(dice, 0.03, 0.65), 0.3, float(dice.choice([0.2, 0.9])))
    made["steel"] = Material(_grey(dice, 0.02, 0.4), 0.4, 0.8)
    return made


def painted(parts: Parts, number: int) -> Parts:
    """The lock of that number in colours of its own."""
    own = {name: f"{name}_{number % LOCK_PAINTS}" for name in (MAIN, SECOND)}
    return tuple(Mesh(part.vertices, part.faces, own.get(part.material, part.material), part.smooth) for part in parts)


def _surface(dice: Dice) -> Material:
    grey = _grey(dice, 0.05, 0.75)
    colour = grey if dice.random() < 0.65 else _paint(dice)
    pattern = dice.choice(["plain", "bricks", "slabs"], p=[0.5, 0.25, 0.25])
    return Material(colour, 0.9, grain=float(dice.uniform(0, 1)), pattern=pattern, second=_grey(dice, 0.05, 0.5))


def _lock_colour(dice: Dice) -> Rgb:
    return _grey(dice, 0.008, 0.06) if dice.random() < 0.6 else _paint(dice)


def _paint(dice: Dice) -> Rgb:
    """Any colour; black, white and grey as often as on bikes."""
    if dice.random() < 0.35:
        return _grey(dice, 0.01, 0.8)
    red, green, blue = colorsys.hsv_to_rgb(
        float(dice.random()), float(dice.uniform(0.4, 1.0)), float(dice.uniform(0.08, 0.8))
    )
    return red, green, blue


def _grey(dice: Dice, low: float, high: float) -> Rgb:
    level = float(np.exp(dice.uniform(np.log(low), np.log(high))))
    return level, level * float(dice.uniform(0.92, 1.05)), level * float(dice.uniform(0.85, 1.08))
