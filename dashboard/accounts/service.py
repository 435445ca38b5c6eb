"""Accounts, logins and their sessions. Passwords are kept as argon2, session tokens as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account, LoginFailure, LoginSession, Role, Viewing

HASHES = PasswordHash((Argon2Hasher(),))
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$gJrPACjY0q7XmYcgqohXig$wlUtTgDMx1dh8LekbmYHvHctIOI9rA1j+fSYf6d3Jik"
"""Checked when the name is unknown, so that an answer takes as long as for a known one."""
MINIMUM_PASSWORD = 8
FAILURES_PER_NAME = 5
FAILURES_PER_ADDRESS = 30
FAILURE_WINDOW = timedelta(minutes=10)
VIEWING_WINDOW = timedelta(minutes=10)


class CannotAddAccount(ValueError):  # noqa: N818 - the sentence is the error
    pass


@dataclass(frozen=True)
class LoggedIn:
    token: str
    login: LoginSession


@dataclass(frozen=True)
class Refused:
    """`wait` is true where so many tries failed that the right password is not even looked at."""

    wait: bool


def add_account(
    session: Session,
    username: str,
    password: str,
    role: Role,
    at: datetime,
    *,
    display_name: str = "",
    language: str = "",
) -> Account:
    if len(password) < MINIMUM_PASSWORD:
        raise CannotAddAccount(f"The password is shorter than {MINIMUM_PASSWORD} characters; choose a longer one.")
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise CannotAddAccount(f"There already is an account named {username!r}; choose another name.")
    account = Account(
        username=username,
        display_name=display_name or username,
        password_hash=HASHES.hash(password),
        role=role,
        language=language,
        created_at=at,
    )
    session.add(account)
    session.flush()
    return account


def log_in(
    session: Session, username: str, password: str, address: str, at: datetime, hours: int
) -> LoggedIn | Refused:
    if _too_many_failures(session, username, address, at):
        return Refused(wait=True)
    account = session.scalar(select(Account).where(Account.username == username, Account.active))
    if not HASHES.verify(password, account.password_hash if account else NOBODYS_HASH) or account is None:
        session.add(LoginFailure(username=username, address=address, at=at))
        return Refused(wait=False)
    forgiven = or_(LoginFailure.username == username, LoginFailure.at < at - FAILURE_WINDOW)
    session.execute(delete(LoginFailure).where(forgiven))
    session.execute(delete(LoginSession).where(LoginSession.expires_at < at))
    return _open_login(session, account, at, hours)


def _open_login(session: Session, account: Account, at: datetime, hours: int) -> LoggedIn:
    token = secrets.token_urlsafe(32)
    login = LoginSession(
        token_sha256=_sha256(token),
        account_id=account.id,
        account=account,
        csrf_token=secrets.token_urlsafe(24),
        created_at=at,
        expires_at=at + timedelta(hours=hours),
    )
    session.add(login)
    session.flush()
    return LoggedIn(token, login)


def _too_many_failures(session: Session, username: str, address: str, at: datetime) -> bool:
    recent = select(func.count()).select_from(LoginFailure).where(LoginFailure.at > at - FAILURE_WINDOW)
    by_name = session.scalar(recent.where(LoginFailure.username == username)) or 0
    by_address = session.scalar(recent.where(LoginFailure.address == address)) or 0
    return by_name >= FAILURES_PER_NAME or by_address >= FAILURES_PER_ADDRESS


def login_of(session: Session, token: str, at: datetime) -> LoginSession | None:
    """The living login behind a cookie, if its account is still active."""
    login = session.get(LoginSession, _sha256(token))
    return login if login and login.expires_at > at and login.account.active else None


def log_out(session: Session, token: str) -> None:
    session.execute(delete(LoginSession).where(LoginSession.token_sha256 == _sha256(token)))


def note_viewing(session: Session, account_id: int, what: str, at: datetime) -> None:
    """Who looked at what. A picture shown again within minutes is the same look."""
    again = select(Viewing.id).where(
        Viewing.account_id == account_id, Viewing.what == what, Viewing.at > at - VIEWING_WINDOW
    )
    if session.scalar(again.limit(1)) is None:
        session.add(Viewing(account_id=account_id, what=what, at=at))


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
