from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dashboard.accounts.tables import Role
from dashboard.database import Sessions
from dashboard.health import views
from dashboard.health.service import WorkerReport, record_worker
from dashboard.health.tables import CameraHealth, Worker
from dashboard.intake.service import Count, count, quarantine
from dashboard.places.service import ensure_camera
from dashboard.places.tables import Camera
from tests.dashboard.builders import NOON, log_in, person

LATE = views.SILENT_AFTER + timedelta(seconds=1)


def health(**changes: Any) -> CameraHealth:  # noqa: ANN401 - columns of any type
    fine = {
        "camera_id": 1,
        "worker_code": "edge-1",
        "fps_in": 15.0,
        "fps_seen": 15.0,
        "fps_inferred": 5.0,
        "inference_ms": 40.0,
        "dark": False,
        "moved": False,
        "last_frame_at": NOON,
        "outbox_depth": 0,
        "reported_at": NOON,
    }
    return CameraHealth(**fine | changes)


def worker(state: str = "online") -> Worker:
    return Worker(
        code="edge-1", state=state, boot="b", version="1", config_hash="", cameras=["c"], reported_at=NOON - LATE * 9
    )


@pytest.mark.parametrize(
    ("said", "after", "word"),
    [
        (health(), timedelta(0), views.FINE),
        # The last words may be as old as the limit, not older.
        (health(), views.SILENT_AFTER, views.FINE),
        (health(), LATE, views.SILENT),
        # It speaks, but sees nothing new.
        (health(last_frame_at=NOON - LATE), timedelta(0), views.NO_PICTURE),
        (health(last_frame_at=None), timedelta(0), views.NO_PICTURE),
        (health(moved=True, dark=True), timedelta(0), views.MOVED),
        (health(dark=True), timedelta(0), views.DARK),
        (None, timedelta(0), views.NEVER),
    ],
)
def test_a_cameras_last_words_become_one_word(said: CameraHealth | None, after: timedelta, word: object) -> None:
    assert views.camera_view(Camera(code="c"), said, NOON + after).word == word


def test_a_worker_that_calls_itself_online_and_says_nothing_is_silent() -> None:
    camera = views.camera_view(Camera(code="c"), health(), NOON)
    assert views.worker_view(worker(), [camera], NOON).word == views.ONLINE
    assert views.worker_view(worker(), [camera], NOON + LATE).word == views.SILENT
    assert views.worker_view(worker("offline"), [camera], NOON).word == views.OFFLINE


def test_the_page_shows_cameras_gaps_and_what_was_put_aside(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann", Role.COORDINATOR, language="en")
        camera = ensure_camera(session, "campus", "cam-1")
        ensure_camera(session, "campus", "cam-2")
        session.add(health(camera_id=camera.id, camera=camera))
        count(session, Count("campus", "edge-1", "boot", 5), NOON)
        quarantine(session, "pleaselock/v1/campus/nonsense", b"?", "no such topic", NOON)
    log_in(pages, "ann")
    for address in ("/health", "/health/now"):
        page = pages.get(address).text
        for words in ("Silent", "Never heard of", "4 of 5 messages", "no such topic", "1 thing needs a look."):
            assert words in page


@pytest.mark.parametrize(
    ("language", "verdict", "locks", "none"),
    [("en", "Lock verdict", "Lock model", "none"), ("zh-CN", "锁车判断", "车锁识别模型", "无")],
)
def test_the_page_names_what_each_camera_is_judged_with(
    pages: TestClient, sessions: Sessions, language: str, verdict: str, locks: str, none: str
) -> None:
    judged = {"verdict_id": "lock-verdict-v1", "verdict_sha256": "cd" * 32}
    looked = judged | {"lock_model_id": "locks-v1", "lock_model_sha256": "ef" * 32}
    with sessions.begin() as session:
        person(session, "ann", Role.COORDINATOR, language=language)
        for code, said in (("cam-1", looked), ("cam-2", judged), ("cam-3", {})):
            camera = ensure_camera(session, "campus", code)
            session.add(health(camera_id=camera.id, camera=camera, **said))
    log_in(pages, "ann")
    page = pages.get("/health").text
    cells = {word: [part.split("</dd>")[0] for part in page.split(f"<dt>{word}</dt>")[1:]] for word in (verdict, locks)}
    assert ["lock-verdict-v1" in cell and "cdcdcdcd" in cell for cell in cells[verdict]] == [True, True, False]
    assert "locks-v1" in cells[locks][0]
    assert "efefefef" in cells[locks][0]
    assert [f">{none}<" in cell for cell in cells[locks]] == [False, True, False]


@pytest.mark.parametrize(("language", "words"), [("en", "Lock verdict"), ("zh-CN", "锁车判断")])
def test_the_page_names_the_verdict_each_machine_judges_with(
    pages: TestClient, sessions: Sessions, language: str, words: str
) -> None:
    said = WorkerReport(
        site_id="campus",
        worker_id="edge-1",
        state="online",
        boot="b",
        at=NOON,
        version="0.1.0",
        model_id="bikepark-v0",
        model_sha256="ab" * 32,
        config_hash="",
        cameras=(),
    )
    with sessions.begin() as session:
        person(session, "ann", Role.COORDINATOR, language=language)
        record_worker(session, replace(said, verdict_id="lock-verdict-v1", verdict_sha256="cd" * 32))
        record_worker(session, replace(said, worker_id="older"))
    log_in(pages, "ann")
    page = pages.get("/health").text
    cells = page.split(f'data-label="{words}">')[1:]
    assert ["lock-verdict-v1" in cell.split("</td>")[0] for cell in cells] == [True, False]
    assert "cdcdcdcd" in cells[0]
    assert "–" in cells[1].split("</td>")[0]
