"""The analysts' page, asked without a browser."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboard.accounts.tables import Role, Viewing
from dashboard.alerts.service import raise_alert
from dashboard.alerts.tables import Outcome
from dashboard.database import Sessions
from dashboard.labels import service
from dashboard.labels.tables import LabelCorrection
from tests.dashboard.builders import NOON, log_in, person, rack, report, stay_of
from tests.dashboard.labels.answered import answer


@pytest.fixture
def token(pages: TestClient, sessions: Sessions, home: Path) -> str:
    """Logged in as an analyst, with alerts of every sort; the newest is s5."""
    with sessions.begin() as session:
        person(session, "ann", Role.ANALYST, language="en", display_name="Ann")
        there = rack(session)
        session.add(stay_of("s4", there, visit_certain=False))
        for hour, (stay, outcome, p_unlocked) in enumerate(
            [
                ("s1", Outcome.TAGGED, 0.95),
                ("s2", Outcome.WAS_LOCKED, 0.95),
                ("s3", Outcome.CANNOT_REACH, 0.65),
                ("s4", Outcome.OWNER_LOCKED, 0.95),
            ]
        ):
            answer(session, home / "media", stay, outcome, at=NOON + timedelta(hours=hour), p_unlocked=p_unlocked)
        raise_alert(session, report("s5", at=NOON + timedelta(hours=9)))
    return log_in(pages, "ann")


def shown(pages: TestClient, show: str = "open") -> list[str]:
    return re.findall(r'<article [^>]*id="alert-(?:alert-)?([^"]+)"', pages.get(f"/labels?show={show}").text)


def say(pages: TestClient, token: str, alert: str, says: str, **more: str) -> str:
    """Where the answer leads."""
    form = {"csrf_token": token, "says": says} | more
    answered = pages.post(f"/labels/{alert}?show=open&page=1", data=form)
    assert answered.status_code == 303, answered.text
    return str(answered.headers["location"])


def test_each_choice_shows_its_pictures_newest_first_and_none_of_a_living_alert(pages: TestClient, token: str) -> None:
    assert shown(pages) == ["s4", "s3", "s2", "s1"]
    assert shown(pages, "disagreeing") == ["s2"]
    assert shown(pages, "unsure") == ["s3"]
    assert shown(pages, "corrected") == []
    assert shown(pages, "nonsense") == ["s4", "s3", "s2", "s1"]
    counts = re.findall(r'class="number">(\d+)</span></a>', pages.get("/labels").text)
    assert counts == ["4", "1", "1", "0"]


def test_an_answer_is_kept_with_who_gave_it_and_leads_to_the_next_picture(
    pages: TestClient, token: str, sessions: Sessions
) -> None:
    assert say(pages, token, "alert-s2", "unlocked", then="alert-s1") == "/labels?show=open&page=1#alert-alert-s1"
    assert shown(pages) == ["s4", "s3", "s1"]
    assert shown(pages, "disagreeing") == []
    assert shown(pages, "corrected") == ["s2"]
    with sessions() as session:
        row = session.scalars(select(LabelCorrection)).one()
        assert (row.alert_id, row.says, row.by and row.by.username) == ("alert-s2", "unlocked", "ann")
    say(pages, token, "alert-s2", "not_a_bike")
    with sessions() as session:
        assert session.scalars(select(LabelCorrection.says)).all() == ["not_a_bike"]


def test_an_answer_is_taken_back(pages: TestClient, token: str) -> None:
    say(pages, token, "alert-s1", "leave_out")
    assert "Ann" in pages.get("/labels?show=corrected").text
    back = pages.post("/labels/alert-s1/take-back?show=corrected", data={"csrf_token": token})
    assert back.headers["location"] == "/labels?show=corrected&page=1"
    assert shown(pages) == ["s4", "s3", "s2", "s1"]


@pytest.mark.parametrize(
    ("address", "says", "status", "sentence"),
    [
        ("/labels/alert-s1", "yes", 400, "choose one of the four buttons below a picture"),
        ("/labels/alert-s1", "", 400, "choose one of the four buttons below a picture"),
        ("/labels/nobody", "locked", 404, "There is no such alert, so nothing was changed."),
        ("/labels/nobody/take-back", "", 404, "There is no such alert, so nothing was changed."),
    ],
)
def test_bad_input_is_told_in_one_sentence_above_the_list_and_changes_nothing(
    pages: TestClient, token: str, sessions: Sessions, address: str, says: str, status: int, sentence: str
) -> None:
    answered = pages.post(address, data={"csrf_token": token, "says": says})
    assert answered.status_code == status
    assert answered.text.count('role="alert"') == 1
    assert sentence in answered.text
    assert 'id="alert-alert-s1"' in answered.text
    with sessions() as session:
        assert session.scalars(select(LabelCorrection)).all() == []


def test_the_alert_to_go_on_with_cannot_lead_elsewhere(pages: TestClient, token: str) -> None:
    where = say(pages, token, "alert-s1", "locked", then='x"\r\nSet-Cookie: a=b')
    assert where == "/labels?show=open&page=1#alert-x%22%0D%0ASet-Cookie%3A%20a%3Db"


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "²", "9" * 40])
def test_a_page_that_is_none_shows_one_that_is(pages: TestClient, token: str, page: str) -> None:
    answered = pages.get("/labels", params={"page": page})
    assert answered.status_code == 200
    assert 'id="alert-alert-s1"' in answered.text


def test_more_than_a_page_is_turned(pages: TestClient, token: str, sessions: Sessions, home: Path) -> None:
    with sessions.begin() as session:
        for number in range(25):
            answer(session, home / "media", f"old-{number:02}", Outcome.TAGGED, at=NOON - timedelta(hours=number + 1))
    first, second = (pages.get(f"/labels?page={page}").text for page in (1, 2))
    assert "Page 1 of 2" in first
    assert (first.count("<article"), second.count("<article")) == (24, 5)


def test_the_dataset_is_what_the_command_line_writes_and_who_took_it_is_kept(
    pages: TestClient, token: str, sessions: Sessions
) -> None:
    say(pages, token, "alert-s3", "locked")
    answered = pages.get("/labels/dataset?form=coco")
    assert answered.headers["content-type"] == "application/zip"
    assert answered.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answered.content)) as archive:
        boxes = json.loads(archive.read("pleaselock-labels/annotations.json"))["annotations"]
        assert f"pleaselock-labels/images/{boxes[0]['attributes']['alert']}.jpg" in archive.namelist()
    told = {box["attributes"]["alert"]: (box["category_id"], box["attributes"]["by"]) for box in boxes}
    by_volunteers = {"alert-s1": (1, "volunteer"), "alert-s2": (2, "volunteer"), "alert-s4": (1, "volunteer")}
    assert told == by_volunteers | {"alert-s3": (2, "analyst")}
    with sessions() as session:
        assert session.scalars(select(Viewing.what)).all() == ["labels:coco"]


def test_a_dataset_that_cannot_be_written_is_said_in_a_sentence_and_leaves_nothing_behind(
    pages: TestClient, token: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "room").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))
    pictures = sorted((home / "media/snapshots").iterdir())
    gathered = service.gather

    def picture_swept_meanwhile(*arguments: Any) -> Any:  # noqa: ANN401 - as gather has it
        found = gathered(*arguments)
        pictures[0].unlink()
        return found

    monkeypatch.setattr("dashboard.labels.routes.gather", picture_swept_meanwhile)
    answered = pages.get("/labels/dataset")
    assert answered.status_code == 500
    assert answered.text.count('role="alert"') == 1
    assert "The dataset could not be written on the server." in answered.text
    assert list((tmp_path / "room").iterdir()) == []


def test_nothing_to_download_is_said(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann", Role.ANALYST, language="en")
    log_in(pages, "ann")
    answered = pages.get("/labels/dataset")
    assert answered.status_code == 404
    assert "There is nothing to download" in answered.text
    assert "Nothing to look at" in answered.text


def test_a_volunteer_corrects_nothing(pages: TestClient, token: str, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "vol")
    pages.cookies.clear()
    other = log_in(pages, "vol")
    for address in ("/labels/alert-s1", "/labels/alert-s1/take-back"):
        assert pages.post(address, data={"csrf_token": other, "says": "locked"}).status_code == 403


def test_every_word_of_the_page_is_chinese_for_who_reads_chinese(pages: TestClient, token: str) -> None:
    say(pages, token, "alert-s1", "leave_out")
    pages.post("/preferences", data={"csrf_token": token, "language": "zh-CN"})
    page = pages.get("/labels?show=corrected").text
    for words in ("这些图片里的车锁了吗？", "看不出", "已挂提醒卡", "撤回更正", "下载为数据集"):
        assert words in page
