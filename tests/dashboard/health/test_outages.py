"""Outages as rows: who is told what, once, over restarts and flaps, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboard.accounts.tables import Account, Role
from dashboard.database import Sessions
from dashboard.health.outages import mark_seen, review
from dashboard.health.queries import count_told, unseen_notices
from dashboard.health.service import CameraReport, WorkerReport, record_camera, record_worker
from dashboard.health.tables import Outage, OutageNotice
from tests.dashboard.builders import NOON, log_in, person

S = timedelta(seconds=1)
LONG_AGO = NOON - timedelta(days=1)
WELL = CameraReport(
    site_id="campus",
    worker_id="edge-1",
    camera_id="gate",
    at=NOON,
    fps_in=15,
    fps_seen=5,
    fps_inferred=5,
    inference_ms=40,
    dark=False,
    moved=False,
    last_frame_at=NOON,
    outbox_depth=0,
)
ONLINE = WorkerReport("campus", "edge-1", "online", "b", NOON, "1", None, None, "", ("gate",))


class Watch:
    """A server that looks every five seconds, and an edge that may speak."""

    def __init__(self, sessions: Sessions, listening_since: datetime = LONG_AGO) -> None:
        self.sessions, self.since, self.second = sessions, listening_since, 0

    def until(self, second: int, *, state: str = "online", speaks: bool = True, cameras: tuple[str, ...] = ("gate",), **faults: object) -> None:  # fmt: skip
        while self.second < second:
            self.second += 5
            at = NOON + self.second * S
            with self.sessions.begin() as session:
                record_worker(session, replace(ONLINE, state=state))
                for camera in cameras if speaks else ():
                    record_camera(
                        session,
                        replace(WELL, camera_id=camera, **{"at": at, "last_frame_at": at} | faults),  # type: ignore[arg-type]
                    )
                review(session, at, self.since)

    def told(self) -> list[tuple[str, str, str]]:
        """Everything anybody was told: whom, of what, began or over."""
        with self.sessions() as session:
            rows = select(Account.username, Outage.trouble, OutageNotice.what).select_from(OutageNotice)
            joined = rows.join(OutageNotice.outage).join(OutageNotice.account).order_by(OutageNotice.id)
            return [(name, trouble, what) for name, trouble, what in session.execute(joined)]


@pytest.fixture
def watch(sessions: Sessions) -> Watch:
    with sessions.begin() as session:
        person(session, "ann", Role.SECURITY, language="en")
        person(session, "vol")
        person(session, "left", Role.ADMIN).active = False
    return Watch(sessions)


def test_staff_are_told_once_that_a_camera_gives_no_picture_and_once_that_it_does(watch: Watch) -> None:
    watch.until(60)
    watch.until(600, faults=("stalled",))
    assert watch.told() == [("ann", "no_picture", "began")]
    watch.until(900)
    assert watch.told() == [("ann", "no_picture", "began"), ("ann", "no_picture", "over")]
    watch.until(1200, faults=("stalled",))
    assert len(watch.told()) == 3, "a new outage is a new notice"


def test_a_silent_worker_is_one_notice_however_many_cameras_it_has(watch: Watch) -> None:
    watch.until(60, cameras=("gate", "hall", "pool"))
    watch.until(600, speaks=False)
    assert watch.told() == [("ann", "silent", "began")]
    watch.until(900, cameras=("gate", "hall", "pool"))
    assert watch.told() == [("ann", "silent", "began"), ("ann", "silent", "over")]


def test_a_worker_that_says_goodbye_is_told_unless_it_is_back_in_half_a_minute(watch: Watch) -> None:
    watch.until(60)
    watch.until(80, state="offline", speaks=False)
    watch.until(120)
    assert watch.told() == []
    watch.until(200, state="offline", speaks=False)
    assert watch.told() == [("ann", "offline", "began")]


def test_a_camera_that_flickers_between_dark_and_light_is_told_once(watch: Watch) -> None:
    watch.until(100, dark=True)
    for minute in range(20):
        watch.until(130 + 60 * minute)
        watch.until(160 + 60 * minute, dark=True)
    assert watch.told() == [("ann", "dark", "began")]


def test_one_that_is_dark_and_then_silent_is_not_called_light_again(watch: Watch) -> None:
    watch.until(200, dark=True)
    watch.until(600, speaks=False)
    assert watch.told() == [("ann", "dark", "began"), ("ann", "silent", "began")]


def test_a_server_that_was_off_does_not_take_its_own_silence_for_the_edges(watch: Watch) -> None:
    watch.until(60)
    watch.since, watch.second = NOON + 3600 * S, 3600
    watch.until(3650, speaks=False)
    assert watch.told() == []
    watch.until(3700, speaks=False)
    assert watch.told() == [("ann", "silent", "began")]


def test_a_second_server_beside_the_first_tells_nobody_twice(watch: Watch, sessions: Sessions) -> None:
    watch.until(200, dark=True)
    other = Watch(sessions)
    other.second = watch.second
    other.until(400, dark=True)
    assert watch.told() == [("ann", "dark", "began")]


@pytest.mark.parametrize(
    ("language", "began", "over"),
    [("en", "gate: Lens covered", "gate is working again."), ("zh-CN", "gate: 镜头被遮挡", "gate 已恢复正常。")],
)
def test_every_page_of_staff_shows_the_notice_until_they_have_looked(
    watch: Watch, pages: TestClient, sessions: Sessions, language: str, began: str, over: str
) -> None:
    with sessions.begin() as session:
        session.scalars(select(Account).where(Account.username == "ann")).one().language = language
    watch.until(300, faults=("covered",))
    log_in(pages, "ann")
    assert 'hx-get="/health/notices"' in pages.get("/alerts").text
    shown = pages.get("/health/notices").text
    assert began in shown
    assert ">1</span>" in shown, "the menu counts what lasts"
    assert pages.get("/health").status_code == 200
    assert began not in pages.get("/health/notices").text
    watch.until(600)
    assert over in pages.get("/health/notices").text


def test_volunteers_are_neither_told_nor_let_in(watch: Watch, pages: TestClient) -> None:
    watch.until(300, faults=("covered",))
    log_in(pages, "vol")
    assert "outage-notices" not in pages.get("/alerts").text
    assert pages.get("/health/notices").status_code == 403


def test_the_page_lists_what_lasted_and_until_when(watch: Watch, pages: TestClient) -> None:
    watch.until(300, faults=("covered", "bikes_too_small"), bike_width_px=31.4, model_id="bikepark-v0")
    log_in(pages, "ann")
    page = pages.get("/health").text
    assert "still lasts" in page
    assert "31 px" in page
    assert "bikepark-v0" in page


def test_who_has_looked_is_not_told_again_and_others_still_are(watch: Watch, sessions: Sessions) -> None:
    with sessions.begin() as session:
        ben = person(session, "ben", Role.COORDINATOR).id
    watch.until(300, dark=True)
    with sessions.begin() as session:
        ann = session.scalars(select(Account.id).where(Account.username == "ann")).one()
        mark_seen(session, ann, NOON)
        assert not unseen_notices(session, ann)
        assert len(unseen_notices(session, ben)) == 1
        assert count_told(session) == 1


def test_a_worker_whose_clock_is_ahead_is_silent_all_the_same(watch: Watch) -> None:
    ahead = replace(ONLINE, at=NOON + timedelta(hours=3))
    with watch.sessions.begin() as session:
        record_worker(session, ahead)
        record_camera(session, WELL)
        review(session, NOON + 65 * S, LONG_AGO)
        review(session, NOON + 80 * S, LONG_AGO)
    assert watch.told() == [("ann", "silent", "began")]
