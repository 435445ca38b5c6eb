"""After an outage: how fast what waited on the edge comes into the database, and what waiting costs meanwhile."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import seconds
from bench.rows import Row
from broker_bridge.ingest import Arrival
from broker_bridge.messages import topic_of
from broker_bridge.transactions import Taker
from detector.outbox import Letter, Outbox
from detector.sinks import MqttSink
from tests.brokers import AT, Broker, alert, embedded_process, mosquitto_process, server, status, stay, wait_for

BATCH, MESSAGES, STAYS = 50, 2000, 200
FEW, MANY = 100, 10_000


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield _next_among_many(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        least_s = _stored_without_a_broker(Path(folder))
    for name in ("embedded", "mosquitto"):
        with tempfile.TemporaryDirectory() as folder:
            yield from _drained(Path(folder), name, least_s)


def _next_among_many(folder: Path) -> Row:
    taken = []
    for count in (FEW, MANY):
        with Outbox(folder / f"{count}.db") as outbox:
            _fill(outbox, count)
            taken.append(seconds(lambda outbox=outbox: outbox.next_letters(50)))  # type: ignore[misc]
    what = f"what is to be sent next, of {MANY} messages ({taken[1] * 1e3:.1f} ms)"
    return Row(what, taken[1] / taken[0], f"the same of {FEW}", "<= 1.5", taken[1] <= 1.5 * taken[0])


def _fill(outbox: Outbox, count: int) -> None:
    outbox._connection.execute("PRAGMA synchronous=OFF")  # noqa: SLF001 -- filling is not what is timed
    for number in range(count):
        outbox.put(Letter(f"id-{number}", "topic", b"x" * 700, f"stay-{number // 4}", urgent=number % 4 == 1))


def _messages() -> list[Letter]:
    told = [stay(n % STAYS, seq=n, at=AT + timedelta(seconds=n), event="judged") for n in range(STAYS, MESSAGES)]
    said = [alert(n, seq=n) for n in range(STAYS)] + told
    return [Letter(str(one.message_id), topic_of(one), one.model_dump_json().encode(), one.stay_id) for one in said]


def _stored_without_a_broker(folder: Path) -> float:
    arrivals = [Arrival(one.topic, one.payload, datetime.now(UTC)) for one in _messages()]
    with server(folder) as host:
        taker = Taker(host.sessions, host.media, threading.Event())
        began = time.perf_counter()
        for first in range(0, len(arrivals), BATCH):
            taker.take_in(arrivals[first : first + BATCH])
        return time.perf_counter() - began


def _drained(folder: Path, name: str, least_s: float) -> Iterator[Row]:
    broker = _broker(folder, name)
    if broker is None:
        return
    broker.start()
    try:
        with server(folder) as host, Outbox(folder / "outbox.db") as outbox, host.bridge(broker.url):
            for letter in _messages():
                outbox.put(letter)
            yield _drain(broker, outbox, name, least_s)
    finally:
        broker.kill()


def _drain(broker: Broker, outbox: Outbox, name: str, least_s: float) -> Row:
    began = time.perf_counter()
    with MqttSink(broker.url, "north", "edge-1", outbox, lambda state: status(state=state)) as sink:
        wait_for(lambda: sink.depth() == 0, patience_s=600)
    taken = time.perf_counter() - began
    what = f"{MESSAGES} messages out of an outbox, {name} ({MESSAGES / taken:.0f}/s)"
    return Row(what, taken / least_s, "the same stored without a broker")


def _broker(folder: Path, name: str) -> Broker | None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    if name == "embedded":
        return embedded_process(port)
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    return mosquitto_process(port, program, folder) if program else None
