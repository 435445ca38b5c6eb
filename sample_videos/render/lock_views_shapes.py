"""Locks of every kind with random measures, as meshes around the origin: what they hold passes through along y. Metres.

z points up out of the lock, x across. Every lock is made of its own two materials, so that its colours can be anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from sample_videos.render.geometry import Floats, Mesh, along, box, circle, moved, tube, unit, vec

ViewedLock = Literal["u_lock", "chain_lock", "cable_lock", "ring_lock", "folding_lock"]
LOCKS: tuple[ViewedLock, ...] = ("u_lock", "chain_lock", "cable_lock", "ring_lock", "folding_lock")
MAIN, SECOND = "view_lock_main", "view_lock_second"
Dice = np.random.Generator
Parts = tuple[Mesh, ...]


def u_lock(dice: Dice, span_m: float = 0.0) -> Parts:
    """A shackle with its crossbar below; `span_m` is how far what it holds reaches along z."""
    wide = float(dice.uniform(0.04, 0.06))
    high = max(float(dice.uniform(0.10, 0.24)), min(span_m, 0.28))
    thick = float(dice.uniform(0.0065, 0.010))
    top, low = high / 2 - wide, -high / 2
    angles = np.linspace(0, np.pi, 9)
    bend = np.stack([wide * np.cos(angles), np.zeros(9), top + wide * np.sin(angles)], axis=1)
    shackle = np.concatenate([[(wide, 0, low)], bend, [(-wide, 0, low)]])
    reach, bar = wide + float(dice.uniform(0.012, 0.035)), float(dice.uniform(0.012, 0.022))
    crossbar = tube([vec(-reach, 0, low), vec(reach, 0, low)], bar, SECOND, sides=10)
    sleeve = MAIN if dice.random() < 0.6 else SECOND
    caps = [tube([vec(s * reach * 0.8, 0, low), vec(s * reach * 1.08, 0, low)], bar * 1.12, MAIN) for s in (-1, 1)]
    return tube(shackle, thick, sleeve), crossbar, *(caps if dice.random() < 0.5 else [])


def chain_lock(dice: Dice, span_m: float = 0.0) -> Parts:
    """A loop of links, or of links in a sleeve of cloth, with a padlock or a closing piece."""
    line = _loop(dice, max(float(dice.uniform(0.16, 0.34)), span_m + 0.08), float(dice.uniform(0.08, 0.20)), 0.025)
    if dice.random() < 0.6:
        body: list[Mesh] = [tube(line, float(dice.uniform(0.011, 0.021)), MAIN, closed=True)]
    else:
        body = _links(line, float(dice.uniform(0.0035, 0.0055)))
    size = dice.uniform((0.04, 0.025, 0.045), (0.07, 0.04, 0.09))
    return *body, box(line[_lowest(dice, line)], size, SECOND)


def cable_lock(dice: Dice, span_m: float = 0.0) -> Parts:
    """A thin loop, once or twice around or coiled like a telephone's, with a barrel."""
    thick, turns = float(dice.uniform(0.004, 0.0095)), int(dice.integers(1, 3))
    long, wide = max(float(dice.uniform(0.16, 0.42)), span_m + 0.08), float(dice.uniform(0.07, 0.26))
    lines = [_loop(dice, long * (1 - 0.12 * turn), wide, 0.04) + vec(0, 0.02 * turn, 0) for turn in range(turns)]
    barrel, end = float(dice.uniform(0.011, 0.02)), lines[0][_lowest(dice, lines[0])]
    head = tube([end - vec(0.04, 0, 0.01), end + vec(0.04, 0, 0.01)], barrel, SECOND)
    if dice.random() < 0.25:
        return tube(_coiled(lines[0], float(dice.uniform(0.010, 0.018))), thick * 0.7, MAIN, sides=5), head
    return *(tube(line, thick, MAIN, closed=True) for line in lines), head


def ring_lock(dice: Dice, span_m: float = 0.0) -> Parts:  # noqa: ARG001 -- one signature for all locks
    """A horseshoe around the wheel, its case thicker on the side of the key; often with its bolt shut."""
    radius, thick = float(dice.uniform(0.055, 0.080)), float(dice.uniform(0.012, 0.020))
    angles = np.radians(np.linspace(-55, 235, 14))
    horseshoe = np.stack([radius * np.cos(angles), np.zeros(14), radius * np.sin(angles)], axis=1)
    side = -1 if dice.random() < 0.5 else 1
    case = box(vec(side * radius * 1.1, 0, 0.005), dice.uniform((0.02, 0.03, 0.05), (0.035, 0.05, 0.09)), MAIN)
    flat = tube(horseshoe, thick, MAIN, sides=8)
    shell = Mesh(flat.vertices * (1, 1.3, 1), flat.faces, flat.material)
    key = box(vec(side * radius * 1.1, -0.03, 0.02), (0.012, 0.03, 0.02), SECOND)
    if dice.random() < 0.5:
        return shell, case, key
    return shell, case, key, tube([vec(-radius, 0, -0.04), vec(radius, 0, -0.04)], 0.006, "chrome")


