"""Logging in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.accounts.service import LoggedIn, Refused, log_in, log_out
from dashboard.accounts.visitor import SESSION_COOKIE, visitor_of
from dashboard.web.deps import AppSettings, DbSession
from dashboard.web.pages import render
from dashboard.web.routes import safe_path

router = APIRouter()


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name people know from addresses
    if visitor_of(request).account:
        return RedirectResponse("/", status_code=303)
    return render(request, "accounts/login.html", next=safe_path(next), refused=None, username="")


@router.post("/login")
def login(
    request: Request,
    session: DbSession,
    settings: AppSettings,
    username: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    address = request.client.host if request.client else ""
    answer = log_in(session, username.strip(), password, address, datetime.now(UTC), settings.session_hours)
    if isinstance(answer, Refused):
        context = {"next": safe_path(next), "refused": answer, "username": username}
        return render(request, "accounts/login.html", status=429 if answer.wait else 401, **context)
    response = RedirectResponse(safe_path(next), status_code=303)
    _remember(response, answer, settings)
    return response


def _remember(response: Response, answer: LoggedIn, settings: AppSettings) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        answer.token,
        max_age=settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


@router.post("/logout")
def logout(request: Request, session: DbSession) -> Response:
    if token := request.cookies.get(SESSION_COOKIE):
        log_out(session, token)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response
