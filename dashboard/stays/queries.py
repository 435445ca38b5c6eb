"""Every question asked of the table of stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from dashboard.stays.tables import Stay


def stays_between(session: Session, begin: datetime, end: datetime, limit: int = 500) -> list[Stay]:
    """Stays that stood at some moment from `begin` up to `end`, the newest parked first."""
    question = (
        select(Stay)
        .where(Stay.parked_at < end, or_(Stay.gone_at.is_(None), Stay.gone_at >= begin))
        .order_by(Stay.parked_at.desc(), Stay.id)
        .limit(limit)
        .options(joinedload(Stay.rack), joinedload(Stay.camera))
    )
    return list(session.scalars(question))
