"""The volunteer's page on a phone, in a real browser, against a real server; alerts come from another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import delete

from dashboard.accounts.tables import LoginSession, Role
from dashboard.alerts import service
from dashboard.alerts.service import AlertReport
from dashboard.database import Sessions
from dashboard.places.service import ensure_place
from tests.dashboard.builders import PASSWORD, person, report
from tests.dashboard.serving import serving

pytestmark = pytest.mark.service("chromium")
PATIENCE_MS = 30_000
PHONE = ViewportSize(width=390, height=844)
THUMB_PX = 44
NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser, address: str, sessions: Sessions) -> Iterator[NewPage]:
    """A phone of its own for each person; anything the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []
    with sessions.begin() as session:
        for name, role in (("ann", Role.VOLUNTEER), ("bob", Role.VOLUNTEER), ("root", Role.ADMIN)):
            person(session, name, role, display_name=name.title())

    def open_page(username: str = "", locale: str = "en-GB", bears: str = "\0") -> Page:
        context = browser.new_context(base_url=address, viewport=PHONE, has_touch=True, is_mobile=True, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" and bears not in line.text else None,
        )
        if username:
            page.goto("/login")
            log_in(page, username)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def log_in(page: Page, username: str) -> None:
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def fresh(stay: str = "stay-1") -> AlertReport:
    now = datetime.now(UTC)
    return report(stay, parked_at=now, left_at=now, at=now, expires_at=now + timedelta(hours=1))


def raise_one(sessions: Sessions, stay: str = "stay-1") -> None:
    with sessions.begin() as session:
        service.raise_alert(session, fresh(stay))


def seen(page: Page, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.parametrize(
    ("locale", "words", "other", "other_words"),
    [
        ("en-GB", "No bike is waiting", "中文", "没有待处理的车"),
        ("zh-CN", "没有待处理的车", "English", "No bike is waiting"),
    ],
)
def test_a_volunteer_logs_in_and_switches_the_language(
    new_page: NewPage, locale: str, words: str, other: str, other_words: str
) -> None:
    page = new_page("ann", locale)
    seen(page, words)
    page.get_by_role("button", name=other).tap()
    seen(page, other_words)


def test_an_alert_appears_is_taken_and_the_other_phone_says_by_whom(new_page: NewPage, sessions: Sessions) -> None:
    ann, bob = new_page("ann"), new_page("bob")
    seen(bob, "No bike is waiting")
    raise_one(sessions)
    for page in (ann, bob):
        seen(page, "1 bike is waiting")
    ann.get_by_role("button", name="I will go").tap()
    seen(ann, "What did you find?")
    seen(bob, "Taken by Ann")
    expect(bob.get_by_role("button", name="I will go")).to_have_count(0)
    ann.get_by_role("button", name="Left a tag").tap()
    seen(ann, "1 answered by you")
    seen(bob, "Left a tag")


def test_who_taps_second_reads_who_was_faster(new_page: NewPage, sessions: Sessions) -> None:
    ann, bob = new_page("ann"), new_page("bob")
    raise_one(sessions)
    seen(bob, "1 bike is waiting")
    # What Bob's phone showed a moment ago is kept and sent after Ann's tap.
    button = bob.get_by_role("button", name="I will go")
    form = button.evaluate(
        "button => { const form = button.form.cloneNode(true); window.kept = form; return form.action }"
    )
    assert form.endswith("/alerts/alert-stay-1/take")
    seen(ann, "1 bike is waiting")
    ann.get_by_role("button", name="I will go").tap()
    seen(ann, "What did you find?")
    bob.evaluate("() => { document.body.append(window.kept); window.kept.requestSubmit() }")
    seen(bob, "Ann was a moment faster")


def test_what_the_camera_clears_leaves_the_open_page(new_page: NewPage, sessions: Sessions) -> None:
    page = new_page("ann")
    raise_one(sessions)
    seen(page, "1 bike is waiting")
    with sessions.begin() as session:
        service.clear_alert(session, fresh(), "locked")
    seen(page, "The camera saw it being locked")


def test_words_being_written_survive_news(new_page: NewPage, sessions: Sessions) -> None:
    page = new_page("ann")
    raise_one(sessions)
    page.get_by_role("button", name="I will go").tap()
    page.get_by_text("Add a note").tap()
    page.get_by_role("textbox").fill("by the north door")
    with sessions.begin() as session:
        service.clear_alert(session, fresh(), "locked")
    seen(page, "The camera saw it being locked")
    expect(page.get_by_role("textbox")).to_have_value("by the north door")
    page.get_by_role("button", name="Owner locked it").tap()
    seen(page, "1 answered by you")


def test_the_age_of_an_alert_ticks(new_page: NewPage, sessions: Sessions) -> None:
    page = new_page("ann")
    raise_one(sessions)
    age = page.locator(".alert-age time")
    expect(age).to_be_visible()
    before = age.inner_text()
    expect(age).not_to_have_text(before, timeout=PATIENCE_MS)


def test_the_plan_shows_where_the_bike_is(new_page: NewPage, sessions: Sessions) -> None:
    with sessions.begin() as session:
        place = ensure_place(session, "campus", "b1", "r1", "cam-1")
        place.site.plan_file = "demo-campus.svg"
        place.building.plan_x, place.building.plan_y = 506, 342
    raise_one(sessions)
    page = new_page("ann")
    page.goto("/alerts/alert-stay-1")
    expect(page.locator(".plan .plan-pin")).to_be_visible()
    expect(page.locator(".plan img.leaflet-image-layer")).to_be_visible()


def test_every_page_fits_a_phone_and_every_target_a_thumb(new_page: NewPage, sessions: Sessions) -> None:
    raise_one(sessions)
    page = new_page("root")
    for address in ("/alerts", "/alerts/alert-stay-1", "/stays", "/health", "/shifts", "/thefts", "/labels"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        for target in page.locator("button:visible, .menu a:visible, .button:visible, summary.button:visible").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= THUMB_PX - 0.5, (address, target.inner_text())


def test_a_login_that_ends_meanwhile_leads_an_open_page_to_the_login(new_page: NewPage, sessions: Sessions) -> None:
    page = new_page("ann", bears="401")
    seen(page, "No bike is waiting")
    with sessions.begin() as session:
        session.execute(delete(LoginSession))
    raise_one(sessions)
    seen(page, "For volunteers and staff on campus.")


def test_a_server_that_comes_back_brings_the_news_of_meanwhile(
    browser: Browser, tmp_path: Path, sessions: Sessions, free_port: int
) -> None:
    with sessions.begin() as session:
        person(session, "ann", language="en")
    page = browser.new_page(viewport=PHONE)
    page.set_default_timeout(PATIENCE_MS)
    with serving(tmp_path, free_port) as (_, address):
        page.goto(f"{address}/login")
        log_in(page, "ann")
        seen(page, "No bike is waiting")
    seen(page, "Reconnecting")
    raise_one(sessions)
    with serving(tmp_path, free_port):
        seen(page, "1 bike is waiting")
        expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    page.close()
