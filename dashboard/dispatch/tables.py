"""One attempt to reach one person over one channel."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.accounts.tables import Account
from dashboard.alerts.tables import Alert
from dashboard.database import Base


class DeliveryState(StrEnum):
    """The row is written as `sending` before the attempt and finished after it: a crash leaves a trace.

    `failed` is tried again, `refused` (the channel will never reach this person) is not.
    """

    SENDING = "sending"
    SENT = "sent"
    SEEN = "seen"
    FAILED = "failed"
    REFUSED = "refused"


class Delivery(Base):
    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("alert_id", "account_id", "channel"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    channel: Mapped[str]
    state: Mapped[str]
    attempted_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    error: Mapped[str | None]
    alert: Mapped[Alert] = relationship()
    account: Mapped[Account] = relationship()
