"""Raised on the edge = rows in the database, exactly, whatever dies in between. Real brokers, real files."""

from __future__ import annotations

import itertools
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from broker_bridge.bridge import Bridge
from broker_bridge.messages import topic_of
from dashboard.alerts.tables import Alert
from detector.broker_connection import BrokerConnection
from detector.sinks import MqttSink
from tests.brokers import JPEG, ROOT, Broker, Server, alert, stay, wait_for
from tests.end_to_end.edges import counted, edge, ids_of, nothing_held, raise_alerts


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
    assert counted(host) == (210, 210)


TEN_MINUTES_S, HURRY = 600.0, 200
"""In the ten minutes without a broker the clock runs this much faster, and so does the waiting for it, more or less."""


def test_a_broker_down_for_ten_minutes_costs_no_alert_and_makes_none_twice(
    mortal_broker: Broker, host: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with messages on the way; a stay is opened every ten seconds, alerted of, and some are cleared again."""
    failed: list[float] = []
    on_failure = BrokerConnection._on_connect_fail

    def count_failure(connection: BrokerConnection, client: mqtt.Client, data: object) -> None:
        failed.append(time.monotonic())
        on_failure(connection, client, data)

    monkeypatch.setattr(BrokerConnection, "_on_connect_fail", count_failure)
    seq = itertools.count()
    with host.bridge(mortal_broker.url), edge(mortal_broker.url, tmp_path) as sink:
        for number in range(20):
            _live_through(sink, number, seq)
        mortal_broker.kill()
        for number in range(20, 80):
            _live_through(sink, number, seq)
            time.sleep(TEN_MINUTES_S / 60 / HURRY)
        assert len(failed) >= 3, "it was tried again and again"
        mortal_broker.start()
        _live_through(sink, 80, seq)
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(81))
    sent = next(seq)
    assert counted(host) == (sent, sent)
    assert host.received() == sent + 81 // 5 + 1, "the numbered messages and the pictures, each once"
    with host.sessions() as session:
        states = Counter(session.scalars(select(Alert.state)))
    assert states == {"cleared": 27, "open": 54}


def _live_through(sink: MqttSink, number: int, seq: Iterator[int]) -> None:
    """All that is said of one stay: every third bike is taken away again, of every fifth there is a picture."""
    sink.send(stay(number, seq=next(seq)))
    raised = alert(number, seq=next(seq), snapshot=number % 5 == 0)
    sink.send(raised)
    if raised.snapshot:
        sink.send_snapshot("gate", raised.alert_id, JPEG + bytes([number]))
    if number % 3 == 0:
        later = raised.at + timedelta(seconds=60)
        sink.send(alert(number, seq=next(seq), event="cleared", clear_reason="gone", at=later, sent_at=later))


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
