"""Every question asked of the tables of health."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.health.tables import CameraHealth, Worker
from dashboard.places.tables import Camera, Site


def worker_by_code(session: Session, site: Site, code: str) -> Worker | None:
    return session.scalar(select(Worker).where(Worker.site_id == site.id, Worker.code == code))


def all_workers(session: Session) -> list[Worker]:
    return list(session.scalars(select(Worker).order_by(Worker.code).options(joinedload(Worker.site))))


def cameras_with_health(session: Session) -> list[tuple[Camera, CameraHealth | None]]:
    """Every known camera with what it last said of itself, if it ever did."""
    rows = select(Camera, CameraHealth).outerjoin(CameraHealth).order_by(Camera.code)
    return [(camera, health) for camera, health in session.execute(rows.options(joinedload(Camera.site)))]
