"""Two workers with one name, on two machines or out of two homes: the second is refused, and says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from broker_bridge.messages import WorkerStatus, topic_of
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import ROOT, Broker, Server, alert, status, wait_for
from tests.end_to_end.edges import edge_process, ids_of, nothing_held, worker_state
from tests.listener import listening

REFUSED = "another worker called edge-1 already watches the site north"


class Worker(MqttSink):
    """One start of a worker, out of a home of its own."""

    refused: threading.Event

    @property
    def is_online(self) -> bool:
        return self._connection.ready


@contextmanager
def started(url: str, home: Path, boot: str, number: int = 0) -> Iterator[Worker]:
    refused = threading.Event()
    with (
        Outbox(home / f"outbox-{boot}.db") as outbox,
        Worker(
            url, "north", "edge-1", outbox, lambda state: status(number, state=state, boot=boot), on_refused=refused.set
        ) as worker,
    ):
        worker.refused = refused
        yield worker


@pytest.mark.parametrize("second", ["boot-1", "boot-9"], ids=["by a clock that is late", "by a right clock"])
def test_the_second_is_refused_and_the_first_goes_on(broker: Broker, host: Server, tmp_path: Path, second: str) -> None:
    with host.bridge(broker.url), started(broker.url, tmp_path, "boot-5") as first:
        wait_for(lambda: first.is_online)
        with started(broker.url, tmp_path, second) as other:
            other.send(alert(2))
            assert other.refused.wait(30)
            assert REFUSED in str(other.refusal)
            assert not other.is_online
            assert other.depth() == 1, "what it had to say stays with it"
        first.send(alert(1))
        wait_for(lambda: nothing_held(first))
        assert worker_state(host) == "online"
        assert first.refusal is None
    assert host.alert_ids() == ids_of(range(1, 2))


def test_a_worker_that_was_killed_and_started_again_is_not_refused(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    """Even if its clock was set back meanwhile, so that it seems to have started before it died."""
    with host.bridge(broker.url):
        for boot in ("boot-6", "boot-5"):
            with edge_process(broker.url, tmp_path, 0, boot=boot) as process:
                wait_for(lambda: worker_state(host) == "online")
                os.kill(process.pid, signal.SIGKILL)
            with started(broker.url, tmp_path, f"{boot}-next") as again:
                wait_for(lambda: again.is_online)
                assert again.refusal is None


def test_a_power_cut_that_leaves_no_will_delays_the_next_start_and_refuses_it_not(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detector.broker_connection.ANSWER_WITHIN_S", 0.5)
    dead: WorkerStatus = status(boot="boot-0")
    with listening(broker) as anybody:
        anybody.say(dead.model_dump_json().encode(), topic_of(dead), retained=True)
        with started(broker.url, tmp_path, "boot-5") as worker:
            wait_for(lambda: worker.is_online)
            # The broker notices only now that the connection of the dead one is gone.
            anybody.say(
                status(boot="boot-0", state="offline").model_dump_json().encode(), topic_of(dead), retained=True
            )
            wait_for(lambda: _since_last_words(anybody.told("edge-1/status"), "boot-0") >= {("boot-5", "online")})
            assert anybody.told("edge-1/status")[-1]["boot"] == "boot-5"


def _since_last_words(told: Sequence[Mapping[str, object]], boot: str) -> set[tuple[object, object]]:
    """Boot and state of every status after the one in which this boot is offline; none where it was not yet."""
    said = [(one["boot"], one["state"]) for one in told]
    return set(said[said.index((boot, "offline")) + 1 :]) if (boot, "offline") in said else set()


def test_of_two_that_start_in_the_same_moment_one_is_refused(broker: Broker, tmp_path: Path) -> None:
    with started(broker.url, tmp_path, "boot-7") as one, started(broker.url, tmp_path, "boot-8") as other:
        wait_for(lambda: one.refusal or other.refusal)
        wait_for(lambda: one.is_online != other.is_online)
        assert (one.refusal is None) != (other.refusal is None)


def test_a_worker_that_loses_its_broker_for_a_while_keeps_its_name_from_one_that_came_meanwhile(
    mortal_broker: Broker, tmp_path: Path
) -> None:
    with started(mortal_broker.url, tmp_path, "boot-5") as first:
        wait_for(lambda: first.is_online)
        mortal_broker.kill()
        with started(mortal_broker.url, tmp_path, "boot-9") as other:
            mortal_broker.start()
            assert other.refused.wait(30)
            wait_for(lambda: first.is_online)
        assert first.refusal is None


def test_the_same_name_on_another_site_is_another_name(broker: Broker, tmp_path: Path) -> None:
    def elsewhere(state: str) -> WorkerStatus:
        return status(state=state, site="south", boot="boot-9")

    with (
        started(broker.url, tmp_path, "boot-5") as first,
        Outbox(tmp_path / "south.db") as outbox,
        Worker(broker.url, "south", "edge-1", outbox, elsewhere) as other,
    ):
        wait_for(lambda: first.is_online and other.is_online)


WATCH = "from pleaselock import main; main()"


@contextmanager
def watching(config: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WATCH, "watch", "--config", str(config), "--home", str(home)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("broker", ["embedded"], indirect=True)
def test_the_command_says_it_in_one_sentence_and_ends_with_status_2(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    clip = str(ROOT / "sample_videos" / "left_unlocked.mp4")
    site = {"site": "north", "worker": "edge-1", "mqtt": broker.url, "cameras": [{"id": "gate", "source": clip}]}
    config = tmp_path / "site.yaml"
    config.write_text(yaml.safe_dump(site))
    with host.bridge(broker.url), started(broker.url, tmp_path, "boot-5") as first:
        wait_for(lambda: first.is_online)
        with watching(config, tmp_path / "second home") as second:
            _, said = second.communicate(timeout=60)
            assert second.returncode == 2
        assert [line for line in said.splitlines() if line.startswith("pleaselock: ")] == [said.splitlines()[-1]]
        assert REFUSED in said.splitlines()[-1]
        assert "give this one a name of its own" in said.splitlines()[-1]
        assert worker_state(host) == "online"
