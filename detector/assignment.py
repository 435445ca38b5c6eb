"""One-to-one matching, the tool of every step that asks what belongs to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx, iou

Array = NDArray[np.float64]
Pair = tuple[int, int]
"""Row and column: positions in the two rows of things that are to be matched."""
Likeness = Mapping[Pair, float]
"""How much speaks for each pair; what is left out cannot be one."""


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


def best_pairs(likeness: Likeness, least: float) -> list[Pair]:
    """The one-to-one pairs with the highest sum of likeness, each at least `least`, by row."""
    allowed = {pair: alike for pair, alike in likeness.items() if alike >= least and alike > 0}
    rows, columns = {row for row, _ in allowed}, {column for _, column in allowed}
    if len(rows) == len(columns) == len(allowed):
        return sorted(allowed)  # nobody is wanted twice, as nearly always
    weights = np.zeros((max(rows) + 1, max(columns) + 1))
    for pair, alike in allowed.items():
        weights[pair] = alike
    best = linear_sum_assignment(weights, maximize=True)
    return [pair for pair in zip(best[0].tolist(), best[1].tolist(), strict=True) if pair in allowed]


def closest_first(likeness: Likeness) -> list[Pair]:
    """One-to-one pairs, the most alike first and each left to the rest, while above 0.

    Unlike the best sum, this never gives away a clear pair to make two middling ones.
    """
    pairs: dict[int, int] = {}
    for (row, column), alike in sorted(likeness.items(), key=lambda one: (-one[1], one[0])):
        if alike > 0 and row not in pairs and column not in pairs.values():
            pairs[row] = column
    return list(pairs.items())


def likeness_of(one_xyxy_px: Sequence[XyxyPx], other_xyxy_px: Sequence[XyxyPx]) -> dict[Pair, float]:
    """Intersection over union of all boxes that meet.

    For the few boxes of one frame, of which most lie apart, this is quicker than an array.
    """
    likeness: dict[Pair, float] = {}
    for row, (left, top, right, bottom) in enumerate(one_xyxy_px):
        for column, other in enumerate(other_xyxy_px):
            if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom:
                likeness[row, column] = iou(one_xyxy_px[row], other)
    return likeness


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
