"""Plain builders: rows and reports with everything filled in, each detail changed by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account, Role
from dashboard.alerts.service import AlertReport
from dashboard.app import create_app
from dashboard.database import Sessions, migrate, open_database, sessions_of
from dashboard.places.service import ensure_place
from dashboard.places.tables import Rack
from dashboard.settings import Settings
from dashboard.stays.tables import Stay

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PASSWORD = "please-lock-it"
CHEAP_HASH = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)
"""As safe as a test needs: the real cost would be most of a test's time."""


def settings_in(folder: Path, **changes: Any) -> Settings:  # noqa: ANN401 - settings of any type
    return Settings(home=folder, **changes)


def database_in(folder: Path) -> Sessions:
    """A migrated database of its own, as a process of its own would open it."""
    engine = open_database(settings_in(folder).database)
    migrate(engine)
    return sessions_of(engine)


def person(session: Session, username: str, role: Role = Role.VOLUNTEER, **changes: str) -> Account:
    plain = {"display_name": username, "language": ""}
    account = Account(username=username, role=role, password_hash=CHEAP_HASH, created_at=NOON, **plain | changes)
    session.add(account)
    session.flush()
    return account


def report(stay: str = "stay-1", **changes: Any) -> AlertReport:  # noqa: ANN401 - fields of any type
    """A bike at rack r1 of building b1, parked at noon, left alone 40 s later."""
    plain = AlertReport(
        alert_id=f"alert-{stay}",
        stay_id=stay,
        site_id="campus",
        camera_id="cam-1",
        rack_id="r1",
        building_id="b1",
        kind="bicycle",
        parked_at=NOON,
        left_at=NOON + timedelta(seconds=40),
        at=NOON + timedelta(seconds=45),
        expires_at=NOON + timedelta(minutes=15),
        verdict_state="unlocked",
        p_unlocked=0.91,
        reasons={"left_after_s": 4.0, "bent_s": 0.0, "no_lock_views": 12.0},
        xyxy_norm=(0.2, 0.3, 0.5, 0.9),
    )
    return replace(plain, **changes)


def rack(session: Session, code: str = "r1", building: str = "b1") -> Rack:
    return ensure_place(session, "campus", building, code, "cam-1").rack


def stay_of(stay_id: str, where: Rack, **changes: Any) -> Stay:  # noqa: ANN401 - columns of any type
    """A bike that has stood in this rack since noon, not judged yet; the caller adds it to its session."""
    assert where.camera is not None
    plain = {"kind": "bicycle", "parked_at": NOON, "xyxy_norm": [0.1, 0.1, 0.2, 0.2], "reported_at": NOON}
    return Stay(id=stay_id, rack=where, camera=where.camera, **plain | changes)


@contextmanager
def pages_in(folder: Path, **changes: Any) -> Iterator[TestClient]:  # noqa: ANN401 - settings of any type
    """The application over the database in this folder, asked without a browser; redirects are shown, not followed."""
    with TestClient(create_app(settings_in(folder, **changes)), follow_redirects=False) as client:
        yield client


def csrf_of(client: httpx.Client, path: str = "/login") -> str:
    page: str = client.get(path).text
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def log_in(client: httpx.Client, username: str) -> str:
    """Log in as somebody; returns the token that this login's forms carry."""
    form = {"username": username, "password": PASSWORD, "csrf_token": csrf_of(client)}
    assert client.post("/login", data=form).status_code == 303
    return csrf_of(client, "/alerts")
