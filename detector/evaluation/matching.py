"""Which found stay is which true one: one to one, by place and time together, as many pairs as can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.optimize import linear_sum_assignment

from detector.boxes import XyxyNorm, XyxyPx, iou
from detector.evaluation.found import FoundStay
from detector.evaluation.truth import ClipTruth, StayTruth

FORBIDDEN = 1e6
"""Dearer than any number of allowed pairs, so that no pair is given up for a cheaper one."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What still counts as the same. All times in seconds."""

    iou: float = 0.25
    centre_shift: float = 0.4
    """Where boxes overlap less: the centres' distance, in widths and heights of the true box."""
    parked_s: float = 10.0
    early_s: float = 2.0
    """A verdict or an alert so much before the true leaving still counts as after it."""
    gone_before_s: float = 3.0
    gone_after_s: float = 15.0
    asked_after_s: float = 10.0
    """A verdict is asked where the bike then stands for this long in view; so long must a stay last to be asked for."""
    cleared_within_s: float = 15.0
    """So long must the bike stand in view after its lock was closed for the alert's clearing to be asked."""
    late_alert_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Matches:
    """Indices of true stays (the clip's order) to indices of found ones."""

    visited: dict[int, int]
    preexisting: dict[int, int]


def match_stays(truth: ClipTruth, found: Sequence[FoundStay], tolerances: Tolerances) -> Matches:
    def cost(true: StayTruth, one: FoundStay) -> float | None:
        return _visit_cost(truth, true, one, tolerances)

    def place_cost(true: StayTruth, one: FoundStay) -> float | None:
        return _place_cost(truth, true, one, tolerances)

    visits = [index for index, one in enumerate(found) if not one.preexisting]
    standing = [index for index, one in enumerate(found) if one.preexisting]
    return Matches(
        _assign(truth.stays, [i for i, stay in enumerate(truth.stays) if is_visit(stay)], found, visits, cost),
        _assign(
            truth.stays, [i for i, stay in enumerate(truth.stays) if stay.preexisting], found, standing, place_cost
        ),
    )


def is_visit(stay: StayTruth) -> bool:
    return not stay.preexisting and stay.parked_at_s is not None


def same_place(truth: ClipTruth, true: StayTruth, found: FoundStay, tolerances: Tolerances) -> bool:
    return _place_cost(truth, true, found, tolerances) is not None


def overlap(truth: ClipTruth, true: StayTruth, found: FoundStay) -> float:
    """Intersection over union of the two boxes, 0 to 1."""
    return iou(_px(truth, XyxyNorm(*true.xyxy_norm)), _px(truth, found.xyxy_norm))


def width_px(truth: ClipTruth, true: StayTruth) -> float:
    return true.width_px if true.width_px is not None else _px(truth, XyxyNorm(*true.xyxy_norm)).width


def found_width_px(truth: ClipTruth, found: FoundStay) -> float:
    return _px(truth, found.xyxy_norm).width


def stands_at(true: StayTruth, at_s: float) -> bool:
    since = 0.0 if true.parked_at_s is None else true.parked_at_s
    return since <= at_s and (true.gone_at_s is None or at_s < true.gone_at_s)


def _visit_cost(truth: ClipTruth, true: StayTruth, found: FoundStay, tolerances: Tolerances) -> float | None:
    place = _place_cost(truth, true, found, tolerances)
    assert true.parked_at_s is not None, "a visit begins within the clip"
    apart_s = abs(found.parked_at_s - true.parked_at_s)
    return None if place is None or apart_s > tolerances.parked_s else place + apart_s / tolerances.parked_s


def _place_cost(truth: ClipTruth, true: StayTruth, found: FoundStay, tolerances: Tolerances) -> float | None:
    """0 for the same box, up to 1; None: another place."""
    shared = overlap(truth, true, found)
    box, other = (_px(truth, XyxyNorm(*sides)) for sides in (true.xyxy_norm, found.xyxy_norm))
    across, down = (there - here for here, there in zip(box.centre, other.centre, strict=True))
    shift = hypot(across / max(box.width, 1.0), down / max(box.height, 1.0))
    return 1.0 - shared if shared >= tolerances.iou or shift <= tolerances.centre_shift else None


def _assign(
    stays: Sequence[StayTruth],
    true_indices: Sequence[int],
    found: Sequence[FoundStay],
    found_indices: Sequence[int],
    cost: Callable[[StayTruth, FoundStay], float | None],
) -> dict[int, int]:
    if not true_indices or not found_indices:
        return {}
    costs = np.full((len(true_indices), len(found_indices)), FORBIDDEN)
    for row, true_index in enumerate(true_indices):
        for column, found_index in enumerate(found_indices):
            one = cost(stays[true_index], found[found_index])
            if one is not None:
                costs[row, column] = one
    rows, columns = linear_sum_assignment(costs)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {true_indices[row]: found_indices[column] for row, column in pairs if costs[row, column] < FORBIDDEN}


def _px(truth: ClipTruth, box: XyxyNorm) -> XyxyPx:
    return box.to_px(truth.width, truth.height)
