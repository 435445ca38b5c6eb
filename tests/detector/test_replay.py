from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from broker_bridge.messages import UpMessage
from dashboard.alerts.tables import Alert
from detector.errors import CannotReadError, UsageError
from detector.replay import NotAcknowledgedError, read_events, replay_file
from detector.sinks import JsonlSink
from detector.worker_commands import app
from tests.brokers import JPEG, Broker, Server, alert, embedded_process, server, stay


@pytest.fixture
def broker(free_port: int) -> Iterator[Broker]:
    running = embedded_process(free_port)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as ready:
        yield ready


def recorded(folder: Path) -> Path:
    """What an offline run leaves: three stays, two alerts, and the picture of one of them."""
    said: list[UpMessage] = [
        stay(1),
        alert(1, snapshot=True),
        stay(2),
        alert(2, snapshot=True),
        stay(3, worker="edge-2"),
    ]
    folder.mkdir(exist_ok=True)
    with JsonlSink(folder / "events.jsonl") as sink:
        for message in said:
            sink.send(message)
        sink.send_snapshot("gate", alert(1).alert_id, JPEG)
    return folder / "events.jsonl"


def test_a_recorded_run_is_stored_as_if_it_were_live_and_only_once(
    broker: Broker, host: Server, tmp_path: Path
) -> None:
    events = recorded(tmp_path / "clip")
    with host.bridge(broker.url):
        first = CliRunner().invoke(app, ["replay", str(events), "--mqtt", broker.url])
        again = replay_file(events, broker.url, wait_s=60)
    assert first.exit_code == 0, first.output
    assert "stored: messages 5, pictures 1" in first.output
    assert "snapshots: 1" in first.output
    assert (again.messages, again.pictures, again.missing_pictures) == (5, 1, 1)
    assert host.alert_ids() == sorted(alert(number).alert_id for number in (1, 2))
    assert host.received() == 6
    with host.sessions() as session:
        keys = set(session.scalars(select(Alert.snapshot_key)))
    assert keys == {None, f"snapshots/{alert(1).alert_id}.jpg"}


def test_without_a_bridge_it_says_what_is_not_stored(broker: Broker, tmp_path: Path) -> None:
    with pytest.raises(NotAcknowledgedError, match="6 messages were not acknowledged in time; check that"):
        replay_file(recorded(tmp_path / "clip"), broker.url, wait_s=0.5)


BAD = {
    "missing": (None, "cannot be read"),
    "empty": ("", "holds no messages"),
    "not messages": ('{"type": "song"}\n', "line 1: is not a message"),
    "one bad line among good ones": (stay(1).model_dump_json() + "\n\n{\n", "line 3: is not a message"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_is_no_recording_is_refused_whole(tmp_path: Path, case: str) -> None:
    text, sentence = BAD[case]
    path = tmp_path / "events.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotReadError, match=sentence):
        read_events(path)


def test_a_wrong_address_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mqtt://host:port"):
        replay_file(recorded(tmp_path / "clip"), "broker:1883", wait_s=1)
