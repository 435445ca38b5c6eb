"""Volunteers and branches: the coordinator's list, and handing over a way in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from dashboard.accounts.guard import require
from dashboard.accounts.tables import Account, Role
from dashboard.shifts.queries import shifts_of
from dashboard.volunteers import queries, service
from dashboard.volunteers.service import CannotChangeVolunteer
from dashboard.volunteers.tables import Volunteer
from dashboard.web.deps import DbSession
from dashboard.web.pages import render

router = APIRouter()
Planner = Annotated[Account, Depends(require(Role.COORDINATOR, Role.ADMIN))]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), Form()]


@router.get("/volunteers")
def volunteers_page(request: Request, session: DbSession, _: Planner) -> Response:
    return _list(request, session)


@router.get("/volunteers/new")
def new_volunteer_page(request: Request, session: DbSession, _: Planner) -> Response:
    return _form(request, session)


@router.post("/volunteers/new")
def take_in(
    request: Request,
    session: DbSession,
    _: Planner,
    display_name: Text = "",
    username: Text = "",
    branch_id: Annotated[int | None, Form()] = None,
) -> Response:
    try:
        way_in = service.add_volunteer(session, username, display_name, branch_id, datetime.now(UTC))
    except CannotChangeVolunteer as refused:
        return _form(request, session, (display_name, username, branch_id), str(refused))
    return render(request, "volunteers/way_in.html", way_in=way_in)


@router.post("/volunteers/branches")
def add_branch(request: Request, session: DbSession, _: Planner, name_zh: Text = "", name_en: Text = "") -> Response:
    try:
        service.add_branch(session, name_zh, name_en)
    except CannotChangeVolunteer as refused:
        return _list(request, session, str(refused))
    return RedirectResponse("/volunteers", status_code=303)


@router.get("/volunteers/{volunteer_id}")
def volunteer_page(request: Request, session: DbSession, _: Planner, volunteer_id: int) -> Response:
    return _one(request, session, _volunteer(session, volunteer_id))


@router.post("/volunteers/{volunteer_id}/password")
def renew_password(request: Request, session: DbSession, _: Planner, volunteer_id: int) -> Response:
    volunteer = _volunteer(session, volunteer_id)
    try:
        way_in = service.renew_password(session, volunteer)
    except CannotChangeVolunteer as refused:
        return _one(request, session, volunteer, str(refused))
    return render(request, "volunteers/way_in.html", way_in=way_in)


@router.post("/volunteers/{volunteer_id}/active")
def set_active(
    request: Request, session: DbSession, _: Planner, volunteer_id: int, active: Annotated[bool, Form()]
) -> Response:
    volunteer = _volunteer(session, volunteer_id)
    try:
        service.set_active(session, volunteer, active=active)
    except CannotChangeVolunteer as refused:
        return _one(request, session, volunteer, str(refused))
    return RedirectResponse(f"/volunteers/{volunteer_id}", status_code=303)


def _volunteer(session: Session, volunteer_id: int) -> Volunteer:
    volunteer = session.get(Volunteer, volunteer_id)
    if volunteer is None:
        raise HTTPException(404)
    return volunteer


def _list(request: Request, session: Session, refused: str = "") -> Response:
    return render(
        request,
        "volunteers/list.html",
        status=422 if refused else 200,
        refused=refused,
        volunteers=queries.volunteers(session),
        branches=queries.branches(session),
    )


def _form(
    request: Request, session: Session, asked: tuple[str, str, int | None] = ("", "", None), refused: str = ""
) -> Response:
    status = 422 if refused else 200
    branches = queries.branches(session)
    return render(request, "volunteers/new.html", status=status, asked=asked, refused=refused, branches=branches)


def _one(request: Request, session: Session, volunteer: Volunteer, refused: str = "") -> Response:
    shifts = shifts_of(session, volunteer.account_id, datetime.now(UTC))
    status = 422 if refused else 200
    return render(
        request, "volunteers/volunteer.html", status=status, volunteer=volunteer, shifts=shifts, refused=refused
    )
