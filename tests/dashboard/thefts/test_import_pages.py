"""A file of cases, from its upload to the imported cases."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboard.database import Sessions
from dashboard.thefts.tables import TheftCase
from tests.dashboard.builders import csrf_of, log_in
from tests.dashboard.thefts.asking import BAD, GOOD, confirm, count, upload


def test_good_lines_are_imported_bad_ones_come_back_and_a_second_time_adds_nothing(
    client: TestClient, database: Sessions
) -> None:
    token = log_in(client, "guard")
    address = upload(client, token, GOOD + BAD)
    preview = client.get(address).text
    assert "line 7" in preview
    assert "latitude 129.3 is outside −90…90; mend the row or leave it out" in preview
    assert count(database) == 0, "looking writes nothing"
    done = confirm(client, token, address)
    assert "5 cases imported" in done
    path = re.search(r'href="(/thefts/import/[^"]+left-out\.csv[^"]*)"', done)
    assert path is not None
    left_out = client.get(path[1].replace("&amp;", "&")).content.decode("utf-8-sig").splitlines()
    assert left_out[0].endswith(",reason")
    assert left_out[1].startswith("A9,")
    assert len(left_out) == 2
    again = confirm(client, token, upload(client, token, GOOD + BAD))
    assert "0 cases imported" in again
    assert count(database) == 5


def test_another_agencys_numbers_are_other_cases(client: TestClient, database: Sessions) -> None:
    token = log_in(client, "guard")
    confirm(client, token, upload(client, token, GOOD))
    confirm(client, token, upload(client, token, GOOD, whose="City police"))
    assert count(database) == 10


def test_times_of_a_file_are_read_in_the_chosen_zone_and_shown_in_it(client: TestClient, database: Sessions) -> None:
    token = log_in(client, "guard")
    confirm(client, token, upload(client, token, GOOD))
    with database() as session:
        first = session.scalars(select(TheftCase).order_by(TheftCase.reported_at)).first()
    assert first is not None
    assert first.happened_from == datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
    page = client.get(f"/thefts/cases/{first.id}").text
    assert "2026-09-01 08:00 – 17:00" in page
    assert "America/New_York" in page


def test_columns_may_be_chosen_where_the_header_says_nothing(client: TestClient, database: Sessions) -> None:
    token = log_in(client, "guard")
    address = upload(client, token, "a,b\n2026-09-01 10:00,gym\n")
    assert "No column is known to hold a date" in client.get(address).text
    confirm(client, token, address)
    assert count(database) == 0, "without a date nothing can be imported"
    chosen = urlencode({"chosen": "1", "zone": "UTC", "column0": "reported_at", "column1": "address"})
    assert "1 case imported" in confirm(client, token, f"{address.split('?')[0]}?{chosen}")


@pytest.mark.parametrize(
    ("text", "zone", "words"),
    [
        ("", "UTC", "The file is empty"),
        ("Reported\n", "UTC", "a header but no case"),
        ("PK\x03\x04", "UTC", "Excel workbook"),
        (GOOD, "Asia/Atlantis", "There is no time zone “Asia/Atlantis”"),
        ("x" * (10 * 1024**2 + 1), "UTC", "larger than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_a_sentence(
    client: TestClient, tmp_path: Path, text: str, zone: str, words: str
) -> None:
    form = {"csrf_token": log_in(client, "guard"), "zone": zone}
    answer = client.post("/thefts/import", data=form, files={"file": ("x.csv", text.encode(), "text/csv")})
    assert answer.status_code == 422
    assert words in answer.text
    assert not list(tmp_path.glob("imports/*")), "nothing is kept of it"


def test_an_upload_is_its_senders_alone_and_is_gone_after_two_hours(client: TestClient, tmp_path: Path) -> None:
    token = log_in(client, "guard")
    address = upload(client, token, GOOD)
    client.post("/logout", data={"csrf_token": token})
    log_in(client, "other")
    assert client.get(address).status_code == 422
    assert client.get("/thefts/import/..%2F..%2Fsecret").status_code in (404, 422)
    client.post("/logout", data={"csrf_token": csrf_of(client, "/thefts")})
    old = (datetime.now(UTC) - timedelta(hours=3)).timestamp()
    kept = list(tmp_path.glob("imports/*"))
    for path in kept:
        os.utime(path, (old, old))
    upload(client, log_in(client, "guard"), GOOD)
    assert not {*kept} & {*tmp_path.glob("imports/*")}
