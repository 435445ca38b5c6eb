"""What went wrong, in words: a page for a page, a short line for a fragment."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from dashboard.accounts.guard import NotAllowed, NotLoggedIn, StrangeForm
from dashboard.web.i18n import N_
from dashboard.web.pages import render

LOG = structlog.get_logger()
WORDS = {
    400: (
        N_("That did not make sense to us"),
        N_("Something in the request is missing or malformed. Go back and try again."),
    ),
    403: (N_("This page is not for your role"), N_("Ask a coordinator or an administrator if you should see it.")),
    404: (N_("There is nothing here"), N_("The address is wrong, or what was here is gone.")),
    405: (N_("That cannot be done here"), N_("Go back and use the buttons on the page.")),
    413: (N_("That is too large"), N_("Send a smaller file.")),
    500: (N_("Something broke on our side"), N_("It has been written down. Try again in a moment.")),
}
OLD_FORM = (
    N_("This form is out of date"),
    N_("You logged in or out since it was opened. Load the page again and repeat it."),
)


def install(app: FastAPI) -> None:
    app.exception_handler(NotLoggedIn)(_not_logged_in)
    app.exception_handler(NotAllowed)(lambda request, _error: _problem(request, 403))
    app.exception_handler(StrangeForm)(lambda request, _error: _problem(request, 403, OLD_FORM))
    app.exception_handler(RequestValidationError)(lambda request, _error: _problem(request, 400))
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(Exception)(_broken)


def _not_logged_in(request: Request, error: NotLoggedIn) -> Response:
    if error.page:
        back = request.url.path if request.method == "GET" else "/"
        return RedirectResponse(f"/login?next={back}" if back != "/" else "/login", status_code=303)
    return Response(status_code=401, headers={"HX-Redirect": "/login", "Cache-Control": "no-store"})


def _http(request: Request, error: HTTPException) -> Response:
    return _problem(request, error.status_code)


def _broken(request: Request, error: Exception) -> Response:
    LOG.error("request failed", path=request.url.path, method=request.method, exc_info=error)
    return _problem(request, 500)


def _problem(request: Request, status: int, words: tuple[str, str] | None = None) -> Response:
    title, advice = words or WORDS.get(status) or WORDS[500 if status >= 500 else 400]  # noqa: PLR2004
    template = "web/problem.html" if "hx-request" in request.headers else "web/error.html"
    return render(request, template, status=status, problem=title, advice=advice)
