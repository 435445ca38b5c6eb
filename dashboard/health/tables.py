"""How workers and cameras are, as they last said themselves, and what was wrong with them for how long."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.accounts.tables import Account
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
    faults: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of `stalled`, `covered`, `blurred`, `overexposed`, `bikes_too_small`; `dark` and `moved` have columns of their own."""
    bike_width_px: Mapped[float | None]
    model_id: Mapped[str | None]
    model_sha256: Mapped[str | None]
    verdict_id: Mapped[str | None]
    verdict_sha256: Mapped[str | None]
    lock_model_id: Mapped[str | None]
    lock_model_sha256: Mapped[str | None]
    reported_at: Mapped[datetime]
    camera: Mapped[Camera] = relationship()


class Outage(Base):
    """Something wrong with one camera or one worker, from when it was first seen until it was gone for a while."""

    __tablename__ = "outages"

    id: Mapped[int] = mapped_column(primary_key=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """What it is about, while it lasts: nobody can open a second one. None: it is over."""
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("cameras.id"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    trouble: Mapped[str]
    seen_since: Mapped[datetime]
    began_at: Mapped[datetime | None]
    """When it had lasted long enough to be told; None: not yet."""
    absent_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    camera: Mapped[Camera | None] = relationship()
    worker: Mapped[Worker | None] = relationship()


class OutageNotice(Base):
    """One person told of one outage: that it began, or that it is over. In the app stored is sent."""

    __tablename__ = "outage_notices"
    __table_args__ = (UniqueConstraint("outage_id", "account_id", "what"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outages.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    what: Mapped[str]
    told_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    outage: Mapped[Outage] = relationship()
    account: Mapped[Account] = relationship()
