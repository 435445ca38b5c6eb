"""Real brokers, bridges and messages for tests: Mosquitto and the embedded one, each a process that can be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

import dashboard.tables  # noqa: F401 -- so that the metadata is whole
from broker_bridge.bridge import Bridge
from broker_bridge.messages import AlertMessage, StayMessage, Verdict, WorkerStatus, alert_id_of, uuid7
from dashboard.alerts.tables import Alert
from dashboard.database import Base, Sessions, open_database, sessions_of
from dashboard.intake.tables import QuarantinedMessage, ReceivedMessage

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0 a very small picture \xff\xd9"
PATIENCE_S = 60.0
ROOT = Path(__file__).resolve().parent.parent

EMBEDDED = """
import asyncio, sys
from broker_bridge.embedded import embedded_broker
async def main():
    async with embedded_broker("127.0.0.1", int(sys.argv[1])):
        await asyncio.Event().wait()
asyncio.run(main())
"""
MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 100
max_queued_messages 100000
"""


@dataclass
class Broker:
    """A broker's process on a port of its own; nothing of it survives `kill`."""

    command: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        wait_for(self._answers)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def embedded_process(port: int) -> Broker:
    return Broker([sys.executable, "-c", EMBEDDED, str(port)], port)


def mosquitto_process(port: int, program: str, folder: Path) -> Broker:
    config = folder / "mosquitto.conf"
    config.write_text(MOSQUITTO.format(port=port))
    return Broker([program, "-c", str(config)], port)


def wait_for(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Look until it is so. The patience only ends a test that would fail anyway."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s} s in vain"
        time.sleep(0.05)


@dataclass
class Server:
    """A database, a media folder, and bridges on demand."""

    folder: Path
    engine: Engine
    sessions: Sessions

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @contextmanager
    def bridge(self, url: str, kind: Callable[..., Bridge] = Bridge) -> Iterator[Bridge]:
        stop = threading.Event()
        bridge = kind(url, self.sessions, self.media)
        thread = threading.Thread(target=bridge.run, args=(stop,))
        thread.start()
        try:
            yield bridge
        finally:
            stop.set()
            thread.join()

    def count(self, table: type[Any]) -> int:
        with self.sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def alert_ids(self) -> list[str]:
        with self.sessions() as session:
            return sorted(session.scalars(select(Alert.id)))

    def reasons(self) -> list[str]:
        with self.sessions() as session:
            return list(session.scalars(select(QuarantinedMessage.reason).order_by(QuarantinedMessage.id)))

    def received(self) -> int:
        return self.count(ReceivedMessage)


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    engine = open_database(f"sqlite:///{folder / 'server.db'}")
    Base.metadata.create_all(engine)
    try:
        yield Server(folder, engine, sessions_of(engine))
    finally:
        engine.dispose()


def header(number: int, **changed: object) -> dict[str, Any]:
    at = AT + timedelta(seconds=number)
    fields = {
        "message_id": uuid7(at, os.urandom(8)),
        "sent_at": at,
        "site": "north",
        "worker": "edge-1",
        "boot": "boot-1",
        "seq": number,
    }
    return fields | changed


def about(number: int, **changed: object) -> dict[str, Any]:
    return (
        header(number)
        | {
            "at": AT + timedelta(seconds=number),
            "camera": "gate",
            "rack": "rack-1",
            "building": "teaching-1",
            "stay_id": f"stay-{number}",
            "kind": "bicycle",
            "xyxy_norm": (0.1, 0.2, 0.3, 0.4),
            "parked_at": AT,
            "left_at": AT + timedelta(seconds=9),
            "verdict": Verdict(state="unlocked", p_unlocked=0.9, reasons={"left_after_s": 4.0}),
        }
        | changed
    )


def alert(number: int, **changed: object) -> AlertMessage:
    """The alert about stay `number`."""
    fields = about(number, event="raised", expires_at=AT + timedelta(minutes=30)) | changed
    return AlertMessage(**{"alert_id": alert_id_of(fields["stay_id"]), **fields})


def stay(number: int, **changed: object) -> StayMessage:
    return StayMessage(**about(number, event="opened") | changed)


def status(number: int = 0, **changed: object) -> WorkerStatus:
    fields = header(number, state="online", version="0.1.0", cameras=("gate",)) | changed
    return WorkerStatus(**fields)
