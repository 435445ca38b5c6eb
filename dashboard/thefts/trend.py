"""Cases per week: every week of the span, the empty ones too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
MEAN_WEEKS = 4


@dataclass(frozen=True)
class WeeklyTrend:
    mondays: tuple[date, ...]
    counts: tuple[int, ...]
    means: tuple[float | None, ...]
    """Mean of this week and the three before it; None until there are four."""


def weekly_trend(days: Sequence[date], first: date | None = None, last: date | None = None) -> WeeklyTrend:
    """Cases per week (Monday first) from the first to the last day, or over the given span where it is longer."""
    if not days:
        return WeeklyTrend((), (), ())
    per_week = Counter(monday_of(day) for day in days)
    start = min([*per_week, *([monday_of(first)] if first else [])])
    end = max([*per_week, *([monday_of(last)] if last else [])])
    mondays = tuple(start + WEEK * index for index in range((end - start) // WEEK + 1))
    counts = tuple(per_week[monday] for monday in mondays)
    return WeeklyTrend(mondays, counts, moving_mean(counts))


def moving_mean(counts: Sequence[int], weeks: int = MEAN_WEEKS) -> tuple[float | None, ...]:
    return tuple(
        sum(counts[index + 1 - weeks : index + 1]) / weeks if index + 1 >= weeks else None
        for index in range(len(counts))
    )


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
