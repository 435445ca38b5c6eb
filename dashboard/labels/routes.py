"""The analysts' page: what cameras and volunteers said of pictures, and what they really show."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from dashboard.accounts.guard import ANALYSTS, require
from dashboard.accounts.service import note_viewing
from dashboard.accounts.tables import Account
from dashboard.alerts import words as alert_words
from dashboard.alerts.reasons import sentences
from dashboard.labels import queries, words
from dashboard.labels.formats import CannotWriteLabelsError, Format, write_zip
from dashboard.labels.queries import Show
from dashboard.labels.service import NoSuchAlertError, correct, gather, take_back
from dashboard.labels.tables import Saying
from dashboard.web.deps import AppSettings, DbSession
from dashboard.web.i18n import N_
from dashboard.web.pages import render

router = APIRouter(prefix="/labels")
log = structlog.get_logger()
Analyst = Annotated[Account, Depends(require(*ANALYSTS))]
SHOWN = 24
MOST_PAGES = 9999
NO_ANSWER = N_("That is no answer: choose one of the four buttons below a picture.")
NO_ALERT = N_("There is no such alert, so nothing was changed.")
NO_LABELS = N_("There is nothing to download: no picture with an answer is kept.")
NOT_WRITTEN = N_("The dataset could not be written on the server. Try again, or ask whoever runs it.")


@dataclass(frozen=True)
class Desk:
    """The list as somebody looks at it: one choice of pictures, one page of them."""

    request: Request
    session: Session
    days: int
    show: Show
    number: int

    def page(self, problem: str = "", status: int = 200) -> Response:
        count = queries.count_each(self.session)
        pages = max(1, ceil(count[self.show] / SHOWN))
        number = min(self.number, pages)
        return render(
            self.request,
            "labels/list.html",
            status=status,
            problem=problem,
            show=self.show,
            page=number,
            pages=pages,
            count=count,
            shown=queries.to_look_at(self.session, self.show, SHOWN, (number - 1) * SHOWN),
            days=self.days,
            forms=Format,
            words=words,
            alert_words=alert_words,
            sentences=sentences,
        )

    def again(self, then: str = "") -> Response:
        """The same list anew, at the alert to go on with."""
        anchor = f"#alert-{quote(then, safe='')}" if then else ""
        address = f"/labels?{urlencode({'show': self.show.value, 'page': self.number})}{anchor}"
        return RedirectResponse(address, status_code=303)


def _asked(request: Request, session: DbSession, settings: AppSettings, show: str = "", page: str = "") -> Desk:
    """What is asked for that does not exist is the first choice and the first page."""
    choice = Show(show) if show in set(Show) else Show.OPEN
    number = int(page) if page.isascii() and page.isdigit() and len(page) <= len(str(MOST_PAGES)) else 1
    return Desk(request, session, settings.retention_days, choice, max(1, number))


AskedFor = Annotated[Desk, Depends(_asked, scope="function")]


@router.get("")
def labels_page(_account: Analyst, desk: AskedFor) -> Response:
    return desk.page()


@router.get("/dataset")
def dataset(account: Analyst, desk: AskedFor, settings: AppSettings, form: Format = Format.YOLO) -> Response:
    """All labels whose pictures are kept, as a zip of what `pleaselock labels export` writes."""
    labels = gather(desk.session, settings.media).labels
    if not labels:
        return desk.page(NO_LABELS, 404)
    note_viewing(desk.session, account.id, f"labels:{form.value}", datetime.now(UTC))
    folder = tempfile.TemporaryDirectory(prefix="pleaselock-labels-")
    try:
        file = write_zip(labels, Path(folder.name), form)
    except CannotWriteLabelsError as error:
        folder.cleanup()
        log.warning("no dataset could be written", reason=str(error))
        return desk.page(NOT_WRITTEN, 500)
    return FileResponse(
        file,
        media_type="application/zip",
        filename=f"pleaselock-labels-{form.value}.zip",
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(folder.cleanup),
    )


@router.post("/{alert_id}")
def say(
    account: Analyst,
    desk: AskedFor,
    alert_id: str,
    says: Annotated[str, Form()] = "",
    then: Annotated[str, Form()] = "",
) -> Response:
    """`then` is the alert to go on with."""
    if says not in set(Saying):
        return desk.page(NO_ANSWER, 400)
    try:
        correct(desk.session, alert_id, Saying(says), datetime.now(UTC), account.id)
    except NoSuchAlertError:
        return desk.page(NO_ALERT, 404)
    return desk.again(then)


@router.post("/{alert_id}/take-back")
def forget(_account: Analyst, desk: AskedFor, alert_id: str) -> Response:
    try:
        take_back(desk.session, alert_id)
    except NoSuchAlertError:
        return desk.page(NO_ALERT, 404)
    return desk.again()
