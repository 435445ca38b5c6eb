"""Where things are: sites, buildings, racks and the cameras that see them. `code` is the id that travels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.database import Base


class Site(Base):
    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="Asia/Shanghai")
    plan_file: Mapped[str | None]
    """The campus plan under static/plans, as wide as `plan_width` by `plan_height` units."""
    plan_width: Mapped[float] = mapped_column(default=1000)
    plan_height: Mapped[float] = mapped_column(default=700)


class Building(Base):
    __tablename__ = "buildings"
    __table_args__ = (UniqueConstraint("site_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    plan_x: Mapped[float | None]
    plan_y: Mapped[float | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    site: Mapped[Site] = relationship()


class Camera(Base):
    __tablename__ = "cameras"
    __table_args__ = (UniqueConstraint("site_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    site: Mapped[Site] = relationship()


class Rack(Base):
    __tablename__ = "racks"
    __table_args__ = (UniqueConstraint("site_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    building_id: Mapped[int] = mapped_column(ForeignKey("buildings.id"))
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("cameras.id"))
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    plan_x: Mapped[float | None]
    plan_y: Mapped[float | None]
    bikes: Mapped[int | None]
    unlocked: Mapped[int | None]
    unsure: Mapped[int | None]
    occupancy_at: Mapped[datetime | None]
    building: Mapped[Building] = relationship()
    camera: Mapped[Camera | None] = relationship()
