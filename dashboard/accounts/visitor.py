"""Who is asking, in which language, with which form token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.accounts.service import login_of
from dashboard.accounts.tables import Account, Role
from dashboard.places.tables import Site
from dashboard.web.deps import DbSession, sessions_of_app
from dashboard.web.i18n import LANGUAGE_COOKIE, Language, language_of

SESSION_COOKIE = "pleaselock_session"
ANONYMOUS_COOKIE = "pleaselock_form"
THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Visitor:
    account: Account | None
    csrf_token: str
    language: Language
    theme: str
    zone: ZoneInfo

    @property
    def role(self) -> Role | None:
        return Role(self.account.role) if self.account else None


def know_visitor(request: Request, session: DbSession) -> None:
    """Runs before every route, so that a page knows whom it is for."""
    request.state.visitor = _look_up(request, session)


def visitor_of(request: Request) -> Visitor:
    """The visitor; looked up here when no route was reached, as for an address that does not exist."""
    if not hasattr(request.state, "visitor"):
        with sessions_of_app(request).begin() as session:
            request.state.visitor = _look_up(request, session)
    visitor: Visitor = request.state.visitor
    return visitor


def _look_up(request: Request, session: Session) -> Visitor:
    cookies = request.cookies
    token = cookies.get(SESSION_COOKIE)
    login = login_of(session, token, datetime.now(UTC)) if token else None
    account = login.account if login else None
    if account is not None:
        # A request that fails rolls its session back, and the page that says so still has to know whom it is for.
        session.expunge(account)
    theme = cookies.get(THEME_COOKIE, "")
    return Visitor(
        account=account,
        csrf_token=login.csrf_token if login else cookies.get(ANONYMOUS_COOKIE) or secrets.token_urlsafe(24),
        language=language_of(
            account.language if account else None, cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")
        ),
        theme=theme if theme in THEMES else "auto",
        zone=ZoneInfo(session.scalar(select(Site.timezone).order_by(Site.id).limit(1)) or DEFAULT_ZONE),
    )
