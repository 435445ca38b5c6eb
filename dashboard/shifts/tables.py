"""Who stands where and when. Only people on shift are told about a bike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.campaigns.tables import Campaign
from dashboard.database import Base
from dashboard.places.tables import Building
from dashboard.volunteers.tables import Volunteer


class Post(Base):
    """Where a volunteer stands: a place at one building."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("buildings.id"))
    name_zh: Mapped[str]
    name_en: Mapped[str]
    building: Mapped[Building] = relationship()


class Shift(Base):
    """One volunteer at one post from `starts_at` until `ends_at`."""

    __tablename__ = "shifts"

    id: Mapped[int] = mapped_column(primary_key=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    lead: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)
    volunteer: Mapped[Volunteer] = relationship()
    post: Mapped[Post] = relationship()
    campaign: Mapped[Campaign | None] = relationship()
