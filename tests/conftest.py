"""What every test may ask for. Optional services: absent means skipped, with the reason; required means an error."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import structlog

from tests.rtsp_server import SYSTEM_PYTHON
from tests.small_disk import can_be_mounted, mounted

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SERVICES = {
    "mosquitto": "install Debian's mosquitto",
    "chromium": "install Debian's chromium",
    "ffmpeg": "install Debian's ffmpeg",
    "systemd-analyze": "install Debian's systemd",
    "gst_rtsp_server": "install Debian's gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-{base,good,bad,ugly}",
    "small_disk": "run as root where a tmpfs may be mounted",
}
HAS_RTSP_SERVER = """
import gi
for name in ("Gst", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
raise SystemExit(not (Gst.ElementFactory.find("x264enc") and Gst.ElementFactory.find("x265enc")))
"""


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


@cache
def _has_rtsp_server() -> bool:
    """GStreamer belongs to the system's Python, not to this one."""
    if not Path(SYSTEM_PYTHON).exists():
        return False
    return subprocess.run([SYSTEM_PYTHON, "-c", HAS_RTSP_SERVER], capture_output=True, check=False).returncode == 0


def _is_here(service: str) -> bool:
    if service == "small_disk":
        return can_be_mounted()
    return _has_rtsp_server() if service == "gst_rtsp_server" else _program(service) is not None


def _missing(item: pytest.Item) -> tuple[str, str] | None:
    """The first thing this test needs that is not here: its name, and what to do."""
    for marker in item.iter_markers("service"):
        name = str(marker.args[0])
        if not _is_here(name):
            return name, f"{name} is not here; {SERVICES[name]}"
    if item.get_closest_marker("train") and importlib.util.find_spec("ultralytics") is None:
        return "train", "the [train] extra is not installed"
    if item.get_closest_marker("openvino") and importlib.util.find_spec("openvino") is None:
        return "openvino", "the [openvino] extra is not installed"
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
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


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
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte; only tests marked `service("small_disk")` may ask for it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder):
        yield folder


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
