"""The bikes that stood at the racks on one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from dashboard.accounts.guard import STAFF, require
from dashboard.accounts.tables import Account
from dashboard.accounts.visitor import visitor_of
from dashboard.alerts import words
from dashboard.alerts.reasons import sentences
from dashboard.stays import queries
from dashboard.stays.tables import Stay
from dashboard.web.deps import DbSession
from dashboard.web.formats import day_span
from dashboard.web.pages import render

router = APIRouter()
SHOWN = 300
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Count:
    all: int
    standing: int
    unlocked: int
    unsure: int


@router.get("/stays")
def stays_page(
    request: Request,
    session: DbSession,
    _account: Annotated[Account, Depends(require(*STAFF))],
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
        count=count(stays),
        full=len(stays) == SHOWN,
        racks=queries.watched_racks(session),
        rack_id=rack_id,
        day=chosen,
        begin=begin,
        before=chosen - A_DAY,
        after=chosen + A_DAY if chosen < today else None,
        words=words,
        sentences=sentences,
    )


def count(stays: Sequence[Stay]) -> Count:
    standing = [stay for stay in stays if stay.gone_at is None]
    return Count(
        all=len(stays),
        standing=len(standing),
        unlocked=sum(stay.verdict_state == "unlocked" for stay in stays),
        unsure=sum(stay.verdict_state == "unsure" for stay in stays),
    )
