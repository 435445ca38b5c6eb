"""What the camera judged, in a real browser: the pages fit a phone and a desk, and what is unsure can be read by a tap."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from dashboard.accounts.tables import Role
from dashboard.alerts import service
from dashboard.database import Sessions
from dashboard.health.service import WorkerReport, record_worker
from tests.dashboard.builders import PASSWORD, person, rack, report, stay_of

pytestmark = pytest.mark.service("chromium")
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
PAGES = ("/stays", "/alerts", "/alerts/alert-stay-1", "/health")
MODEL = ("0.1.0", "bikepark-v0", "ab" * 32)
EVERY_DOUBT = dict.fromkeys(
    ("shared_bike", "merged_boxes", "bike_too_small_px", "too_dark", "camera_moved", "not_watched_s", "rider_not_seen"),
    1.0,
)


@pytest.fixture(autouse=True)
def _judged(sessions: Sessions) -> None:
    """One bike with every doubt in an uncertain place, one that was locked after an alert, two machines."""
    at = datetime.now(UTC)
    with sessions.begin() as session:
        person(session, "ann", Role.SECURITY)
        there = rack(session)
        there.name_en = "Bicycle stands in front of the east entrance"
        there.building.name_en = "Teaching Building Number Twelve"
        doubtful = {"verdict_state": "unsure", "reasons": EVERY_DOUBT, "visit_certain": False}
        session.add(stay_of("stay-1", there, parked_at=at, reported_at=at, **doubtful))
        service.clear_alert(session, report(at=at, left_at=at, locked_after_s=200.0), "locked")
        record_worker(session, WorkerReport("campus", "older", "online", "b", at, *MODEL, "", ()))
        verdict = "lock-verdict-v1", "cd" * 32
        record_worker(session, WorkerReport("campus", "edge-1", "online", "b", at, *MODEL, "", (), *verdict))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_pages_about_judging_fit_and_say_what_is_unsure(
    browser: Browser, address: str, size: str, locale: str
) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
    page.goto(f"{address}/login")
    page.fill("[name=username]", "ann")
    page.fill("[name=password]", PASSWORD)
    page.click("form[action='/login'] button")
    page.wait_for_url(lambda url: "/login" not in url)
    for path in PAGES:
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{address}/stays")
    sentence = "车辆位置不完全确定" if locale == "zh-CN" else "which of the bikes here is uncertain"
    page.locator("details.because summary").click()
    expect(page.locator("details.because li").first).to_contain_text(sentence)
    expect(page.locator("#tallies tbody tr")).to_have_count(1)
    page.close()
