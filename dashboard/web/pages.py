"""Pages: one Jinja loader over every noun's templates, one environment per language.

A template sees `visitor`, `roles`, `lang`, `menu`, `path`, `here`, `static(file)`, `csrf_field()`, `named(thing)` and `fmt` (formats.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard.accounts import words
from dashboard.accounts.guard import STAFF
from dashboard.accounts.visitor import ANONYMOUS_COOKIE, visitor_of
from dashboard.web.deps import settings_of_app
from dashboard.web.formats import Formats
from dashboard.web.i18n import DASHBOARD, Language, Translator
from dashboard.web.navigation import entries_for

STATIC = Path(__file__).parent / "static"


def environments(translators: Mapping[Language, Translator]) -> dict[Language, Environment]:
    return {language: _environment(translator) for language, translator in translators.items()}


def _environment(translator: Translator) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(sorted(DASHBOARD.glob("*/templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        translator.gettext, translator.ngettext, newstyle=True
    )
    environment.globals.update(static=_static_address(), named=translator.named, lang=translator.language)
    return environment


def _static_address() -> Callable[[str], str]:
    """Addresses that change with the file's content, so that browsers may keep each for good."""
    known: dict[str, str] = {}

    def static(name: str) -> str:
        if name not in known and (STATIC / name).is_file():
            digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
            known[name] = f"/static/{name}?v={digest}"
        # A plan that somebody named and never put there leaves a gap in a page, not an error for a page.
        return known.get(name, f"/static/{name}")

    return static


def render(request: Request, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """A page (or fragment) in the visitor's language."""
    visitor = visitor_of(request)
    page = request.app.state.environments[visitor.language].get_template(template)
    response = HTMLResponse(page.render(_shared(request) | context), status_code=status)
    response.headers["Cache-Control"] = "no-store"
    if visitor.account is None:
        # A visitor without a login proves a form is ours by a cookie that another site cannot read or set.
        response.set_cookie(
            ANONYMOUS_COOKIE,
            visitor.csrf_token,
            httponly=True,
            samesite="lax",
            secure=settings_of_app(request).secure_cookies,
        )
    return response


def _shared(request: Request) -> dict[str, Any]:
    visitor = visitor_of(request)
    translator: Translator = request.app.state.translators[visitor.language]
    return {
        "visitor": visitor,
        "roles": words.ROLES,
        "path": request.url.path,
        "here": _here(request),
        "menu": entries_for(visitor.role, request.app.state.paths),
        "tells_of_outages": visitor.role in STAFF,
        "fmt": Formats(translator, visitor.zone, datetime.now(UTC)),
        "csrf_field": lambda: Markup('<input type="hidden" name="csrf_token" value="{}">').format(visitor.csrf_token),
    }


def _here(request: Request) -> str:
    """Where a change of language or theme leads back to; what answered a form cannot be asked for again."""
    if request.method != "GET":
        return "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
