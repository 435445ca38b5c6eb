"""Every question about campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.campaigns.tables import Campaign
from dashboard.shifts.tables import Shift


def campaigns(session: Session) -> Sequence[Campaign]:
    """All of them, the newest first."""
    return session.scalars(select(Campaign).order_by(Campaign.starts_at.desc(), Campaign.id.desc())).all()


def running_or_coming(session: Session, at: datetime) -> Sequence[Campaign]:
    living = select(Campaign).where(Campaign.ends_at > at)
    return session.scalars(living.order_by(Campaign.starts_at, Campaign.id)).all()


def shift_counts(session: Session) -> dict[int, int]:
    """Shifts by campaign id."""
    counts = select(Shift.campaign_id, func.count()).where(Shift.campaign_id.is_not(None)).group_by(Shift.campaign_id)
    return {campaign_id: count for campaign_id, count in session.execute(counts) if campaign_id is not None}
