"""Every question asked of the tables of health."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.health.tables import CameraHealth, Worker
from dashboard.places.tables import Site


def worker_by_code(session: Session, site: Site, code: str) -> Worker | None:
    return session.scalar(select(Worker).where(Worker.site_id == site.id, Worker.code == code))


def all_workers(session: Session) -> list[Worker]:
    return list(session.scalars(select(Worker).order_by(Worker.code).options(joinedload(Worker.site))))


def all_camera_health(session: Session) -> list[CameraHealth]:
    return list(session.scalars(select(CameraHealth).options(joinedload(CameraHealth.camera))))
