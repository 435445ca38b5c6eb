"""How workers and cameras are, as they last said themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.database import Base
from dashboard.places.tables import Camera, Site


class Worker(Base):
    __tablename__ = "workers"
    __table_args__ = (UniqueConstraint("site_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    code: Mapped[str]
    state: Mapped[str]
    boot: Mapped[str]
    version: Mapped[str]
    model_id: Mapped[str | None]
    model_sha256: Mapped[str | None]
    verdict_id: Mapped[str | None]
    verdict_sha256: Mapped[str | None]
    config_hash: Mapped[str]
    cameras: Mapped[list[str]] = mapped_column(JSON, default=list)
    reported_at: Mapped[datetime]
    site: Mapped[Site] = relationship()


class CameraHealth(Base):
    __tablename__ = "camera_health"

    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"), primary_key=True)
    worker_code: Mapped[str]
    fps_in: Mapped[float]
    fps_seen: Mapped[float]
    fps_inferred: Mapped[float]
    inference_ms: Mapped[float | None]
    dark: Mapped[bool]
    moved: Mapped[bool]
    last_frame_at: Mapped[datetime | None]
    outbox_depth: Mapped[int]
    reported_at: Mapped[datetime]
    camera: Mapped[Camera] = relationship()
