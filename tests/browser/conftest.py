"""One headless browser for all; each person is a window of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from dashboard.database import Sessions
from tests.dashboard.builders import database_in
from tests.dashboard.serving import serving


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return database_in(tmp_path)


@pytest.fixture
def address(tmp_path: Path, sessions: Sessions) -> Iterator[str]:
    with serving(tmp_path) as (_, address):
        yield address
