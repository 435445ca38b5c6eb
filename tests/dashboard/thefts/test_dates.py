"""Dates as they really come in files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from dashboard.thefts.dates import DayOrder, day_order_of, read_clock, read_moment, split_range, to_utc
from dashboard.thefts.problems import BadValueError

EVENING = datetime.fromisoformat("2017-12-08 18:05")
MORNING = datetime.fromisoformat("2017-12-08 09:05")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-12-08 18:05:00", EVENING),
        ("2017-12-08T18:05:00", EVENING),
        ("2017-12-08 18:05:00.000", EVENING),
        ("2017/12/8 18:05", EVENING),
        ("2017.12.08 18:05:00", EVENING),
        ("20171208 1805", EVENING),
        ("20171208180500", EVENING),
        ("12/8/2017 6:05:00 PM", EVENING),
        ("12/8/17 18:05", EVENING),
        ("8-Dec-2017 18:05", EVENING),
        ("Dec 8, 2017 6:05 pm", EVENING),
        ("Friday, December 8, 2017 18:05", EVENING),
        ("2017年12月8日18时05分", EVENING),
        ("2017年12月8日 下午6:05", EVENING),
        ("2017年12月8日 星期五 18:05", EVENING),
        ("２０１７-12-08 18：05", EVENING),
        ("2017年12月8日 上午9点05分", MORNING),
        ("12/8/2017 9:05 AM", MORNING),
    ],
)
def test_a_date_with_a_time_is_read_however_it_is_written(text: str, at: datetime) -> None:
    moment = read_moment(text)
    assert moment.at == at
    assert moment.has_time


@pytest.mark.parametrize(
    "text", ["2017-12-08", "2017.12.08", "12/8/2017", "20171208", "2017年12月8日", "43077", "Dec 8 2017"]
)
def test_a_date_alone_says_that_the_hour_is_unknown(text: str) -> None:
    moment = read_moment(text)
    assert moment.at.date() == date(2017, 12, 8)
    assert not moment.has_time


def test_an_offset_in_the_text_wins_over_the_chosen_zone() -> None:
    moment = read_moment("2017-12-08T18:05:00+08:00")
    assert moment.at.tzinfo == timezone(timedelta(hours=8))
    assert to_utc(moment.at, ZoneInfo("America/New_York")) == datetime(2017, 12, 8, 10, 5, tzinfo=UTC)


def test_a_wall_clock_is_read_in_the_chosen_zone() -> None:
    at = to_utc(read_moment("2016-08-21 17:02:00").at, ZoneInfo("America/New_York"))
    assert at == datetime(2016, 8, 21, 21, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("18:00:00", (18, 0)),
        ("1805", (18, 5)),
        ("905", (9, 5)),
        ("6:05 p.m.", (18, 5)),
        ("12:30 AM", (0, 30)),
        ("晚上8点", (20, 0)),
    ],
)
def test_a_time_column_is_read_beside_its_date(text: str, clock: tuple[int, int]) -> None:
    at = read_clock(date(2017, 12, 8), text).at
    assert (at.hour, at.minute) == clock


def test_24_00_ends_the_day() -> None:
    assert read_clock(date(2017, 12, 31), "24:00").at == datetime.fromisoformat("2018-01-01")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a date"),
        ("yesterday", "is not a date"),
        ("2017-13-08", "not a day of the calendar"),
        ("2017-02-30", "not a day of the calendar"),
        ("8-Foo-2017", "not a day of the calendar"),
        ("1900-01-01", "before 1970"),
        ("2017-12-08 25:00", "not a time of day"),
        ("2017-12-08 18:61", "not a time of day"),
        ("2017-12-08 soon", "not a time of day"),
    ],
)
def test_what_is_no_date_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        read_moment(text)


def test_one_date_with_a_number_over_twelve_settles_a_whole_column() -> None:
    assert day_order_of(["03/04/2021", "21/04/2021"]) is DayOrder.DAY_FIRST
    assert day_order_of(["03/04/2021", "04/21/2021"]) is DayOrder.MONTH_FIRST
    assert day_order_of(["03/04/2021", "2021-04-21"]) is None
    assert read_moment("03/04/2021", DayOrder.DAY_FIRST).at.month == 4


def test_two_ends_in_one_cell_are_cut_apart_but_dashes_in_a_date_are_not() -> None:
    assert split_range("2016-08-21 09:00 - 2016-08-21 17:00") == ["2016-08-21 09:00", "2016-08-21 17:00"]
    assert split_range("2016年8月21日至2016年8月22日") == ["2016年8月21日", "2016年8月22日"]
    assert split_range("2016-08-21 09:00") == ["2016-08-21 09:00"]
