"""A foreign table to theft cases: what can be imported, what cannot and why, line by line. Touches nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.thefts.cases import CaseDraft, check_times, content_number, read_latitude, read_longitude
from dashboard.thefts.columns import CLOCK_OF, DATE_FIELDS, CaseField
from dashboard.thefts.csv_text import Row, Table
from dashboard.thefts.dates import (
    DayOrder,
    Moment,
    day_order_of,
    has_year_last,
    read_clock,
    read_moment,
    split_range,
    to_utc,
)
from dashboard.thefts.problems import BadValueError, Problem
from dashboard.thefts.tables import Locked

YES = frozenset("yes y true 1 locked 是 已锁 上锁 已上锁 有锁 有".split())  # noqa: SIM905 - reads as the words they are
NO = frozenset("no n false 0 unlocked 否 未锁 未上锁 没锁 无锁 无".split())  # noqa: SIM905
UNKNOWN = frozenset("unknown unk n/a na ? - 不详 未知 不明 不清楚".split())  # noqa: SIM905
UNLOCKED_WORDS = frozenset({"not locked", "was not locked"})
WHOLE_DAY = timedelta(days=1)
MAX_TEXT = 2000


@dataclass(frozen=True)
class ImportOptions:
    """How to read one table. `columns` says where each field is; `buildings` maps folded names to rows."""

    columns: Mapping[CaseField, int]
    zone: ZoneInfo
    at: datetime
    day_order: DayOrder | None = None
    """None: what the column proves, else month first."""
    keep_repeats: bool = False
    """Rows that share a number are several bikes (`…#2`), not one case told twice."""
    buildings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RefusedRow:
    row: Row
    problem: Problem


@dataclass(frozen=True)
class RepeatedRow:
    line: int
    first_line: int


@dataclass(frozen=True)
class ImportPlan:
    good: tuple[tuple[int, CaseDraft], ...]
    """File line and case, in the file's order."""
    refused: tuple[RefusedRow, ...]
    repeated: tuple[RepeatedRow, ...]
    numberless: int
    ambiguous_days: bool
    """Dates like 03/04/2021 occur, nothing proves their order, and nobody chose one."""


@dataclass
class _Numbers:
    """Case numbers met so far in this file, each with the lines that bore it."""

    keep_repeats: bool
    lines: dict[str, list[int]] = field(default_factory=dict)
    numberless: int = 0

    def numbered(self, line: int, draft: CaseDraft) -> CaseDraft | RepeatedRow:
        number = draft.case_number or content_number(draft)
        self.numberless += draft.case_number is None
        lines = self.lines.setdefault(number, [])
        lines.append(line)
        if len(lines) == 1:
            return replace(draft, case_number=number)
        if draft.case_number is None or self.keep_repeats:
            return replace(draft, case_number=f"{number}#{len(lines)}")
        return RepeatedRow(line, lines[0])


def plan_import(table: Table, options: ImportOptions) -> ImportPlan:
    """Every row of `table` as a case, a refusal with its reason, or a repetition."""
    orders, ambiguous = _day_orders(table, options)
    numbers = _Numbers(options.keep_repeats)
    good: list[tuple[int, CaseDraft]] = []
    refused: list[RefusedRow] = []
    repeated: list[RepeatedRow] = []
    for row in table.rows:
        try:
            found = numbers.numbered(row.line, _RowReader(row, table, options, orders).draft())
        except BadValueError as error:
            refused.append(RefusedRow(row, error.problem))
            continue
        if isinstance(found, RepeatedRow):
            repeated.append(found)
        else:
            good.append((row.line, found))
    return ImportPlan(tuple(good), tuple(refused), tuple(repeated), numbers.numberless, ambiguous)


def fold_name(name: str) -> str:
    return " ".join(name.casefold().split())


def has_a_date(columns: Mapping[CaseField, int]) -> bool:
    return any(field in columns for field in DATE_FIELDS)


def _day_orders(table: Table, options: ImportOptions) -> tuple[dict[CaseField, DayOrder], bool]:
    orders: dict[CaseField, DayOrder] = {}
    ambiguous = False
    for date_field in DATE_FIELDS:
        if date_field not in options.columns:
            continue
        values = list(_column(table, options.columns[date_field]))
        proven = options.day_order or day_order_of(values)
        ambiguous = ambiguous or (proven is None and has_year_last(values))
        orders[date_field] = proven or DayOrder.MONTH_FIRST
    return orders, ambiguous


def _column(table: Table, index: int) -> Iterator[str]:
    return (row.cells[index] for row in table.rows if index < len(row.cells))


