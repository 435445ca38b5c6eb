"""Edges for the tests that count alerts: a real outbox and a real sink, in this process or in one that can be killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import select

from broker_bridge.messages import WorkerStatus, alert_id_of
from dashboard.health.tables import Worker
from dashboard.intake.tables import SequenceMark
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import ROOT, Server, alert, status

SOON_S = 1.0
"""Resend this soon: the tests wait for it, an edge in the field need not."""


@contextmanager
def edge(url: str, folder: Path, max_bytes: int = 10**9) -> Iterator[MqttSink]:
    with (
        Outbox(folder / "outbox.db", max_bytes) as outbox,
        MqttSink(url, "north", "edge-1", outbox, _status, SOON_S) as sink,
    ):
        yield sink


def _status(state: Literal["online", "offline"]) -> WorkerStatus:
    return status(state=state)


def raise_alerts(sink: MqttSink, numbers: range) -> list[str]:
    for number in numbers:
        sink.send(alert(number))
    return ids_of(numbers)


def ids_of(numbers: range) -> list[str]:
    return sorted(alert_id_of(f"stay-{number}") for number in numbers)


def nothing_held(sink: MqttSink) -> bool:
    return sink.depth() == 0


def worker_state(host: Server) -> str | None:
    with host.sessions() as session:
        return session.scalar(select(Worker.state))


def counted(host: Server) -> tuple[int, int]:
    """How many durable messages of the edge were taken in, and the highest number among them; pictures bear none."""
    with host.sessions() as session:
        mark = session.scalars(select(SequenceMark)).one()
        return mark.seen, mark.highest


EDGE_PROCESS = """
import sys
from pathlib import Path
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import alert, status
url, folder, count, max_bytes, boot = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:5]), sys.argv[5]
outbox = Outbox(folder / "outbox.db", max_bytes)
sink = MqttSink(url, "north", "edge-1", outbox, lambda state: status(state=state, boot=boot))
for number in range(count):
    sink.send(alert(number))
    print(number, flush=True)
print("sent", flush=True)
sys.stdin.read()
sink.close()
"""


@contextmanager
def edge_process(
    url: str, folder: Path, alerts: int, *, max_bytes: int = 10**9, boot: str = "boot-1", until: bytes = b"sent\n"
) -> Iterator[subprocess.Popen[bytes]]:
    """An edge of its own that raises so many alerts; handed out once it has printed `until`. Killed at the end."""
    command = [sys.executable, "-c", EDGE_PROCESS, url, str(folder), str(alerts), str(max_bytes), boot]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert until in iter(process.stdout.readline, b"")
            yield process
        finally:
            process.kill()
