from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broker_bridge.bridge import Bridge, WorkersHeard
from broker_bridge.commands import bridge
from broker_bridge.embedded import BrokerError
from broker_bridge.ingest import Receipt
from broker_bridge.messages import UpMessage, topic_of
from tests.brokers import ROOT, alert, server, status, stay


def test_a_picture_is_acknowledged_to_the_worker_that_speaks_for_its_camera() -> None:
    heard = WorkersHeard()
    heard.hear(Receipt("north", "edge-1", "gate"))
    heard.hear(Receipt("north", "edge-2", None, ("yard", "hall")))
    heard.hear(Receipt("south", "edge-9", "gate"))
    assert list(heard.speakers(Receipt("north", None, "gate"))) == [("north", "edge-1")]
    assert list(heard.speakers(Receipt("north", None, "hall"))) == [("north", "edge-2")]


def test_the_picture_of_an_unknown_camera_is_acknowledged_to_everybody_on_the_site() -> None:
    heard = WorkersHeard()
    heard.hear(Receipt("north", "edge-1", "gate"))
    heard.hear(Receipt("north", "edge-2", "yard"))
    assert sorted(heard.speakers(Receipt("north", None, "new"))) == [("north", "edge-1"), ("north", "edge-2")]
    assert list(heard.speakers(Receipt("south", None, "new"))) == []
    assert list(heard.speakers(Receipt())) == []


def test_states_are_taken_in_before_what_is_read_by_them_and_all_else_stays_in_order(tmp_path: Path) -> None:
    with server(tmp_path) as host:
        bridge_ = Bridge("mqtt://127.0.0.1:1", host.sessions, host.media)
        said: list[UpMessage] = [alert(1), status(), stay(2), alert(1, event="updated")]
        for one in said:
            bridge_._arrive(topic_of(one), one.model_dump_json().encode(), remembered=False)
        bridge_._arrive("not one of ours", b"", remembered=True)
        arrived = [arrival.topic.rsplit("/", 1)[-1] for arrival in bridge_._next_batch()]
    assert arrived == ["status", "not one of ours", "alert", "stay", "alert"]


RUN = "from broker_bridge.commands import app; app()"


def test_the_command_makes_its_database_waits_for_the_broker_and_stops_on_a_signal(
    tmp_path: Path, free_port: int
) -> None:
    command = [sys.executable, "-c", RUN, "--mqtt", f"mqtt://127.0.0.1:{free_port}", "--home", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert any(b"cannot be reached" in line for line in iter(process.stdout.readline, b""))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert (tmp_path / "pleaselock.db").stat().st_size > 0


WRONG = {
    "the broker's address": ({"mqtt": "http://broker"}, "mqtt://host:port"),
    "the database's URL": ({"db": "nonsense"}, "not a database URL"),
    "an unknown kind of database": ({"db": "oracular://x"}, "not a database URL"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_said_in_one_sentence_and_nothing_runs(tmp_path: Path, case: str) -> None:
    options, sentence = WRONG[case]
    with pytest.raises(BrokerError, match=sentence):
        bridge(**{"mqtt": "mqtt://127.0.0.1:1", "db": "", **options}, home=tmp_path)


def test_a_home_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BrokerError, match=r"cannot write to .*file"):
        bridge(mqtt="mqtt://127.0.0.1:1", db="", home=tmp_path / "file" / "home")
