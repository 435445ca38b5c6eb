"""Theft cases one by one: the list, a case, the form. Every look at a case is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from dashboard.accounts.service import note_viewing
from dashboard.accounts.tables import Role
from dashboard.accounts.visitor import visitor_of
from dashboard.thefts.cases import LOCK_KINDS, CaseDraft
from dashboard.thefts.forms import FIELDS, FormRefusedError, Grounds, form_of, read_form
from dashboard.thefts.import_routes import router as imports
from dashboard.thefts.pattern_routes import router as patterns
from dashboard.thefts.problems import Problem
from dashboard.thefts.queries import buildings, case_by_id, cases_page, first_site, locked_counts
from dashboard.thefts.service import NumberTakenError, add_case, change_case
from dashboard.thefts.tables import Locked, TheftCase
from dashboard.thefts.views import AskedFor, CaseClock, FormFields, Reader, Staff
from dashboard.web.deps import DbSession
from dashboard.web.i18n import N_
from dashboard.web.pages import render

router = APIRouter()
PAGE_SIZE, MAX_PAGE, MAX_ID = 50, 1_000_000, 2**62
NUMBER_TAKEN = N_("There is already a case with this number; open that one, or check the number.")


@router.get("/thefts")
def case_list(
    request: Request,
    session: DbSession,
    account: Staff,
    asked: AskedFor,
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    if account.role == Role.COORDINATOR:
        # Coordinators see what many cases have in common, never one case.
        return RedirectResponse("/thefts/where", status_code=303)
    locked = locked_counts(session, asked.wanted)
    found = sum(locked.values())
    return render(
        request,
        "thefts/list.html",
        asked=asked,
        found=found,
        not_locked=locked.get(Locked.NO, 0),
        told=found - locked.get(Locked.UNKNOWN, 0),
        cases=cases_page(session, asked.wanted, page, PAGE_SIZE),
        page=page,
        pages=max(1, -(-found // PAGE_SIZE)),
        buildings=buildings(session),
        clock=CaseClock(visitor_of(request).zone),
    )


@router.get("/thefts/new")
def new_case(request: Request, session: DbSession, _account: Reader) -> Response:
    now = datetime.now(UTC).astimezone(visitor_of(request).zone).strftime("%Y-%m-%dT%H:%M")
    return _form(request, session, {"reported_at": now, "locked": Locked.UNKNOWN})


@router.post("/thefts/new")
def add(request: Request, session: DbSession, account: Reader, fields: FormFields) -> Response:
    at = datetime.now(UTC)

    def save(draft: CaseDraft) -> TheftCase:
        return add_case(session, draft, account.id, at)

    return _save(request, session, fields, save)


@router.get("/thefts/cases/{case_id}")
def case_page(request: Request, session: DbSession, account: Reader, case_id: int) -> Response:
    case = _case(session, case_id)
    note_viewing(session, account.id, f"theft_case:{case.id}", datetime.now(UTC))
    clock, site = CaseClock(visitor_of(request).zone), first_site(session)
    return render(request, "thefts/case.html", case=case, clock=clock, site=site, spot=_spot_on_plan(case))


@router.get("/thefts/cases/{case_id}/edit")
def edit_case(request: Request, session: DbSession, account: Reader, case_id: int) -> Response:
    case = _case(session, case_id)
    note_viewing(session, account.id, f"theft_case:{case.id}", datetime.now(UTC))
    return _form(request, session, form_of(case, _zone_of(request, case)), case)


@router.post("/thefts/cases/{case_id}/edit")
def change(request: Request, session: DbSession, account: Reader, fields: FormFields, case_id: int) -> Response:
    case = _case(session, case_id)
    note_viewing(session, account.id, f"theft_case:{case.id}:edited", datetime.now(UTC))

    def save(draft: CaseDraft) -> TheftCase:
        change_case(session, case, draft)
        return case

    return _save(request, session, fields, save, case)


def _save(
    request: Request,
    session: Session,
    fields: Mapping[str, str],
    save: Callable[[CaseDraft], TheftCase],
    case: TheftCase | None = None,
) -> Response:
    site = first_site(session)
    grounds = Grounds(
        zone=_zone_of(request, case),
        at=datetime.now(UTC),
        building_ids={building.id for building in buildings(session)},
        plan_size=(site.plan_width, site.plan_height) if site else (0, 0),
    )
    try:
        saved = save(read_form(fields, grounds))
    except FormRefusedError as error:
        return _form(request, session, fields, case, error.problems)
    except NumberTakenError:
        return _form(request, session, fields, case, {"case_number": Problem(NUMBER_TAKEN)})
    return RedirectResponse(f"/thefts/cases/{saved.id}", status_code=303)


def _form(
    request: Request,
    session: Session,
    fields: Mapping[str, str],
    case: TheftCase | None = None,
    problems: Mapping[str, Problem] | None = None,
) -> Response:
    return render(
        request,
        "thefts/form.html",
        status=422 if problems else 200,
        case=case,
        fields={**dict.fromkeys(FIELDS, ""), **fields},
        problems=problems or {},
        zone=_zone_of(request, case).key,
        buildings=buildings(session),
        site=first_site(session),
        lock_kinds=LOCK_KINDS,
    )


def _case(session: Session, case_id: int) -> TheftCase:
    case = case_by_id(session, case_id) if 0 < case_id < MAX_ID else None
    if case is None:
        raise HTTPException(404)
    return case


def _zone_of(request: Request, case: TheftCase | None) -> ZoneInfo:
    return CaseClock(visitor_of(request).zone).zone(case.timezone if case else None)


def _spot_on_plan(case: TheftCase) -> tuple[float, float] | None:
    for holder in (case, case.building):
        if holder and holder.plan_x is not None and holder.plan_y is not None:
            return holder.plan_x, holder.plan_y
    return None


router.include_router(imports)
router.include_router(patterns)
