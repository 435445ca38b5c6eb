"""What is not ours is listed, unchanged, and has its licence beside it; nothing is fetched from elsewhere."""

from __future__ import annotations

import hashlib
import re

from dashboard.web.i18n import DASHBOARD
from dashboard.web.pages import STATIC

VENDOR = STATIC / "vendor"
ELSEWHERE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//|@import|url\(["']?(?:https?:)?//""")


def listed() -> dict[str, str]:
    rows = [line.strip("| ").split(" | ") for line in (VENDOR / "VENDORED.md").read_text().splitlines()]
    return {row[3]: row[4] for row in rows if len(row) == 5 and len(row[4]) == 64}


def test_every_vendored_file_is_listed_and_unchanged() -> None:
    ours = {"VENDORED.md"}
    found = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file() and path.name != "LICENSE"}
    assert found - ours == set(listed())
    for name, digest in listed().items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_every_vendored_package_has_its_licence() -> None:
    for folder in VENDOR.iterdir():
        assert folder.is_file() or (folder / "LICENSE").read_text().strip(), folder


def test_no_page_fetches_anything_from_another_server() -> None:
    pages = [*DASHBOARD.glob("*/templates/**/*.html"), *(STATIC / "css").glob("*.css")]
    assert len(pages) > 10
    for path in pages:
        assert not ELSEWHERE.search(path.read_text()), path


def test_no_template_uses_what_our_own_policy_forbids() -> None:
    """Inline styles and scripts are dead under the Content-Security-Policy, silently."""
    for path in DASHBOARD.glob("*/templates/**/*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle\s*=|<style|<script(?![^>]*\ssrc=)|\son\w+\s*=|hx-on|javascript:", text), path
