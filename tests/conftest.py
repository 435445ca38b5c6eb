"""What every test may ask for. Optional services: absent means skipped, with the reason; required means an error."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SERVICES = {
    "mosquitto": "install Debian's mosquitto",
    "chromium": "install Debian's chromium",
    "ffmpeg": "install Debian's ffmpeg",
}


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


def _missing(item: pytest.Item) -> tuple[str, str] | None:
    """The first thing this test needs that is not here: its name, and what to do."""
    for marker in item.iter_markers("service"):
        name = str(marker.args[0])
        if _program(name) is None:
            return name, f"{name} is not installed; {SERVICES[name]}"
    if item.get_closest_marker("train") and importlib.util.find_spec("ultralytics") is None:
        return "train", "the [train] extra is not installed"
    if item.get_closest_marker("shared") and not (SHARED / "data").is_dir():
        return "shared", "the real footage is not beside this checkout"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    required = set(os.environ.get("PLEASELOCK_REQUIRE", "").replace(",", " ").split())
    for item in items:
        missing = _missing(item)
        if missing is None:
            continue
        name, reason = missing
        if name in required or "all" in required:
            raise pytest.UsageError(f"PLEASELOCK_REQUIRE names {name}, but {reason}")
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """The front door sets up logging for its process; a test that goes through it leaves none of that behind."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real data; only tests marked `shared` may ask for it."""
    return SHARED


@pytest.fixture(scope="session")
def mosquitto_path() -> str:
    """The broker's program; only tests marked `service("mosquitto")` may ask for it."""
    path = _program("mosquitto")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program; only tests marked `service("chromium")` may ask for it."""
    path = _program("chromium")
    assert path is not None
    return path


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
