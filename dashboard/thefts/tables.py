"""Reported thefts. Nobody knows the minute, so each has a window."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.database import Base
from dashboard.places.tables import Building


class Locked(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class TheftCase(Base):
    __tablename__ = "theft_cases"
    __table_args__ = (UniqueConstraint("source", "case_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    """`form`, `import`, `import:<whose>` or `invented`: the demo's cases never mix with real ones unnoticed."""
    case_number: Mapped[str | None]
    happened_from: Mapped[datetime | None] = mapped_column(index=True)
    happened_to: Mapped[datetime | None]
    reported_at: Mapped[datetime] = mapped_column(index=True)
    timezone: Mapped[str | None]
    """The zone the case was written down in; None: the site's. Its hour of the day is read in it."""
    building_id: Mapped[int | None] = mapped_column(ForeignKey("buildings.id"))
    place: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    plan_x: Mapped[float | None]
    plan_y: Mapped[float | None]
    locked: Mapped[str] = mapped_column(default=Locked.UNKNOWN)
    lock_kind: Mapped[str | None]
    disposition: Mapped[str | None]
    note: Mapped[str | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime]
    building: Mapped[Building | None] = relationship()
