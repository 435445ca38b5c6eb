from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboard.accounts.tables import Viewing
from dashboard.alerts import service
from dashboard.alerts.service import AlertReport
from dashboard.alerts.tables import Alert, AlertState, Outcome
from dashboard.database import Sessions
from dashboard.media.service import snapshot_key, store
from tests.dashboard.builders import log_in, pages_in, person, report

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


def test_the_page_is_in_chinese_for_who_reads_chinese(pages: TestClient, token: str) -> None:
    pages.post("/preferences", data={"csrf_token": token, "language": "zh-CN"})
    page = pages.get("/alerts/alert-stay-1").text
    for words in ("车主停车4秒钟后离开。", "很可能没锁", "我去看看"):
        assert words in page
