from __future__ import annotations

import json
import stat
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select

from dashboard.accounts.service import HASHES
from dashboard.accounts.tables import Account
from dashboard.alerts.service import AlertReport, raise_alert
from dashboard.database import Sessions
from dashboard.demo_seed import CHANGED, LOGINS_FILE, seed_demo
from dashboard.dispatch.policy import Rules
from dashboard.dispatch.queries import offered_to
from dashboard.dispatch.worker import dispatch_one
from dashboard.places.service import ensure_place
from dashboard.places.tables import Building, Camera, Rack, Site
from dashboard.shifts.queries import on_duty
from dashboard.shifts.tables import Post, Shift
from dashboard.thefts.tables import TheftCase
from dashboard.volunteers.tables import Branch, Volunteer

MONDAY = datetime(2026, 3, 2, 4, 20, tzinfo=UTC)
COUNTED = (Site, Building, Rack, Camera, Post, Account, Volunteer, Branch, TheftCase, Shift)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as in earnest, but with little memory and one pass: eighteen accounts are made in every test."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr("dashboard.accounts.service.HASHES", quick)
    monkeypatch.setattr("dashboard.demo_seed.HASHES", quick)


def seed(sessions: Sessions, home: Path, at: datetime = MONDAY) -> dict[str, str]:
    with sessions.begin() as session:
        return seed_demo(session, at, home)


def counts(sessions: Sessions) -> dict[str, int]:
    with sessions.begin() as session:
        return {table.__name__: session.scalar(select(func.count()).select_from(table)) or 0 for table in COUNTED}


def test_the_places_are_those_the_demos_worker_names(sessions: Sessions, tmp_path: Path) -> None:
    seed(sessions, tmp_path)
    before = counts(sessions)
    with sessions.begin() as session:
        place = ensure_place(session, "demo-campus", "teaching-1", "t1-east", "teaching-1-east")
        assert (place.rack.name_en, place.camera.name_zh) == ("Teaching Building 1 rack", "第一教学楼东侧")
    assert counts(sessions) == before


def test_what_a_worker_named_first_is_given_its_name(sessions: Sessions, tmp_path: Path) -> None:
    with sessions.begin() as session:
        ensure_place(session, "demo-campus", "teaching-1", "t1-east", "teaching-1-east")
    seed(sessions, tmp_path)
    with sessions.begin() as session:
        rack = session.scalars(select(Rack).where(Rack.code == "t1-east")).one()
        assert (rack.name_en, rack.building.name_en) == ("Teaching Building 1 rack", "Teaching Building 1")


def test_a_second_start_adds_nothing_and_keeps_the_passwords(sessions: Sessions, tmp_path: Path) -> None:
    first = seed(sessions, tmp_path)
    before = counts(sessions)
    assert seed(sessions, tmp_path, MONDAY + timedelta(minutes=5)) == first
    assert counts(sessions) == before


@pytest.mark.parametrize("hours", [0, 1, 3, 9, 30, 24 * 20, 24 * 200])
def test_the_demo_volunteers_are_on_duty_at_every_start(sessions: Sessions, tmp_path: Path, hours: int) -> None:
    seed(sessions, tmp_path)
    later = MONDAY + timedelta(hours=hours)
    seed(sessions, tmp_path, later)
    with sessions.begin() as session:
        site_id = session.scalars(select(Site.id)).one()
        for at in (later, later + timedelta(hours=7, minutes=59)):
            posts = {s.volunteer.account.username: s.post.building.code for s in on_duty(session, site_id, at)}
            assert posts["vol"] == "teaching-1"
            assert {"vol2", "vol3"} <= posts.keys()
            assert {posts["vol2"], posts["vol3"]}.isdisjoint({"teaching-1"})


def test_nobody_ever_stands_in_two_places_however_often_the_demo_starts(sessions: Sessions, tmp_path: Path) -> None:
    for minutes in (0, 40, 50, 200, 500, 1000, 1020, 3000):
        seed(sessions, tmp_path, MONDAY + timedelta(minutes=minutes))
    mine: dict[int, list[Shift]] = defaultdict(list)
    with sessions.begin() as session:
        for shift in session.scalars(select(Shift).order_by(Shift.starts_at)):
            mine[shift.volunteer_id].append(shift)
    assert all(a.ends_at <= b.starts_at for shifts in mine.values() for a, b in pairwise(shifts))
    assert all(shift.starts_at < shift.ends_at for shifts in mine.values() for shift in shifts)


def test_the_logins_work_are_the_owners_secret_and_differ_between_installations(
    sessions: Sessions, tmp_path: Path
) -> None:
    passwords = seed(sessions, tmp_path)
    file = tmp_path / LOGINS_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text(encoding="utf-8")) == passwords
    assert len(set(passwords.values())) == len(passwords) == 7
    with sessions.begin() as session:
        for name, password in passwords.items():
            account = session.scalars(select(Account).where(Account.username == name)).one()
            assert HASHES.verify(password, account.password_hash)


def test_a_lost_file_of_logins_is_made_anew_and_a_changed_password_stays(sessions: Sessions, tmp_path: Path) -> None:
    seed(sessions, tmp_path)
    (tmp_path / LOGINS_FILE).write_text("half a fi", encoding="utf-8")
    passwords = seed(sessions, tmp_path)
    with sessions.begin() as session:
        account = session.scalars(select(Account).where(Account.username == "vol")).one()
        assert HASHES.verify(passwords["vol"], account.password_hash)
        account.password_hash = HASHES.hash("my own password")
    assert seed(sessions, tmp_path)["vol"] == CHANGED
    with sessions.begin() as session:
        account = session.scalars(select(Account).where(Account.username == "vol")).one()
        assert HASHES.verify("my own password", account.password_hash)


def test_a_bike_left_on_the_demos_clip_is_offered_to_the_demos_volunteer(sessions: Sessions, tmp_path: Path) -> None:
    seed(sessions, tmp_path)
    with sessions.begin() as session:
        raise_alert(session, REPORT)
    assert dispatch_one(sessions, Rules(answer_within=timedelta(seconds=90)), lambda: MONDAY)
    with sessions.begin() as session:
        volunteer = session.scalars(select(Account).where(Account.username == "vol")).one()
        assert offered_to(session, volunteer.id) == {"alert-1"}


REPORT = AlertReport(
    alert_id="alert-1",
    stay_id="stay-1",
    site_id="demo-campus",
    camera_id="teaching-1-east",
    rack_id="t1-east",
    building_id="teaching-1",
    kind="bicycle",
    parked_at=MONDAY,
    left_at=MONDAY,
    at=MONDAY,
    expires_at=MONDAY + timedelta(minutes=30),
    verdict_state="unlocked",
    p_unlocked=0.9,
    reasons={},
    xyxy_norm=(0.1, 0.1, 0.2, 0.2),
)
