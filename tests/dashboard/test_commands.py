"""The server as a process: it says where it listens, ends on Ctrl-C with pages open, and refuses in a sentence."""

from __future__ import annotations

import signal
import socket
import subprocess
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import select
from typer.testing import CliRunner

from dashboard.accounts.tables import Account
from dashboard.alerts.service import raise_alert
from dashboard.database import Sessions
from pleaselock import app
from tests.dashboard.builders import NOON, PASSWORD, log_in, person, report
from tests.dashboard.serving import SERVE, serving

FAR_OFF = NOON + timedelta(days=9999)


def test_a_page_hears_of_an_alert_and_ctrl_c_ends_the_server_with_the_page_open(home: Path, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
    with serving(home) as (process, address), httpx.Client(base_url=address, timeout=60) as client:
        log_in(client, "ann")
        with client.stream("GET", "/live") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            assert next(lines) == ": listening"
            with sessions.begin() as session:
                raise_alert(session, report(expires_at=FAR_OFF))
            told = [next(line for line in lines if line.startswith(field)) for field in ("id:", "event:", "data:")]
            assert told == ["id: 1", "event: changed", "data: 1"]
            process.send_signal(signal.SIGINT)
            with suppress(httpx.RemoteProtocolError):
                assert not [line for line in lines if line]
        assert process.wait(timeout=60) in (0, -signal.SIGINT, 130)
        assert "Traceback" not in process.communicate()[1]


def test_a_page_that_comes_back_is_told_only_what_it_missed(home: Path, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann")
        raise_alert(session, report("s1", expires_at=FAR_OFF))
        raise_alert(session, report("s2", expires_at=FAR_OFF))
    with serving(home) as (_, address), httpx.Client(base_url=address, timeout=60) as client:
        log_in(client, "ann")
        with client.stream("GET", "/live", headers={"last-event-id": "1"}) as stream:
            assert next(line for line in stream.iter_lines() if line.startswith("id:")) == "id: 2"


def refused(*options: str) -> str:
    ended = subprocess.run([*SERVE, *options], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}" in refused("--home", str(tmp_path), "--port", port)


def test_a_home_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot write to" in refused("--port", "0", "--home", str(tmp_path / "file" / "home"))


def test_an_account_is_added_and_a_second_of_that_name_refused(home: Path, sessions: Sessions) -> None:
    command = ["add-account", "ann", "--role", "security", "--password", PASSWORD, "--home", str(home)]
    assert CliRunner().invoke(app, command).exit_code == 0
    with sessions() as session:
        assert session.scalars(select(Account.role)).all() == ["security"]
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 2
    assert "already is an account" in again.stderr