@dataclass(frozen=True)
class _RowReader:
    """One row's cells by what they mean."""

    row: Row
    table: Table
    options: ImportOptions
    orders: Mapping[CaseField, DayOrder]

    def draft(self) -> CaseDraft:
        if len(self.row.cells) > len(self.table.headers):
            raise BadValueError(
                "the row has %(cells)s cells but the header has %(headers)s; look for a stray separator",
                cells=len(self.row.cells),
                headers=len(self.table.headers),
            )
        start, end = self._window()
        reported = self._moment(CaseField.REPORTED_AT)
        known = self._utc(reported) or end or start
        if known is None:
            raise BadValueError("the row says neither when it was reported nor when it happened; fill in one of them")
        place, address = self._place()
        latitude, longitude = self._coordinates()
        draft = CaseDraft(
            case_number=self._text(CaseField.CASE_NUMBER) or None,
            happened_from=start,
            happened_to=end,
            reported_at=known,
            timezone=self.options.zone.key,
            building_id=self.options.buildings.get(fold_name(place)),
            place=place,
            latitude=latitude,
            longitude=longitude,
            locked=self._locked(),
            lock_kind=self._text(CaseField.LOCK_KIND) or None,
            disposition=self._text(CaseField.DISPOSITION).lstrip("*") or None,
            note=" · ".join(part for part in (self._text(CaseField.NOTE), address) if part) or None,
        )
        check_times(draft, self.options.at, reported_on_a_day=reported is None or not reported.has_time)
        return draft

    def _text(self, name: CaseField) -> str:
        index = self.options.columns.get(name)
        text = self.row.cells[index] if index is not None and index < len(self.row.cells) else ""
        if len(text) > MAX_TEXT:
            raise BadValueError(
                "one cell holds more than %(limit)s characters; look for a quotation mark that is not closed",
                limit=MAX_TEXT,
            )
        return text

    def _moment(self, name: CaseField) -> Moment | None:
        text = self._text(name)
        return self._moment_of(text, name, self._text(CLOCK_OF[name])) if text else None

    def _moment_of(self, text: str, name: CaseField, clock: str = "") -> Moment:
        moment = read_moment(text, self.orders[name])
        # Some systems write the date as "2017-12-08 00:00" and the time beside it: the column made for it is right.
        return read_clock(moment.at.date(), clock) if clock else moment

    def _window(self) -> tuple[datetime | None, datetime | None]:
        text = self._text(CaseField.HAPPENED_FROM)
        ends = split_range(text) if text and CaseField.HAPPENED_TO not in self.options.columns else []
        if len(ends) > 1:
            start: Moment | None = self._moment_of(ends[0], CaseField.HAPPENED_FROM)
            end: Moment | None = self._moment_of(ends[1], CaseField.HAPPENED_FROM)
        else:
            start, end = self._moment(CaseField.HAPPENED_FROM), self._moment(CaseField.HAPPENED_TO)
        return self._utc(start), self._utc(end, whole_day=True) if end else self._utc(start, whole_day=True)

    def _utc(self, moment: Moment | None, *, whole_day: bool = False) -> datetime | None:
        if moment is None:
            return None
        later = WHOLE_DAY if whole_day and not moment.has_time else timedelta()
        return to_utc(moment.at + later, self.options.zone)

    def _place(self) -> tuple[str, str]:
        """The place, and the address where it says more."""
        building, address = (" ".join(self._text(name).split()) for name in (CaseField.BUILDING, CaseField.ADDRESS))
        return building or address, address if building and fold_name(address) != fold_name(building) else ""

    def _coordinates(self) -> tuple[float | None, float | None]:
        latitude, longitude = self._text(CaseField.LATITUDE), self._text(CaseField.LONGITUDE)
        if not latitude and not longitude:
            return None, None
        if not latitude or not longitude:
            raise BadValueError("only one of latitude and longitude is given; fill in both or neither")
        point = read_latitude(latitude), read_longitude(longitude)
        # Record systems write 0, 0 for "not located"; nobody parks a bike in the Gulf of Guinea.
        return (None, None) if math.hypot(*point) == 0 else point

    def _locked(self) -> Locked:
        text = self._text(CaseField.LOCKED)
        word = fold_name(text)
        if not word or word in UNKNOWN:
            return Locked.UNKNOWN
        if word in YES:
            return Locked.YES
        if word in NO | UNLOCKED_WORDS:
            return Locked.NO
        raise BadValueError("“%(value)s” in the column “locked” is not yes, no or unknown", value=text)


def refused_as_rows(
    table: Table, refused: Sequence[RefusedRow], reason_header: str, translate: Callable[[str], str]
) -> Iterator[list[str]]:
    """The refused rows as they came, with a last column that says why; the header first."""
    width = max([len(table.headers), *(len(item.row.cells) for item in refused)])
    yield [*table.headers, *[""] * (width - len(table.headers)), reason_header]
    for item in refused:
        yield [*item.row.cells, *[""] * (width - len(item.row.cells)), item.problem.said(translate)]
