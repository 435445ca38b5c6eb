from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboard.accounts.tables import Viewing
from dashboard.alerts import service
from dashboard.alerts.service import AlertReport
from dashboard.alerts.tables import Alert, AlertState, Outcome
from dashboard.alerts.words import took
from dashboard.database import Sessions
from dashboard.media.service import snapshot_key, store
from dashboard.web.formats import Formats
from dashboard.web.i18n import Translator
from tests.dashboard.builders import NOON, log_in, pages_in, person, rack, report, stay_of

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
ENGLISH = {"accept-language": "en"}


def fresh(stay: str = "stay-1") -> AlertReport:
    now = datetime.now(UTC)
    left = now - timedelta(seconds=30)
    return report(stay, parked_at=left, left_at=left, at=now, expires_at=now + timedelta(minutes=15))


@pytest.fixture
def token(pages: TestClient, sessions: Sessions, home: Path) -> str:
    """Ann is logged in and one alert waits, with its picture."""
    with sessions.begin() as session:
        person(session, "ann", display_name="Ann", language="en")
        person(session, "bob", display_name="Bob", language="en")
        service.raise_alert(session, fresh())
        store(home / "media", snapshot_key("alert-stay-1"), JPEG)
        service.attach_snapshot(session, "alert-stay-1", snapshot_key("alert-stay-1"), datetime.now(UTC))
    return log_in(pages, "ann")


def test_the_list_shows_what_waits_with_its_place_and_verdict(pages: TestClient, token: str) -> None:
    page = pages.get("/alerts").text
    assert "1 bike is waiting" in page
    assert 'src="/alerts/alert-stay-1/picture"' in page
    assert "Probably not locked" in page
    assert pages.get("/alerts/board").text.count("alert-card") == 1


def test_the_alert_page_says_where_why_and_what_happened(pages: TestClient, token: str) -> None:
    page = pages.get("/alerts/alert-stay-1").text
    for words in ("b1", "r1", "The rider walked off after 4 seconds.", "91%", "The camera raised the alert"):
        assert words in page


def test_one_tap_takes_it_and_the_next_answers_it(pages: TestClient, token: str, sessions: Sessions) -> None:
    taken = pages.post("/alerts/alert-stay-1/take", data={"csrf_token": token})
    assert taken.headers["location"] == "/alerts/alert-stay-1"
    assert "What did you find?" in pages.get("/alerts/alert-stay-1").text
    assert "Yours now" in pages.get("/alerts").text
    form = {"csrf_token": token, "found": "tagged", "note": "<b>wet</b>"}
    assert pages.post("/alerts/alert-stay-1/outcome", data=form).headers["location"] == "/alerts"
    page = pages.get("/alerts/alert-stay-1").text
    assert "Left a tag" in page
    assert "&lt;b&gt;wet" in page
    with sessions() as session:
        alert = session.get_one(Alert, "alert-stay-1")
        assert (alert.state, alert.outcome) == (AlertState.DONE, Outcome.TAGGED)


def test_whoever_is_late_reads_who_was_faster(pages: TestClient, token: str, sessions: Sessions, home: Path) -> None:
    with pages_in(home) as others:
        theirs = log_in(others, "bob")
        others.post("/alerts/alert-stay-1/take", data={"csrf_token": theirs})
    late = pages.post("/alerts/alert-stay-1/take", data={"csrf_token": token})
    assert late.headers["location"] == "/alerts/alert-stay-1?late=true"
    assert "Bob was a moment faster" in pages.get(late.headers["location"]).text
    assert "Taken by Bob" in pages.get("/alerts").text


def test_an_alert_that_is_over_does_not_promise_a_picture(pages: TestClient, token: str, sessions: Sessions) -> None:
    with sessions.begin() as session:
        service.raise_alert(session, fresh("bare"))
    assert "The picture is on its way" in pages.get("/alerts/alert-bare").text
    with sessions.begin() as session:
        service.clear_alert(session, fresh("bare"), "gone")
    assert "No picture is kept" in pages.get("/alerts/alert-bare").text


def test_giving_it_back_makes_it_wait_again(pages: TestClient, token: str) -> None:
    pages.post("/alerts/alert-stay-1/take", data={"csrf_token": token})
    pages.post("/alerts/alert-stay-1/release", data={"csrf_token": token})
    assert "1 bike is waiting" in pages.get("/alerts").text


def test_a_picture_is_shown_uncached_and_who_looked_is_written_down(
    pages: TestClient, token: str, sessions: Sessions
) -> None:
    answer = pages.get("/alerts/alert-stay-1/picture")
    assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
    assert answer.headers["cache-control"] == "no-store"
    with sessions() as session:
        assert session.scalars(select(Viewing.what)).all() == ["alert:alert-stay-1"]


