"""Orders to a running worker: what each does, and that a wrong one is said and changes nothing."""

from __future__ import annotations

import queue
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from broker_bridge.messages import Command
from detector.config import SiteConfig, load_config
from detector.errors import UsageError
from detector.orders import Orders
from detector.steering import Helm, Inbox, Steering, read_command
from tests.brokers import AT

OUTLINE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
NEW = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8))


class Ship:
    """A worker without cameras: it remembers what it was to become."""

    def __init__(self, folder: Path) -> None:
        self.file, self.orders = folder / "site.yaml", Orders(folder / "orders.json")
        self.applied: list[SiteConfig] = []
        self.refuses = ""
        self.write()
        helm = Helm(lambda: load_config(self.file, SiteConfig), self.orders, self.apply, list)
        self.steering = Steering(load_config(self.file, SiteConfig), helm)

    def write(self, **changed: object) -> None:
        racks = [{"id": "east", "outline": [list(point) for point in OUTLINE]}]
        site = {"site": "north", "worker": "edge-1", "cameras": [{"id": "gate", "source": "0", "racks": racks}]}
        self.file.write_text(yaml.safe_dump(site | changed), encoding="utf-8")

    def apply(self, config: SiteConfig) -> None:
        if self.refuses:
            raise UsageError(self.refuses)
        self.applied.append(config)

    def obey(self, action: str, **fields: object) -> None:
        command = {"message_id": UUID(int=1), "sent_at": AT, "action": action} | fields
        self.steering.act(Command.model_validate(command))


@pytest.fixture
def ship(tmp_path: Path) -> Ship:
    return Ship(tmp_path)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


CAMERAS = [{"id": "gate", "source": "0"}, {"id": "yard", "source": "1"}]


def test_a_configuration_read_anew_is_applied(ship: Ship) -> None:
    ship.write(cameras=CAMERAS)
    ship.steering.act("reload")
    ship.obey("reload")
    assert [[camera.id for camera in one.cameras] for one in ship.applied] == [["gate", "yard"]] * 2


BROKEN = [
    ("a mistyped key", {"camras": []}, "line 13: camras: this key is not known"),
    ("another broker", {"mqtt": "mqtt://elsewhere"}, "mqtt: cannot be changed while the worker runs; restart it"),
    ("another name", {"worker": "edge-2"}, "worker: cannot be changed"),
    ("another campus", {"site": "south"}, "site: cannot be changed"),
]


@pytest.mark.parametrize(("changed", "sentence"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_configuration_that_cannot_be_is_refused_with_its_sentence(
    ship: Ship, capsys: pytest.CaptureFixture[str], changed: dict[str, object], sentence: str
) -> None:
    ship.write(**changed)
    ship.steering.act("reload")
    assert sentence in said(capsys)
    assert ship.applied == []


def test_what_was_refused_is_not_remembered_as_what_is(ship: Ship, capsys: pytest.CaptureFixture[str]) -> None:
    ship.write(cameras=CAMERAS)
    ship.refuses = "there is no model 'x'"
    ship.steering.act("reload")
    assert "there is no model 'x'" in said(capsys)
    ship.refuses = ""
    ship.obey("rack_outlines", camera="yard", outlines_norm={"east": NEW})
    assert "no camera yard" in said(capsys)


def test_an_order_that_breaks_something_does_not_end_the_worker(
    ship: Ship, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_config: SiteConfig) -> SiteConfig:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(ship.orders, "applied_to", break_down)
    ship.steering.act("reload")
    assert "the disk is on fire" in said(capsys)


def test_new_outlines_are_applied_and_outlive_a_reload(ship: Ship) -> None:
    ship.obey("rack_outlines", camera="gate", outlines_norm={"east": NEW})
    ship.steering.act("reload")
    assert [one.cameras[0].racks[0].outline for one in ship.applied] == [NEW, NEW]


def test_a_mute_and_its_end_reach_the_orders(ship: Ship) -> None:
    ship.obey("mute", rack="east")
    assert ship.orders.is_muted("gate", "east", AT)
    ship.obey("unmute")
    assert not ship.orders.is_muted("gate", "east", AT)
    assert ship.applied == [], "no camera is disturbed by it"


INCOMPLETE = [
    ("rack_outlines", {"outlines_norm": {"east": NEW}}, "name the camera"),
    ("rack_outlines", {"camera": "gate"}, "give the outline"),
    ("rack_outlines", {"camera": "gate", "outlines_norm": {"west": NEW}}, "no rack west"),
    ("snapshot_now", {"camera": "attic"}, "no camera attic"),
]


@pytest.mark.parametrize(("action", "fields", "sentence"), INCOMPLETE)
def test_a_command_that_names_nothing_here_is_refused(
    ship: Ship, capsys: pytest.CaptureFixture[str], action: str, fields: dict[str, object], sentence: str
) -> None:
    ship.obey(action, **fields)
    assert sentence in said(capsys)
    assert ship.applied == []


@pytest.mark.parametrize("payload", [b"", b"\xff\x00", b"[]", b'{"action": "explode"}'])
def test_what_is_no_command_is_said_and_left(payload: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    inbox: Inbox = queue.SimpleQueue()
    read_command(inbox, "topic", payload)
    assert inbox.empty()
    assert "a command cannot be read" in said(capsys)
