"""Whether a probability means what it says: Brier score, log loss, and how often it held per bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from detector.evaluation.intervals import Rate, rate_of

BINS = 10
SUREST = 1e-6
"""Nobody is surer than this, so that one error does not make the log loss infinite."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts whose probability lies from `low` up to `high`; `observed` is how many of them held."""

    low: float
    high: float
    mean: float
    observed: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    n: int
    brier: float | None
    log_loss: float | None
    bins: tuple[Bin, ...]
    """Only those with anything in them."""


def calibration_of(pairs: Sequence[tuple[float, bool]]) -> Calibration:
    """Of pairs (probability 0 to 1, whether it came true)."""
    if not pairs:
        return Calibration(0, None, None, ())
    brier = sum((chance - came_true) ** 2 for chance, came_true in pairs) / len(pairs)
    loss = sum(-log(max(SUREST, chance if came_true else 1 - chance)) for chance, came_true in pairs) / len(pairs)
    bins = (_bin(number, pairs) for number in range(BINS))
    return Calibration(len(pairs), brier, loss, tuple(one for one in bins if one is not None))


def _bin(number: int, pairs: Sequence[tuple[float, bool]]) -> Bin | None:
    inside = [(chance, came_true) for chance, came_true in pairs if min(BINS - 1, int(chance * BINS)) == number]
    if not inside:
        return None
    mean = sum(chance for chance, _ in inside) / len(inside)
    observed = rate_of(sum(came_true for _, came_true in inside), len(inside))
    return Bin(number / BINS, (number + 1) / BINS, mean, observed)
