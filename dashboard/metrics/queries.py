"""Every figure that Prometheus is told, counted in the database at the moment it asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dashboard.alerts.tables import Alert
from dashboard.dispatch.tables import Delivery
from dashboard.health.tables import CameraHealth, Outage, Worker
from dashboard.intake.tables import QuarantinedMessage, SequenceMark
from dashboard.places.tables import Camera, Site

Counted = dict[str, int]


def alerts_by_state(session: Session) -> Counted:
    return _by(session, Alert.state)


def deliveries_by_state(session: Session) -> Counted:
    return _by(session, Delivery.state)


def outages_by_trouble(session: Session) -> Counted:
    """Those that last and were told."""
    lasting = (Outage.open_key.is_not(None), Outage.began_at.is_not(None))
    rows = session.execute(select(Outage.trouble, func.count()).where(*lasting).group_by(Outage.trouble))
    return {str(trouble): number for trouble, number in rows}


def quarantined(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(QuarantinedMessage)) or 0


def messages(session: Session) -> tuple[int, int]:
    """How many that count were taken in, and how many of those said to exist are missing."""
    seen, highest = func.sum(SequenceMark.seen), func.sum(SequenceMark.highest)
    row = session.execute(select(seen, highest)).one()
    return row[0] or 0, (row[1] or 0) - (row[0] or 0)


def cameras_heard(session: Session) -> Sequence[tuple[str, str, datetime, int]]:
    """Site, camera, when it was last heard of, and how many messages its worker holds back."""
    columns = select(Site.code, Camera.code, CameraHealth.reported_at, CameraHealth.outbox_depth)
    rows = columns.join(Camera, CameraHealth.camera_id == Camera.id).join(Site, Camera.site_id == Site.id)
    return [(site, camera, at, depth) for site, camera, at, depth in session.execute(rows.order_by(Site.code))]


def workers_online(session: Session) -> Sequence[tuple[str, str, bool]]:
    """Site, worker, and whether its last word was `online`."""
    rows = select(Site.code, Worker.code, Worker.state).join(Site, Worker.site_id == Site.id).order_by(Worker.code)
    return [(site, worker, state == "online") for site, worker, state in session.execute(rows)]


def _by(session: Session, column: InstrumentedAttribute[str]) -> Counted:
    return {str(value): number for value, number in session.execute(select(column, func.count()).group_by(column))}
