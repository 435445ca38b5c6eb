"""Silence is an alarm: what is wrong becomes an outage, and staff are told once that it began and once that it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dashboard.accounts.guard import STAFF
from dashboard.accounts.tables import Account
from dashboard.beside_pages import beside_pages
from dashboard.database import Sessions
from dashboard.health import queries
from dashboard.health.tables import Outage, OutageNotice
from dashboard.health.troubles import (
    SILENT_AFTER,
    Course,
    Trouble,
    contact_trouble,
    go_on,
    view_trouble,
    worker_trouble,
)
from dashboard.health.views import last_heard, last_words

LOOK_EVERY_S = 5.0
STOP_WITHIN_S = 5.0
BEGAN, OVER = "began", "over"
SAID = {BEGAN: "an outage began", OVER: "an outage is over"}
log = structlog.get_logger()


@dataclass(frozen=True)
class Finding:
    """One subject looked at. `known` is false where nothing can be said now, so that what was said before stands."""

    key: str
    trouble: Trouble | None
    camera_id: int | None = None
    worker_id: int | None = None
    known: bool = True


def review(session: Session, at: datetime, listening_since: datetime) -> None:
    """One look at everything. Silence counts only where this server has listened for that long itself."""
    listened = at - listening_since > SILENT_AFTER
    outages = {outage.open_key: outage for outage in queries.open_outages(session)}
    for finding in _findings(session, at, listened=listened):
        if finding.known:
            _review_one(session, outages.get(finding.key), finding, at)


def _findings(session: Session, at: datetime, *, listened: bool) -> Iterator[Finding]:
    cameras = queries.cameras_with_health(session)
    lost: set[tuple[int, str]] = set()
    for worker in queries.all_workers(session):
        trouble = worker_trouble(worker.state, last_heard(worker, cameras, at), at)
        if trouble is not None:
            lost.add((worker.site_id, worker.code))
        yield Finding(f"worker:{worker.id}", trouble, worker_id=worker.id, known=listened or trouble is None)
    for camera, health in cameras:
        if health is None:
            continue
        said = last_words(health)
        contact = contact_trouble(said, at)
        # Of a worker that is lost its cameras need not be told one by one.
        known = (camera.site_id, health.worker_code) not in lost and (listened or contact is None)
        yield Finding(f"camera:{camera.id}:contact", contact, camera_id=camera.id, known=known)
        seen = known and contact is None
        yield Finding(f"camera:{camera.id}:view", view_trouble(said), camera_id=camera.id, known=seen)


def _review_one(session: Session, outage: Outage | None, finding: Finding, at: datetime) -> None:
    if outage is None:
        if finding.trouble is None:
            return
        outage = Outage(open_key=finding.key, trouble=finding.trouble, seen_since=at)
        outage.camera_id, outage.worker_id = finding.camera_id, finding.worker_id
        session.add(outage)
    before = Course(outage.seen_since, outage.began_at, outage.absent_since)
    after = go_on(before, finding.trouble, at)
    if after is None:
        session.delete(outage)
        return
    outage.trouble = finding.trouble or outage.trouble
    outage.began_at, outage.absent_since, outage.ended_at = after.began_at, after.absent_since, after.ended_at
    session.flush()
    if before.began_at is None and after.began_at is not None:
        _tell(session, outage, BEGAN, at)
    if after.ended_at is not None:
        outage.open_key = None
        _tell(session, outage, OVER, at)


def _tell(session: Session, outage: Outage, what: str, at: datetime) -> None:
    """That it is over is told to those who know that it began."""
    log.warning(SAID[what], outage=outage.id, trouble=outage.trouble, **_about(outage))
    told = session.scalars(select(OutageNotice.account_id).where(OutageNotice.outage_id == outage.id))
    staff = select(Account.id).where(Account.active, Account.role.in_(STAFF))
    people = session.scalars(staff) if what == BEGAN else told
    session.add_all(
        [OutageNotice(outage_id=outage.id, account_id=account, what=what, told_at=at) for account in list(people)]
    )
    session.flush()


def _about(outage: Outage) -> dict[str, str]:
    return {"camera": outage.camera.code} if outage.camera else {"worker": outage.worker.code if outage.worker else ""}


def mark_seen(session: Session, account_id: int, at: datetime) -> None:
    """This person has looked at how things are."""
    unseen = (OutageNotice.account_id == account_id, OutageNotice.seen_at.is_(None))
    if session.scalar(select(OutageNotice.id).where(*unseen).limit(1)) is not None:
        session.execute(update(OutageNotice).where(*unseen).values(seen_at=at))


def now() -> datetime:
    return datetime.now(UTC)


def reviewing(sessions: Sessions, clock: Callable[[], datetime] = now) -> AbstractContextManager[None]:
    """Review beside the pages, for as long as they run."""
    return beside_pages("outages", partial(_run, sessions, clock), STOP_WITHIN_S)


def _run(sessions: Sessions, clock: Callable[[], datetime], stop: threading.Event) -> None:
    since = clock()
    while not stop.is_set():
        try:
            with sessions.begin() as session:
                review(session, clock(), since)
        except SQLAlchemyError as error:
            # Another server may have been faster; what is still so will be found again.
            log.warning("outages could not be reviewed, trying again", reason=str(error).splitlines()[0])
        stop.wait(LOOK_EVERY_S)
