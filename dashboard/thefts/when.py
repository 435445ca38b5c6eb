"""When the cases happened, kept apart from when they were merely reported. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dashboard.thefts.aoristic import aoristic_week, reports_per_hour
from dashboard.thefts.dates import MIDNIGHT
from dashboard.thefts.queries import CaseFacts
from dashboard.thefts.trend import WeeklyTrend, weekly_trend

SHADES = 9


@dataclass(frozen=True)
class Cell:
    text: str
    shade: int
    """0–9, of the fullest hour."""


@dataclass(frozen=True)
class WeekMatrix:
    """24 rows of 7 cells, Monday first."""

    cases: int
    rows: tuple[tuple[Cell, ...], ...]
    peak_day: int
    peak_hour: int
    peak: float


@dataclass(frozen=True)
class Times:
    happened: WeekMatrix
    reported: WeekMatrix
    """Only cases that do not say when they happened."""
    reported_on_a_day: int
    """Of those, the ones with a date and no hour: in no matrix."""
    trend: WeeklyTrend
    trend_by_report: int
    """Cases that the trend counts in the week of their report."""


def times_of(
    cases: Sequence[CaseFacts], zone_of: Callable[[str | None], ZoneInfo], first: date | None, last: date | None
) -> Times:
    """The week matrices and the weekly trend, every case in its own zone."""
    windows: list[tuple[datetime, datetime]] = []
    reports: list[datetime] = []
    days: list[date] = []
    for case in cases:
        window = _local_window(case, zone_of(case.timezone))
        if window:
            windows.append(window)
            days.append((window[0] + (window[1] - window[0]) / 2).date())
        else:
            reports.append(_local(case.reported_at, zone_of(case.timezone)))
            days.append(reports[-1].date())
    timed = [moment for moment in reports if moment.time() != MIDNIGHT]
    return Times(
        happened=week_matrix(len(windows), aoristic_week(windows), "{:.1f}"),
        reported=week_matrix(len(timed), reports_per_hour(timed).astype(np.float64), "{:.0f}"),
        reported_on_a_day=len(reports) - len(timed),
        trend=weekly_trend(days, first, last),
        trend_by_report=len(reports),
    )


def week_matrix(cases: int, week: NDArray[np.float64], wording: str) -> WeekMatrix:
    """`week` has shape (7, 24); what would read as zero is left empty."""
    peak = float(week.max())
    nothing = wording.format(0)
    rows = tuple(
        tuple(
            Cell("" if wording.format(value) == nothing else wording.format(value), _shade(value, peak))
            for value in hour
        )
        for hour in week.T.tolist()
    )
    day, hour = np.unravel_index(int(week.argmax()), week.shape)
    return WeekMatrix(cases, rows, int(day), int(hour), peak)


def _shade(value: float, peak: float) -> int:
    return int(np.ceil(SHADES * value / peak - 1e-9)) if peak else 0


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _local_window(case: CaseFacts, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    if case.happened_from is None or case.happened_to is None:
        return None
    start, end = _local(case.happened_from, zone), _local(case.happened_to, zone)
    # Where clocks go back an hour, a short window would seem to end before it begins.
    return start, max(start, end)
