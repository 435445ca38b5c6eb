"""One bike standing in one place, as the edge reported it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.database import Base
from dashboard.places.tables import Camera, Rack


class Stay(Base):
    __tablename__ = "stays"

    id: Mapped[str] = mapped_column(primary_key=True)
    rack_id: Mapped[int] = mapped_column(ForeignKey("racks.id"), index=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    kind: Mapped[str]
    preexisting: Mapped[bool] = mapped_column(default=False)
    visit_certain: Mapped[bool] = mapped_column(default=True)
    parked_at: Mapped[datetime] = mapped_column(index=True)
    left_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    verdict_state: Mapped[str | None]
    p_unlocked: Mapped[float | None]
    reasons: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    xyxy_norm: Mapped[list[float]] = mapped_column(JSON)
    reported_at: Mapped[datetime]
    """When the newest report about this stay was made; an older one arriving late changes nothing it knows better."""
    rack: Mapped[Rack] = relationship()
    camera: Mapped[Camera] = relationship()
