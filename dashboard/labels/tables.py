"""What an analyst says of a bike's picture, against or beside what the volunteer found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.alerts.tables import Alert
from dashboard.database import Base


class Saying(StrEnum):
    """`leave_out`: the picture shows nothing to learn from."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    LEAVE_OUT = "leave_out"


class LabelCorrection(Base):
    __tablename__ = "label_corrections"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    says: Mapped[str]
    at: Mapped[datetime]
    alert: Mapped[Alert] = relationship()
