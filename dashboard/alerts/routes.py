"""The list, the alert, its picture, and the two taps: take it, say what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from dashboard.accounts.guard import require
from dashboard.accounts.service import note_viewing
from dashboard.accounts.tables import Account
from dashboard.accounts.visitor import visitor_of
from dashboard.alerts import queries, service, words
from dashboard.alerts.reasons import sentences
from dashboard.alerts.service import AlreadyTaken, Answer, NoSuchAlert, Over
from dashboard.alerts.tables import Alert, Outcome
from dashboard.dispatch.queries import offered_to
from dashboard.dispatch.service import mark_seen
from dashboard.media.service import path_of
from dashboard.stays.queries import is_place_certain
from dashboard.web.deps import AppSettings, DbSession
from dashboard.web.formats import day_span
from dashboard.web.pages import render

router = APIRouter(prefix="/alerts")
Anyone = Annotated[Account, Depends(require())]
AnyoneInside = Annotated[Account, Depends(require(page=False))]


def now() -> datetime:
    return datetime.now(UTC)


@router.get("")
def list_page(request: Request, session: DbSession, account: Anyone) -> Response:
    return render(request, "alerts/list.html", **_board(request, session, account))


@router.get("/board")
def list_fragment(request: Request, session: DbSession, account: AnyoneInside) -> Response:
    return render(request, "alerts/board.html", **_board(request, session, account))


@router.get("/{alert_id}")
def alert_page(request: Request, session: DbSession, _account: Anyone, alert_id: str, late: bool = False) -> Response:
    return render(request, "alerts/alert.html", late=late, **_one(session, alert_id))


@router.get("/{alert_id}/now")
def alert_fragment(request: Request, session: DbSession, _account: AnyoneInside, alert_id: str) -> Response:
    return render(request, "alerts/now.html", late=False, **_one(session, alert_id))


@router.get("/{alert_id}/picture")
def picture(session: DbSession, settings: AppSettings, account: AnyoneInside, alert_id: str) -> Response:
    """Only with a login, never from a cache, and remembered who looked."""
    alert = _found(session, alert_id)
    file = path_of(settings.media, alert.snapshot_key) if alert.snapshot_key else None
    if file is None or not file.is_file():
        raise HTTPException(404)
    note_viewing(session, account.id, f"alert:{alert_id}", now())
    return FileResponse(file, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.post("/{alert_id}/take")
def take(session: DbSession, account: Anyone, alert_id: str) -> Response:
    return _after(service.take(session, alert_id, account.id, now()))


@router.post("/{alert_id}/release")
def release(session: DbSession, account: Anyone, alert_id: str) -> Response:
    return _after(service.release(session, alert_id, account.id, now()), to="/alerts")


@router.post("/{alert_id}/outcome")
def outcome(
    session: DbSession,
    account: Anyone,
    alert_id: str,
    found: Annotated[Outcome, Form()],
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    return _after(service.record_outcome(session, alert_id, account.id, found, note, now()), to="/alerts")


def _after(answer: Answer, to: str = "") -> Response:
    if isinstance(answer, NoSuchAlert):
        raise HTTPException(404)
    late = "?late=true" if isinstance(answer, AlreadyTaken | Over) else ""
    address = f"/alerts/{answer.alert.id}"
    return RedirectResponse(f"{address}{late}" if late or not to else to, status_code=303)


def _found(session: Session, alert_id: str) -> Alert:
    alert = queries.whole_alert(session, alert_id)
    if alert is None:
        raise HTTPException(404)
    return alert


def _board(request: Request, session: Session, account: Account) -> dict[str, Any]:
    zone = visitor_of(request).zone
    midnight, _ = day_span(now().astimezone(zone).date(), zone)
    asked = offered_to(session, account.id)
    if asked:
        mark_seen(session, account.id, asked, now())
    since = queries.newest_change(session)
    board = queries.board(session, account.id, midnight)
    return {
        "since": since,
        "board": replace(board, waiting=sorted(board.waiting, key=lambda alert: alert.id not in asked)),
        "done_today": queries.done_today(session, account.id, midnight),
        "asked": asked,
        "words": words,
        "sentences": sentences,
    }


def _one(session: Session, alert_id: str) -> dict[str, Any]:
    alert = _found(session, alert_id)
    return {
        "since": queries.newest_change(session),
        "alert": alert,
        "certain": is_place_certain(session, alert.stay_id),
        "history": queries.history(session, alert_id),
        "words": words,
        "sentences": sentences,
    }
