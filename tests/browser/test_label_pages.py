"""The analysts' page in a real browser: by thumb, by keyboard, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from dashboard.accounts.tables import Role
from dashboard.alerts.tables import Outcome
from dashboard.database import Sessions
from dashboard.labels.tables import LabelCorrection
from tests.dashboard.builders import PASSWORD, person
from tests.dashboard.labels.answered import answer

pytestmark = pytest.mark.service("chromium")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PATIENCE_MS = 30_000
NOTE = "锁在后轮上，从摄像头那边看不到。The lock is a ring lock at the rear wheel, hidden behind the pannier."


@pytest.fixture(autouse=True)
def _answered(sessions: Sessions, tmp_path: Path) -> None:
    with sessions.begin() as session:
        person(session, "ann", Role.ANALYST, display_name="Ann")
        for stay, outcome in (("s1", Outcome.TAGGED), ("s2", Outcome.WAS_LOCKED), ("s3", Outcome.CANNOT_REACH)):
            answer(session, tmp_path / "media", stay, outcome, note=NOTE)


@contextmanager
def labels(browser: Browser, address: str, **window: Any) -> Iterator[Page]:  # noqa: ANN401 - as playwright has it
    """The page, logged in as the analyst."""
    context = browser.new_context(base_url=address, **{"locale": "en-GB"} | window)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/login")
    page.fill("[name=username]", "ann")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/labels")
    yield page
    context.close()


def said(sessions: Sessions) -> dict[str, str]:
    with sessions() as session:
        return {row.alert_id: row.says for row in session.scalars(select(LabelCorrection))}


def left(page: Page, number: int) -> None:
    expect(page.locator("article")).to_have_count(number, timeout=PATIENCE_MS)


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    ("locale", "title"), [("zh-CN", "这些图片里的车锁了吗？"), ("en-GB", "What do these pictures show?")]
)
def test_the_page_fits_and_shows_each_picture(
    browser: Browser, address: str, window: dict[str, Any], locale: str, title: str
) -> None:
    with labels(browser, address, locale=locale, **window) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        for show in ("open", "corrected"):
            page.goto(f"/labels?show={show}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), show
        page.goto("/labels")
        page.wait_for_function("[...document.querySelectorAll('article img')].every(one => one.complete)")
        assert (
            page.evaluate("[...document.querySelectorAll('article img')].map(one => one.naturalWidth > 99)")
            == [True] * 3
        )


def test_thumbs_answer_and_take_back(browser: Browser, address: str, sessions: Sessions) -> None:
    with labels(browser, address, **PHONE) as page:
        page.locator("#alert-alert-s2").get_by_role("button", name="Locked", exact=True).tap()
        left(page, 2)
        assert said(sessions) == {"alert-s2": "locked"}
        page.get_by_role("link", name="Corrected 1").tap()
        expect(page.locator("article")).to_contain_text("Ann")
        expect(page.get_by_role("button", name="Locked", exact=True)).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Take it back").tap()
        left(page, 0)
        assert said(sessions) == {}


def test_keys_answer_walk_and_go_on_with_the_next(browser: Browser, address: str, sessions: Sessions) -> None:
    with labels(browser, address, **DESK) as page:
        first, second, third = page.locator("article").evaluate_all("all => all.map(one => one.id)")
        page.keyboard.press("j")
        expect(page.locator(f"#{first}")).to_be_focused()
        page.keyboard.press("j")
        expect(page.locator(f"#{second}")).to_be_focused()
        page.keyboard.press("1")
        left(page, 2)
        expect(page.locator(f"#{third}")).to_be_focused()
        page.keyboard.press("k")
        expect(page.locator(f"#{first}")).to_be_focused()
        page.keyboard.press("4")
        left(page, 1)
        assert said(sessions) == {second.removeprefix("alert-"): "unlocked", first.removeprefix("alert-"): "leave_out"}


def test_a_key_typed_with_control_or_into_nothing_answers_nothing(
    browser: Browser, address: str, sessions: Sessions
) -> None:
    with labels(browser, address, **DESK) as page:
        for key in ("Control+1", "5", "9", "x"):
            page.keyboard.press(key)
        page.reload()
        left(page, 3)
        assert said(sessions) == {}


def test_it_works_without_javascript(browser: Browser, address: str, sessions: Sessions) -> None:
    with labels(browser, address, java_script_enabled=False, **PHONE) as page:
        page.locator("#alert-alert-s1").get_by_role("button", name="Not a bike").tap()
        left(page, 2)
        page.goto("/labels?show=corrected")
        page.get_by_role("button", name="Take it back").tap()
        left(page, 0)
        assert said(sessions) == {}


def test_the_dataset_is_downloaded(browser: Browser, address: str, tmp_path: Path) -> None:
    with labels(browser, address, **DESK) as page:
        with page.expect_download() as download:
            page.get_by_role("link", name="YOLO").click()
        assert download.value.suggested_filename == "pleaselock-labels-yolo.zip"
        download.value.save_as(tmp_path / "labels.zip")
        assert (tmp_path / "labels.zip").read_bytes()[:2] == b"PK"
