"""Dates as people and police systems write them: ISO, Toronto's dots, Chinese, month or day first, Excel's numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo

from dashboard.thefts.problems import BadValueError

EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock
EARLIEST_YEAR, HOURS_OF_HALF_A_DAY, TWO_DIGITS = 1970, 12, 100
LAST_MONTH = 12
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MIDNIGHT = time()

_WEEKDAY = re.compile(
    r"(?:\b(?:mon|tues?|wed|wednes|thu|thurs?|fri|sat|satur|sun)(?:day)?\b\.?,?)|(?:星期|周)[一二三四五六日天]",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?:\s*日|(?!\d))")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?=$|\D|\d{4}(?:\d{2})?$)")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})(?!\d)")
_DAY_NAME = re.compile(r"(\d{1,2})[-\s]([a-z]{3,9})\.?[-,\s]+(\d{4}|\d{2})(?!\d)", re.IGNORECASE)
_NAME_DAY = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)", re.IGNORECASE)
_EXCEL = re.compile(r"(\d{5})(\.\d+)?$")
_CLOCK = re.compile(
    r"(?P<half>上午|下午|凌晨|早上|中午|晚上)?\s*(?P<hour>\d{1,2})"
    r"(?:(?P<packed>\d{2})(?P<packed_s>\d{2})?|(?:[:时点](?P<minute>\d{1,2})?分?(?:[:]?(?P<second>\d{1,2})(?:\.\d+)?秒?)?))?"
    r"\s*(?P<ampm>[ap]\.?m\.?)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s+(?:-|–|—|to|until)\s+|\s*(?:至|到|~|～)\s*", re.IGNORECASE)


class DayOrder(StrEnum):
    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"


@dataclass(frozen=True)
class Moment:
    """A wall clock as written; `at` is aware only where the text itself gave an offset."""

    at: datetime
    has_time: bool


def day_order_of(values: Iterable[str]) -> DayOrder | None:
    """The order that `8/21/2016`-like dates of one column prove; None where none of them has a number over 12."""
    for value in values:
        found = _YEAR_LAST.match(value.strip())
        if found and int(found[1]) > LAST_MONTH:
            return DayOrder.DAY_FIRST
        if found and int(found[2]) > LAST_MONTH:
            return DayOrder.MONTH_FIRST
    return None


def has_year_last(values: Iterable[str]) -> bool:
    return any(_YEAR_LAST.match(value.strip()) for value in values)


def split_range(text: str) -> list[str]:
    """`2016-08-21 09:00 - 2016-08-21 17:00` in one cell: its one or two ends."""
    return _RANGE.split(text.strip(), maxsplit=1)


def read_moment(text: str, order: DayOrder = DayOrder.MONTH_FIRST) -> Moment:
    """The date, and the time where there is one, that `text` says.

    Raises:
        BadValueError: it says no date, an impossible one, or one before 1970.
    """
    plain = _WEEKDAY.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    excel = _EXCEL.match(plain)
    if excel:
        return Moment(EXCEL_EPOCH + timedelta(days=float(plain)), has_time=bool(excel[2]))
    day, rest = _read_date(plain, order)
    if day.year < EARLIEST_YEAR:
        raise BadValueError("“%(value)s” is before 1970; check the year", value=text)
    rest = rest.strip(" T,")
    return read_clock(day, rest) if rest else Moment(datetime.combine(day, MIDNIGHT), has_time=False)


def read_clock(day: date, text: str) -> Moment:
    """`day` at the wall clock that `text` says: `18:00`, `6:00 PM`, `1800`, `18时05分`, `下午6:05`; 24:00 ends the day."""
    found = _CLOCK.match(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise BadValueError("“%(value)s” is not a time of day; write it like 17:02", value=text)
    minute = int(found["minute"] or found["packed"] or 0)
    second = int(found["second"] or found["packed_s"] or 0)
    hour = _hour_of_day(int(found["hour"]), (found["ampm"] or found["half"] or "").lower())
    if hour == 24 and minute == second == 0:  # noqa: PLR2004
        return Moment(datetime.combine(day, MIDNIGHT) + timedelta(days=1), has_time=True)
    try:
        clock = time(hour, minute, second, tzinfo=_offset(found["offset"]))
    except ValueError as error:
        raise BadValueError("“%(value)s” is not a time of day; write it like 17:02", value=text) from error
    return Moment(datetime.combine(day, clock), has_time=True)


def to_utc(at: datetime, zone: ZoneInfo) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _read_date(text: str, order: DayOrder) -> tuple[date, str]:
    for pattern, parts in (
        (_YEAR_FIRST, (0, 1, 2)),
        (_YEAR_LAST, (2, 0, 1) if order is DayOrder.MONTH_FIRST else (2, 1, 0)),
        (_DIGITS, (0, 1, 2)),
        (_DAY_NAME, (2, 1, 0)),
        (_NAME_DAY, (2, 0, 1)),
    ):
        found = pattern.match(text)
        if found:
            year, month, day = (found.groups()[part] for part in parts)
            return _date(text, year, month, day), text[found.end() :]
    raise BadValueError("“%(value)s” is not a date; write it like 2016-08-21 17:02", value=text)


def _date(text: str, year: str, month: str, day: str) -> date:
    full_year = int(year) + (2000 if int(year) < TWO_DIGITS else 0)
    number = int(month) if month.isdigit() else _month_number(month)
    try:
        return date(full_year, number, int(day))
    except ValueError as error:
        raise BadValueError("“%(value)s” is not a day of the calendar; check day and month", value=text) from error


def _month_number(name: str) -> int:
    short = name[:3].lower()
    return MONTHS.index(short) + 1 if short in MONTHS else 0


def _hour_of_day(hour: int, half: str) -> int:
    if half.startswith("p") or half in ("下午", "晚上") or (half == "中午" and hour < HOURS_OF_HALF_A_DAY - 1):
        return hour + HOURS_OF_HALF_A_DAY if hour < HOURS_OF_HALF_A_DAY else hour
    if (half.startswith("a") or half in ("上午", "凌晨")) and hour == HOURS_OF_HALF_A_DAY:
        return 0
    return hour


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
