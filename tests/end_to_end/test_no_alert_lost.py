"""Raised on the edge = rows in the database, exactly, whatever dies in between. Real brokers, real files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import UUID

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from broker_bridge.bridge import Bridge
from broker_bridge.messages import WorkerStatus, alert_id_of, topic_of
from dashboard.alerts.tables import Alert
from dashboard.health.tables import Worker
from dashboard.intake.tables import SequenceMark
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import JPEG, ROOT, Broker, Server, alert, status, stay, wait_for

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


class MuteBridge(Bridge):
    """Commits and dies before it can say so, as far as the edge can tell."""

    def _acknowledge(self, site: str, worker: str, message_ids: list[UUID]) -> None:
        pass


def test_an_alert_and_its_picture_arrive_once(broker: Broker, host: Server, tmp_path: Path) -> None:
    with host.bridge(broker.url), edge(broker.url, tmp_path) as sink:
        sink.send(stay(1))
        raised = alert(1, snapshot=True)
        sink.send(raised)
        sink.send_snapshot("gate", raised.alert_id, JPEG)
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == [raised.alert_id]
    assert host.received() == 3
    with host.sessions() as session:
        key = session.scalars(select(Alert.snapshot_key)).one()
    assert (host.media / str(key)).read_bytes() == JPEG


def test_200_alerts_raised_while_the_bridge_is_away_are_all_there_afterwards(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    with edge(broker.url, tmp_path) as sink:
        with host.bridge(broker.url):
            expected = raise_alerts(sink, range(10))
            wait_for(lambda: nothing_held(sink))
        expected = sorted(expected + raise_alerts(sink, range(10, 210)))
        assert host.alert_ids() != expected
        with host.bridge(broker.url):
            wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == expected
    with host.sessions() as session:
        mark = session.scalars(select(SequenceMark)).one()
    assert (mark.seen, mark.highest) == (210, 210)


def test_a_broker_killed_and_started_again_costs_no_alert(mortal_broker: Broker, host: Server, tmp_path: Path) -> None:
    with host.bridge(mortal_broker.url), edge(mortal_broker.url, tmp_path) as sink:
        raise_alerts(sink, range(20))
        mortal_broker.kill()
        raise_alerts(sink, range(20, 60))
        mortal_broker.start()
        raise_alerts(sink, range(60, 70))
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(70))


def test_a_bridge_that_commits_and_never_says_so_leaves_one_row(broker: Broker, host: Server, tmp_path: Path) -> None:
    with edge(broker.url, tmp_path) as sink:
        with host.bridge(broker.url, MuteBridge):
            expected = raise_alerts(sink, range(5))
            wait_for(lambda: host.alert_ids() == expected)
        assert sink.depth() == 5
        with host.bridge(broker.url):
            wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == expected
    assert host.received() == 5


DIES_BEFORE_IT_ANSWERS = """
import os, signal, sys, threading
from pathlib import Path
from broker_bridge.bridge import Bridge
from dashboard.database import open_database, sessions_of
class Dying(Bridge):
    def _acknowledge(self, site, worker, message_ids):
        if message_ids:
            os.kill(os.getpid(), signal.SIGKILL)
