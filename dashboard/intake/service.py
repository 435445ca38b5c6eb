"""What arrives is taken in once: known ids are refused, the unreadable is put aside, gaps in the count are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dashboard.intake.queries import is_known
from dashboard.intake.tables import QuarantinedMessage, ReceivedMessage, SequenceMark

QUARANTINE_PAYLOAD_BYTES = 65536
"""So much of an unreadable payload is kept; it is evidence, not data."""


@dataclass(frozen=True)
class Count:
    """The `number`-th message of one boot of one worker; the first is 1."""

    site_id: str
    worker_id: str
    boot: str
    number: int


def take_in(session: Session, message_id: str, at: datetime) -> bool:
    """Remember the id in the transaction of what it does; False where it was taken in before."""
    if is_known(session, message_id):
        return False
    session.add(ReceivedMessage(message_id=message_id, received_at=at))
    session.flush()
    return True


def count(session: Session, counted: Count, at: datetime) -> None:
    """Count one message taken in for the first time; where `seen` stays behind `highest`, some are missing."""
    mark = session.get(SequenceMark, (counted.site_id, counted.worker_id, counted.boot))
    if mark is None:
        mark = SequenceMark(site=counted.site_id, worker=counted.worker_id, boot=counted.boot, highest=0, seen=0)
        session.add(mark)
    mark.highest = max(mark.highest, counted.number)
    mark.seen += 1
    mark.updated_at = at
    session.flush()


def quarantine(session: Session, topic: str, payload: bytes, reason: str, at: datetime) -> None:
    """Put aside what cannot be used, with the reason; the same thing sent again is kept once."""
    fingerprint = hashlib.sha256(topic.encode() + b"\0" + payload).hexdigest()
    if take_in(session, f"quarantined:{fingerprint}", at):
        kept = payload[:QUARANTINE_PAYLOAD_BYTES]
        session.add(QuarantinedMessage(received_at=at, topic=topic, payload=kept, reason=reason))
        session.flush()


def forget_before(session: Session, moment: datetime) -> None:
    """Drop ids taken in before a moment; no outbox holds a message that long."""
    session.execute(delete(ReceivedMessage).where(ReceivedMessage.received_at < moment))
