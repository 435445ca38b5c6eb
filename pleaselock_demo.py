"""`pleaselock demo`: the whole system on one machine, on a clip replayed as a live camera.

A small supervisor: it checks what it needs, starts one process for each part, starts a part again when it ends, and
on Ctrl-C stops them all, the last started first.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import typer
import yaml
from sqlalchemy.exc import SQLAlchemyError

from broker_bridge.embedded import listen_address
from dashboard.database import migrate, open_database, sessions_of
from dashboard.demo_seed import seed_demo
from dashboard.settings import Settings
from detector.config import Thresholds

CLIP = "left_unlocked"
DETECT_FPS = 5
START_AGAIN_AFTER_S = 2.0
STOP_WITHIN_S = 10.0
READY_WITHIN_S = 60.0


class CannotStartError(Exception):
    """The demo cannot start; the message says what, where and what to do."""


@dataclass(frozen=True)
class Part:
    """One process of the system: its name and its `pleaselock` command line."""

    name: str
    arguments: tuple[str, ...]


@dataclass
class Child:
    part: Part
    log: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    ended_at: float | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-m", "pleaselock_start", *self.part.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                # Ctrl-C in the terminal must reach the supervisor alone: it stops the parts in order.
                start_new_session=True,
            )
        self.ended_at = None

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def parts(settings: Settings, site_config: Path) -> tuple[Part, ...]:
    """In the order they start: what others depend on comes first."""
    return (
        Part("dashboard", ("serve", "--broker")),
        Part("bridge", ("bridge",)),
        Part("worker", ("watch", "--config", str(site_config), "--home", str(settings.home))),
    )


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home folder's lock for as long as the demo runs.

    Raises:
        CannotStartError: the folder cannot be written, or another demo holds it.
    """
    lock = _open_lock(home)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = (home / "demo.lock").read_text(encoding="utf-8").strip() or "?"
        raise CannotStartError(
            f"pleaselock already runs in {home} (process {pid}); stop it with Ctrl-C there, or set PLEASELOCK_HOME to another folder"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    with lock:
        yield


def _open_lock(home: Path) -> IO[str]:
    try:
        (home / "logs").mkdir(parents=True, exist_ok=True)
        return (home / "demo.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotStartError(
            f"cannot write to {home} ({error.strerror}); make it writable or set PLEASELOCK_HOME to another folder"
        ) from error


def refuse_busy_port(host: str, port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStartError(
                f"port {port} on {host} cannot be used ({error.strerror}); stop what uses it, or set {variable} to another"
            ) from error


def wait_until_ready(url: str, child: Child) -> None:
    """Return once the page answers.

    Raises:
        CannotStartError: the process ended, or the page never answered.
    """
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if child.process is not None and child.process.poll() is not None:
            raise CannotStartError(f"the {child.part.name} ended while starting; its last words are in {child.log}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address, always http
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise CannotStartError(f"{url} did not answer within {READY_WITHIN_S:.0f} s; see {child.log}")


def watch_over(children: list[Child]) -> None:
    """Start again whatever ends, until a signal says stop."""
    while True:
        time.sleep(0.5)
        for child in children:
            _start_again_if_ended(child)


def _start_again_if_ended(child: Child) -> None:
    code = child.process.poll() if child.process else None
    if code is None:
        return
    if child.ended_at is None:
        child.ended_at = time.monotonic()
        typer.echo(f"the {child.part.name} ended (exit status {code}, log: {child.log}); starting it again")
    elif time.monotonic() - child.ended_at >= START_AGAIN_AFTER_S:
        child.start()


def leave_on(signals: tuple[signal.Signals, ...]) -> None:
    def leave(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in signals:
        signal.signal(number, leave)


def what_happens_next(truth_file: Path, grace_s: float) -> str:
    """In words, from the clip's own truth: when the bike is left, and when the alert is due."""
    truth = json.loads(truth_file.read_text(encoding="utf-8"))
    left = [stay["left_at_s"] for stay in truth["stays"] if stay["left_at_s"] is not None and not stay["locked"]]
    if not left:
        return "Nobody leaves a bike unlocked on this clip."
    return (
        f"The clip (rendered) runs in a loop. {left[0]:.0f} s into it a rider walks off and leaves the bike unlocked;"
        f" about {grace_s:.0f} s later the alert and its picture appear on the volunteer's page by themselves."
    )


def write_site_config(settings: Settings, videos: Path) -> Path:
    """The one camera of the demo, with its rack outline as the clip's truth gives it; kept where it can be edited."""
    path = settings.home / "site.yaml"
    truth = json.loads((videos / f"{CLIP}.truth.json").read_text(encoding="utf-8"))
    outline = [[round(x, 3), round(y, 3)] for x, y in truth["racks"][0]["outline_norm"]]
    rack = {"id": "t1-east", "name": "Teaching Building 1, east", "building": "teaching-1", "outline": outline}
    camera = {"id": "teaching-1-east", "source": str(videos / f"{CLIP}.mp4"), "fps": DETECT_FPS, "racks": [rack]}
    config = {"site": "demo-campus", "worker": "edge-1", "mqtt": settings.mqtt_url, "cameras": [camera]}
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def seed(settings: Settings) -> dict[str, str]:
    """Bring the schema up to date and put the invented campus in; gives each login's password."""
    engine = open_database(settings.database)
    try:
        migrate(engine)
        with sessions_of(engine).begin() as session:
            return seed_demo(session, datetime.now(UTC), settings.home)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise CannotStartError(
            f"the database {settings.database} cannot be used ({reason}); mend or remove it"
        ) from error
    finally:
        engine.dispose()


def run(settings: Settings, videos: Path) -> None:
    """Start everything, say where it is, and stay until Ctrl-C.

    Raises:
        CannotStartError: something is in the way.
    """
    with only_one(settings.home):
        refuse_busy_port(settings.host, settings.port, "PLEASELOCK_PORT")
        refuse_busy_port(*listen_address(settings.mqtt_url), "PLEASELOCK_MQTT_URL")
        passwords = seed(settings)
        site_config = write_site_config(settings, videos)
        children = [_child(part, settings) for part in parts(settings, site_config)]
        leave_on((signal.SIGINT, signal.SIGTERM))
        try:
            _start_all(children, settings)
            typer.echo(
                welcome(settings, passwords, what_happens_next(videos / f"{CLIP}.truth.json", Thresholds().grace_s))
            )
            watch_over(children)
        except KeyboardInterrupt:
            typer.echo("\nstopping ...")
        finally:
            for child in reversed(children):
                child.stop()
        typer.echo(f"stopped. What was stored is kept in {settings.home}.")


def _child(part: Part, settings: Settings) -> Child:
    environment = dict(os.environ, PLEASELOCK_HOME=str(settings.home), PYTHONUNBUFFERED="1")
    return Child(part, settings.home / "logs" / f"{part.name}.log", environment)


def _start_all(children: list[Child], settings: Settings) -> None:
    first, *others = children
    typer.echo("starting the dashboard, the broker, the bridge and one edge worker ...")
    first.start()
    wait_until_ready(f"{address(settings)}/login", first)
    for child in others:
        child.start()


def address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://{host}:{settings.port}"


def welcome(settings: Settings, passwords: Mapping[str, str], next_line: str) -> str:
    logins = "\n".join(f"    {name:<12} {password}" for name, password in passwords.items())
    return f"""
pleaselock is running (Ctrl-C stops it; all state is in {settings.home}, logs in {settings.home / "logs"})

  Volunteer's page   {address(settings)}/alerts     log in as vol
  Staff page         {address(settings)}/thefts     log in as security

  Logins (this installation's own, invented people):
{logins}

  What happens next: {next_line}
"""
