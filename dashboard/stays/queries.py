"""Every question asked of the table of stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from dashboard.places.tables import Building, Rack
from dashboard.stays.tables import Stay


def stays_of_day(session: Session, begin: datetime, end: datetime, rack_id: int | None, limit: int) -> Sequence[Stay]:
    """Stays that stood at some moment of a day, with their places, the newest parked first."""
    standing = (Stay.parked_at < end, or_(Stay.gone_at.is_(None), Stay.gone_at >= begin))
    here = () if rack_id is None else (Stay.rack_id == rack_id,)
    whole = joinedload(Stay.rack).joinedload(Rack.building)
    question = select(Stay).where(*standing, *here).order_by(Stay.parked_at.desc(), Stay.id).limit(limit)
    return session.scalars(question.options(whole)).all()


def watched_racks(session: Session) -> Sequence[Rack]:
    """Racks that a camera has told about, by building."""
    watched = select(Rack).where(Rack.id.in_(select(Stay.rack_id))).join(Rack.building)
    return session.scalars(watched.order_by(Building.code, Rack.code).options(joinedload(Rack.building))).all()
