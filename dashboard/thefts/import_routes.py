"""A file of cases: uploaded, looked at, and only then imported, in one transaction."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Form, HTTPException, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dashboard.accounts.visitor import visitor_of
from dashboard.settings import Settings
from dashboard.thefts.columns import CaseField, understand
from dashboard.thefts.csv_text import ENCODINGS, MAX_BYTES, Table, read_table
from dashboard.thefts.dates import DayOrder
from dashboard.thefts.importing import ImportOptions, ImportPlan, has_a_date, plan_import, refused_as_rows
from dashboard.thefts.problems import Problem, UploadRefusedError
from dashboard.thefts.queries import numbers_taken
from dashboard.thefts.service import buildings_by_name, import_cases, source_named
from dashboard.thefts.uploads import Upload, keep_upload, read_upload, sweep_uploads
from dashboard.thefts.views import CaseClock, FormFields, Reader
from dashboard.web.deps import AppSettings, DbSession
from dashboard.web.i18n import N_
from dashboard.web.pages import render

router = APIRouter()
SHOWN_ROWS, SHOWN_PROBLEMS, MAX_WHOSE = 8, 50, 60
NO_SUCH_ZONE = N_("There is no time zone “%(value)s”; choose one from the list, like Asia/Shanghai.")
NO_FILE = N_("Choose a CSV file first.")
GONE = N_("The uploaded file is no longer kept; choose it again.")
NO_DATE = N_("No column is known to hold a date; choose below which one does.")
AT_ONCE = N_("Somebody imported cases with the same numbers at the same moment; nothing was written. Look again.")
REASON = N_("reason")


@dataclass(frozen=True)
class Reading:
    """One upload as it is understood with the options of the address."""

    upload: Upload
    table: Table
    columns: dict[CaseField, int]
    zone: ZoneInfo
    whose: str
    encoding: str
    day_order: DayOrder | None
    keep_repeats: bool
    plan: ImportPlan | None
    """None: no column holds a date."""

    @property
    def source(self) -> str:
        return source_named(self.whose)

    @property
    def query(self) -> str:
        fields = {"zone": self.zone.key, "whose": self.whose, "encoding": self.encoding, "days": self.day_order or ""}
        fields |= {"repeats": "1" if self.keep_repeats else ""}
        fields |= {f"column{index}": field.value for field, index in self.columns.items()}
        return urlencode({name: value for name, value in fields.items() if value} | {"chosen": "1"})

    def field_at(self, index: int) -> CaseField | None:
        return next((field for field, column in self.columns.items() if column == index), None)


@router.get("/thefts/import")
def upload_page(request: Request, _account: Reader) -> Response:
    return _upload_page(request)


@router.post("/thefts/import")
def upload(
    request: Request,
    account: Reader,
    settings: AppSettings,
    fields: FormFields,
    file: Annotated[UploadFile | str | None, Form()] = None,
) -> Response:
    folder = _folder(settings)
    sweep_uploads(folder, datetime.now(UTC))
    if file is None or isinstance(file, str) or not file.filename:
        return _upload_page(request, Problem(NO_FILE), fields)
    data = file.file.read(MAX_BYTES + 1)
    try:
        zone_named(fields.get("zone", ""))
        read_table(data)
    except UploadRefusedError as error:
        return _upload_page(request, error.problem, fields)
    token = keep_upload(folder, data, file.filename, account.id)
    chosen = {name: fields[name] for name in ("zone", "whose") if fields.get(name)}
    return RedirectResponse(f"/thefts/import/{token}?{urlencode(chosen)}", status_code=303)


@router.get("/thefts/import/{token}")
def preview(request: Request, session: DbSession, account: Reader, settings: AppSettings, token: str) -> Response:
    try:
        reading = _read(request, session, settings, account.id, token)
    except UploadRefusedError as error:
        return _upload_page(request, error.problem, {})
    return _preview(request, session, reading)


@router.post("/thefts/import/{token}")
def confirm(request: Request, session: DbSession, account: Reader, settings: AppSettings, token: str) -> Response:
    try:
        reading = _read(request, session, settings, account.id, token)
    except UploadRefusedError as error:
        return _upload_page(request, error.problem, {})
    if reading.plan is None:
        return _preview(request, session, reading)
    drafts = [draft for _, draft in reading.plan.good]
    try:
        with session.begin_nested():
            imported = import_cases(session, drafts, reading.source, account.id, datetime.now(UTC))
    except IntegrityError:
        return _preview(request, session, reading, Problem(AT_ONCE))
    return render(request, "thefts/imported.html", reading=reading, plan=reading.plan, imported=imported)


@router.get("/thefts/import/{token}/left-out.csv")
def left_out(request: Request, session: DbSession, account: Reader, settings: AppSettings, token: str) -> Response:
    try:
        reading = _read(request, session, settings, account.id, token)
    except UploadRefusedError:
        raise HTTPException(404) from None
    translate = request.app.state.translators[visitor_of(request).language].gettext
    text = io.StringIO(newline="")
    refused = reading.plan.refused if reading.plan else ()
    csv.writer(text).writerows(refused_as_rows(reading.table, refused, translate(REASON), translate))
    # The byte order mark tells a spreadsheet that this is UTF-8.
    headers = {"Content-Disposition": 'attachment; filename="left-out.csv"', "Cache-Control": "no-store"}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def zone_named(name: str) -> ZoneInfo | None:
    """The zone; None for no name.

    Raises:
        UploadRefusedError: there is no such zone.
    """
    if name and name not in available_timezones():
        raise UploadRefusedError(NO_SUCH_ZONE, value=name)
    return ZoneInfo(name) if name else None


def _folder(settings: Settings) -> Path:
    return settings.home / "imports"


def _upload_page(request: Request, problem: Problem | None = None, fields: dict[str, str] | None = None) -> Response:
    return render(
        request,
        "thefts/import.html",
        status=422 if problem else 200,
        problem=problem,
        fields={"zone": visitor_of(request).zone.key, "whose": ""} | (fields or {}),
        zones=sorted(available_timezones()),
        limit_mb=MAX_BYTES // 1024**2,
    )


def _read(request: Request, session: Session, settings: Settings, account_id: int, token: str) -> Reading:
    kept = read_upload(_folder(settings), token, account_id)
    if kept is None:
        raise UploadRefusedError(GONE)
    given = request.query_params
    encoding = given.get("encoding", "") if given.get("encoding") in ENCODINGS else ""
    table = read_table(kept.data, encoding or None)
    columns = _chosen_columns(request, table) if given.get("chosen") else understand(table.headers)
    zone = zone_named(given.get("zone", "")) or visitor_of(request).zone
    day_order = next((order for order in DayOrder if order == given.get("days")), None)
    keep_repeats = given.get("repeats") == "1"
    options = ImportOptions(columns, zone, datetime.now(UTC), day_order, keep_repeats, buildings_by_name(session))
    plan = plan_import(table, options) if has_a_date(columns) else None
    whose = " ".join(given.get("whose", "")[:MAX_WHOSE].split())
    return Reading(kept, table, columns, zone, whose, encoding, day_order, keep_repeats, plan)


def _chosen_columns(request: Request, table: Table) -> dict[CaseField, int]:
    """Of two columns chosen for the same thing the first one counts."""
    columns: dict[CaseField, int] = {}
    for index in range(len(table.headers)):
        name = request.query_params.get(f"column{index}")
        field = next((field for field in CaseField if field == name), None)
        if field is not None:
            columns.setdefault(field, index)
    return columns


def _preview(request: Request, session: Session, reading: Reading, problem: Problem | None = None) -> Response:
    plan = reading.plan
    numbers = [str(draft.case_number) for _, draft in plan.good] if plan else []
    return render(
        request,
        "thefts/preview.html",
        reading=reading,
        plan=plan,
        problem=problem or (None if plan else Problem(NO_DATE)),
        already_there=len(numbers_taken(session, reading.source, numbers)),
        clock=CaseClock(reading.zone),
        case_fields=list(CaseField),
        zones=sorted(available_timezones()),
        encodings=ENCODINGS,
        shown_rows=SHOWN_ROWS,
        shown_problems=SHOWN_PROBLEMS,
    )
