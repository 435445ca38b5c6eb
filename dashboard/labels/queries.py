"""Every question asked of the tables of labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from dashboard.alerts.tables import Alert
from dashboard.labels.tables import LabelCorrection


def answered(session: Session, since: datetime | None = None) -> Sequence[tuple[Alert, LabelCorrection | None]]:
    """Alerts with a picture that a volunteer or an analyst said something about, oldest first."""
    said = or_(Alert.outcome.is_not(None), LabelCorrection.alert_id.is_not(None))
    rows = select(Alert, LabelCorrection).outerjoin(LabelCorrection).where(said, Alert.snapshot_key.is_not(None))
    rows = rows.options(joinedload(Alert.rack), joinedload(Alert.camera))
    if since is not None:
        rows = rows.where(Alert.raised_at >= since)
    return [(alert, correction) for alert, correction in session.execute(rows.order_by(Alert.raised_at, Alert.id))]