url, database, media = sys.argv[1:]
Dying(url, sessions_of(open_database(database)), Path(media)).run(threading.Event())
"""


def test_a_bridge_killed_between_commit_and_acknowledgement_leaves_one_row(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", DIES_BEFORE_IT_ANSWERS, broker.url, str(host.engine.url), str(host.media)]
    with edge(broker.url, tmp_path) as sink:
        expected = raise_alerts(sink, range(3))
        assert subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode == -signal.SIGKILL
        assert host.alert_ids()
        assert sink.depth() == 3
        with host.bridge(broker.url):
            wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == expected


def test_two_bridges_at_once_store_each_alert_once(broker: Broker, host: Server, tmp_path: Path) -> None:
    with host.bridge(broker.url), host.bridge(broker.url), edge(broker.url, tmp_path) as sink:
        expected = raise_alerts(sink, range(60))
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == expected
    assert host.reasons() == []


def test_a_database_that_is_locked_for_a_while_only_delays(broker: Broker, host: Server, tmp_path: Path) -> None:
    with edge(broker.url, tmp_path) as sink, host.bridge(broker.url):
        other = sqlite3.connect(tmp_path / "server.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        expected = raise_alerts(sink, range(10))
        # The driver waits 10 s for a lock: this test is content to see that nothing is acknowledged meanwhile.
        threading.Event().wait(1.5)
        assert sink.depth() == 10
        other.execute("ROLLBACK")
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == expected


def test_an_outbox_that_is_full_pauses_the_line_and_forgets_nothing(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    with edge(broker.url, tmp_path, max_bytes=120_000) as sink:
        line = threading.Thread(target=raise_alerts, args=(sink, range(200)))
        line.start()
        wait_for(lambda: sink.depth() > 30)
        with host.bridge(broker.url):
            line.join()
            wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(200))


def test_the_same_message_delivered_many_times_is_one_row(broker: Broker, host: Server) -> None:
    raised = alert(1)
    with host.bridge(broker.url), plain_client(broker) as client:
        wait_for(lambda: _published(client, "pleaselock/v1/north/camera/gate/alert", b"warming up") and host.reasons())
        for _ in range(5):
            client.publish(topic_of(raised), raised.model_dump_json(), 1).wait_for_publish(10)
        client.publish(topic_of(alert(2)), alert(2).model_dump_json(), 1)
        wait_for(lambda: len(host.alert_ids()) == 2)
    assert host.alert_ids() == ids_of(range(1, 3))


def _published(client: mqtt.Client, topic: str, payload: bytes) -> bool:
    client.publish(topic, payload, 1).wait_for_publish(10)
    return True


@contextmanager
def plain_client(broker: Broker) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    wait_for(client.is_connected)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def test_garbage_is_put_aside_and_what_follows_still_arrives(broker: Broker, host: Server, tmp_path: Path) -> None:
    at_alert = "pleaselock/v1/north/camera/gate/alert"
    garbage = [b"", b"not json", b"\xff\xfe\x00", b"[]", b'{"schema_version": 2}', b"{" * 100_000]
    with host.bridge(broker.url), edge(broker.url, tmp_path) as sink, plain_client(broker) as client:
        raise_alerts(sink, range(1))
        wait_for(lambda: nothing_held(sink))
        for payload in garbage:
            client.publish(at_alert, payload, 1).wait_for_publish(10)
        raise_alerts(sink, range(1, 2))
        wait_for(lambda: nothing_held(sink) and len(host.reasons()) == len(garbage))
    assert host.alert_ids() == ids_of(range(2))


EDGE_PROCESS = """
import sys
from pathlib import Path
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import alert, status
url, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
sink = MqttSink(url, "north", "edge-1", Outbox(folder / "outbox.db"), lambda state: status(state=state))
for number in range(count):
    sink.send(alert(number))
print("sent", flush=True)
sys.stdin.read()
sink.close()
"""


@contextmanager
def edge_process(url: str, folder: Path, alerts: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", EDGE_PROCESS, url, str(folder), str(alerts)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        try:
            assert process.stdout is not None
            assert b"sent\n" in iter(process.stdout.readline, b"")
            yield process
        finally:
            process.kill()


def test_a_worker_killed_with_a_full_outbox_delivers_it_after_its_restart(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    with edge_process(broker.url, tmp_path, 40) as process:
        os.kill(process.pid, signal.SIGKILL)
    with host.bridge(broker.url), edge(broker.url, tmp_path) as sink:
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(40))


def worker_state(host: Server) -> str | None:
    with host.sessions() as session:
        return session.scalar(select(Worker.state))


def test_a_worker_that_dies_is_seen_as_offline_through_its_last_will(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    with host.bridge(broker.url), edge_process(broker.url, tmp_path, 0) as process:
        wait_for(lambda: worker_state(host) == "online")
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: worker_state(host) == "offline")


def test_a_worker_that_stops_says_goodbye_and_a_new_start_is_online_again(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    with host.bridge(broker.url):
        for _ in range(2):
            with edge(broker.url, tmp_path):
                wait_for(lambda: worker_state(host) == "online")
            wait_for(lambda: worker_state(host) == "offline")


def test_how_a_worker_is_reaches_a_bridge_that_starts_later(broker: Broker, host: Server, tmp_path: Path) -> None:
    with edge_process(broker.url, tmp_path, 1), host.bridge(broker.url):
        wait_for(lambda: worker_state(host) == "online" and host.alert_ids())
