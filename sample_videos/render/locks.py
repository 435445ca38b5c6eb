"""Locks and racks: what joins a bike to the ground. In a bike's or a stand's own frame, metres."""

from __future__ import annotations

import numpy as np

from sample_videos.render.bike import REAR_AXLE, LockKind
from sample_videos.render.geometry import Mesh, box, circle, tube, vec


def build_lock(kind: LockKind, side: int) -> tuple[Mesh, ...]:
    """The closed lock; what the bike is locked to is on the side -`side` (`side` is +1 for left) of the bike."""
    if kind == "ring_lock":
        return (
            *_ring_lock(),
            tube([_RING + vec(0.0, -0.075, -0.05), _RING + vec(0.0, 0.075, -0.05)], 0.012, "chrome"),
        )
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


_RING = REAR_AXLE + vec(0.22, 0, 0.22)
"""Where a ring lock sits: on the stays, around the rear wheel."""


def build_open_lock(kind: LockKind, carried: LockKind, *, always_ring: bool) -> tuple[Mesh, ...]:
    """What is seen of the locks of a bike that is not locked: its ring lock, or what hangs coiled on the frame."""
    if kind == "ring_lock" or always_ring:
        return _ring_lock()
    if carried == "u_lock":
        return (
            tube(
                [vec(-0.24, 0.05, 0.50), vec(-0.24, 0.05, 0.70), vec(-0.16, 0.05, 0.70), vec(-0.12, 0.05, 0.50)],
                0.014,
                "lock_orange",
            ),
        )
    if carried == "none":
        return ()
    colour, thick = ("lock_yellow", 0.022) if carried == "chain" else ("lock_blue", 0.013)
    turns = [circle((-0.27, 0.02 + 0.02 * i, 0.66), 0.085, steps=16) for i in range(3)]
    return tuple(tube(turn, thick, colour, closed=True) for turn in turns)


def _ring_lock() -> tuple[Mesh, ...]:
    angles = np.radians(np.linspace(-50, 230, 12))
    horseshoe = np.stack([np.zeros(12), 0.075 * np.cos(angles), 0.075 * np.sin(angles)], axis=1)
    return tube(_RING + horseshoe, 0.019, "rubber"), box(_RING + vec(0, 0.085, 0.01), (0.05, 0.03, 0.08), "rubber")


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


def build_wheel_bender() -> tuple[Mesh, ...]:
    """A hoop on either side of a front wheel that stands ahead of the origin by half a bike's length."""
    hoops = []
    for y in (-0.045, 0.045):
        bend = [
            vec(0.36, y, 0.0),
            vec(0.38, y, 0.34),
            vec(0.46, y, 0.42),
            vec(0.60, y, 0.42),
            vec(0.68, y, 0.34),
            vec(0.70, y, 0.0),
        ]
        hoops.append(tube(bend, 0.012, "galvanised", sides=6))
    return (
        *hoops,
        box((0.37, 0, 0.02), (0.05, 0.62, 0.04), "galvanised"),
        box((0.69, 0, 0.02), (0.05, 0.62, 0.04), "galvanised"),
    )
