"""One-to-one matching, the tool of every step that asks what belongs to what."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Matching(Protocol):
    def __call__(self, weights: Array, *, maximize: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns, each shape (min(N, M),), with the best sum of weights, shape (N, M)."""
        ...


def scipys_matching() -> Matching:
    """`scipy.optimize.linear_sum_assignment`, without the rest of that package: 48 MiB that no step of the line uses.

    The function is a compiled module by itself. A SciPy that keeps it elsewhere is imported whole.
    """
    scipy = find_spec("scipy")
    folders = scipy.submodule_search_locations if scipy is not None else None
    spec = PathFinder.find_spec("scipy.optimize._lsap", [str(Path(folder) / "optimize") for folder in folders or ()])
    if spec is None or spec.loader is None:
        from scipy.optimize import linear_sum_assignment as whole  # noqa: PLC0415

        return cast("Matching", whole)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Matching", module.linear_sum_assignment)


linear_sum_assignment = scipys_matching()


def best_pairs(likeness: Array, least: float) -> list[tuple[int, int]]:
    """The one-to-one pairs (row, column) with the highest sum of likeness, each at least `least`; shape (N, M)."""
    allowed = np.where(likeness >= least, likeness, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if allowed[row, column] > 0]


def closest_first(likeness: Array) -> list[tuple[int, int]]:
    """One-to-one pairs (row, column), the most alike first and each left to the rest, while above 0; shape (N, M).

    Unlike the best sum, this never gives away a clear pair to make two middling ones.
    """
    left, pairs = likeness.copy(), []
    while left.size and left.max() > 0:
        row, column = (int(one) for one in np.unravel_index(left.argmax(), left.shape))
        pairs.append((row, column))
        left[row, :] = left[:, column] = 0.0
    return pairs


def as_array(boxes: Sequence[Sequence[float]]) -> Array:
    """Boxes as an array of shape (N, 4), also where there is none."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def iou_matrix(one_xyxy_px: Array, other_xyxy_px: Array) -> Array:
    """Intersection over union of every box with every other: shapes (N, 4) and (M, 4) in pixels give (N, M), 0 to 1."""
    shared = shared_matrix(one_xyxy_px, other_xyxy_px)
    union = area(one_xyxy_px)[:, None] + area(other_xyxy_px)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float64)


def shared_matrix(one_xyxy_px: Array, other_xyxy_px: Array) -> Array:
    """Shared area of every box with every other, square pixels: shapes (N, 4) and (M, 4) give (N, M)."""
    one, other = one_xyxy_px[:, None, :], other_xyxy_px[None, :, :]
    sides = np.maximum(np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2]), 0.0)
    return np.asarray(sides[..., 0] * sides[..., 1], dtype=np.float64)


def area(boxes: Array) -> Array:
    """Areas in square pixels: shape (..., 4) gives (...)."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0.0)
    return np.asarray(sides[..., 0] * sides[..., 1], dtype=np.float64)
