"""`pleaselock doctor` beside real brokers, bridges and databases: what is wrong is found, what is not is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
import yaml
from alembic import command
from alembic.config import Config
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import create_engine
from typer.testing import CliRunner

import dashboard
from broker_bridge.bridge import Bridge
from broker_bridge.doctor import examine_broker
from broker_bridge.messages import topic_of
from dashboard.accounts.tables import Role
from dashboard.database import migrate, open_database, sessions_of
from dashboard.health.service import CameraReport, record_camera
from dashboard.health.tables import Worker
from detector.outbox import Letter, Outbox
from pleaselock import app
from tests.brokers import Broker, Server, embedded_process, server, status, wait_for
from tests.dashboard.builders import person

CLIP = Path(__file__).resolve().parent.parent.parent / "sample_videos" / "locked.mp4"
Rows = dict[str, tuple[str, str, str]]


@pytest.fixture
def broker(free_port: int) -> Iterator[Broker]:
    process = embedded_process(free_port)
    process.start()
    yield process
    process.kill()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as made:
        yield made


def ask(*arguments: object, status: int) -> Rows:
    """What was found, by what was looked at: its state, what was said, what to do."""
    result = CliRunner().invoke(app, ["doctor", "--json", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return {row["what"]: (row["state"], row["said"], row["todo"]) for row in json.loads(result.stdout)}


def look(url: str) -> Rows:
    rows: Rows = {}
    names = {None: "not checked", True: "fine", False: "wrong"}

    def say(what: str, fine: bool | None, said: str, todo: str) -> None:
        rows[what] = (names[fine], said, todo)

    examine_broker(url, "north", "edge-1", say)
    return rows


@contextmanager
def worker_online(broker: Broker) -> Iterator[None]:
    """The broker remembers a worker's words, as from one that runs."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    said = status(sent_at=datetime.now(UTC))
    client.publish(topic_of(said), said.model_dump_json().encode(), 1, retain=True).wait_for_publish(10)
    yield
    client.disconnect()
    client.loop_stop()


def site_yaml(folder: Path, **changes: object) -> Path:
    path = folder / "site.yaml"
    site = {"site": "north", "worker": "edge-1", "mqtt": "mqtt://127.0.0.1:1", "cameras": [{"id": "gate", "source": str(CLIP)}]}  # fmt: skip
    path.write_text(yaml.safe_dump(site | changes))
    return path


def test_where_nothing_is_set_up_it_says_what_it_did_not_check_and_nothing_is_wrong(tmp_path: Path) -> None:
    rows = ask("--home", tmp_path, status=0)
    assert {what: row[0] for what, row in rows.items()} == {
        "edge": "not checked",
        "server": "not checked",
        "broker, bridge, clock": "not checked",
    }
    assert "--config" in rows["edge"][2]
    text = CliRunner().invoke(app, ["doctor", "--home", str(tmp_path)]).stdout
    assert text.splitlines()[-1] == "Nothing is wrong in what was checked."


def test_an_edge_box_without_its_broker_and_with_a_lost_camera(tmp_path: Path) -> None:
    cameras = [{"id": "gate", "source": str(CLIP)}, {"id": "hall", "source": "rtsp://127.0.0.1:1/none"}]
    rows = ask("--config", site_yaml(tmp_path, cameras=cameras), "--home", tmp_path, status=1)
    wrong = {what for what, row in rows.items() if row[0] == "wrong"}
    assert wrong == {"camera hall", "broker"}
    assert rows["camera gate"][:2] == ("fine", "gives a picture")
    assert rows["model"][0] == "fine"
    assert "sha256" in rows["model"][1]
    assert all(row[2] for row in rows.values() if row[0] == "wrong"), "each says what to do"


def test_a_configuration_that_cannot_be_read_is_said_and_the_rest_is_not_guessed(tmp_path: Path) -> None:
    rows = ask("--config", site_yaml(tmp_path, wurker="edge-1"), "--home", tmp_path, status=1)
    assert "wurker" in rows["configuration"][1]
    assert rows["models, cameras, outbox"][0] == "not checked"
    rows = ask("--config", site_yaml(tmp_path, cameras=[{"id": "gate", "source": str(CLIP), "model": "absent-v9"}]), "--home", tmp_path, status=1)  # fmt: skip
    assert "absent-v9" in rows["configuration"][1]