def test_a_picture_that_was_swept_away_is_a_404(pages: TestClient, token: str, home: Path) -> None:
    (home / "media" / snapshot_key("alert-stay-1")).unlink()
    assert pages.get("/alerts/alert-stay-1/picture").status_code == 404


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/alerts/unknown", 404),
        ("GET", "/alerts/unknown/now", 404),
        ("GET", "/alerts/unknown/picture", 404),
        ("POST", "/alerts/unknown/take", 404),
        # An outcome that nobody can tap.
        ("POST", "/alerts/alert-stay-1/outcome", 400),
    ],
)
def test_what_does_not_exist_is_said_in_words(
    pages: TestClient, token: str, method: str, address: str, status: int
) -> None:
    answer = pages.request(method, address, headers={"x-csrf-token": token} | ENGLISH)
    assert answer.status_code == status
    assert "There is nothing here" in answer.text or "did not make sense" in answer.text


def test_a_cleared_alert_says_so_and_cannot_be_taken(pages: TestClient, token: str, sessions: Sessions) -> None:
    with sessions.begin() as session:
        service.clear_alert(session, fresh(), "locked")
    assert "No bike is waiting" in pages.get("/alerts").text
    late = pages.post("/alerts/alert-stay-1/take", data={"csrf_token": token})
    page = pages.get(late.headers["location"]).text
    assert "The camera saw it being locked" in page
    assert "It was over before you tapped." in page


def locked(took_s: float = 200) -> AlertReport:
    then = datetime.now(UTC)
    return replace(fresh(), at=then, left_at=then, verdict_state="locked", p_unlocked=0.06, locked_after_s=took_s)


@pytest.mark.parametrize(
    ("language", "on_page", "on_list"),
    [
        ("en", "Locked no later than 3 min 20 sec after the rider left.", "after 3 min 20 sec"),
        ("zh-CN", "车主离开后最迟3分钟20秒上锁。", "用时3分钟20秒"),
    ],
)
def test_a_locked_bike_says_how_long_that_took(
    pages: TestClient, token: str, sessions: Sessions, language: str, on_page: str, on_list: str
) -> None:
    with sessions.begin() as session:
        service.clear_alert(session, locked(), "locked")
    pages.post("/preferences", data={"csrf_token": token, "language": language})
    assert on_page in pages.get("/alerts/alert-stay-1").text
    assert on_list in pages.get("/alerts").text


def test_an_alert_without_a_time_to_lock_says_none(pages: TestClient, token: str, sessions: Sessions) -> None:
    with sessions.begin() as session:
        service.clear_alert(session, replace(locked(), locked_after_s=None), "locked")
    assert "no later than" not in pages.get("/alerts/alert-stay-1").text
    assert "being locked · after" not in pages.get("/alerts").text


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "which of the bikes here is uncertain"), ("zh-CN", "车辆位置不完全确定")]
)
def test_an_uncertain_place_is_marked(
    pages: TestClient, token: str, sessions: Sessions, certain: bool, language: str, words: str
) -> None:
    with sessions.begin() as session:
        session.add(stay_of("stay-1", rack(session), visit_certain=certain))
    pages.post("/preferences", data={"csrf_token": token, "language": language})
    assert (words in pages.get("/alerts/alert-stay-1").text) is not certain


SPANS = [
    (200, "3 min 20 sec", "3分钟20秒"),
    (45.4, "45 sec", "45秒"),
    (180, "3 min", "3分钟"),
    (59.7, "1 min", "1分钟"),
    # Beyond an hour the seconds do not matter.
    (3725, "1 hr 2 min", "1小时2分钟"),
    (3605, "1 hr", "1小时"),
    (0.2, "0 sec", "0秒"),
]


@pytest.mark.parametrize(("seconds", "english", "chinese"), SPANS)
def test_how_long_it_took_is_told_in_two_units(seconds: float, english: str, chinese: str) -> None:
    said = [took(seconds, Formats(one, ZoneInfo("UTC"), NOON)) for one in (Translator("en"), Translator("zh-CN"))]
    assert said == [english, chinese]


def test_the_page_is_in_chinese_for_who_reads_chinese(pages: TestClient, token: str) -> None:
    pages.post("/preferences", data={"csrf_token": token, "language": "zh-CN"})
    page = pages.get("/alerts/alert-stay-1").text
    for words in ("车主停车4秒钟后离开。", "很可能没锁", "我去看看"):
        assert words in page
