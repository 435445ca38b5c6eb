"""Pictures older than the set days go, and their alerts forget them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from dashboard.alerts.service import attach_snapshot, raise_alert
from dashboard.alerts.tables import Alert
from dashboard.database import Sessions
from dashboard.media.retention import sweep
from dashboard.media.service import exists, snapshot_key, store
from tests.dashboard.builders import NOON, report

WEEK = timedelta(days=7)


def _with_picture(sessions: Sessions, folder: Path, stay: str, age: timedelta) -> str:
    key = snapshot_key(f"alert-{stay}")
    store(folder, key, b"jpeg")
    written = (NOON - age).timestamp()
    os.utime(folder / key, (written, written))
    with sessions.begin() as session:
        raise_alert(session, report(stay))
        attach_snapshot(session, f"alert-{stay}", key, NOON)
    return key


def test_only_pictures_past_their_days_go_and_only_their_alerts_forget(sessions: Sessions, tmp_path: Path) -> None:
    old = _with_picture(sessions, tmp_path / "media", "old", WEEK + timedelta(minutes=1))
    kept = _with_picture(sessions, tmp_path / "media", "kept", WEEK - timedelta(minutes=1))

    assert sweep(sessions, tmp_path / "media", NOON - WEEK) == 1

    assert not exists(tmp_path / "media", old)
    assert exists(tmp_path / "media", kept)
    with sessions() as session:
        keys = {alert.stay_id: alert.snapshot_key for alert in session.query(Alert)}
    assert keys == {"old": None, "kept": kept}


def test_a_second_sweep_and_a_missing_folder_remove_nothing(sessions: Sessions, tmp_path: Path) -> None:
    _with_picture(sessions, tmp_path / "media", "old", WEEK * 2)
    assert sweep(sessions, tmp_path / "media", NOON - WEEK) == 1
    assert sweep(sessions, tmp_path / "media", NOON - WEEK) == 0
    assert sweep(sessions, tmp_path / "nowhere", NOON) == 0
