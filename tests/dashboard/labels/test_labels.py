from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner, Result

from dashboard.alerts.tables import Outcome
from dashboard.database import Sessions
from dashboard.labels.service import split_of
from pleaselock import app
from tests.dashboard.builders import NOON, database_in
from tests.dashboard.labels.answered import answer, snapshot

ASK = CliRunner()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def sessions(home: Path) -> Sessions:
    home.mkdir()
    return database_in(home)


def three_answers(sessions: Sessions, home: Path) -> None:
    with sessions.begin() as session:
        answer(session, home / "media", "s1", Outcome.TAGGED)
        answer(session, home / "media", "s2", Outcome.WAS_LOCKED, snapshot(640, 480), parked_at=NOON)
        answer(session, home / "media", "s3", Outcome.CANNOT_REACH)


def ask(home: Path, *words: str) -> Result:
    return ASK.invoke(app, ["labels", *words, "--home", str(home)], catch_exceptions=False)


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (360, 288), (1080, 1920)])
def test_the_box_lies_on_the_bike_whatever_the_camera(
    sessions: Sessions, home: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    with sessions.begin() as session:
        answer(session, home / "media", "s1", Outcome.TAGGED, snapshot(*size))
    ask(home, "export", "--out", str(tmp_path / "out"), "--format", "coco")
    document = json.loads((tmp_path / "out/annotations.json").read_text())
    (image,), (drawn,) = document["images"], document["annotations"]
    grey = cv2.imread(str(tmp_path / "out" / image["file_name"]), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    assert grey.shape == (image["height"], image["width"])
    rows, columns = np.nonzero(grey > 170)
    left, top, wide, high = drawn["bbox"]
    white = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert [left, top, left + wide, top + high] == pytest.approx(white, abs=2.5)


def test_a_yolo_folder_holds_what_says_something_of_the_lock(sessions: Sessions, home: Path, tmp_path: Path) -> None:
    three_answers(sessions, home)
    said = ask(home, "export", "--out", str(tmp_path / "out")).output
    assert said.splitlines() == [
        f"2 labels in {tmp_path / 'out'}.",
        "1 left out: the answer says nothing of the lock.",
    ]
    assert yaml.safe_load((tmp_path / "out/data.yaml").read_text())["names"] == {0: "unlocked_bike", 1: "locked_bike"}
    texts = {file.stem: file.read_text() for file in (tmp_path / "out/labels").rglob("*.txt")}
    assert {name: text[0] for name, text in texts.items()} == {"alert-s1": "0", "alert-s2": "1"}
    pictures = {file.relative_to(tmp_path / "out/images") for file in (tmp_path / "out/images").rglob("*.jpg")}
    labels = {file.relative_to(tmp_path / "out/labels") for file in (tmp_path / "out/labels").rglob("*.txt")}
    assert {file.with_suffix("") for file in pictures} == {file.with_suffix("") for file in labels}


def test_label_studio_gets_tasks_and_a_page_with_the_locks_to_draw(
    sessions: Sessions, home: Path, tmp_path: Path
) -> None:
    three_answers(sessions, home)
    ask(home, "export", "--out", str(tmp_path / "out"), "--format", "label-studio")
    tasks = json.loads((tmp_path / "out/tasks.json").read_text())
    assert [task["data"]["outcome"] for task in tasks] == ["tagged", "was_locked"]
    drawn = tasks[0]["annotations"][0]["result"][0]
    assert drawn["value"]["rectanglelabels"] == ["unlocked_bike"]
    assert 0 < drawn["value"]["x"] < drawn["value"]["x"] + drawn["value"]["width"] < 100
    assert 'value="u_lock"' in (tmp_path / "out/label_config.xml").read_text()
    for task in tasks:
        assert (tmp_path / "out" / task["data"]["image"].partition("?d=")[2]).is_file()


def test_an_analyst_has_the_last_word(sessions: Sessions, home: Path, tmp_path: Path) -> None:
    three_answers(sessions, home)
    assert ask(home, "correct", "alert-s1", "locked").output == "alert-s1: locked.\n"
    ask(home, "correct", "alert-s2", "unlocked")
    ask(home, "correct", "alert-s2", "leave_out")
    ask(home, "correct", "alert-s3", "unlocked")
    ask(home, "export", "--out", str(tmp_path / "out"), "--format", "coco")
    boxes = json.loads((tmp_path / "out/annotations.json").read_text())["annotations"]
    told = {box["attributes"]["alert"]: (box["category_id"], box["attributes"]["by"]) for box in boxes}
    assert told == {"alert-s1": (2, "analyst"), "alert-s3": (1, "analyst")}


def test_what_an_analyst_takes_back_or_calls_no_bike_is_no_label_of_theirs(
    sessions: Sessions, home: Path, tmp_path: Path
) -> None:
    three_answers(sessions, home)
    ask(home, "correct", "alert-s1", "locked")
    ask(home, "correct", "alert-s2", "not_a_bike")
    assert ask(home, "take-back", "alert-s1").output == "alert-s1: taken back.\n"
    said = ask(home, "export", "--out", str(tmp_path / "out"), "--format", "coco").output
    assert "1 left out: an analyst saw no bike in it." in said
    boxes = json.loads((tmp_path / "out/annotations.json").read_text())["annotations"]
    told = {box["attributes"]["alert"]: (box["category_id"], box["attributes"]["by"]) for box in boxes}
    assert told == {"alert-s1": (1, "volunteer")}


def test_pictures_that_retention_took_and_days_not_asked_for_are_left_out(
    sessions: Sessions, home: Path, tmp_path: Path
) -> None:
    three_answers(sessions, home)
    (home / "media/snapshots/alert-s1.jpg").unlink()
    assert "1 left out: its picture is gone." in ask(home, "export", "--out", str(tmp_path / "one")).output
    assert "0 labels" in ask(home, "export", "--out", str(tmp_path / "two"), "--since", "2026-11-24").output


def test_a_picture_that_no_camera_explains_is_left_out(sessions: Sessions, home: Path, tmp_path: Path) -> None:
    with sessions.begin() as session:
        _, thin = cv2.imencode(".jpg", np.zeros((40, 400, 3), dtype=np.uint8))
        answer(session, home / "media", "s1", Outcome.TAGGED, thin.tobytes())
    assert "where the bike is in its picture cannot be told" in ask(home, "export", "--out", str(tmp_path / "o")).output


def test_what_is_in_the_way_stays_and_is_named(sessions: Sessions, home: Path, tmp_path: Path) -> None:
    three_answers(sessions, home)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    refused = ask(home, "export", "--out", str(tmp_path / "out"))
    assert refused.exit_code == 2
    assert "is there already and not empty" in refused.output
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_no_database_and_no_such_alert_are_told_in_one_sentence(sessions: Sessions, home: Path, tmp_path: Path) -> None:
    assert sessions
    no_home = ask(tmp_path / "nowhere", "export", "--out", "x")
    no_alert = ask(home, "correct", "nobody", "locked"), ask(home, "take-back", "nobody")
    assert {said.exit_code for said in (*no_alert, no_home)} == {2}
    assert all(said.output.startswith("There is no alert 'nobody'") for said in no_alert)
    assert no_home.output.startswith("There is no database in")
    assert not (tmp_path / "nowhere").exists()


def test_one_day_at_one_rack_is_on_one_side() -> None:
    days = [NOON + timedelta(days=day) for day in range(200)]
    assert all(split_of("r1", day) == split_of("r1", day + timedelta(hours=3)) for day in days)
    assert 20 < sum(split_of("r1", day) == "val" for day in days) < 65
