"""`pleaselock demo`, as a person runs it: everything starts, the alert comes, Ctrl-C ends it, trouble is one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from detector.config import Thresholds

T = TypeVar("T")
WITHIN_S = 150
"""Start-up and one round of the clip, on a slow and busy machine."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(home: Path, port: int, mqtt_port: int) -> dict[str, str]:
    return os.environ | {
        "PLEASELOCK_HOME": str(home),
        "PLEASELOCK_PORT": str(port),
        "PLEASELOCK_MQTT_URL": f"mqtt://127.0.0.1:{mqtt_port}",
    }


@contextmanager
def demo(home: Path, port: int, mqtt_port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pleaselock", "demo"],
        env=_environment(home, port, mqtt_port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def refused(home: Path, port: int, mqtt_port: int) -> str:
    """Start a demo that cannot start; gives its one sentence."""
    ended = subprocess.run(
        [sys.executable, "-m", "pleaselock", "demo"],
        env=_environment(home, port, mqtt_port),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


def wait_for(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError(f"{what} did not come within {WITHIN_S} s")


def _children(pid: int) -> dict[str, int]:
    """The demo's parts by their command, such as `bridge`."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rsplit(")", 1)[1].split()[1])
            command = (entry.parent / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if parent == pid and len(command) > 3:
            found[command[3].decode()] = int(entry.parent.name)
    return found


def _alert(home: Path) -> tuple[str, int, int] | None:
    """Id, when the rider left and when it was raised (ms) of the newest alert with a picture."""
    if not (home / "pleaselock.db").exists():
        return None
    with closing(sqlite3.connect(home / "pleaselock.db", timeout=10)) as database:
        row: tuple[str, int, int] | None = database.execute(
            "SELECT id, left_at, raised_at FROM alerts WHERE snapshot_key IS NOT NULL ORDER BY raised_at DESC"
        ).fetchone()
        return row


def _volunteers_page(home: Path, port: int) -> str:
    passwords = json.loads((home / "demo_logins.json").read_text(encoding="utf-8"))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=90) as browser:
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login").text)
        assert token is not None
        form = {"username": "vol", "password": passwords["vol"], "csrf_token": token[1]}
        assert browser.post("/login", data=form).status_code == 200
        return browser.get("/alerts").text


@pytest.mark.timeout(400)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc to find the bridge's process")
def test_the_demo_brings_the_alert_even_past_a_dead_bridge_and_ctrl_c_ends_it_all(tmp_path: Path) -> None:
    home, port, mqtt_port = tmp_path / "home", _free_port(), _free_port()
    with demo(home, port, mqtt_port) as process:
        children = wait_for(
            lambda: found if len(found := _children(process.pid)) == 3 else None, "the dashboard, bridge and worker"
        )
        os.kill(children["bridge"], signal.SIGKILL)

        alert_id, left_ms, raised_ms = wait_for(lambda: _alert(home), "an alert with its picture")
        assert alert_id in _volunteers_page(home, port)
        assert raised_ms - left_ms >= Thresholds().grace_s * 1000
        assert "already runs in" in refused(home, _free_port(), _free_port())

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not _children(process.pid)
    assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())


def test_a_port_in_use_is_said_with_the_variable_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "PLEASELOCK_PORT" in refused(tmp_path, port, _free_port())
        assert "PLEASELOCK_MQTT_URL" in refused(tmp_path, _free_port(), port)


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    assert "PLEASELOCK_HOME" in refused(tmp_path / "a-file" / "home", _free_port(), _free_port())


def test_a_setting_that_is_no_number_is_said_with_its_name(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pleaselock", "serve"],
        env=os.environ | {"PLEASELOCK_HOME": str(tmp_path), "PLEASELOCK_PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "PLEASELOCK_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
