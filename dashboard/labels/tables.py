"""What an analyst says of a bike's picture, against or beside what the volunteer found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.accounts.tables import Account
from dashboard.alerts.tables import Alert
from dashboard.database import Base


class Saying(StrEnum):
    """`leave_out`: the picture shows nothing to learn from."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    NOT_A_BIKE = "not_a_bike"
    LEAVE_OUT = "leave_out"


class LabelCorrection(Base):
    __tablename__ = "label_corrections"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    says: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Who said so on the page; None: on the command line."""
    alert: Mapped[Alert] = relationship()
    by: Mapped[Account | None] = relationship()
