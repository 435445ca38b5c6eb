"""Two models on the same pictures: the difference of their AP50 with intervals from resampled pictures. Pure.

Both models are judged on the same resample each time, so what is hard in a picture is hard for both and cancels out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.training.precision import Found, judge, kinds_labelled

RESAMPLES = 1000
INTERVAL = (2.5, 97.5)
FEWEST_BOXES = 10
"""Of a kind with fewer true boxes nothing can be said: it is left out of the mean, and no model is refused for it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """AP50 of both models and what B has more than A, with its 95 % interval."""

    boxes: int
    a: float
    b: float
    more: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`mean`: over the kinds with at least `FEWEST_BOXES`, or over all where none has them; `kinds` by name."""

    pictures: int
    mean: Difference
    kinds: dict[str, Difference]

    @property
    def b_wins(self) -> bool:
        """B is better on the mean beyond doubt of chance, and certainly worse in no kind."""
        lost = any(one.high < 0 and one.boxes >= FEWEST_BOXES for one in self.kinds.values())
        return self.mean.low > 0 and not lost


def compare(a: Sequence[Found], b: Sequence[Found], seed: int = 0, resamples: int = RESAMPLES) -> Comparison:
    """Compare what two models found in the same pictures, in the same order.

    Raises:
        ValueError: not the same pictures, or nothing is labelled in them.
    """
    if [one.truths for one in a] != [one.truths for one in b]:
        raise ValueError("the two models were not shown the same pictures")
    kinds = kinds_labelled(a)
    if not kinds:
        raise ValueError("none of the pictures has a labelled box")
    judged = [(judge(a, kind), judge(b, kind)) for kind in kinds]
    dice = np.random.default_rng(seed)
    draws = [np.bincount(dice.integers(0, len(a), len(a)), minlength=len(a)) for _ in range(resamples)]
    pairs = np.array([[[one.precision(draw) for one in pair] for pair in judged] for draw in draws])
    whole = np.array([[one.precision() for one in pair] for pair in judged])
    boxes = [int(one.truths.sum()) for one, _ in judged]
    found = {kind: _difference(boxes[i], whole[i], pairs[:, i]) for i, kind in enumerate(kinds)}
    enough = np.array([count >= FEWEST_BOXES for count in boxes])
    counted = enough if enough.any() else ~enough
    mean = _difference(sum(boxes), whole[counted].mean(axis=0), np.nanmean(pairs[:, counted], axis=1))
    return Comparison(len(a), mean, found)


def _difference(
    boxes: int,
    whole: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    pairs: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> Difference:
    more = pairs[:, 1] - pairs[:, 0]
    low, high = np.nanpercentile(more, INTERVAL)
    a, b = (round(float(value), 4) for value in whole)
    return Difference(boxes, a, b, round(float(whole[1] - whole[0]), 4), round(float(low), 4), round(float(high), 4))
