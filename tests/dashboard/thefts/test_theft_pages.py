"""The pages of theft cases over a real database, asked without a browser."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from dashboard.accounts.tables import Role, Viewing
from dashboard.database import Sessions
from dashboard.places.tables import Building, Site
from dashboard.thefts.invented import add_invented_cases
from dashboard.thefts.tables import TheftCase
from tests.dashboard.builders import NOON, csrf_of, database_in, log_in, pages_in, person

GOOD = "Case number,Reported,From,To,Place,Latitude,Longitude,Locked\n" + "".join(
    f"A{number},2026-09-0{number} 18:00,2026-09-0{number} 08:00,2026-09-0{number} 17:00,{place},29.65,-82.34,no\n"
    for number, place in enumerate(["Gym", "Gym", "Gym", "Hall", "Yard"], start=1)
)
BAD = "A9,2026-09-09 18:00,,,Gym,129.3,-82.34,no\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a campus and its people, made once: hashing passwords is slow on purpose."""
    folder = tmp_path_factory.mktemp("prepared")
    sessions = database_in(folder)
    with sessions.begin() as session:
        site = Site(code="campus", name_zh="校园", name_en="Campus", plan_file="demo-campus.svg")
        session.add(Building(site=site, code="lib", name_zh="图书馆", name_en="Library", plan_x=500, plan_y=300))
        for name, role in (("guard", Role.SECURITY), ("lead", Role.COORDINATOR), ("lin", Role.VOLUNTEER)):
            person(session, name, role, language="en")
        person(session, "other", Role.ADMIN, language="zh-CN")
    sessions.kw["bind"].dispose()
    return folder


@pytest.fixture
def database(tmp_path: Path, prepared: Path) -> Sessions:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return database_in(tmp_path)


@pytest.fixture
def client(tmp_path: Path, database: Sessions) -> Iterator[TestClient]:
    with pages_in(tmp_path) as client:
        yield client


