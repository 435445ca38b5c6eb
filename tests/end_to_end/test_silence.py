"""A worker that dies without a word is an alarm in front of staff; nobody is told of one that is started anew in time."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from dashboard.accounts.tables import Account, Role
from dashboard.health.outages import review
from dashboard.health.queries import unseen_notices
from dashboard.health.tables import CameraHealth, Worker
from detector.model_folder import DEFAULT_MODEL
from tests.brokers import ROOT, Broker, Server, embedded_process, mosquitto_process, server, wait_for
from tests.dashboard.builders import person

CLIP = ROOT / "sample_videos" / "left_unlocked.mp4"
S = timedelta(seconds=1)


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.service("mosquitto"))])
def broker(request: pytest.FixtureRequest, tmp_path: Path, free_port: int) -> Iterator[Broker]:
    if request.param == "embedded":
        process = embedded_process(free_port)
    else:
        process = mosquitto_process(free_port, request.getfixturevalue("mosquitto_path"), tmp_path)
    process.start()
    yield process
    process.kill()


@contextmanager
def worker(broker: Broker, folder: Path, metrics_port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "site.yaml"
    camera = {"id": "gate", "source": str(CLIP), "fps": 2}
    site = {"site": "north", "worker": "edge-1", "mqtt": broker.url, "cameras": [camera]}
    config.write_text(yaml.safe_dump(site | {"metrics": {"port": metrics_port}} if metrics_port else site))
    command = [sys.executable, "-m", "pleaselock", "watch", "--config", str(config), "--home", str(folder / "edge")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def states(host: Server) -> list[str]:
    with host.sessions() as session:
        return list(session.scalars(select(Worker.state)))


def told(host: Server, ann: int) -> list[tuple[str, str]]:
    with host.sessions() as session:
        return [(one.outage.trouble, one.what) for one in unseen_notices(session, ann)]


def test_a_killed_worker_is_told_to_staff_and_so_is_that_it_is_back(broker: Broker, tmp_path: Path) -> None:
    with server(tmp_path) as host, host.bridge(broker.url):
        with host.sessions.begin() as session:
            person(session, "ann", Role.SECURITY)
            ann = session.scalars(select(Account.id)).one()
        now = datetime.now(UTC)

        def look(after_s: float) -> None:
            with host.sessions.begin() as session:
                review(session, now + after_s * S, now - timedelta(hours=1))

        with worker(broker, tmp_path) as process:
            wait_for(lambda: host.count(CameraHealth) == 1)
            with host.sessions() as session:
                health = session.scalars(select(CameraHealth)).one()
                assert health.model_id == DEFAULT_MODEL
                assert health.faults == []
            now = datetime.now(UTC)
            look(0)
            process.send_signal(signal.SIGKILL)
            wait_for(lambda: states(host) == ["offline"])
        look(5)
        assert told(host, ann) == []
        look(36)
        assert told(host, ann) == [("offline", "began")]
        with worker(broker, tmp_path):
            wait_for(lambda: states(host) == ["online"])
            heard = datetime.now(UTC)
            wait_for(lambda: _heard_since(host, heard))
            now = datetime.now(UTC)
            look(0)
            look(55)
            assert told(host, ann) == [("offline", "began")]
            wait_for(lambda: _heard_since(host, now))
            look(60)
        assert ("offline", "over") in told(host, ann)


def _heard_since(host: Server, at: datetime) -> bool:
    with host.sessions() as session:
        return session.scalars(select(CameraHealth.reported_at)).one() > at


def test_a_running_worker_is_read_by_prometheus_and_the_port_is_free_again_after_it(tmp_path: Path) -> None:
    with socket.socket() as one, socket.socket() as other:
        for listener in (one, other):
            listener.bind(("127.0.0.1", 0))
        port, nobody = (int(listener.getsockname()[1]) for listener in (one, other))
    address = f"http://127.0.0.1:{port}/metrics"

    def text() -> str:
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.read().decode())
        return ""

    with worker(embedded_process(nobody), tmp_path, port) as process:
        wait_for(lambda: re.search(r'pleaselock_camera_frames_taken_total\{camera="gate"\} [1-9]', text()))
        assert 'pleaselock_worker_info{site="north",version=' in text()
        assert "pleaselock_broker_connected 0.0" in text()
        process.terminate()
        assert process.wait(20) == 0
    assert text() == ""
