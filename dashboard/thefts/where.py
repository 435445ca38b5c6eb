"""Where the cases lie: the picture's numbers, on the campus plan or on plain coordinates. Pure."""

from __future__ import annotations

import base64
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashboard.places.tables import Building
from dashboard.thefts.heat import GRID_COLUMNS, Frame, density, frame_around, local_metres, scale_bar
from dashboard.thefts.hot_places import HotPlace
from dashboard.thefts.queries import CaseFacts

View = Literal["plan", "map"]
PLAN_BANDWIDTH, MAP_BANDWIDTH, MIN_BANDWIDTH_M = 1 / 35, 1 / 45, 40.0
"""The kernel's standard deviation as a part of the picture's width."""
NUMBERED, DOTS = 10, 300
SMALL_RADIUS_PX, RADIUS_PER_ROOT_SHARE_PX, LARGE_RADIUS_PX = 3.0, 40.0, 22.0


@dataclass(frozen=True)
class Spot:
    """One place in the picture; `left` and `top` in percent, `rank` only for the hottest."""

    place: Hashable
    count: int
    rank: int | None
    left: float
    top: float
    radius_px: float


@dataclass(frozen=True)
class Picture:
    view: View
    width: int
    height: int
    """Grid cells; also the picture's proportions."""
    heat: str
    """Base64 of height x width bytes, first row at the top, 255 where it is densest."""
    spots: tuple[Spot, ...]
    inside: int
    outside: int
    """Cases with a place too far off for the picture."""
    bar_m: float | None
    bar_percent: float | None
    bandwidth_m: float | None


def place_of(case: CaseFacts) -> Hashable:
    """The building's row where it is known, else the place as it was written; None: nowhere said."""
    return case.building_id or " ".join(case.place.split()) or None


def positions(
    cases: Sequence[CaseFacts], buildings: Mapping[int, Building], view: View
) -> tuple[list[int], NDArray[np.float64]]:
    """Indexes of the cases that have a position in this view, and the positions, shape (n, 2).

    Plan: x and y in plan units, y downwards. Map: latitude and longitude in degrees.
    """
    first, second = ("plan_x", "plan_y") if view == "plan" else ("latitude", "longitude")
    found: list[tuple[int, float, float]] = []
    for index, case in enumerate(cases):
        for holder in (case, buildings.get(case.building_id or 0)):
            here, there = getattr(holder, first, None), getattr(holder, second, None)
            if here is not None and there is not None:
                found.append((index, here, there))
                break
    return [index for index, *_ in found], np.array([point for _, *point in found], dtype=np.float64).reshape(-1, 2)


def plan_picture(
    cases: Sequence[CaseFacts], points: NDArray[np.float64], size: tuple[float, float], hottest: Sequence[HotPlace]
) -> Picture:
    """On the campus plan of `size` units; points (n, 2) in plan units, y downwards, one per case."""
    width, height = size
    upright = np.column_stack([points[:, 0], height - points[:, 1]])
    return _picture("plan", cases, upright, Frame(0, 0, width, height), width * PLAN_BANDWIDTH, hottest)


def map_picture(cases: Sequence[CaseFacts], degrees: NDArray[np.float64], hottest: Sequence[HotPlace]) -> Picture:
    """On plain ground; degrees (n, 2) latitude and longitude, at least one row, one per case."""
    middle = np.median(degrees, axis=0)
    metres = local_metres(degrees, (float(middle[0]), float(middle[1])))
    frame = frame_around(metres)
    return _picture("map", cases, metres, frame, max(frame.width * MAP_BANDWIDTH, MIN_BANDWIDTH_M), hottest)


def _picture(
    view: View,
    cases: Sequence[CaseFacts],
    points: NDArray[np.float64],
    frame: Frame,
    bandwidth: float,
    hottest: Sequence[HotPlace],
) -> Picture:
    inside = frame.contains(points)
    grid = density(points[inside], frame, bandwidth)
    bar = scale_bar(frame.width) if view == "map" else None
    return Picture(
        view=view,
        width=GRID_COLUMNS,
        height=grid.shape[0],
        heat=_as_bytes(grid),
        spots=tuple(_spots(cases, points, frame, hottest)),
        inside=int(inside.sum()),
        outside=int((~inside).sum()),
        bar_m=bar,
        bar_percent=round(100 * bar / frame.width, 2) if bar else None,
        bandwidth_m=round(bandwidth) if view == "map" else None,
    )


def _as_bytes(grid: NDArray[np.float64]) -> str:
    peak = float(grid.max())
    scaled = grid / peak * 255 if peak else grid
    return base64.b64encode(scaled.round().astype(np.uint8).tobytes()).decode()


def _spots(
    cases: Sequence[CaseFacts], points: NDArray[np.float64], frame: Frame, hottest: Sequence[HotPlace]
) -> list[Spot]:
    """Each place at the middle of its cases; the hottest are drawn last, on top."""
    members: dict[Hashable, list[int]] = {}
    for index, case in enumerate(cases):
        members.setdefault(place_of(case), []).append(index)
    spots = []
    for rank, hot in enumerate(hottest[:DOTS], start=1):
        if hot.place not in members:
            continue
        middle = np.median(points[members[hot.place]], axis=0, keepdims=True)
        if not frame.contains(middle)[0]:
            continue
        left, top = (100 * frame.fractions(middle)[0]).round(2)
        radius = min(SMALL_RADIUS_PX + RADIUS_PER_ROOT_SHARE_PX * hot.share**0.5, LARGE_RADIUS_PX)
        spots.append(Spot(hot.place, hot.count, rank if rank <= NUMBERED else None, left, top, round(radius, 1)))
    return spots[::-1]
