"""Raised on the edge = rows in the database: the worker is killed, and comes back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.brokers import Broker, Server, alert, wait_for
from tests.end_to_end.edges import edge, edge_process, ids_of, nothing_held, worker_state


def test_a_worker_killed_with_a_full_outbox_delivers_it_after_its_restart(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    """Its line stands still, because there is no room for one more; of that one nothing was said."""
    with edge_process(broker.url, tmp_path, 500, max_bytes=120_000, until=b"30\n") as process:
        assert process.stdout is not None
        told = []
        while b"cannot be kept" not in (line := process.stdout.readline()):
            told.append(int(line))
        os.kill(process.pid, signal.SIGKILL)
    with host.bridge(broker.url), edge(broker.url, tmp_path, 120_000) as sink:
        kept = sink.depth()
        assert kept == told[-1] + 1
        sink.send(alert(kept))
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(kept + 1))


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
