"""Every question about posts and shifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from dashboard.accounts.tables import Account
from dashboard.places.tables import Building, Site
from dashboard.shifts.tables import Post, Shift
from dashboard.volunteers.tables import Volunteer


def planned_site(session: Session) -> Site | None:
    """The campus whose shifts are planned here: the first one, as long as pages know only one."""
    return session.scalar(select(Site).order_by(Site.id).limit(1))


def on_duty(session: Session, site_id: int, at: datetime) -> Sequence[Shift]:
    """The shifts that run at this moment, by building; the end itself is off duty."""
    running = (Building.site_id == site_id, Shift.starts_at <= at, Shift.ends_at > at, Account.active.is_(True))
    return sorted(_shifts(session, *running), key=lambda shift: (shift.post.building_id, not shift.lead, shift.id))


def shifts_between(session: Session, site_id: int, start: datetime, end: datetime) -> Sequence[Shift]:
    """Every shift that touches the time from `start` until `end`, in order of time."""
    return _shifts(session, Building.site_id == site_id, Shift.starts_at < end, Shift.ends_at > start)


def shifts_of(session: Session, account_id: int, after: datetime, limit: int = 20) -> Sequence[Shift]:
    """One person's shifts that have not ended, the next first."""
    return _shifts(session, Volunteer.account_id == account_id, Shift.ends_at > after, limit=limit)


def overlapping(session: Session, volunteer_id: int, start: datetime, end: datetime) -> Shift | None:
    touching = (Shift.volunteer_id == volunteer_id, Shift.starts_at < end, Shift.ends_at > start)
    return next(iter(_shifts(session, *touching, limit=1)), None)


def shift_by_id(session: Session, shift_id: int) -> Shift | None:
    return next(iter(_shifts(session, Shift.id == shift_id)), None)


def posts_of(session: Session, site_id: int) -> Sequence[Post]:
    at_site = select(Post).join(Post.building).options(joinedload(Post.building)).where(Building.site_id == site_id)
    return session.scalars(at_site.order_by(Building.id, Post.id)).all()


def buildings_of(session: Session, site_id: int) -> Sequence[Building]:
    return session.scalars(select(Building).where(Building.site_id == site_id).order_by(Building.id)).all()


def _shifts(session: Session, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[Shift]:
    """Shifts in order of time, with everything a page or the dispatcher wants to know about them."""
    joined = select(Shift).join(Shift.post).join(Post.building).join(Shift.volunteer).join(Volunteer.account)
    whole = joined.options(
        joinedload(Shift.post).joinedload(Post.building),
        joinedload(Shift.volunteer).joinedload(Volunteer.account),
        joinedload(Shift.volunteer).joinedload(Volunteer.branch),
        joinedload(Shift.campaign),
    )
    in_order = whole.where(*conditions).order_by(Shift.starts_at, Building.id, Shift.lead.desc(), Shift.id)
    return session.scalars(in_order.limit(limit)).all()
