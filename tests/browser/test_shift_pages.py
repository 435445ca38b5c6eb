"""People on duty in a real browser: a shift is planned, a volunteer is asked and told, nothing runs over the edge."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from dashboard.accounts.tables import Role
from dashboard.alerts.service import raise_alert
from dashboard.app import create_app
from dashboard.database import Sessions
from dashboard.dispatch.tables import Delivery, DeliveryState
from dashboard.places.tables import Building, Site
from dashboard.shifts.tables import Post, Shift
from dashboard.volunteers.tables import Volunteer
from tests.dashboard.builders import PASSWORD, database_in, person, report, settings_in

pytestmark = pytest.mark.service("chromium")
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
PAGES = {"coordinator": ("/shifts", "/shifts/new", "/shifts/1", "/volunteers", "/volunteers/new", "/volunteers/1", "/campaigns"), "lin": ("/shifts", "/alerts")}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Sessions:
    """A coordinator, and two volunteers at one building of whom Lin is on duty now."""
    sessions, at = database_in(tmp_path), datetime.now(UTC)
    with sessions.begin() as session:
        site = Site(code="campus", name_zh="校园", name_en="Campus")
        post = Post(
            building=Building(site=site, code="b1", name_zh="第一教学楼", name_en="Teaching Building 1"),
            name_zh="第一教学楼门口",
            name_en="Teaching Building 1 entrance",
        )
        lin, ming = (Volunteer(account=person(session, name, display_name=name.title())) for name in ("lin", "ming"))
        now = {"starts_at": at - timedelta(hours=1), "ends_at": at + timedelta(hours=1)}
        session.add_all([post, ming, Shift(volunteer=lin, post=post, lead=True, **now)])
        person(session, "coordinator", Role.COORDINATOR)
    return sessions


@pytest.fixture
def address(database: Sessions, tmp_path: Path, free_port: int) -> Iterator[str]:
    running = uvicorn.Server(uvicorn.Config(create_app(settings_in(tmp_path)), port=free_port, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{free_port}"
    running.should_exit = True
    thread.join(10)


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, address: str, username: str, size: str, locale: str, troubles: list[str]) -> Page:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if "Security Policy" in message.text else None)
    page.goto(f"{address}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("form[action='/login'] button")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_page_fits_its_screen_in_both_languages(browser: Browser, address: str, size: str, locale: str) -> None:
    troubles: list[str] = []
    for who, paths in PAGES.items():
        page = opened(browser, address, who, size, locale, troubles)
        for path in paths:
            answer = page.goto(f"{address}{path}")
            assert answer is not None
            assert answer.status == 200
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.locator("html").get_attribute("lang") == ("en" if locale == "en-US" else "zh-CN")
        page.close()
    assert troubles == []


def test_a_coordinator_takes_a_volunteer_in_and_plans_a_shift_on_a_phone(browser: Browser, address: str) -> None:
    troubles: list[str] = []
    page = opened(browser, address, "coordinator", "phone", "en-US", troubles)
    page.goto(f"{address}/volunteers/new")
    page.fill("[name=display_name]", "Wei")
    page.fill("[name=username]", "wei")
    page.get_by_role("button", name="Add this volunteer").click()
    assert len(page.locator("#password").inner_text()) == 14
    page.get_by_role("link", name="Plan a shift").click()
    page.select_option("[name=volunteer_id]", label="Wei")
    page.select_option("[name=post_id]", label="Teaching Building 1 entrance")
    page.fill("[name=begins]", "13:00")
    page.fill("[name=ends]", "12:00")
    page.get_by_role("button", name="Add this shift").click()
    expect(page.get_by_role("alert")).to_contain_text("ends before it begins")
    page.fill("[name=ends]", "15:00")
    page.get_by_role("button", name="Add this shift").click()
    row = page.get_by_role("link", name="Wei")
    expect(row).to_contain_text("13:00–15:00")
    row.click()
    page.get_by_role("button", name="Remove this shift").click()
    expect(page.get_by_role("link", name="Wei")).to_have_count(0)
    assert troubles == []


def test_an_unlocked_bike_reaches_the_volunteer_on_duty_without_a_reload(
    browser: Browser, address: str, database: Sessions
) -> None:
    """Dispatch runs beside the pages: who is asked sees so, counted in the tab's title; the others only see the bike."""
    troubles: list[str] = []
    pages = {who: opened(browser, address, who, "phone", "en-US", troubles) for who in ("lin", "ming")}
    for page in pages.values():
        page.goto(f"{address}/alerts")
        expect(page.locator(".live-on")).to_be_visible()
    at = datetime.now(UTC)
    with database.begin() as session:
        left = replace(report(), parked_at=at, left_at=at, at=at, expires_at=at + timedelta(minutes=15))
        raise_alert(session, left)
    expect(pages["lin"].locator(".alert-asked")).to_have_text("You were asked", timeout=20_000)
    expect(pages["lin"]).to_have_title("(1) Alerts · pleaselock")
    expect(pages["ming"].locator("article.alert-card")).to_have_count(1)
    expect(pages["ming"].locator(".alert-asked")).to_have_count(0)
    with database.begin() as session:
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.SEEN]
    pages["lin"].get_by_role("button", name="Sound is off").click()
    expect(pages["lin"].get_by_role("button", name="Sound is on")).to_be_visible()
    assert troubles == []
