"""What arrived: remembered once each, put aside where it cannot be read, and counted where some are missing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from dashboard.database import Base


class ReceivedMessage(Base):
    __tablename__ = "received_messages"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)


class QuarantinedMessage(Base):
    __tablename__ = "quarantined_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    topic: Mapped[str]
    payload: Mapped[bytes]
    reason: Mapped[str]


class SequenceMark(Base):
    """How far one worker's count has come within one boot. A gap shows as `seen` falling behind `highest`."""

    __tablename__ = "sequence_marks"

    site: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(primary_key=True)
    boot: Mapped[str] = mapped_column(primary_key=True)
    highest: Mapped[int]
    seen: Mapped[int]
    updated_at: Mapped[datetime]
