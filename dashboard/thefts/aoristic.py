"""Nobody saw the theft: a case with a window counts in every hour it may have happened, one case in all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

DAYS, HOURS = 7, 24
HOURS_PER_WEEK = DAYS * HOURS
MINUTES_PER_WEEK = HOURS_PER_WEEK * 60
_EDGES_MIN = np.arange(2 * HOURS_PER_WEEK + 1, dtype=np.float64) * 60
"""Hour edges of two weeks in a row: what is left of a window after its full weeks may run over Sunday night."""


def aoristic_week(windows: Sequence[tuple[datetime, datetime]]) -> NDArray[np.float64]:
    """Cases per weekday and hour, each case's weight of 1 spread evenly over its window.

    Args:
        windows: (from, to) as local wall clocks; from == to is a known moment.

    Returns:
        Array of shape (7, 24), Monday first, in cases; it sums to `len(windows)`.

    Raises:
        ValueError: a window ends before it begins.
    """
    week = np.zeros(HOURS_PER_WEEK)
    for start, end in windows:
        week += _weights(_minute_of_week(start), (end - start) / timedelta(minutes=1))
    return week.reshape(DAYS, HOURS)


def reports_per_hour(moments: Sequence[datetime]) -> NDArray[np.int64]:
    """Reports per weekday and hour, shape (7, 24), Monday first; says when owners noticed, not when bikes went."""
    hours = [moment.weekday() * HOURS + moment.hour for moment in moments]
    return np.bincount(np.asarray(hours, dtype=np.int64), minlength=HOURS_PER_WEEK).reshape(DAYS, HOURS)


def _minute_of_week(moment: datetime) -> float:
    return (moment.weekday() * HOURS + moment.hour) * 60 + moment.minute + moment.second / 60


def _weights(start_min: float, length_min: float) -> NDArray[np.float64]:
    """Weights of one window, shape (168,), summing to 1."""
    if length_min < 0:
        raise ValueError("the window ends before it begins")
    if length_min == 0:
        known = np.zeros(HOURS_PER_WEEK)
        known[int(start_min // 60)] = 1
        return known
    full_weeks, rest = divmod(length_min, MINUTES_PER_WEEK)
    ends = np.minimum(_EDGES_MIN[1:], start_min + rest)
    overlap = np.clip(ends - np.maximum(_EDGES_MIN[:-1], start_min), 0, None)
    minutes: NDArray[np.float64] = overlap.reshape(2, HOURS_PER_WEEK).sum(axis=0) + full_weeks * 60
    return minutes / length_min