def upload(client: TestClient, token: str, text: str, **fields: str) -> str:
    """Send a file; the address of its preview."""
    form = {"csrf_token": token, "zone": "America/New_York", "whose": "UFPD", **fields}
    answer = client.post("/thefts/import", data=form, files={"file": ("cases.csv", text.encode(), "text/csv")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def confirm(client: TestClient, token: str, address: str) -> str:
    answer = client.post(address, data={"csrf_token": token})
    assert answer.status_code == 200
    return str(answer.text)


def count(database: Sessions) -> int:
    with database() as session:
        return session.scalar(select(func.count()).select_from(TheftCase)) or 0


def case_form(token: str, **changes: str) -> dict[str, str]:
    fields = {
        "csrf_token": token,
        "happened_from": "2026-09-02T08:00",
        "happened_to": "2026-09-02T17:30",
        "reported_at": "2026-09-02T18:05",
        "place": "north rack",
        "locked": "no",
    }
    return fields | changes


def test_only_security_opens_cases_and_coordinators_see_what_many_have_in_common(client: TestClient) -> None:
    token = log_in(client, "lin")
    assert client.get("/thefts/where").status_code == 403
    client.post("/logout", data={"csrf_token": token})
    log_in(client, "lead")
    assert client.get("/thefts").headers["location"] == "/thefts/where"
    assert client.get("/thefts/when").status_code == 200
    for path in ("/thefts/new", "/thefts/import", "/thefts/cases/1"):
        assert client.get(path).status_code == 403, path


def test_nobody_sees_anything_without_a_login(client: TestClient) -> None:
    for path in ("/thefts", "/thefts/where", "/thefts/when", "/thefts/import", "/thefts/cases/1"):
        assert client.get(path).headers["location"].startswith("/login"), path


def test_a_case_is_added_shown_changed_and_each_look_is_written_down(client: TestClient, database: Sessions) -> None:
    token = log_in(client, "guard")
    address = client.post("/thefts/new", data=case_form(token)).headers["location"]
    page = client.get(address).text
    assert "2026-09-02 08:00 – 17:30" in page
    assert "north rack" in page
    changed = client.post(f"{address}/edit", data=case_form(token, building_id="1", locked="yes", lock_kind="chain"))
    assert changed.headers["location"] == address
    with database() as session:
        case = session.scalars(select(TheftCase)).one()
        assert (case.building_id, case.locked, case.lock_kind, case.source) == (1, "yes", "chain", "form")
        assert case.happened_from == datetime(2026, 9, 2, 0, 0, tzinfo=UTC), "08:00 in Shanghai"
        seen = set(session.scalars(select(Viewing.what)))
    assert seen == {f"theft_case:{case.id}", f"theft_case:{case.id}:edited"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"place": ""}, "Say where"),
        ({"happened_to": ""}, "Fill in both ends of the window"),
        ({"happened_to": "2026-09-02T07:00"}, "ends before it begins"),
        ({"reported_at": "2026-09-01T07:00"}, "report is earlier than the theft"),
        ({"reported_at": "2096-09-01T07:00"}, "lies in the future"),
        ({"reported_at": "soon"}, "is not a date"),
        ({"building_id": "99"}, "Choose a building from the list"),
        ({"latitude": "129.3", "longitude": "1"}, "outside −90…90"),
        ({"latitude": "29"}, "only one of latitude and longitude"),
        ({"plan_x": "5000", "plan_y": "1"}, "not on the plan"),
        ({"locked": "perhaps"}, "Say whether it was locked"),
        ({"note": "x" * 2001}, "longer than 2000 characters"),
    ],
)
def test_each_bad_field_gets_its_sentence_and_nothing_is_saved(
    client: TestClient, database: Sessions, changes: dict[str, str], words: str
) -> None:
    answer = client.post("/thefts/new", data=case_form(log_in(client, "guard"), **changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert count(database) == 0


def test_a_number_is_given_once(client: TestClient, database: Sessions) -> None:
    form = case_form(log_in(client, "guard"), case_number="K1")
    assert client.post("/thefts/new", data=form).status_code == 303
    assert "already a case with this number" in client.post("/thefts/new", data=form).text
    assert count(database) == 1


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


def test_invented_cases_are_said_to_be_invented_and_left_out_once_there_are_real_ones(
    client: TestClient, database: Sessions
) -> None:
    with database.begin() as session:
        assert add_invented_cases(session, NOON) == 80
        assert add_invented_cases(session, NOON) == 0, "a second start adds none"
    token = log_in(client, "guard")
    for path in ("/thefts", "/thefts/where", "/thefts/when"):
        assert "none of these thefts happened" in client.get(path).text, path
    confirm(client, token, upload(client, token, GOOD))
    assert "invented demo data" not in client.get("/thefts").text.lower().split("<table")[0].split("</details>")[-1]
    assert "5 cases" in client.get("/thefts").text
    assert "Some of these cases are invented" in client.get("/thefts?source=all").text


def test_the_hot_places_are_counted_and_a_coordinator_sees_no_single_case(client: TestClient) -> None:
    token = log_in(client, "guard")
    confirm(client, token, upload(client, token, GOOD))
    page = client.get("/thefts/where").text
    assert "1 of 3 places hold 60.0 % of 5 cases" in page
    assert "Hall" in page
    client.post("/logout", data={"csrf_token": token})
    log_in(client, "lead")
    page = client.get("/thefts/where").text
    assert "Gym" in page
    assert "Hall" not in page
    assert "Places with fewer than 3 cases are not named" in page


def test_times_of_the_theft_and_of_the_report_are_never_mixed(client: TestClient) -> None:
    token = log_in(client, "guard")
    only_reported = "B1,2026-09-09 18:00,,,Gym,,,\nB2,2026-09-09,,,Gym,,,\n"
    confirm(client, token, upload(client, token, GOOD + only_reported))
    page = client.get("/thefts/when").text
    assert "5 cases with a time window" in page
    assert "1 case that gives only the time of its report" in page
    assert "1 more case gives a date but no hour" in page
    assert "2 of 7 cases do not say when they happened" in page


@pytest.mark.parametrize(
    "query",
    ["since=soon", "building=x", "building=99999999999999999999", "locked=maybe", "source=nowhere", "view=moon"],
)
def test_an_address_that_makes_no_sense_shows_everything(client: TestClient, query: str) -> None:
    token = log_in(client, "guard")
    confirm(client, token, upload(client, token, GOOD))
    for path in ("/thefts", "/thefts/where", "/thefts/when"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 200, path
    assert "5 cases" in client.get(f"/thefts?{query}").text


def test_the_filter_narrows_by_period_place_and_lock(client: TestClient) -> None:
    token = log_in(client, "guard")
    confirm(client, token, upload(client, token, GOOD, zone="Asia/Shanghai"))
    for query, cases in (("since=2026-09-05", 1), ("until=2026-09-02", 2), ("place=Gym", 3), ("locked=yes", 0)):
        word = "case" if cases == 1 else "cases"
        assert f"{cases} {word}" in client.get(f"/thefts?{query}").text, query


def test_a_case_that_is_not_there_is_said_so(client: TestClient) -> None:
    log_in(client, "guard")
    for number in ("77", "0", str(2**70)):
        assert client.get(f"/thefts/cases/{number}").status_code == 404, number


@pytest.mark.shared
def test_the_real_records_show_their_hot_buildings(client: TestClient, shared_dir: Path) -> None:
    token = log_in(client, "guard")
    path = shared_dir / "data/theft-uf/uf_bike_thefts_clean_final.csv"
    assert "581 cases imported" in confirm(client, token, upload(client, token, path.read_text(encoding="utf-8-sig")))
    page = client.get("/thefts/where").text
    assert "20 of 246 places hold 35.6 % of 581 cases" in page
    for place in ("Diamond Village", "Broward Hall", "UF Health Shands Hospital"):
        assert place in page.split("<tbody>")[1], place
