"""Foreign tables: what is understood, what is refused with its line, what is a repetition."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard.thefts.columns import CaseField, understand
from dashboard.thefts.csv_text import MAX_BYTES, Table, read_table
from dashboard.thefts.dates import DayOrder
from dashboard.thefts.importing import ImportOptions, ImportPlan, plan_import, refused_as_rows
from dashboard.thefts.problems import UploadRefusedError
from dashboard.thefts.tables import Locked

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE = "案件编号,报案时间,发生时间,结束时间,地点,纬度,经度,是否上锁\nA1,2026年9月2日 18:05,2026-09-02 08:00,2026-09-02 17:30,图书馆,31.2,121.5,未上锁\n"


def options_for(table: Table, **changes: object) -> ImportOptions:
    return replace(ImportOptions(understand(table.headers), SHANGHAI, AT), **changes)  # type: ignore[arg-type]


def planned(text: str | bytes, **changes: object) -> ImportPlan:
    table = read_table(text.encode() if isinstance(text, str) else text)
    return plan_import(table, options_for(table, **changes))


def refusal(text: str) -> tuple[int, str]:
    """The one refused line and its sentence."""
    (refused,) = planned(text).refused
    return refused.row.line, str(refused.problem)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_table_is_understood_in_any_usual_encoding(encoding: str) -> None:
    ((line, case),) = planned(CHINESE.encode(encoding)).good
    assert (line, case.case_number, case.place, case.locked) == (2, "A1", "图书馆", Locked.NO)
    assert case.reported_at == datetime(2026, 9, 2, 10, 5, tzinfo=UTC), "18:05 in Shanghai"
    assert case.happened_to == datetime(2026, 9, 2, 9, 30, tzinfo=UTC)
    assert (case.latitude, case.longitude) == (31.2, 121.5)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(separator: str) -> None:
    assert planned(CHINESE.replace(",", separator)).good[0][1].place == "图书馆"


def test_title_lines_above_the_header_are_skipped_and_lines_are_counted_from_the_top() -> None:
    assert planned("2026年自行车被盗统计表\n\n" + CHINESE).good[0][0] == 4


def test_a_quoted_cell_over_two_lines_does_not_shift_the_line_numbers() -> None:
    text = 'Report Date,Note\n2026-09-01 10:00,"two\nlines"\nnever,x\n'
    assert refusal(text)[0] == 4


def test_the_surer_of_two_names_wins() -> None:
    columns = understand(["X", "Y", "Occurrence_Date", "Occurrence_Time", "Lat", "Long", "event_unique_id"])
    assert columns[CaseField.LATITUDE] == 4
    assert columns[CaseField.LONGITUDE] == 5
    assert columns[CaseField.HAPPENED_FROM_TIME] == 3


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A1,2026-09-02 18:05,,,129.3,121.5,", "latitude 129.3 is outside −90…90; mend the row or leave it out"),
        ("A1,2026-09-02 18:05,,,31.2,1215,", "longitude 1215 is outside −180…180"),
        ("A1,2026-09-02 18:05,,,north,121.5,", "“north” is not a number of degrees"),
        ("A1,2026-09-02 18:05,,,nan,121.5,", "outside −90…90"),
        ("A1,2026-09-02 18:05,,,31.2,,", "only one of latitude and longitude"),
        ("A1,,,,31.2,121.5,", "neither when it was reported nor when it happened"),
        ("A1,soon,,,31.2,121.5,", "“soon” is not a date"),
        ("A1,2026-09-02 18:05,2026-09-02 17:00,2026-09-02 16:00,,,", "ends before it begins"),
        ("A1,2026-09-02 18:05,2026-09-03 17:00,2026-09-03 18:00,,,", "report is earlier than the theft"),
        ("A1,2062-09-02 18:05,,,,,", "lies in the future"),
        ("A1,2026-09-02 18:05,,,,,perhaps", "“perhaps” in the column “locked”"),
        ("A1,2026-09-02 18:05,,,,,yes,7", "has 8 cells but the header has 7"),
        ("A1,2026-09-02 18:05,,,,,yes" + "x" * 2001, "more than 2000 characters"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_good_ones_are_kept(row: str, words: str) -> None:
    header = "Case number,Reported,From,To,Latitude,Longitude,Locked"
    text = f"{header}\nB1,2026-09-01 10:00,,,,,no\n{row}\nB2,2026-09-01 11:00,,,,,\n"
    line, sentence = refusal(text)
    assert line == 3
    assert words in sentence
    assert [case.case_number for _, case in planned(text).good] == ["B1", "B2"]


def test_the_refused_rows_come_back_with_a_last_column_that_says_why() -> None:
    table = read_table(b"Reported,Place\nnever,gym\n2026-09-01,hall\nsoon,yard,extra\n")
    rows = list(refused_as_rows(table, plan_import(table, options_for(table)).refused, "reason", str))
    assert rows[0] == ["Reported", "Place", "", "reason"]
    assert rows[1][:3] == ["never", "gym", ""]
    assert "is not a date" in rows[1][3]
    assert rows[2][:3] == ["soon", "yard", "extra"]


def test_a_date_and_a_time_beside_it_are_one_moment() -> None:
    ((_, case),) = planned("Occurrence_Date,Occurrence_Time\n2017.12.08,18:00:00\n").good
    assert case.happened_from == case.happened_to == datetime(2017, 12, 8, 10, 0, tzinfo=UTC)
    assert case.reported_at == case.happened_to


def test_a_date_without_an_hour_is_a_window_of_the_whole_day() -> None:
    ((_, case),) = planned("Date occurred\n2017-12-08\n").good
    assert case.happened_from is not None
    assert case.happened_to is not None
    assert case.happened_to - case.happened_from == timedelta(days=1)


def test_a_report_date_without_an_hour_may_be_the_day_of_the_theft() -> None:
    ((_, case),) = planned("Reported,From,To\n2026-09-02,2026-09-02 08:00,2026-09-02 17:00\n").good
    assert case.happened_from == datetime(2026, 9, 2, 0, 0, tzinfo=UTC)


def test_a_range_in_one_cell_is_a_window() -> None:
    ((_, case),) = planned("Date occurred\n2026-09-02 08:00 - 2026-09-02 17:00\n").good
    assert case.happened_to == datetime(2026, 9, 2, 9, 0, tzinfo=UTC)


def test_dates_whose_order_nothing_proves_are_pointed_out_until_somebody_chooses() -> None:
    text = "Reported,Place\n03/04/2026 10:00,gym\n"
    assert planned(text).ambiguous_days
    chosen = planned(text, day_order=DayOrder.DAY_FIRST)
    assert not chosen.ambiguous_days
    assert chosen.good[0][1].reported_at == datetime(2026, 4, 3, 2, 0, tzinfo=UTC)
    assert not planned(text + "25/04/2026 10:00,gym\n").ambiguous_days


def test_rows_of_one_number_are_one_case_unless_they_are_said_to_be_several_bikes() -> None:
    text = "Case number,Reported\nA1,2026-09-01 10:00\nA1,2026-09-01 10:00\n"
    plan = planned(text)
    assert (len(plan.good), plan.repeated[0].line, plan.repeated[0].first_line) == (1, 3, 2)
    assert [case.case_number for _, case in planned(text, keep_repeats=True).good] == ["A1", "A1#2"]


def test_rows_without_a_number_get_one_from_their_content_that_stays_the_same() -> None:
    text = "Reported,Place\n2026-09-01,gym\n2026-09-01,gym\n2026-09-01,hall\n"
    numbers = [case.case_number for _, case in planned(text).good]
    assert len(set(numbers)) == 3, "two alike lines without a number are two cases"
    assert numbers == [case.case_number for _, case in planned(text, buildings={"gym": 4}).good]


def test_a_building_of_ours_is_found_by_its_name() -> None:
    plan = planned("Reported,Building,Address\n2026-09-01, main  LIBRARY ,1 Road\n", buildings={"main library": 7})
    case = plan.good[0][1]
    assert (case.building_id, case.place, case.note) == (7, "main LIBRARY", "1 Road")


def test_nought_degrees_mean_that_nobody_located_it() -> None:
    assert planned("Reported,Latitude,Longitude\n2026-09-01,0,0.0\n").good[0][1].latitude is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf \n", "The file is empty"),
        (b"Reported,Place\n", "a header but no case"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xff\x00\x80\x00,\x00", "not text"),
        (b'Reported,Place\n2026-09-01,"gym\n', "Line 2 cannot be read as CSV"),
        (b"a" * (MAX_BYTES + 1), "larger than 10 MB"),
        (b"Reported\n" + b"2026-09-01\n" * 100_001, "more than 100000 lines"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UploadRefusedError, match=words):
        read_table(data)


@pytest.mark.shared
def test_the_records_of_a_real_campus_are_read_as_they_are(shared_dir: Path) -> None:
    path = shared_dir / "data/theft-uf/uf_bike_thefts_clean_final.csv"
    plan = planned(path.read_bytes(), zone=ZoneInfo("America/New_York"))
    assert (len(plan.good), plan.refused, plan.repeated) == (581, (), ())
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(case.place for _, case in plan.good) == Counter(row["Building"] or row["Address"] for row in rows)
    assert plan.good[0][1].reported_at == datetime(2016, 8, 21, 21, 2, tzinfo=UTC)


@pytest.mark.shared
def test_fourteen_thousand_records_of_a_city_are_read_as_they_are(shared_dir: Path) -> None:
    data = (shared_dir / "data/theft-toronto/Bicycle_Thefts_2017.csv").read_bytes()
    plan = planned(data, zone=ZoneInfo("America/Toronto"), keep_repeats=True)
    assert (len(plan.good), plan.refused) == (14_280, ())
    assert sum(case.happened_from is not None for _, case in plan.good) == 14_280
