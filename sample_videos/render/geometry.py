"""Meshes as plain arrays. Everything round is a loft: a stack of closed rings joined by quads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Face = tuple[int, ...]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """`vertices` has shape (n, 3), metres; each face lists vertex indices; `material` is a name in `materials.py`."""

    vertices: Floats
    faces: tuple[Face, ...]
    material: str
    smooth: bool = True


def vec(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def unit(vector: ArrayLike) -> Floats:
    """The vector scaled to length 1; a zero vector stays zero."""
    array = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(array))
    return np.asarray(array / length) if length > 0 else array


def loft(rings: Floats, material: str, *, closed: bool = False, smooth: bool = True) -> Mesh:
    """Join `rings`, shape (k, n, 3), by quads; the two ends are capped unless the loft closes on itself."""
    count, sides, _ = rings.shape
    faces: list[Face] = []
    for ring in range(count if closed else count - 1):
        here, there = ring * sides, ((ring + 1) % count) * sides
        for side in range(sides):
            after = (side + 1) % sides
            faces.append((here + side, here + after, there + after, there + side))
    if not closed:
        faces.append(tuple(range(sides - 1, -1, -1)))
        faces.append(tuple(range((count - 1) * sides, count * sides)))
    return Mesh(rings.reshape(-1, 3), tuple(faces), material, smooth)


def tube(points: ArrayLike, radius: float, material: str, *, closed: bool = False, sides: int = 8) -> Mesh:
    """A round tube of `radius` metres along `points`, shape (k, 3)."""
    line = np.asarray(points, dtype=np.float64)
    ahead, behind = np.roll(line, -1, axis=0), np.roll(line, 1, axis=0)
    if not closed:
        ahead[-1], behind[0] = line[-1], line[0]
    normal = _steady_normal(line)
    rings = [
        _ring(centre, unit(b - a), normal, radius, sides) for centre, a, b in zip(line, behind, ahead, strict=True)
    ]
    return loft(np.stack(rings), material, closed=closed)


def _steady_normal(line: Floats) -> Floats:
    # The axis the line strays least along is never parallel to a tangent by much, so the tube does not twist.
    spread = np.abs(np.diff(line, axis=0)).sum(axis=0)
    return np.asarray(np.eye(3)[int(np.argmin(spread))])


def _ring(centre: Floats, tangent: Floats, normal: Floats, radius: float, sides: int) -> Floats:
    across = unit(np.cross(tangent, normal))
    up = np.cross(across, tangent)
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    return np.asarray(centre + radius * (np.cos(angles) * across + np.sin(angles) * up))


def circle(centre: ArrayLike, radius: float, *, steps: int = 32, plane: str = "xz") -> Floats:
    """Points of a circle, shape (steps, 3), in the named coordinate plane."""
    angles = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    first, second = ("xyz".index(axis) for axis in plane)
    points = np.zeros((steps, 3))
    points[:, first], points[:, second] = radius * np.cos(angles), radius * np.sin(angles)
    return np.asarray(points + np.asarray(centre, dtype=np.float64))


def stack(profile: Sequence[tuple[float, float, float, float]], material: str, *, sides: int = 14) -> Mesh:
    """A loft of ellipses along z; each row of `profile` is (z, x offset, x radius, y radius) in metres."""
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rings = [
        np.stack([dx + rx * np.cos(angles), ry * np.sin(angles), np.full(sides, z)], axis=1)
        for z, dx, rx, ry in profile
    ]
    return loft(np.stack(rings), material)


def ellipsoid(centre: ArrayLike, radii: tuple[float, float, float], material: str, *, sides: int = 12) -> Mesh:
    middle = np.asarray(centre, dtype=np.float64)
    rows = []
    for latitude in np.linspace(-0.48 * np.pi, 0.48 * np.pi, 8):
        scale = float(np.cos(latitude))
        rows.append((radii[2] * float(np.sin(latitude)), 0.0, radii[0] * scale, radii[1] * scale))
    mesh = stack(rows, material, sides=sides)
    return Mesh(mesh.vertices + middle, mesh.faces, material)


def box(centre: ArrayLike, size: ArrayLike, material: str) -> Mesh:
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return Mesh(corners * np.asarray(size) + np.asarray(centre), faces, material, smooth=False)


def quads(corners: Floats, material: str) -> Mesh:
    """Loose quads from `corners`, shape (n, 4, 3)."""
    count = len(corners)
    return Mesh(
        corners.reshape(-1, 3), tuple(tuple(range(4 * i, 4 * i + 4)) for i in range(count)), material, smooth=False
    )


def moved(vertices: Floats, matrix: Floats) -> Floats:
    """`vertices`, shape (n, 3), through a 4x4 `matrix`."""
    return np.asarray(vertices @ matrix[:3, :3].T + matrix[:3, 3])


def standing_at(x: float, y: float, yaw: float, *, lean_rad: float = 0.0) -> Floats:
    """The 4x4 matrix of a body tipped to its left, turned by `yaw` radians about the vertical and put at x, y."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    upright = np.array([[cos, -sin, 0, x], [sin, cos, 0, y], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=np.float64)
    if lean_rad == 0:
        return upright
    up, aside = np.cos(lean_rad), np.sin(lean_rad)
    return np.asarray(upright @ np.array([[1, 0, 0, 0], [0, up, aside, 0], [0, -aside, up, 0], [0, 0, 0, 1]]))


def along(start: Floats, end: Floats, forward: Floats) -> Floats:
    """The 4x4 matrix whose z axis runs from `start` to `end` and whose x axis is as near `forward` as can be."""
    up = unit(end - start)
    left = unit(np.cross(up, forward))
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = np.cross(left, up), left, up, start
    return matrix
