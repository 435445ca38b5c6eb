"""Nothing is open without a login, nothing changes without our own form, and a role sees what is its own."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from dashboard.accounts.tables import Role
from dashboard.app import ROUTERS
from dashboard.database import Sessions
from tests.dashboard.builders import PASSWORD, csrf_of, log_in, person

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
OPEN_TO_ALL = {"/login", "/manifest.webmanifest", "/preferences"}
AS_A_PAGE = {"accept": "text/html"}


def addresses(method: str) -> list[str]:
    found = {route.path for route in ROUTES if method in (route.methods or ())}
    return sorted(re.sub(r"\{[^}]+\}", "1", path) for path in found)


def test_there_are_routes_to_try() -> None:
    assert {"/", "/alerts", "/alerts/1/picture", "/live", "/stays", "/health", "/thefts", "/shifts"} <= set(
        addresses("GET")
    )
    assert {"/alerts/1/take", "/alerts/1/outcome"} <= set(addresses("POST"))


def test_no_page_picture_or_stream_is_open_without_a_login(pages: TestClient) -> None:
    for address in addresses("GET"):
        if address in OPEN_TO_ALL:
            continue
        answer = pages.get(address, headers=AS_A_PAGE)
        assert answer.status_code in (303, 401), address
        assert answer.status_code == 401 or answer.headers["location"].startswith("/login"), address
        assert answer.text == "", address


def test_nothing_changes_without_a_login_even_with_the_right_form_token(pages: TestClient) -> None:
    token = csrf_of(pages)
    for address in addresses("POST"):
        if address in OPEN_TO_ALL:
            continue
        answer = pages.post(address, data={"csrf_token": token})
        assert answer.status_code in (303, 401, 413), address
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), address


def test_no_form_works_without_our_token(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "root", Role.ADMIN)
    log_in(pages, "root")
    for address in addresses("POST"):
        assert pages.post(address).status_code == 403, address
        assert pages.post(address, data={"csrf_token": "guessed"}).status_code == 403, address
        assert pages.post(address, headers={"x-csrf-token": "guessed"}).status_code == 403, address


def test_the_token_is_taken_from_a_field_or_a_header(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    token = log_in(pages, "ann")
    assert pages.post("/preferences", data={"csrf_token": token, "theme": "dark"}).status_code == 303
    assert pages.post("/preferences", headers={"x-csrf-token": token}).status_code == 303


def test_a_token_of_an_earlier_login_is_not_taken(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    old = log_in(pages, "ann")
    pages.post("/logout", data={"csrf_token": old})
    log_in(pages, "ann")
    assert pages.post("/preferences", data={"csrf_token": old}).status_code == 403


STAFF_ONLY = ("/stays", "/health", "/health/now")
ANALYSTS_ONLY = ("/labels", "/labels/dataset")


@pytest.mark.parametrize(
    ("role", "start", "menu", "forbidden"),
    [
        (Role.VOLUNTEER, "/alerts", {"/alerts", "/shifts"}, (*STAFF_ONLY, *ANALYSTS_ONLY, "/thefts")),
        (Role.COORDINATOR, "/shifts", {"/alerts", "/stays", "/shifts", "/thefts", "/health"}, ANALYSTS_ONLY),
        (Role.SECURITY, "/thefts", {"/alerts", "/stays", "/thefts", "/health"}, ("/shifts", *ANALYSTS_ONLY)),
        (Role.ANALYST, "/labels", {"/alerts", "/stays", "/labels", "/health"}, ("/shifts", "/thefts", "/volunteers")),
        (Role.ADMIN, "/alerts", {"/alerts", "/stays", "/shifts", "/thefts", "/labels", "/health"}, ()),
    ],
)
def test_each_role_starts_where_its_work_is_and_sees_only_its_own(
    pages: TestClient, sessions: Sessions, role: Role, start: str, menu: set[str], forbidden: tuple[str, ...]
) -> None:
    with sessions.begin() as session:
        person(session, "ann", role)
    log_in(pages, "ann")
    assert pages.get("/").headers["location"] == start
    page = pages.get("/alerts").text
    offered = set(re.findall(r'href="(/[a-z]+)"', page.split('class="menu"', 1)[1].split("</nav>", 1)[0]))
    assert offered == menu
    for path in menu:
        assert pages.get(path, follow_redirects=True).status_code == 200, path
    for path in forbidden:
        assert pages.get(path).status_code == 403, path


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    form = {"username": "ann", "password": PASSWORD, "csrf_token": csrf_of(pages)}
    cookie = pages.post("/login", data=form).headers["set-cookie"].lower()
    assert "pleaselock_session=" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_wrong_password_says_so_and_keeps_the_name(pages: TestClient) -> None:
    form = {"username": "ann", "password": "wrong", "csrf_token": csrf_of(pages)}
    answer = pages.post("/login", data=form, headers={"accept-language": "en"})
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert 'value="ann"' in answer.text


def test_after_too_many_tries_the_page_says_to_wait(pages: TestClient) -> None:
    form = {"username": "ann", "password": "wrong", "csrf_token": csrf_of(pages)}
    answers = [pages.post("/login", data=form).status_code for _ in range(6)]
    assert answers == [401, 401, 401, 401, 401, 429]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil"])
def test_a_login_never_leads_to_another_site(pages: TestClient, sessions: Sessions, elsewhere: str) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    form = {"username": "ann", "password": PASSWORD, "csrf_token": csrf_of(pages), "next": elsewhere}
    assert pages.post("/login", data=form).headers["location"] == "/"


def test_a_login_leads_back_to_the_page_that_asked_for_it(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    location = pages.get("/alerts/a1", headers=AS_A_PAGE).headers["location"]
    assert location == "/login?next=/alerts/a1"
    assert 'name="next" value="/alerts/a1"' in pages.get(location).text


def test_every_answer_carries_the_security_headers(pages: TestClient) -> None:
    for address in ("/login", "/alerts", "/nowhere", "/static/css/app.css"):
        headers = pages.get(address).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_are_not_kept_by_the_browser_and_assets_are(pages: TestClient) -> None:
    assert pages.get("/login").headers["cache-control"] == "no-store"
    assert "immutable" in pages.get("/static/css/app.css?v=1").headers["cache-control"]
    assert pages.get("/static/css/app.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(("language", "words"), [("en", "There is nothing here"), ("zh-CN", "这里什么也没有")])
def test_an_address_that_does_not_exist_says_so_in_words(pages: TestClient, language: str, words: str) -> None:
    answer = pages.get("/nowhere", headers={"accept-language": language})
    assert answer.status_code == 404
    assert words in answer.text


def test_a_fragment_without_a_login_sends_the_page_to_the_login(pages: TestClient) -> None:
    answer = pages.get("/alerts/board", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_the_chosen_language_is_remembered_by_the_account(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    token = log_in(pages, "ann")
    pages.post("/preferences", data={"csrf_token": token, "language": "en", "back": "/alerts"})
    pages.cookies.delete("language")
    assert '<html lang="en"' in pages.get("/alerts", headers={"accept-language": "zh-CN"}).text


def test_a_change_of_language_leads_back_to_the_same_page_and_filter(pages: TestClient) -> None:
    assert 'name="back" value="/login?next=/stays%3Fday%3D1"' in pages.get("/login?next=/stays%3Fday%3D1").text
    refused = pages.post("/login", data={"csrf_token": csrf_of(pages)})
    assert 'name="back" value="/"' in refused.text


def test_the_theme_is_in_the_page_from_its_first_byte(pages: TestClient) -> None:
    assert "data-theme" not in pages.get("/login").text
    pages.post("/preferences", data={"csrf_token": csrf_of(pages), "theme": "dark"})
    assert 'data-theme="dark"' in pages.get("/login").text


def test_a_large_form_from_somebody_not_logged_in_is_refused_unread(pages: TestClient) -> None:
    answer = pages.post("/login", data={"csrf_token": csrf_of(pages), "username": "x" * 70_000}, headers=AS_A_PAGE)
    assert answer.status_code == 413


def test_a_form_that_does_not_say_its_length_is_refused(pages: TestClient) -> None:
    answer = pages.post("/login", content=iter([b"username=ann"]), headers=AS_A_PAGE)
    assert answer.status_code == 413
