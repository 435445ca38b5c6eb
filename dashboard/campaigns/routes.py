"""Campaigns: which weeks, and how many shifts belong to each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from dashboard.accounts.guard import require
from dashboard.accounts.tables import Account, Role
from dashboard.accounts.visitor import visitor_of
from dashboard.campaigns import queries
from dashboard.campaigns.service import CannotAddCampaign, add_campaign
from dashboard.shifts.service import day_span
from dashboard.web.deps import DbSession
from dashboard.web.pages import render

router = APIRouter()
Planner = Annotated[Account, Depends(require(Role.COORDINATOR, Role.ADMIN))]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), Form()]


@router.get("/campaigns")
def campaigns_page(request: Request, session: DbSession, _: Planner) -> Response:
    return _list(request, session)


@router.post("/campaigns")
def set_up_campaign(
    request: Request,
    session: DbSession,
    _: Planner,
    first_day: Annotated[date, Form()],
    last_day: Annotated[date, Form()],
    name_zh: Name = "",
    name_en: Name = "",
) -> Response:
    zone = visitor_of(request).zone
    try:
        add_campaign(session, name_zh, name_en, day_span(first_day, zone)[0], day_span(last_day, zone)[1])
    except CannotAddCampaign as refused:
        return _list(request, session, str(refused), (name_zh, name_en, first_day.isoformat(), last_day.isoformat()))
    return RedirectResponse("/campaigns", status_code=303)


def _list(
    request: Request, session: Session, refused: str = "", asked: tuple[str, str, str, str] = ("", "", "", "")
) -> Response:
    return render(
        request,
        "campaigns/list.html",
        status=422 if refused else 200,
        refused=refused,
        asked=asked,
        at=datetime.now(UTC),
        a_moment=timedelta(milliseconds=1),
        campaigns=queries.campaigns(session),
        shift_counts=queries.shift_counts(session),
    )
