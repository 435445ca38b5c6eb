"""The statistics against plain countings."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.thefts.aoristic import aoristic_week, reports_per_hour
from dashboard.thefts.heat import Frame, density, frame_around, local_metres, scale_bar
from dashboard.thefts.hot_places import hot_places
from dashboard.thefts.trend import moving_mean, weekly_trend

MONDAY = datetime.fromisoformat("2024-09-02")


def test_a_known_moment_counts_once_in_its_hour() -> None:
    week = aoristic_week([(MONDAY.replace(hour=17, minute=59),) * 2])
    assert week[0, 17] == 1
    assert week.sum() == 1


def test_a_window_spreads_by_the_minutes_it_spends_in_each_hour() -> None:
    week = aoristic_week([(MONDAY.replace(hour=8, minute=30), MONDAY.replace(hour=10))])
    assert week[0, 8:10] == pytest.approx([1 / 3, 2 / 3])


def test_a_window_over_sunday_night_runs_into_monday() -> None:
    sunday = MONDAY + timedelta(days=6, hours=23)
    week = aoristic_week([(sunday, sunday + timedelta(hours=2))])
    assert week[6, 23] == week[0, 0] == 0.5


def test_a_window_of_two_weeks_says_nothing_about_the_hour() -> None:
    assert aoristic_week([(MONDAY, MONDAY + timedelta(days=14))]) == pytest.approx(np.full((7, 24), 1 / 168))


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        aoristic_week([(MONDAY, MONDAY - timedelta(minutes=1))])


@given(st.integers(0, 10_079), st.integers(1, 40_000))
def test_the_matrix_agrees_with_counting_minute_by_minute(start_min: int, length_min: int) -> None:
    start = MONDAY + timedelta(minutes=start_min)
    minutes = (start_min + np.arange(length_min)) % 10_080
    counted = np.bincount(minutes // 60, minlength=168).reshape(7, 24) / length_min
    assert aoristic_week([(start, start + timedelta(minutes=length_min))]) == pytest.approx(counted)


def test_reports_are_counted_whole() -> None:
    hours = reports_per_hour([MONDAY.replace(hour=9), MONDAY.replace(hour=9, minute=59), MONDAY + timedelta(days=6)])
    assert hours[0, 9] == 2
    assert hours[6, 0] == 1
    assert hours.sum() == 3


def test_a_week_without_a_case_is_shown_as_zero() -> None:
    trend = weekly_trend([date(2024, 9, 1), date(2024, 9, 17), date(2024, 9, 18)])
    assert trend.mondays == (date(2024, 8, 26), date(2024, 9, 2), date(2024, 9, 9), date(2024, 9, 16))
    assert trend.counts == (1, 0, 0, 2)
    assert trend.means == (None, None, None, 0.75)


def test_the_trend_covers_the_asked_span_even_where_nothing_happened() -> None:
    trend = weekly_trend([date(2024, 9, 3)], first=date(2024, 8, 20), last=date(2024, 9, 10))
    assert trend.counts == (0, 0, 1, 0)
    assert weekly_trend([]).counts == ()


@given(st.lists(st.integers(0, 9), min_size=4, max_size=40))
def test_the_moving_mean_agrees_with_numpy(counts: list[int]) -> None:
    assert moving_mean(counts)[3:] == pytest.approx(np.convolve(counts, np.ones(4) / 4, mode="valid"))


def test_hot_places_carry_their_share_and_the_share_so_far() -> None:
    first, second, third = hot_places(["library", "gym", "library", "hall", "gym", "library", "library", "library"])
    assert (first.place, first.count, first.share, first.cumulative) == ("library", 5, 0.625, 0.625)
    assert (second.place, second.cumulative) == ("gym", 0.875)
    assert third.cumulative == 1
    assert hot_places([]) == []


def test_metres_on_the_ground_come_out_as_metres() -> None:
    points = local_metres(np.array([[29.65, -82.35], [29.66, -82.35], [29.65, -82.34]]), (29.65, -82.35))
    assert points[0] == pytest.approx([0, 0])
    assert points[1] == pytest.approx([0, 1113.2])
    assert points[2] == pytest.approx([967.5, 0], abs=0.5)


def test_the_date_line_does_not_tear_a_campus_apart() -> None:
    points = local_metres(np.array([[0.0, 179.999], [0.0, -179.999]]), (0.0, 179.999))
    assert points[1, 0] == pytest.approx(222.6, abs=0.1)


def test_the_density_keeps_the_number_of_cases_and_peaks_at_the_cluster() -> None:
    frame = Frame(0, 0, 1000, 500)
    points = np.array([[300.0, 400.0]] * 8 + [[700.0, 100.0]] * 2)
    grid = density(points, frame, bandwidth=30, columns=100)
    assert grid.shape == (50, 100)
    assert grid.sum() == pytest.approx(10, rel=1e-3)
    row, column = np.unravel_index(grid.argmax(), grid.shape)
    assert (row, column) == pytest.approx((10, 30), abs=1), "400 m up is 100 m below the top: row 10 of 50"


def test_the_density_agrees_with_the_kernel_written_out() -> None:
    rng = np.random.default_rng(7)
    points = rng.uniform(200, 800, (40, 2))
    frame, bandwidth = Frame(0, 0, 1000, 1000), 60.0
    grid = density(points, frame, bandwidth, columns=200)
    middles = (np.arange(200) + 0.5) * 5
    across, up = np.meshgrid(middles, middles[::-1])
    squared = (across[..., None] - points[:, 0]) ** 2 + (up[..., None] - points[:, 1]) ** 2
    kernel = np.exp(-squared / (2 * bandwidth**2)).sum(axis=2) / (2 * np.pi * bandwidth**2) * 25
    assert grid == pytest.approx(kernel, abs=0.03 * kernel.max())


def test_one_far_point_does_not_shrink_the_picture() -> None:
    rng = np.random.default_rng(3)
    points = np.vstack([rng.uniform(0, 1000, (300, 2)), [[90_000.0, 90_000.0]]])
    frame = frame_around(points)
    assert frame.width < 2500
    assert frame.contains(points).sum() < 301
    assert frame.fractions(np.array([[frame.left, frame.bottom + frame.height]])) == pytest.approx(np.array([[0, 0]]))


def test_points_in_one_place_still_get_a_picture() -> None:
    frame = frame_around(np.zeros((5, 2)))
    assert frame.width >= 400
    assert frame.height >= 400


@pytest.mark.parametrize(("length", "bar"), [(3400, 500), (900, 200), (400, 100), (41_000, 10_000)])
def test_the_scale_bar_is_a_round_length(length: float, bar: float) -> None:
    assert scale_bar(length) == bar
