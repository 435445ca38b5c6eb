"""The pages of theft cases over a real database, asked without a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboard.accounts.tables import Viewing
from dashboard.database import Sessions
from dashboard.thefts.invented import add_invented_cases
from dashboard.thefts.tables import TheftCase
from tests.dashboard.builders import NOON, log_in
from tests.dashboard.thefts.asking import GOOD, case_form, confirm, count, upload


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
