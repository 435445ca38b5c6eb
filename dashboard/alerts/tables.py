"""The rows people work on; one per stay, ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.accounts.tables import Account
from dashboard.database import Base
from dashboard.places.tables import Camera, Rack


class AlertState(StrEnum):
    """`open` → `offered` → `taken` → `done` | `expired`; `cleared` by the camera at any time. The last three are final."""

    OPEN = "open"
    OFFERED = "offered"
    TAKEN = "taken"
    DONE = "done"
    EXPIRED = "expired"
    CLEARED = "cleared"


class Outcome(StrEnum):
    """What the volunteer found; also the label for the next model."""

    OWNER_LOCKED = "owner_locked"
    TAGGED = "tagged"
    WAS_LOCKED = "was_locked"
    GONE = "gone"
    CANNOT_REACH = "cannot_reach"


class Change(StrEnum):
    """What can happen to an alert."""

    RAISED = "raised"
    UPDATED = "updated"
    PICTURE = "picture"
    OFFERED = "offered"
    TAKEN = "taken"
    RELEASED = "released"
    OUTCOME = "outcome"
    CLEARED = "cleared"
    EXPIRED = "expired"


class Alert(Base):
    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(primary_key=True)
    stay_id: Mapped[str] = mapped_column(unique=True)
    rack_id: Mapped[int] = mapped_column(ForeignKey("racks.id"), index=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    raised_at: Mapped[datetime] = mapped_column(index=True)
    parked_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    reported_at: Mapped[datetime]
    """When the newest report about this alert was made; an older one arriving late changes nothing it knows better."""
    verdict_state: Mapped[str]
    p_unlocked: Mapped[float | None]
    reasons: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    xyxy_norm: Mapped[list[float]] = mapped_column(JSON)
    snapshot_key: Mapped[str | None]
    """Where the picture lies in the media store."""
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    outcome_note: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    clear_reason: Mapped[str | None]
    locked_after_s: Mapped[float | None]
    """Seconds from when the rider first left to when whoever came back and locked the bike left it: the latest the
    lock can have been closed. Set where the camera saw that."""
    rack: Mapped[Rack] = relationship()
    camera: Mapped[Camera] = relationship()
    taken_by: Mapped[Account | None] = relationship()

    @property
    def first_left_at(self) -> datetime | None:
        """When the rider left; `left_at` is the end of the visit that locked the bike, where there was one."""
        if self.left_at is None or self.locked_after_s is None:
            return self.left_at
        return self.left_at - timedelta(seconds=self.locked_after_s)


class AlertChange(Base):
    """One thing that happened to an alert. Its rising id is what open pages wait for."""

    __tablename__ = "alert_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)
    at: Mapped[datetime]
    change: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    account: Mapped[Account | None] = relationship()