def folding_lock(dice: Dice, span_m: float = 0.0) -> Parts:
    """Flat bars joined by rivets into a crooked ring."""
    count = int(dice.integers(5, 8))
    angles = np.sort(np.linspace(0, 2 * np.pi, count, endpoint=False) + dice.uniform(-0.25, 0.25, count))
    long, wide = max(float(dice.uniform(0.09, 0.14)), span_m / 2 + 0.03), float(dice.uniform(0.05, 0.10))
    corners = np.stack([wide * np.sin(angles), dice.uniform(-0.012, 0.012, count), long * np.cos(angles)], axis=1)
    broad, thick = float(dice.uniform(0.018, 0.030)), float(dice.uniform(0.006, 0.012))
    bars = [_bar(corners[i], corners[(i + 1) % count], broad, thick, MAIN) for i in range(count)]
    rivets = [tube([c - vec(0, 0.012, 0), c + vec(0, 0.012, 0)], broad * 0.45, SECOND) for c in corners]
    case = _bar(corners[0], corners[1], broad * 1.5, thick * 2.6, SECOND)
    return *bars, *rivets, case


def folded(dice: Dice) -> Parts:
    """A folding lock in its holder: bars upon bars."""
    long, broad = float(dice.uniform(0.09, 0.13)), float(dice.uniform(0.022, 0.030))
    bars = [box((0, y, 0), (broad, 0.007, long), MAIN) for y in np.arange(-0.02, 0.021, 0.01)]
    return *bars, box((0, 0, -0.2 * long), (broad * 1.5, 0.065, 0.5 * long), SECOND)


def coiled(dice: Dice, kind: ViewedLock) -> Parts:
    """A chain or cable wound up as it is carried."""
    thick = float(dice.uniform(0.011, 0.02) if kind == "chain_lock" else dice.uniform(0.004, 0.009))
    radius = float(dice.uniform(0.06, 0.12))
    turns = [
        tube(
            circle((0, 2.1 * thick * turn, 0), radius * float(dice.uniform(0.9, 1.1)), steps=18),
            thick,
            MAIN,
            closed=True,
        )
        for turn in range(int(dice.integers(2, 5)))
    ]
    return *turns, box((radius, 0, 0), (0.03, 0.03, 0.07), SECOND)


MAKERS: dict[ViewedLock, Callable[..., Parts]] = {
    "u_lock": u_lock,
    "chain_lock": chain_lock,
    "cable_lock": cable_lock,
    "ring_lock": ring_lock,
    "folding_lock": folding_lock,
}


def _loop(dice: Dice, long_m: float, wide_m: float, uneven_m: float) -> Floats:
    """A closed sagging line, shape (28, 3), `long_m` along z and `wide_m` along x."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    broad = 1 - 0.5 * float(dice.uniform(0, 1)) * np.cos(turn)
    line = np.stack([wide_m / 2 * broad * np.sin(turn), np.zeros(28), long_m / 2 * np.cos(turn)], axis=1)
    for wave in (1, 2, 3):
        phase, size = dice.uniform(0, 2 * np.pi, 3), dice.normal(0, uneven_m / wave, 3)
        line += size * np.sin(wave * turn[:, None] + phase)
    return np.asarray(line)


def _lowest(dice: Dice, line: Floats) -> int:
    """Where the lock of a loop hangs: mostly at its low end."""
    return int(np.argmin(line[:, 2])) if dice.random() < 0.6 else int(dice.integers(len(line)))


def _links(line: Floats, thick_m: float) -> list[Mesh]:
    ends = np.concatenate([line, line[:1]])
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ends, axis=0), axis=1))])
    count = max(8, round(float(travelled[-1]) / (thick_m * 6.5)))
    places = np.linspace(0, float(travelled[-1]), count + 1)
    points = np.stack([np.interp(places, travelled, ends[:, axis]) for axis in range(3)], axis=1)
    oval = circle((0, 0, 0), 1.0, steps=10) * (thick_m * 2.6, 0, thick_m * 4.6)
    links = []
    for index in range(count):
        start, end = points[index], points[index + 1]
        matrix = along(start, end, vec(0, 1, 0) if index % 2 else vec(1, 0.3, 0))
        matrix[:3, 3] = (start + end) / 2
        links.append(tube(moved(oval, matrix), thick_m, MAIN, closed=True, sides=5))
    return links


def _coiled(line: Floats, radius_m: float) -> Floats:
    """A line wound around `line`, open at its lower end."""
    dense = np.stack([np.interp(np.linspace(0, 27, 420), np.arange(28), line[:, axis]) for axis in range(3)], axis=1)
    ahead = np.gradient(dense, axis=0)
    aside = np.stack([unit(np.cross(step, (0.1, 1.0, 0.2))) for step in ahead])
    other = np.stack([unit(np.cross(step, side)) for step, side in zip(ahead, aside, strict=True)])
    turn = np.linspace(0, 2 * np.pi * 40, 420)[:, None]
    return np.asarray(dense + radius_m * (np.cos(turn) * aside + np.sin(turn) * other))


def _bar(start: Floats, end: Floats, broad_m: float, thick_m: float, material: str) -> Mesh:
    long = float(np.linalg.norm(end - start)) + broad_m * 0.6
    plain = box((0, 0, 0), (broad_m, thick_m, long), material)
    matrix = along(start, end, np.cross(vec(0, 1, 0), end - start))
    matrix[:3, 3] = (start + end) / 2
    return Mesh(moved(plain.vertices, matrix), plain.faces, material, smooth=False)
