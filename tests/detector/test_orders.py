"""What a worker was told from afar: it holds at once, over restarts, and only as far as it was meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from detector.config import ConfigError, SiteConfig
from detector.errors import CannotWriteError
from detector.orders import Mute, Orders
from tests.brokers import AT

OLD = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]
NEW = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6]]


def site(outline: list[list[float]] = OLD) -> SiteConfig:
    racks = [{"id": "east", "outline": outline}, {"id": "west", "outline": OLD}]
    cameras = [{"id": "gate", "source": "0", "racks": racks}, {"id": "yard", "source": "1", "racks": racks}]
    return SiteConfig.model_validate({"site": "north", "worker": "edge-1", "cameras": cameras})


def outline_of(config: SiteConfig, camera: int, rack: int) -> list[list[float]]:
    return [list(point) for point in config.cameras[camera].racks[rack].outline]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "orders.json"


MUTES = [
    ("the whole worker", Mute(), {("gate", "east"), ("gate", "west"), ("yard", "east"), ("yard", "west")}),
    ("a camera", Mute(camera="gate"), {("gate", "east"), ("gate", "west")}),
    ("a rack, whichever camera sees it", Mute(rack="east"), {("gate", "east"), ("yard", "east")}),
    ("one rack of one camera", Mute(camera="yard", rack="west"), {("yard", "west")}),
]


@pytest.mark.parametrize(("mute", "muted"), [case[1:] for case in MUTES], ids=[case[0] for case in MUTES])
def test_a_mute_covers_what_it_names(path: Path, mute: Mute, muted: set[tuple[str, str]]) -> None:
    orders = Orders(path)
    orders.mute(mute)
    every = [(camera, rack) for camera in ("gate", "yard") for rack in ("east", "west")]
    assert {one for one in every if orders.is_muted(*one, AT)} == muted


def test_a_mute_ends_at_its_time_and_a_newer_one_replaces_it(path: Path) -> None:
    orders = Orders(path)
    orders.mute(Mute(camera="gate", until=AT + timedelta(hours=1)))
    assert orders.is_muted("gate", "east", AT)
    assert not orders.is_muted("gate", "east", AT + timedelta(hours=1))
    orders.mute(Mute(camera="gate", until=AT + timedelta(hours=2)))
    assert orders.is_muted("gate", "east", AT + timedelta(hours=1))


def test_unmuting_ends_what_lies_within(path: Path) -> None:
    orders = Orders(path)
    for mute in (Mute(camera="gate"), Mute(camera="gate", rack="east"), Mute(camera="yard")):
        orders.mute(mute)
    orders.unmute("gate", None)
    assert not orders.is_muted("gate", "east", AT)
    assert orders.is_muted("yard", "east", AT)
    orders.unmute(None, None)
    assert not orders.is_muted("yard", "east", AT)


def test_orders_outlast_a_restart(path: Path) -> None:
    first = Orders(path)
    first.mute(Mute(rack="east"))
    first.redraw(site(), "gate", {"east": NEW})
    second = Orders(path)
    assert second.is_muted("gate", "east", AT)
    assert outline_of(second.applied_to(site()), 0, 0) == NEW


def test_a_redrawn_outline_is_that_rack_of_that_camera_only(path: Path) -> None:
    orders = Orders(path)
    orders.redraw(site(), "gate", {"east": NEW})
    applied = orders.applied_to(site())
    assert outline_of(applied, 0, 0) == NEW
    assert [outline_of(applied, *one) for one in ((0, 1), (1, 0), (1, 1))] == [OLD] * 3
    assert applied.cameras[1] == site().cameras[1], "the other camera notices nothing"


def test_whoever_draws_last_wins_be_it_in_the_file(path: Path) -> None:
    orders = Orders(path)
    orders.redraw(site(), "gate", {"east": NEW})
    in_file = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7]]
    assert outline_of(orders.applied_to(site(in_file)), 0, 0) == in_file


REFUSED = [
    ("no such camera", "attic", {"east": NEW}, "no camera attic"),
    ("no such rack", "gate", {"north": NEW}, "no rack north"),
    ("no area", "gate", {"east": [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]}, "enclose nothing"),
    ("one good and one bad", "gate", {"west": NEW, "east": [[0, 0], [1, 1]]}, "east: "),
]


@pytest.mark.parametrize(
    ("camera", "outlines", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_outlines_that_cannot_be_are_refused_whole(
    path: Path, camera: str, outlines: dict[str, list[list[float]]], said: str
) -> None:
    orders = Orders(path)
    with pytest.raises(ConfigError, match=said):
        orders.redraw(site(), camera, outlines)
    assert orders.applied_to(site()) == site()
    assert not path.exists()


def test_orders_that_cannot_be_kept_do_not_hold(path: Path) -> None:
    path.parent.write_text("a file", encoding="utf-8")
    orders = Orders(path)
    with pytest.raises(CannotWriteError, match="cannot be written"):
        orders.mute(Mute())
    assert not orders.is_muted("gate", "east", AT)


def test_orders_that_cannot_be_read_are_said_and_stop_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.parent.mkdir()
    path.write_text("{broken", encoding="utf-8")
    orders = Orders(path)
    assert "cannot be read" in "".join(capsys.readouterr())
    orders.mute(Mute())
    assert Orders(path).is_muted("gate", "east", AT)
