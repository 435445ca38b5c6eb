"""One-to-one matching: the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from detector.assignment import (
    area,
    as_array,
    best_pairs,
    closest_first,
    iou_matrix,
    likeness_of,
    scipys_matching,
    shared_matrix,
)
from detector.boxes import XyxyPx


def test_iou_of_every_pair() -> None:
    one = np.array([[0.0, 0, 10, 10], [20, 20, 30, 30]])
    other = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]])
    assert iou_matrix(one, other) == pytest.approx(np.array([[1, 1 / 3, 0], [0, 0, 0]]))


def _rows(*rows: Sequence[float]) -> dict[tuple[int, int], float]:
    return {(row, column): alike for row, of in enumerate(rows) for column, alike in enumerate(of)}


def test_pairs_are_the_best_in_sum_and_never_too_unlike() -> None:
    assert best_pairs(_rows([0.9, 0.8], [0.85, 0.1]), 0.2) == [(0, 1), (1, 0)]
    assert best_pairs(_rows([0.1]), 0.2) == []
    assert best_pairs({}, 0.2) == []


def test_the_best_pairs_are_scipys_where_some_are_wanted_twice_and_where_none_is() -> None:
    dice = np.random.default_rng(1)
    for _ in range(200):
        weights = np.where(dice.random((5, 4)) < 0.5, dice.random((5, 4)), 0.0)
        rows, columns = linear_sum_assignment(weights, maximize=True)
        best = [pair for pair in zip(rows.tolist(), columns.tolist(), strict=True) if weights[pair] > 0]
        assert best_pairs(_rows(*weights.tolist()), 1e-9) == best


def test_the_clearest_pair_first_and_the_rest_with_what_is_left() -> None:
    assert closest_first(_rows([0.9, 0.8], [0.85, 0.1])) == [(0, 0), (1, 1)]
    assert closest_first(_rows([0.9, 0.8], [0.85, 0.0])) == [(0, 0)]
    assert closest_first({}) == []


def test_boxes_that_lie_apart_have_no_likeness() -> None:
    one, beside, half = XyxyPx(0, 0, 10, 10), XyxyPx(10, 0, 20, 10), XyxyPx(5, 0, 15, 10)
    assert likeness_of([one], [beside, half, one]) == {(0, 1): pytest.approx(1 / 3), (0, 2): 1.0}
    assert likeness_of([], [one]) == likeness_of([one], []) == {}


def test_shared_areas_and_areas_of_boxes_without_size() -> None:
    one = np.array([[0.0, 0, 10, 10]])
    assert shared_matrix(one, np.array([[5.0, 5, 20, 20], [10, 0, 20, 10]])) == pytest.approx(np.array([[25, 0]]))
    assert area(np.array([[3.0, 3, 2, 9]])) == pytest.approx([0])


def test_no_boxes_are_an_array_of_none() -> None:
    assert as_array([]).shape == (0, 4)
    assert iou_matrix(as_array([]), as_array([(0, 0, 1, 1)])).shape == (0, 1)


def test_the_matching_taken_out_of_scipy_is_scipys_own() -> None:
    dice = np.random.default_rng(0)
    for _ in range(50):
        weights = dice.integers(0, 4, dice.integers(0, 8, 2)).astype(float)  # with ties
        ours, theirs = scipys_matching()(weights, maximize=True), linear_sum_assignment(weights, maximize=True)
        assert [side.tolist() for side in ours] == [side.tolist() for side in theirs]


def test_a_scipy_that_keeps_its_matching_elsewhere_is_imported_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.assignment.find_spec", lambda _name: None)
    assert scipys_matching() is linear_sum_assignment
