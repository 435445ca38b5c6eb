"""Every question asked of the table of theft cases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from dashboard.places.tables import Building, Site
from dashboard.thefts.tables import Locked, TheftCase

ASKED_AT_ONCE = 500
"""Bound values per statement; old SQLite builds take 999."""
REAL, ALL, INVENTED, FORM, IMPORT = "real", "all", "invented", "form", "import"


@dataclass(frozen=True)
class CaseFilter:
    """None: not asked for. Times are aware, `until` is left out; `source` is one source, `real` or `all`."""

    since: datetime | None = None
    until: datetime | None = None
    building_id: int | None = None
    locked: Locked | None = None
    place: str | None = None
    source: str = ALL

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.since:
            yield TheftCase.reported_at >= self.since
        if self.until:
            yield TheftCase.reported_at < self.until
        if self.building_id:
            yield TheftCase.building_id == self.building_id
        if self.locked:
            yield TheftCase.locked == self.locked
        if self.place:
            yield TheftCase.place == self.place
        if self.source == REAL:
            yield TheftCase.source != INVENTED
        elif self.source != ALL:
            yield TheftCase.source == self.source


@dataclass(frozen=True)
class CaseFacts:
    """What statistics need of one case, nothing about a person in it."""

    source: str
    happened_from: datetime | None
    happened_to: datetime | None
    reported_at: datetime
    timezone: str | None
    building_id: int | None
    place: str
    latitude: float | None
    longitude: float | None
    plan_x: float | None
    plan_y: float | None


def facts(session: Session, wanted: CaseFilter) -> list[CaseFacts]:
    """Plain rows, not objects: a city's cases are tens of thousands."""
    columns = [getattr(TheftCase, name) for name in CaseFacts.__dataclass_fields__]
    asked = select(*columns).where(*wanted.conditions()).order_by(TheftCase.reported_at)
    return [CaseFacts(*row) for row in session.execute(asked)]


def cases_page(session: Session, wanted: CaseFilter, page: int, size: int) -> Sequence[TheftCase]:
    """Newest first; `page` counts from 1."""
    asked = (
        select(TheftCase)
        .where(*wanted.conditions())
        .options(joinedload(TheftCase.building))
        .order_by(TheftCase.reported_at.desc(), TheftCase.id.desc())
    )
    return session.scalars(asked.offset((page - 1) * size).limit(size)).all()


def locked_counts(session: Session, wanted: CaseFilter) -> dict[str, int]:
    """How many of the cases were locked, not locked, unknown; what does not occur is left out."""
    asked = select(TheftCase.locked, func.count()).where(*wanted.conditions()).group_by(TheftCase.locked)
    return {locked: count for locked, count in session.execute(asked)}  # noqa: C416 - rows are no pairs to mypy


def sources(session: Session) -> dict[str, int]:
    """Every source that has cases, and how many."""
    asked = select(TheftCase.source, func.count()).group_by(TheftCase.source).order_by(TheftCase.source)
    return {source: count for source, count in session.execute(asked)}  # noqa: C416 - rows are no pairs to mypy


def case_by_id(session: Session, case_id: int) -> TheftCase | None:
    return session.get(TheftCase, case_id)


def numbers_taken(session: Session, source: str, numbers: Collection[str]) -> set[str]:
    """Those of the case numbers that this source already has."""
    taken: set[str] = set()
    left = iter(numbers)
    while some := list(islice(left, ASKED_AT_ONCE)):
        taken.update(
            number
            for number in session.scalars(
                select(TheftCase.case_number).where(TheftCase.source == source, TheftCase.case_number.in_(some))
            )
            if number is not None
        )
    return taken


def first_site(session: Session) -> Site | None:
    return session.scalar(select(Site).order_by(Site.id).limit(1))


def buildings(session: Session) -> Sequence[Building]:
    return session.scalars(select(Building).order_by(Building.name_en)).all()
