from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detector.outbox import Letter, Outbox
from detector.retention import sweep, sweeping
from detector.stay_store import StayStore
from tests.brokers import wait_for
from tests.detector.drawn_footage import DrawnDetector, scene, write_video
from tests.detector.watching import QUICK, camera, hearing_sink, run_until, told, watch
from tests.outboxes import letters_in

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db") as made:
        yield made


def keep(outbox: Outbox, name: str) -> None:
    """One alert and its picture."""
    outbox.put(Letter(f"{name}-alert", "pleaselock/v1/north/camera/gate/alert", b"{}", name, urgent=True))
    outbox.put(Letter(f"{name}-picture", f"pleaselock/v1/north/camera/gate/snapshot/{name}", b"\xff\xd8\xff", name))


def held(outbox: Outbox) -> set[str]:
    return {letter.message_id for letter in letters_in(outbox)}


def test_a_picture_nobody_came_for_in_the_set_days_goes_and_its_alert_stays(outbox: Outbox, tmp_path: Path) -> None:
    keep(outbox, "old")
    for day in range(8):
        removed = sweep(outbox, tmp_path, AT + day * DAY, WEEK)
        if day == 3:
            keep(outbox, "young")
        assert removed == (day == 7)
    assert held(outbox) == {"old-alert", "young-alert", "young-picture"}
    assert outbox.depth() == 3
    assert sweep(outbox, tmp_path, AT + 12 * DAY, WEEK) == 1
    assert held(outbox) == {"old-alert", "young-alert"}


def test_how_old_it_is_outlasts_a_restart(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        keep(outbox, "old")
        sweep(outbox, tmp_path, AT, WEEK)
    with Outbox(tmp_path / "outbox.db") as outbox:
        assert sweep(outbox, tmp_path, AT + WEEK, WEEK) == 1
        assert held(outbox) == {"old-alert"}


def test_a_clock_that_is_not_set_yet_makes_nothing_old(outbox: Outbox, tmp_path: Path) -> None:
    keep(outbox, "young")
    assert sweep(outbox, tmp_path, datetime(1970, 1, 1, 0, 5, tzinfo=UTC), WEEK) == 0
    assert sweep(outbox, tmp_path, AT, WEEK) == 0
    assert len(held(outbox)) == 2


def test_only_what_is_broken_and_old_is_removed_from_the_home_folder(outbox: Outbox, tmp_path: Path) -> None:
    for name, age in (("stays-old.broken", 8), ("stays-young.broken", 1), ("site.yaml", 8)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, times=((AT - age * DAY).timestamp(),) * 2)
    assert sweep(outbox, tmp_path, AT, WEEK) == 1
    assert not (tmp_path / "stays-old.broken").exists()
    assert {file.name for file in tmp_path.iterdir()} >= {"stays-young.broken", "site.yaml", "outbox.db"}


def test_it_sweeps_by_itself_while_a_worker_runs(outbox: Outbox, tmp_path: Path) -> None:
    keep(outbox, "old")
    days = iter(range(1000))
    with sweeping(outbox, tmp_path, 7, clock=lambda: AT + next(days) * DAY, every_s=0.01):
        wait_for(lambda: held(outbox) == {"old-alert"})


def test_nothing_of_what_a_camera_sees_is_on_the_disk_unless_it_belongs_to_an_alert(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "scene.mp4", scene, count=60)
    home = tmp_path / "edge"
    home.mkdir()
    pictures = {}
    for name, thresholds in (("quiet", QUICK | {"unlocked_above": 1.0, "locked_below": 0.99}), ("alerting", QUICK)):
        with hearing_sink(home) as sink, StayStore(home / "stays.db") as store:
            detector = DrawnDetector()
            watching = watch(camera(clip, thresholds=thresholds), sink, detector, threading.Event(), store)
            if name == "quiet":
                run_until(watching, lambda looked=detector: looked.looked_at >= 40)  # type: ignore[misc]
            else:
                run_until(watching, lambda heard=sink: told(heard, "alert", "raised") and heard.depth() >= 4)  # type: ignore[misc]
            pictures[name] = sum(file.read_bytes().count(b"\xff\xd8\xff") for file in home.iterdir())
    assert pictures["quiet"] == 0
    assert pictures["alerting"] >= 1
