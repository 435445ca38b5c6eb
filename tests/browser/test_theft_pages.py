"""The theft pages in a real browser: a file is imported, the pictures are drawn, nothing runs over the edge."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.accounts.tables import Role
from dashboard.app import create_app
from dashboard.places.tables import Building, Site
from dashboard.thefts.invented import add_invented_cases
from tests.dashboard.builders import NOON, PASSWORD, database_in, person, settings_in

pytestmark = pytest.mark.service("chromium")
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
ROWS = "".join(f"C{day},2026-09-{day:02d} 18:00,Gym,{29.65 + day / 9000},-82.34\n" for day in range(1, 13))
FILE = f"案件编号,报案时间,地点,纬度,经度\n{ROWS}C99,2026-09-20 18:00,Gym,129.3,-82.34\n"


@contextmanager
def server_over(folder: Path, port: int) -> Iterator[str]:
    running = uvicorn.Server(uvicorn.Config(create_app(settings_in(folder)), port=port, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(10)


@pytest.fixture
def address(tmp_path: Path, free_port: int) -> Iterator[str]:
    with database_in(tmp_path).begin() as session:
        site = Site(code="campus", name_zh="校园", name_en="Campus", plan_file="demo-campus.svg")
        for number in range(3):
            spot = 200 + 250 * number
            session.add(Building(site=site, code=f"b{number}", name_zh="楼", name_en="Hall", plan_x=spot, plan_y=300))
        person(session, "guard", Role.SECURITY, language="en")
        person(session, "wei", Role.SECURITY, language="zh-CN")
        session.flush()
        add_invented_cases(session, NOON)
    with server_over(tmp_path, free_port) as address:
        yield address


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, address: str, username: str, size: str, troubles: list[str]) -> Page:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale="en-US")
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if "Security Policy" in message.text else None)
    page.goto(f"{address}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/thefts")
    return page


def painted(page: Page) -> int:
    """Cells of the heat picture that are not transparent."""
    return int(
        page.evaluate(
            """() => {
              const canvas = document.querySelector("canvas[data-heat]");
              const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              return data.filter((value, index) => index % 4 === 3 && value > 0).length;
            }"""
        )
    )


def runs_over(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("username", "banner"), [("guard", "Invented demo data"), ("wei", "虚构的演示数据")])
def test_the_pages_draw_themselves_in_both_languages(
    browser: Browser, address: str, size: str, username: str, banner: str
) -> None:
    troubles: list[str] = []
    page = opened(browser, address, username, size, troubles)
    for path in ("/thefts", "/thefts/where", "/thefts/when", "/thefts/new", "/thefts/import", "/thefts/cases/1"):
        page.goto(address + path)
        assert not runs_over(page), path
    page.goto(f"{address}/thefts/where")
    assert banner in page.inner_text(".thefts-invented")
    assert painted(page) > 100
    page.goto(f"{address}/thefts/when")
    page.wait_for_selector(".thefts-trend canvas")
    assert page.locator(".thefts-matrix td.heat-9").count() >= 1
    assert troubles == []


def test_a_file_is_looked_at_then_imported_and_seen_on_plain_ground(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "cases.csv"
    file.write_bytes(FILE.encode("gb18030"))
    troubles: list[str] = []
    page = opened(browser, address, "guard", "phone", troubles)
    page.goto(f"{address}/thefts/import")
    page.set_input_files("[name=file]", file)
    page.fill("[name=zone]", "America/New_York")
    page.click(".thefts-import .primary")
    page.wait_for_selector(".thefts-problems")
    assert not runs_over(page)
    assert "line 14" in page.inner_text(".thefts-problems").lower()
    assert "129.3 is outside" in page.inner_text(".thefts-problems")
    page.click(".thefts-confirm .primary")
    page.wait_for_selector("h1:has-text('12 cases imported')")
    with page.expect_download() as download:
        page.click("a[download]")
    assert "129.3" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.click("a[href^='/thefts/where']")
    page.wait_for_selector(".thefts-bar text")
    assert painted(page) > 100
    assert page.locator(".thefts-invented").count() == 0
    assert troubles == []


def test_a_tap_on_the_plan_says_where_the_bike_stood(browser: Browser, address: str) -> None:
    troubles: list[str] = []
    page = opened(browser, address, "guard", "phone", troubles)
    page.goto(f"{address}/thefts/new")
    box = page.locator(".thefts-pick").bounding_box()
    assert box is not None
    page.locator(".thefts-pick").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.click(".thefts-form .primary")
    page.wait_for_url("**/thefts/cases/*")
    across = page.locator(".thefts-here").get_attribute("cx") or ""
    assert float(across.rstrip("%")) == pytest.approx(50, abs=1)
    assert troubles == []
