"""The bikes that stood at the racks on one day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dashboard.accounts.guard import OBSERVERS, require
from dashboard.accounts.tables import Account
from dashboard.accounts.visitor import visitor_of
from dashboard.alerts import words
from dashboard.alerts.queries import times_to_lock
from dashboard.alerts.reasons import sentences
from dashboard.stays import queries
from dashboard.stays.tally import by_rack, tally
from dashboard.web.deps import DbSession
from dashboard.web.formats import day_span
from dashboard.web.pages import render

router = APIRouter()
SHOWN = 300
A_DAY = timedelta(days=1)


@router.get("/stays")
def stays_page(
    request: Request,
    session: DbSession,
    _account: Annotated[Account, Depends(require(*OBSERVERS))],
    day: date | None = None,
    rack: str = "",
) -> Response:
    zone = visitor_of(request).zone
    today = datetime.now(UTC).astimezone(zone).date()
    chosen = day or today
    begin, end = day_span(chosen, zone)
    rack_id = int(rack) if rack.isascii() and rack.isdigit() else None
    stays = queries.stays_of_day(session, begin, end, rack_id, SHOWN)
    return render(
        request,
        "stays/day.html",
        stays=stays,
        full=len(stays) == SHOWN,
        racks=queries.watched_racks(session),
        rack_id=rack_id,
        day=chosen,
        begin=begin,
        before=chosen - A_DAY,
        after=chosen + A_DAY if chosen < today else None,
        words=words,
        sentences=sentences,
        **_tallies(session, begin, end, rack_id),
    )


def _tallies(session: Session, begin: datetime, end: datetime, rack_id: int | None) -> dict[str, Any]:
    counted = queries.counted_stays(session, begin, end, rack_id)
    unsure = queries.unsure_reasons(session, begin, end, rack_id)
    times = times_to_lock(session, begin, end, rack_id)
    return {
        "count": tally(counted, [reasons for _, reasons in unsure]),
        "tallies": by_rack(counted, unsure),
        "lockings": len(times),
        "typical_s": median(times) if times else None,
    }
