"""Raised on the edge = rows in the database: the edge's disk is full, a real one and a set limit."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.brokers import Broker, Server, wait_for
from tests.end_to_end.edges import edge, edge_process, ids_of, nothing_held, raise_alerts
from tests.small_disk import free_bytes

ONE_LETTER_BYTES = 40_000
"""What the journal takes for one, about: the pages of the letter, of its indexes and of the free list."""


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


@pytest.mark.service("small_disk")
def test_a_disk_that_the_outbox_has_filled_is_emptied_by_the_bridge(
    broker: Broker, host: Server, small_disk: Path, tmp_path: Path
) -> None:
    """To forget takes room, too: without a reserve the full disk would stay full for ever."""
    (small_disk / "what others keep").write_bytes(bytes(200_000))
    with edge(broker.url, small_disk) as sink, capture_logs() as said:
        line = threading.Thread(target=raise_alerts, args=(sink, range(400)))
        line.start()
        wait_for(lambda: _is_kept_waiting(said))
        with host.bridge(broker.url):
            line.join()
            wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(400))


@pytest.mark.service("small_disk")
def test_a_disk_that_others_have_filled_delays_until_there_is_room(
    broker: Broker, host: Server, small_disk: Path, tmp_path: Path
) -> None:
    with edge(broker.url, small_disk) as sink, host.bridge(broker.url), capture_logs() as said:
        raise_alerts(sink, range(5))
        wait_for(lambda: nothing_held(sink))
        hog = small_disk / "somebody's log"
        _fill(hog)
        line = threading.Thread(target=raise_alerts, args=(sink, range(5, 200)))
        line.start()
        wait_for(lambda: not line.is_alive() or _is_kept_waiting(said))
        hog.unlink()
        line.join()
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(200))


@pytest.mark.service("small_disk")
def test_a_worker_killed_on_a_full_disk_starts_again_on_it(
    broker: Broker, host: Server, small_disk: Path, tmp_path: Path
) -> None:
    with edge_process(broker.url, small_disk, 10_000, until=b"50\n") as process:
        wait_for(lambda: free_bytes(small_disk) < ONE_LETTER_BYTES)
        os.kill(process.pid, signal.SIGKILL)
    with host.bridge(broker.url), edge(broker.url, small_disk) as sink:
        kept = sink.depth()
        assert kept > 50
        wait_for(lambda: nothing_held(sink))
    assert host.alert_ids() == ids_of(range(kept))


def _is_kept_waiting(said: list[EventDict]) -> bool:
    return any(one["event"].startswith("a message cannot be kept") for one in said)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
