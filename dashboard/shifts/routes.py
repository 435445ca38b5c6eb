"""Shifts: the coordinator's plan, and the volunteer's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy.orm import Session

from dashboard.accounts.guard import require
from dashboard.accounts.tables import Account, Role
from dashboard.accounts.visitor import visitor_of
from dashboard.campaigns.queries import running_or_coming
from dashboard.places.tables import Building
from dashboard.shifts import queries
from dashboard.shifts.service import CannotPlanShift, ShiftPlan, add_post, add_shift, day_span, remove_shift, span
from dashboard.shifts.tables import Shift
from dashboard.volunteers.queries import volunteers
from dashboard.web.deps import DbSession
from dashboard.web.pages import render

router = APIRouter()
PLANNERS = (Role.COORDINATOR, Role.ADMIN)
Planner = Annotated[Account, Depends(require(*PLANNERS))]
OnTheTeam = Annotated[Account, Depends(require(Role.VOLUNTEER, *PLANNERS))]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), Form()]
A_DAY = timedelta(days=1)
NOBODY = 0
"""No row has this id: an empty choice is refused like an unknown one."""


class ShiftForm(BaseModel):
    """What stands in the form for a new shift."""

    day: date
    begins: time = time(11, 30)
    ends: time = time(13, 30)
    volunteer_id: int | None = None
    post_id: int | None = None
    campaign_id: int | None = None
    lead: bool = False


@router.get("/shifts")
def shifts_page(request: Request, session: DbSession, account: OnTheTeam, day: date | None = None) -> Response:
    if account.role == Role.VOLUNTEER:
        return _my_shifts(request, session, account)
    zone = visitor_of(request).zone
    at = datetime.now(UTC)
    chosen = day or at.astimezone(zone).date()
    starts_at, ends_at = day_span(chosen, zone)
    site = queries.planned_site(session)
    return render(
        request,
        "shifts/plan.html",
        day=chosen,
        before=chosen - A_DAY,
        after=chosen + A_DAY,
        starts_at=starts_at,
        running=queries.on_duty(session, site.id, at) if site else [],
        shifts=queries.shifts_between(session, site.id, starts_at, ends_at) if site else [],
    )


def _my_shifts(request: Request, session: Session, account: Account) -> Response:
    at = datetime.now(UTC)
    mine = queries.shifts_of(session, account.id, at)
    current = next((shift for shift in mine if shift.starts_at <= at), None)
    coming = [shift for shift in mine if shift is not current]
    running = queries.on_duty(session, mine[0].post.building.site_id, at) if mine else []
    return render(request, "shifts/mine.html", current=current, coming=coming, running=running)


@router.get("/shifts/new")
def new_shift_page(request: Request, session: DbSession, _: Planner, day: date | None = None) -> Response:
    today = datetime.now(UTC).astimezone(visitor_of(request).zone).date()
    return _form(request, session, ShiftForm(day=day or today))


@router.post("/shifts/new")
def plan_shift(request: Request, session: DbSession, _: Planner, asked: Annotated[ShiftForm, Form()]) -> Response:
    starts_at, ends_at = span(asked.day, asked.begins, asked.ends, visitor_of(request).zone)
    who, where = asked.volunteer_id or NOBODY, asked.post_id or NOBODY
    try:
        add_shift(session, ShiftPlan(who, where, starts_at, ends_at, lead=asked.lead, campaign_id=asked.campaign_id))
    except CannotPlanShift as refused:
        return _form(request, session, asked, refused)
    return RedirectResponse(f"/shifts?day={asked.day.isoformat()}", status_code=303)


@router.post("/shifts/posts")
def plan_post(
    request: Request,
    session: DbSession,
    _: Planner,
    building_id: Annotated[int, Form()],
    name_zh: Name = "",
    name_en: Name = "",
) -> Response:
    try:
        add_post(session, session.get(Building, building_id), name_zh, name_en)
    except CannotPlanShift as refused:
        today = datetime.now(UTC).astimezone(visitor_of(request).zone).date()
        return _form(request, session, ShiftForm(day=today), refused)
    return RedirectResponse("/shifts/new", status_code=303)


@router.get("/shifts/{shift_id}")
def shift_page(request: Request, session: DbSession, _: Planner, shift_id: int) -> Response:
    shift = _shift(session, shift_id)
    day = shift.starts_at.astimezone(visitor_of(request).zone).date()
    return render(request, "shifts/shift.html", shift=shift, day=day)


@router.post("/shifts/{shift_id}/remove")
def unplan_shift(request: Request, session: DbSession, _: Planner, shift_id: int) -> Response:
    shift = _shift(session, shift_id)
    day = shift.starts_at.astimezone(visitor_of(request).zone).date()
    remove_shift(session, shift)
    return RedirectResponse(f"/shifts?day={day.isoformat()}", status_code=303)


def _shift(session: Session, shift_id: int) -> Shift:
    shift = queries.shift_by_id(session, shift_id)
    if shift is None:
        raise HTTPException(404)
    return shift


def _form(request: Request, session: Session, asked: ShiftForm, refused: CannotPlanShift | None = None) -> Response:
    site = queries.planned_site(session)
    return render(
        request,
        "shifts/new.html",
        status=422 if refused else 200,
        asked=asked,
        refused=refused,
        volunteers=volunteers(session, active_only=True),
        posts=queries.posts_of(session, site.id) if site else [],
        buildings=queries.buildings_of(session, site.id) if site else [],
        campaigns=running_or_coming(session, datetime.now(UTC)),
    )
