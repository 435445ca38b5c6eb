"""Every question asked of the tables of health."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from dashboard.health.tables import CameraHealth, Outage, OutageNotice, Worker
from dashboard.places.tables import Camera, Site


def worker_by_code(session: Session, site: Site, code: str) -> Worker | None:
    return session.scalar(select(Worker).where(Worker.site_id == site.id, Worker.code == code))


def all_workers(session: Session) -> list[Worker]:
    return list(session.scalars(select(Worker).order_by(Worker.code).options(joinedload(Worker.site))))


def cameras_with_health(session: Session) -> list[tuple[Camera, CameraHealth | None]]:
    """Every known camera with what it last said of itself, if it ever did."""
    rows = select(Camera, CameraHealth).outerjoin(CameraHealth).order_by(Camera.code)
    return [(camera, health) for camera, health in session.execute(rows.options(joinedload(Camera.site)))]


def open_outages(session: Session) -> Sequence[Outage]:
    """All that last, told or not yet."""
    return session.scalars(select(Outage).where(Outage.open_key.is_not(None)).order_by(Outage.id)).all()


def count_told(session: Session) -> int:
    """How many outages last that staff were told of."""
    told = select(func.count()).select_from(Outage).where(Outage.open_key.is_not(None), Outage.began_at.is_not(None))
    return session.scalar(told) or 0


def told_outages(session: Session, most: int) -> Sequence[Outage]:
    """Those that last first, then the newest."""
    told = select(Outage).where(Outage.began_at.is_not(None))
    order = told.order_by(Outage.ended_at.is_not(None), Outage.began_at.desc(), Outage.id.desc())
    return session.scalars(order.limit(most).options(joinedload(Outage.camera), joinedload(Outage.worker))).all()


def unseen_notices(session: Session, account_id: int) -> Sequence[OutageNotice]:
    """What one person was told and has not looked at yet, the newest first."""
    mine = select(OutageNotice).where(OutageNotice.account_id == account_id, OutageNotice.seen_at.is_(None))
    whole = mine.options(
        joinedload(OutageNotice.outage).joinedload(Outage.camera),
        joinedload(OutageNotice.outage).joinedload(Outage.worker),
    )
    return session.scalars(whole.order_by(OutageNotice.id.desc())).all()
