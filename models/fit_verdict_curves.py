"""The fit itself: one monotone, smooth curve per reason, added up to the log-odds of *unlocked*.

Parameters are the base, the height of each curve's first knot and the steps from knot to knot; bounds on the steps keep
a curve monotone. Nothing here is left to chance: the same judgements give the same curves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

from detector.verdict_model import Curve
from detector.vocabulary import ReasonCode

Floats = NDArray[np.float64]
Direction = Literal["falls", "rises", "free"]
RIDGE = 0.02
"""Weight of the curves' squared heights: without evidence a curve stays at nought."""
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """What a curve may look like: where its knots are, and which way it may go."""

    at: tuple[float, ...]
    goes: Direction
    from_nought: bool = False
    """The first knot pushes nowhere, as if nothing had been seen: a little of it is hardly more than none."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Base and curves: a fitted model without its calibration."""

    base: float
    curves: Mapping[ReasonCode, Curve]

    def log_odds(self, numbers: Mapping[ReasonCode, float]) -> float:
        return self.base + sum(curve.of(numbers.get(code)) for code, curve in self.curves.items())

    def stretched(self, slope: float, offset: float) -> Sum:
        """The model whose log-odds are `slope` times these plus `offset`."""
        curves = {
            code: Curve(at=curve.at, log_odds=tuple(round(slope * height, DIGITS) for height in curve.log_odds))
            for code, curve in self.curves.items()
        }
        return Sum(round(slope * self.base + offset, DIGITS), curves)


def fit_sum(
    numbers: Sequence[Mapping[ReasonCode, float]],
    unlocked: Sequence[bool],
    weights: Sequence[float],
    shapes: Mapping[ReasonCode, Shape],
    smoothing: float,
) -> Sum:
    """The base and curves that make the weighted log loss least.

    Args:
        numbers: of each judgement, what was seen.
        unlocked: of each, whether that was so.
        weights: of each, what it counts.
        shapes: the curves to fit.
        smoothing: weight of the curves' bends, squared.
    """
    columns, low, high = _columns(numbers, shapes)
    bends = _bends(shapes)
    heights = _heights(shapes)
    answer, count = np.array(unlocked, dtype=float), np.array(weights, dtype=float)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_odds = columns @ parameters
        bent, high_up = bends @ parameters, heights @ parameters
        value = count @ (np.logaddexp(0.0, log_odds) - answer * log_odds)
        value += smoothing * bent @ bent + RIDGE * high_up @ high_up
        slope = columns.T @ (count * (1 / (1 + np.exp(-log_odds)) - answer))
        slope += 2 * smoothing * bends.T @ bent + 2 * RIDGE * heights.T @ high_up
        return float(value), slope

    start, bounds = np.zeros(columns.shape[1]), Bounds(low, high)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "ftol": 1e-10})
    return _as_sum(np.asarray(found.x, dtype=np.float64), shapes)


def platt(log_odds: Floats, unlocked: Sequence[bool], weights: Sequence[float]) -> tuple[float, float]:
    """Slope and offset that make held-out log-odds mean what they say (Platt, 1999)."""
    answer, count = np.array(unlocked, dtype=float), np.array(weights, dtype=float)

    def loss(pair: Floats) -> tuple[float, Floats]:
        z = pair[0] * log_odds + pair[1]
        off = count * (1 / (1 + np.exp(-z)) - answer)
        return float(count @ (np.logaddexp(0.0, z) - answer * z)), np.array([off @ log_odds, off.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=Bounds([0.05, -5.0], [3.0, 5.0]))
    return float(found.x[0]), float(found.x[1])


def _columns(
    numbers: Sequence[Mapping[ReasonCode, float]], shapes: Mapping[ReasonCode, Shape]
) -> tuple[Floats, list[float], list[float]]:
    """What each parameter adds to the log-odds of each judgement, shape (n, p), and the parameters' bounds."""
    parts, low, high = [np.ones((len(numbers), 1))], [-np.inf], [np.inf]
    for code, shape in shapes.items():
        part = _part_of(np.array([seen.get(code, np.nan) for seen in numbers], dtype=np.float64), shape.at)
        parts.append(part)
        steps = len(shape.at) - 1
        first = 0.0 if shape.from_nought else np.inf
        low += [-first, *[0.0 if shape.goes == "rises" else -np.inf] * steps]
        high += [first, *[0.0 if shape.goes == "falls" else np.inf] * steps]
    return np.hstack(parts), low, high


def _part_of(seen: Floats, at: Sequence[float]) -> Floats:
    """How much of the first height and of each step counts at each number, shape (n, knots); NaN: nothing does."""
    steps = [np.interp(seen, pair, (0.0, 1.0)) for pair in pairwise(at)]
    part = np.stack([np.ones(len(seen)), *steps], axis=1)
    return np.where(np.isnan(seen)[:, None], 0.0, part)


def _heights(shapes: Mapping[ReasonCode, Shape]) -> Floats:
    """From parameters to all knots' heights, shape (knots, p)."""
    size = 1 + sum(len(shape.at) for shape in shapes.values())
    rows, first = [], 1
    for shape in shapes.values():
        for knot in range(len(shape.at)):
            row = np.zeros(size)
            row[first : first + knot + 1] = 1.0
            rows.append(row)
        first += len(shape.at)
    return np.array(rows).reshape(-1, size)


def _bends(shapes: Mapping[ReasonCode, Shape]) -> Floats:
    """From parameters to how much each curve's step changes at each inner knot, shape (inner knots, p)."""
    size = 1 + sum(len(shape.at) for shape in shapes.values())
    rows, first = [], 1
    for shape in shapes.values():
        for knot in range(2, len(shape.at)):
            row = np.zeros(size)
            row[first + knot], row[first + knot - 1] = 1.0, -1.0
            rows.append(row)
        first += len(shape.at)
    return np.array(rows).reshape(-1, size)


def _as_sum(parameters: Floats, shapes: Mapping[ReasonCode, Shape]) -> Sum:
    curves, first = {}, 1
    for code, shape in shapes.items():
        heights = np.cumsum(parameters[first : first + len(shape.at)])
        curves[code] = Curve(at=shape.at, log_odds=tuple(round(float(one), DIGITS) for one in heights))
        first += len(shape.at)
    return Sum(round(float(parameters[0]), DIGITS), curves)
