"""The way in, and the two preferences: language and light."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from dashboard.accounts.guard import require
from dashboard.accounts.tables import Account, Role
from dashboard.accounts.visitor import THEME_COOKIE, THEMES, visitor_of
from dashboard.web.deps import AppSettings, DbSession
from dashboard.web.i18n import LANGUAGE_COOKIE, as_language
from dashboard.web.navigation import start_page

router = APIRouter()
A_YEAR_S = 365 * 24 * 3600


@router.get("/")
def start(request: Request, account: Annotated[Account, Depends(require())]) -> Response:
    return RedirectResponse(start_page(Role(account.role), request.app.state.paths), status_code=303)


@router.post("/preferences")
def prefer(
    request: Request,
    session: DbSession,
    settings: AppSettings,
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Open to everyone: the login page, too, is read in a language."""
    response = RedirectResponse(safe_path(back), status_code=303)
    if chosen := as_language(language):
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=A_YEAR_S, samesite="lax", secure=settings.secure_cookies)
        if account := visitor_of(request).account:
            session.get_one(Account, account.id).language = chosen
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=A_YEAR_S, samesite="lax", secure=settings.secure_cookies)
    return response


@router.get("/manifest.webmanifest")
def manifest(request: Request) -> Response:
    """What a phone needs to put the pages on its home screen."""
    words = request.app.state.translators[visitor_of(request).language]
    icons = [
        {"src": f"/static/img/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)
    ]
    body = {
        "name": words.gettext("Please lock your bike"),
        "short_name": words.gettext("pleaselock"),
        "start_url": "/",
        "display": "standalone",
        "background_color": "#f6f4ee",
        "theme_color": "#0d5c46",
        "icons": icons,
    }
    return JSONResponse(body, media_type="application/manifest+json")


def safe_path(path: str) -> str:
    """A path on this server, or the start: never another site's address."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
