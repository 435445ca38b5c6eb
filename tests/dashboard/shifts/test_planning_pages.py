"""The real application over a real database; logins are rows, as after a real login."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from dashboard.accounts.tables import Account, LoginSession, Role
from dashboard.accounts.visitor import SESSION_COOKIE
from dashboard.app import create_app
from dashboard.campaigns.tables import Campaign
from dashboard.database import Sessions
from dashboard.places.tables import Building, Site
from dashboard.settings import Settings
from dashboard.shifts.tables import Post, Shift
from dashboard.volunteers.tables import Branch, Volunteer
from dashboard.web.i18n import DASHBOARD, read_catalogue

CSRF = "form-token"
NAMES = {"lin", "ming", "coordinator", "english", "pleaselock"}
PLANNING = ("/shifts", "/shifts/new", "/volunteers", "/volunteers/new", "/campaigns")


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(home=home)), follow_redirects=False) as client:
        with sessions(client).begin() as session:
            site = Site(code="campus", name_zh="校园", name_en="Campus")
            library = Building(site=site, code="library", name_zh="图书馆", name_en="Library")
            session.add(Post(building=library, name_zh="图书馆门口", name_en="Library entrance"))
            session.add(Branch(name_zh="自行车社", name_en="Cycling Club"))
            accounts = [account(name, role) for name, role in (("lin", Role.VOLUNTEER), ("ming", Role.VOLUNTEER))]
            session.add_all(Volunteer(account=one, branch_id=1) for one in accounts)
            session.add_all(account(role.value, role) for role in (Role.COORDINATOR, Role.SECURITY, Role.ADMIN))
        yield client


def sessions(client: TestClient) -> Sessions:
    found: Sessions = client.app.state.sessions  # type: ignore[attr-defined]
    return found


def account(username: str, role: Role) -> Account:
    return Account(
        username=username, display_name=username.title(), password_hash="-", role=role, created_at=datetime.now(UTC)
    )


def log_in(client: TestClient, username: str, language: str = "en") -> TestClient:
    token = f"token-of-{username}"
    with sessions(client).begin() as session:
        who = session.scalars(select(Account).where(Account.username == username)).one()
        who.language = language
        login = LoginSession(
            token_sha256=hashlib.sha256(token.encode()).hexdigest(), account_id=who.id, csrf_token=CSRF
        )
        login.created_at, login.expires_at = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
        session.merge(login)
    client.cookies.set(SESSION_COOKIE, token)
    return client


def send(client: TestClient, path: str, **fields: Any) -> Response:  # noqa: ANN401
    answer: Response = client.post(path, data={"csrf_token": CSRF} | {k: str(v) for k, v in fields.items()})
    return answer


def plan(client: TestClient, **changes: object) -> Response:
    asked = {
        "volunteer_id": 1,
        "post_id": 1,
        "day": "2026-03-02",
        "begins": "07:30",
        "ends": "09:30",
        "campaign_id": "",
    }
    return send(client, "/shifts/new", **(asked | changes))


def all_shifts(client: TestClient) -> list[Shift]:
    with sessions(client).begin() as session:
        return list(session.scalars(select(Shift).order_by(Shift.id)))


def on_duty_now(client: TestClient, *, lead: bool = False) -> None:
    at = datetime.now(UTC)
    with sessions(client).begin() as session:
        begin, end = at - timedelta(hours=1), at + timedelta(hours=1)
        session.add(Shift(volunteer_id=1, post_id=1, lead=lead, starts_at=begin, ends_at=end))


@pytest.mark.parametrize("path", PLANNING)
def test_planning_is_for_coordinators_and_administrators(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 303
    expected = {"coordinator": 200, "admin": 200, "security": 403, "lin": 200 if path == "/shifts" else 403}
    assert {name: log_in(client, name).get(path).status_code for name in expected} == expected


@pytest.mark.parametrize(
    "path",
    ["/shifts/new", "/shifts/1/remove", "/shifts/posts", "/volunteers/new", "/volunteers/1/password", "/volunteers/1/active", "/volunteers/branches", "/campaigns"],
)  # fmt: skip
@pytest.mark.parametrize("who", ["lin", "security"])
def test_nobody_else_changes_the_plan(client: TestClient, path: str, who: str) -> None:
    fields = {
        "day": "2026-03-02",
        "building_id": 1,
        "active": "false",
        "first_day": "2026-03-02",
        "last_day": "2026-03-03",
    }
    assert send(log_in(client, who), path, **fields).status_code == 403


def test_a_form_without_our_token_changes_nothing(client: TestClient) -> None:
    log_in(client, "coordinator")
    assert client.post("/campaigns", data={"first_day": "2026-03-02", "last_day": "2026-03-03"}).status_code == 403


def test_a_planned_shift_stands_on_its_day_in_the_sites_zone(client: TestClient) -> None:
    answer = plan(log_in(client, "coordinator"), lead="true")
    assert (answer.status_code, answer.headers["location"]) == (303, "/shifts?day=2026-03-02")
    shift = all_shifts(client)[0]
    assert (shift.starts_at, shift.lead, shift.campaign_id) == (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), True, None)
    page = client.get("/shifts", params={"day": "2026-03-02"}).text
    assert all(words in page for words in ("07:30–09:30", "Lin", "Library entrance", "Shift lead"))
    assert "07:30" not in client.get("/shifts", params={"day": "2026-03-03"}).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends": "07:00"}, "The shift ends before it begins."),
        ({"post_id": "99"}, "This post is not known."),
        ({"volunteer_id": ""}, "This volunteer is not on the list."),
        ({"begins": "09:00", "ends": "10:00"}, "Lin already has a shift from 2 Mar, 07:30 to 2 Mar, 09:30."),
    ],
)
def test_a_shift_that_does_not_fit_is_refused_and_the_form_keeps_what_was_entered(
    client: TestClient, changes: dict[str, str], sentence: str
) -> None:
    plan(log_in(client, "coordinator"))
    answer = plan(client, **changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="2026-03-02"' in answer.text
    assert len(all_shifts(client)) == 1


def test_a_removed_shift_leaves_the_plan(client: TestClient) -> None:
    plan(log_in(client, "coordinator"))
    assert "Library entrance" in client.get("/shifts/1").text
    assert send(client, "/shifts/1/remove").headers["location"] == "/shifts?day=2026-03-02"
    assert all_shifts(client) == []
    assert client.get("/shifts/1").status_code == send(client, "/shifts/1/remove").status_code == 404


def test_who_is_on_duty_now_is_shown_by_building_and_its_absence_is_a_warning(client: TestClient) -> None:
    log_in(client, "coordinator")
    assert "Nobody is on duty now" in client.get("/shifts").text
    on_duty_now(client)
    page = client.get("/shifts").text
    assert "Nobody is on duty now" not in page
    assert re.search(r"<h2>Library</h2>.*Lin", page, re.DOTALL)


def test_a_volunteer_sees_their_own_shifts_only(client: TestClient) -> None:
    at = datetime.now(UTC)
    with sessions(client).begin() as session:
        for volunteer_id, days in ((1, 1), (2, 2)):
            begin = at + timedelta(days=days)
            session.add(
                Shift(volunteer_id=volunteer_id, post_id=1, starts_at=begin, ends_at=begin + timedelta(hours=1))
            )
    page = log_in(client, "lin").get("/shifts").text
    assert "You are off duty" in page
    assert page.count("Library entrance") == 2
    on_duty_now(client)
    assert "You are told when a bike near you is left unlocked." in client.get("/shifts").text


def test_a_volunteer_without_shifts_is_told_so_in_chinese(client: TestClient) -> None:
    assert "还没有为您排班" in log_in(client, "lin", "zh-CN").get("/shifts").text


def test_a_new_volunteers_password_is_shown_once_and_works(client: TestClient) -> None:
    log_in(client, "coordinator")
    page = send(client, "/volunteers/new", display_name=" Wei ", username="wei", branch_id="1")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    found = re.search(r'id="password">([^<]+)<', page.text)
    assert found is not None
    assert found[1] not in client.get("/volunteers").text
    assert "Wei" in client.get("/volunteers").text
    client.cookies.clear()
    client.get("/login")
    form = {"username": "wei", "password": found[1], "csrf_token": client.cookies["pleaselock_form"]}
    assert client.post("/login", data=form).status_code == 303


def test_a_refused_volunteer_keeps_the_form(client: TestClient) -> None:
    answer = send(log_in(client, "coordinator"), "/volunteers/new", display_name="Wei", username="lin")
    assert (answer.status_code, "This login name is taken." in answer.text, 'value="Wei"' in answer.text) == (
        422,
        True,
        True,
    )


def test_who_has_left_is_shown_as_such_and_offered_no_shift(client: TestClient) -> None:
    log_in(client, "coordinator")
    assert send(client, "/volunteers/1/active", active="false").status_code == 303
    assert "has left" in client.get("/volunteers").text
    assert '<option value="1">Lin' not in client.get("/shifts/new").text.replace(" selected", "")


def test_a_branch_and_a_post_can_be_added(client: TestClient) -> None:
    log_in(client, "coordinator")
    assert send(client, "/volunteers/branches", name_zh="青协").status_code == 303
    assert "青协" in client.get("/volunteers").text
    assert send(client, "/volunteers/branches", name_zh="青协").status_code == 422
    assert send(client, "/shifts/posts", building_id=1, name_en="Back door").status_code == 303
    assert "Back door" in client.get("/shifts/new").text
    assert send(client, "/shifts/posts", building_id=1).status_code == 422


def test_a_campaign_runs_from_its_first_to_its_last_day_and_counts_its_shifts(client: TestClient) -> None:
    log_in(client, "coordinator")
    send(client, "/campaigns", name_zh="请锁车", first_day="2026-03-02", last_day="2026-03-29")
    with sessions(client).begin() as session:
        campaign = session.scalars(select(Campaign)).one()
    assert campaign.ends_at - campaign.starts_at == timedelta(days=28)
    plan(client, campaign_id=campaign.id)
    page = client.get("/campaigns").text
    assert "Sunday, March 29, 2026" in page
    assert '<dd class="number">1</dd>' in page


def test_a_campaign_that_ends_before_it_begins_is_refused(client: TestClient) -> None:
    answer = send(
        log_in(client, "coordinator"), "/campaigns", name_en="Week", first_day="2026-03-09", last_day="2026-03-02"
    )
    assert (answer.status_code, "ends before it begins" in answer.text) == (422, True)


@pytest.mark.parametrize("path", ["/shifts?day=yesterday", "/shifts/none", "/shifts/99", "/volunteers/99"])
def test_an_address_that_makes_no_sense_is_answered_in_words(client: TestClient, path: str) -> None:
    answer = log_in(client, "coordinator").get(path)
    assert answer.status_code in {400, 404}
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    "path", ["/shifts", f"/shifts?day={date(2026, 3, 2)}", *PLANNING[1:], "/shifts/1", "/volunteers/1"]
)
def test_no_page_keeps_english_words_in_chinese(client: TestClient, path: str) -> None:
    """Every string of our templates and refusals has a Chinese one, and pages show it."""
    plan(log_in(client, "coordinator", "zh-CN"))
    on_duty_now(client, lead=True)
    page = client.get(path).text
    shown = re.sub(r"<[^>]+>", " ", page)
    english = [word for word in re.findall(r"[A-Za-z]{3,}", shown) if word.lower() not in NAMES]
    assert english == []


def test_every_refusal_is_translated() -> None:
    chinese: dict[str, str] = {}
    for noun in ("shifts", "volunteers", "campaigns"):
        chinese |= read_catalogue(DASHBOARD / noun / "zh_CN.po")
    for noun in ("shifts", "volunteers", "campaigns"):
        source = (DASHBOARD / noun / "service.py").read_text(encoding="utf-8")
        marked = re.findall(r'N_\(\s*"([^"]+)"\s*\)', source)
        assert marked
        assert [sentence for sentence in marked if sentence not in chinese] == []
