"""Every question about volunteers and branches."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.accounts.tables import Account
from dashboard.volunteers.tables import Branch, Volunteer


def volunteers(session: Session, *, active_only: bool = False) -> Sequence[Volunteer]:
    """Everybody who helps, by branch and name; those who left come last."""
    everybody = select(Volunteer).join(Volunteer.account).outerjoin(Volunteer.branch)
    if active_only:
        everybody = everybody.where(Account.active.is_(True))
    whole = everybody.options(joinedload(Volunteer.account), joinedload(Volunteer.branch))
    return session.scalars(whole.order_by(Account.active.desc(), Branch.id, Account.display_name, Account.id)).all()


def branches(session: Session) -> Sequence[Branch]:
    return session.scalars(select(Branch).order_by(Branch.id)).all()


def branch_by_name(session: Session, name_zh: str) -> Branch | None:
    return session.scalar(select(Branch).where(Branch.name_zh == name_zh))
