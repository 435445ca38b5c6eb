"""Pictures are kept for the set days and no longer: once an hour those that are older go, and their alerts forget them."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from dashboard.alerts.tables import Alert
from dashboard.beside_pages import beside_pages
from dashboard.database import Sessions
from dashboard.settings import Settings

SWEEP_EVERY_S = 3600.0
STOP_WITHIN_S = 5.0
log = structlog.get_logger()


def sweep(sessions: Sessions, folder: Path, oldest: datetime) -> int:
    """Remove pictures written before `oldest`; gives how many.

    The rows forget first: a crash in between leaves a file for the next sweep, never a row without its file.

    Raises:
        OSError: a file cannot be removed.
        SQLAlchemyError: the database cannot be written.
    """
    old = [file for file in folder.glob("*/*") if file.stat().st_mtime < oldest.timestamp()]
    with sessions.begin() as session:
        for file in old:
            key = file.relative_to(folder).as_posix()
            session.execute(update(Alert).where(Alert.snapshot_key == key).values(snapshot_key=None))
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def sweeping(sessions: Sessions, settings: Settings) -> AbstractContextManager[None]:
    """Sweep beside the pages, at the start and once an hour, for as long as they run."""
    keep = timedelta(days=settings.retention_days)
    return beside_pages("retention", partial(_run, sessions, settings.media, keep), STOP_WITHIN_S)


def _run(sessions: Sessions, folder: Path, keep: timedelta, stop: threading.Event) -> None:
    pause = 0.0
    while not stop.wait(pause):
        pause = SWEEP_EVERY_S
        try:
            removed = sweep(sessions, folder, datetime.now(UTC) - keep)
        except (OSError, SQLAlchemyError) as error:
            log.warning("old pictures could not be removed, trying again in an hour", reason=str(error))
        else:
            log.info("old pictures removed", count=removed)
