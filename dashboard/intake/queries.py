"""Every question asked of the tables of what arrived."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.intake.tables import QuarantinedMessage, ReceivedMessage, SequenceMark


def is_known(session: Session, message_id: str) -> bool:
    return session.get(ReceivedMessage, message_id) is not None


def marks_with_gaps(session: Session) -> list[SequenceMark]:
    """The workers' boots of which messages are missing, newest first."""
    missing = SequenceMark.seen < SequenceMark.highest
    return list(session.scalars(select(SequenceMark).where(missing).order_by(SequenceMark.updated_at.desc())))


def quarantined(session: Session, limit: int = 100) -> list[QuarantinedMessage]:
    """What was put aside, newest first."""
    return list(session.scalars(select(QuarantinedMessage).order_by(QuarantinedMessage.id.desc()).limit(limit)))
