"""Every question asked of the table of stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from dashboard.places.tables import Building, Rack
from dashboard.stays.tables import Stay


@dataclass(frozen=True)
class Counted:
    """So many stays are alike in this."""

    rack_id: int
    verdict_state: str | None
    stands: bool
    number: int


def stays_of_day(session: Session, begin: datetime, end: datetime, rack_id: int | None, limit: int) -> Sequence[Stay]:
    """Stays that stood at some moment of a day, with their places, the newest parked first."""
    whole = joinedload(Stay.rack).joinedload(Rack.building)
    there = select(Stay).where(*_there(begin, end, rack_id))
    question = there.order_by(Stay.parked_at.desc(), Stay.id).limit(limit)
    return session.scalars(question.options(whole)).all()


def counted_stays(session: Session, begin: datetime, end: datetime, rack_id: int | None) -> list[Counted]:
    """All stays of a day, however many, counted by rack, verdict and whether the bike still stands."""
    kinds = (Stay.rack_id, Stay.verdict_state, Stay.gone_at.is_(None))
    question = select(*kinds, func.count()).where(*_there(begin, end, rack_id)).group_by(*kinds)
    return [Counted(rack, state, bool(stands), number) for rack, state, stands, number in session.execute(question)]


def unsure_reasons(
    session: Session, begin: datetime, end: datetime, rack_id: int | None
) -> list[tuple[int, dict[str, float]]]:
    """Rack and reasons of each stay of a day of which the camera cannot tell."""
    question = select(Stay.rack_id, Stay.reasons).where(*_there(begin, end, rack_id), Stay.verdict_state == "unsure")
    return [(rack, reasons) for rack, reasons in session.execute(question)]


def is_place_certain(session: Session, stay_id: str) -> bool:
    """Whether the camera is sure which of the bikes it is; it says so where it is not."""
    return session.scalar(select(Stay.visit_certain).where(Stay.id == stay_id)) is not False


def _there(begin: datetime, end: datetime, rack_id: int | None) -> tuple[ColumnElement[bool], ...]:
    standing = (Stay.parked_at < end, or_(Stay.gone_at.is_(None), Stay.gone_at >= begin))
    return standing if rack_id is None else (*standing, Stay.rack_id == rack_id)


def watched_racks(session: Session) -> Sequence[Rack]:
    """Racks that a camera has told about, by building."""
    watched = select(Rack).where(Rack.id.in_(select(Stay.rack_id))).join(Rack.building)
    return session.scalars(watched.order_by(Building.code, Rack.code).options(joinedload(Rack.building))).all()