def test_an_outbox_that_only_fills_is_wrong_and_one_in_use_shows_that_a_worker_runs(tmp_path: Path) -> None:
    config = site_yaml(tmp_path)
    with Outbox(tmp_path / "outbox-north-edge-1.db") as outbox:
        for number in range(201):
            outbox.put(Letter(str(number), "t", b"x", lane="a"))
        rows = ask("--config", config, "--home", tmp_path, status=1)
        assert rows["worker"][:2] == ("fine", "runs")
        assert rows["outbox"][:2] == ("wrong", "201 message(s) wait to be stored by the bridge")
    rows = ask("--config", config, "--home", tmp_path, status=1)
    assert rows["worker"][0] == "not checked"


def test_a_bridge_that_acknowledges_and_one_that_is_gone(broker: Broker, host: Server) -> None:
    with worker_online(broker):
        with host.bridge(broker.url):
            wait_for(lambda: host.count(Worker) == 1)
            before = host.received()
            rows = look(broker.url)
            assert rows["bridge"][:2] == ("fine", "acknowledges (asked as worker edge-1)")
            assert rows["clock"][0] == "fine"
            assert (host.count(Worker), host.received(), host.reasons()) == (1, before, []), "nothing is left behind"
        rows = look(broker.url)
        assert rows["broker"][0] == "fine"
        assert rows["bridge"][0] == "wrong"
        assert "pleaselock bridge" in rows["bridge"][2]


def test_clocks_that_disagree_are_told_with_how_much(broker: Broker, host: Server) -> None:
    slow = partial(Bridge, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    with worker_online(broker), host.bridge(broker.url, slow):
        wait_for(lambda: host.count(Worker) == 1)
        state, said, todo = look(broker.url)["clock"]
    assert state == "wrong"
    assert said.endswith(" s apart")
    assert 3590 < int(said.split()[-3]) <= 3600
    assert "NTP" in todo


def test_a_bridge_is_not_asked_in_the_name_of_nobody(broker: Broker) -> None:
    assert look(broker.url)["bridge"][0] == "not checked"


def test_what_is_no_broker_is_told_from_one_that_is_off(free_port: int) -> None:
    assert "refused" in look(f"mqtt://127.0.0.1:{free_port}")["broker"][1]
    assert look("http://127.0.0.1:1")["broker"][0] == "wrong"


def test_a_server_in_order(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    _server(tmp_path, unused_port, broker.url, monkeypatch)
    rows = ask("--home", tmp_path, status=0)
    assert rows["database"][0] == "fine"
    assert rows["accounts"][:2] == ("fine", "1 of staff may log in")
    assert rows["languages"][0] == "fine"
    assert rows["pages"][:2] == ("not checked", f"`pleaselock serve` does not run here; port {unused_port} is free")


def test_a_server_with_an_old_schema_and_one_without_staff(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:  # fmt: skip
    _server(tmp_path, unused_port, broker.url, monkeypatch, staff=False)
    assert ask("--home", tmp_path, status=1)["accounts"][0] == "wrong"
    with create_engine(f"sqlite:///{tmp_path / 'pleaselock.db'}").begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(dashboard.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    state, said, todo = ask("--home", tmp_path, status=1)["database"]
    assert state == "wrong"
    assert "has the schema 0003" in said
    assert "pleaselock serve" in todo


def test_a_camera_nobody_heard_of_for_long_is_wrong_on_the_server(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:  # fmt: skip
    _server(tmp_path, unused_port, broker.url, monkeypatch)
    engine = open_database(f"sqlite:///{tmp_path / 'pleaselock.db'}")
    ago = datetime.now(UTC) - timedelta(minutes=5)
    with sessions_of(engine).begin() as session:
        record_camera(session, CameraReport("north", "edge-1", "gate", ago, 5, 5, 5, 40, False, False, ago, 0))
    engine.dispose()
    assert ask("--home", tmp_path, status=1)["camera gate"][:2] == ("wrong", "silent")


def test_a_port_that_something_else_uses(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    _server(tmp_path, broker.port, broker.url, monkeypatch)
    state, _, todo = ask("--home", tmp_path, status=1)["pages"]
    assert state == "wrong"
    assert "PLEASELOCK_PORT" in todo


@pytest.fixture
def unused_port(free_port: int) -> int:
    """The broker has the free one."""
    return free_port + 1 if free_port < 65535 else free_port - 1


def _server(folder: Path, port: int, mqtt_url: str, monkeypatch: pytest.MonkeyPatch, *, staff: bool = True) -> None:
    monkeypatch.setenv("PLEASELOCK_PORT", str(port))
    monkeypatch.setenv("PLEASELOCK_MQTT_URL", mqtt_url)
    engine = open_database(f"sqlite:///{folder / 'pleaselock.db'}")
    migrate(engine)
    if staff:
        with sessions_of(engine).begin() as session:
            person(session, "ann", Role.ADMIN)
    engine.dispose()
