"""Taking volunteers in, giving them a way in, and letting them go."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dashboard.accounts.service import HASHES, add_account
from dashboard.accounts.tables import Account, LoginSession, Role
from dashboard.volunteers import queries
from dashboard.volunteers.tables import Branch, Volunteer
from dashboard.web.i18n import N_

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
EASY_TO_READ = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the letters and digits that are taken for each other: i, l, o, 0 and 1."""


class CannotChangeVolunteer(ValueError):  # noqa: N818 - the sentence is the error, a msgid
    pass


@dataclass(frozen=True)
class WayIn:
    """A volunteer and the password to hand over. It is shown once and kept nowhere."""

    volunteer: Volunteer
    password: str


def add_volunteer(session: Session, username: str, display_name: str, branch_id: int | None, at: datetime) -> WayIn:
    """An account of the role volunteer with a new password.

    Raises:
        CannotChangeVolunteer: the login name is taken or malformed, or a name is missing.
    """
    if not display_name:
        raise CannotChangeVolunteer(N_("The volunteer has no name. Give one."))
    if USERNAME.fullmatch(username) is None:
        sentence = N_("A login name has 2 to 40 small letters, digits, dots or dashes. Choose another one.")
        raise CannotChangeVolunteer(sentence)
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise CannotChangeVolunteer(N_("This login name is taken. Choose another one."))
    if branch_id is not None and session.get(Branch, branch_id) is None:
        raise CannotChangeVolunteer(N_("This branch is not known. Choose one from the list."))
    password = new_password()
    account = add_account(session, username, password, Role.VOLUNTEER, at, display_name=display_name)
    volunteer = Volunteer(account=account, branch_id=branch_id)
    session.add(volunteer)
    session.flush()
    return WayIn(volunteer, password)


def renew_password(session: Session, volunteer: Volunteer) -> WayIn:
    """A new password for someone who forgot theirs; every open login of theirs ends.

    Raises:
        CannotChangeVolunteer: the account is not a mere volunteer's.
    """
    account = _mere_volunteer(volunteer)
    password = new_password()
    account.password_hash = HASHES.hash(password)
    session.execute(delete(LoginSession).where(LoginSession.account_id == account.id))
    return WayIn(volunteer, password)


def set_active(session: Session, volunteer: Volunteer, *, active: bool) -> None:
    """Let someone go, or take them back. Who is gone can neither log in nor be told about a bike.

    Raises:
        CannotChangeVolunteer: the account is not a mere volunteer's.
    """
    account = _mere_volunteer(volunteer)
    account.active = active
    if not active:
        session.execute(delete(LoginSession).where(LoginSession.account_id == account.id))


def add_branch(session: Session, name_zh: str, name_en: str) -> Branch:
    """Raises CannotChangeVolunteer: no name, or a branch of that name is there."""
    name_zh, name_en = name_zh or name_en, name_en or name_zh
    if not name_zh:
        raise CannotChangeVolunteer(N_("The branch has no name. Give it one."))
    if queries.branch_by_name(session, name_zh) is not None:
        raise CannotChangeVolunteer(N_("A branch of this name is already there. Choose another name."))
    branch = Branch(name_zh=name_zh, name_en=name_en)
    session.add(branch)
    session.flush()
    return branch


def new_password() -> str:
    """Some 59 bits, in three groups that can be read aloud."""
    return "-".join("".join(secrets.choice(EASY_TO_READ) for _ in range(4)) for _ in range(3))


def _mere_volunteer(volunteer: Volunteer) -> Account:
    """A coordinator must not get into, or lock out, an account that may do more than they."""
    if volunteer.account.role != Role.VOLUNTEER:
        raise CannotChangeVolunteer(N_("This account has another role too. Ask an administrator."))
    return volunteer.account
