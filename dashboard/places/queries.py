"""Every question asked of the tables of places."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.places.tables import Building, Camera, Rack, Site

Spot = TypeVar("Spot", Building, Camera, Rack)


def site_by_code(session: Session, code: str) -> Site | None:
    return session.scalar(select(Site).where(Site.code == code))


def by_code(session: Session, table: type[Spot], site: Site, code: str) -> Spot | None:
    return session.scalar(select(table).where(table.site_id == site.id, table.code == code))
