"""A share with what it is worth: how many of how many, and the Wilson score interval around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
"""The normal distribution's 97.5 % point: two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n`; the rest is None where nothing was counted. `low` and `high` bound the 95 % interval."""

    hits: int
    n: int
    rate: float | None
    low: float | None
    high: float | None


def rate_of(hits: int, n: int) -> Rate:
    """A rate with its Wilson interval.

    Raises:
        ValueError: not 0 <= hits <= n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is not a share")
    if n == 0:
        return Rate(0, 0, None, None, None)
    low, high = wilson(hits, n)
    return Rate(hits, n, hits / n, low, high)


def rate_among(outcomes: Iterable[bool]) -> Rate:
    kept = list(outcomes)
    return rate_of(sum(kept), len(kept))


def wilson(hits: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Bounds of the Wilson score interval (Wilson, 1927), without continuity correction; `n` is at least 1."""
    share, weight = hits / n, z * z / n
    middle = share + weight / 2
    reach = z * sqrt(share * (1 - share) / n + weight / (4 * n))
    low, high = (middle - reach) / (1 + weight), (middle + reach) / (1 + weight)
    # Rounding must not take the bounds off 0 and 1, where they belong exactly.
    return 0.0 if hits == 0 else low, 1.0 if hits == n else high
