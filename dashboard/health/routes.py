"""How the cameras and the machines beside them are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dashboard.accounts.guard import OBSERVERS, STAFF, require
from dashboard.accounts.tables import Account
from dashboard.health import queries
from dashboard.health.outages import BEGAN, mark_seen
from dashboard.health.troubles import Trouble
from dashboard.health.views import WORDS, camera_view, troubles, worker_view
from dashboard.intake.queries import marks_with_gaps, quarantined
from dashboard.web.deps import DbSession
from dashboard.web.pages import render

router = APIRouter(prefix="/health")
PUT_ASIDE_SHOWN, OUTAGES_SHOWN = 20, 20
Observer = Annotated[Account, Depends(require(*OBSERVERS))]
ObserverInside = Annotated[Account, Depends(require(*OBSERVERS, page=False))]
StaffInside = Annotated[Account, Depends(require(*STAFF, page=False))]


@router.get("")
def health_page(request: Request, session: DbSession, account: Observer) -> Response:
    at = datetime.now(UTC)
    mark_seen(session, account.id, at)
    return render(request, "health/cameras.html", **_state(session, at))


@router.get("/now")
def health_fragment(request: Request, session: DbSession, account: ObserverInside) -> Response:
    at = datetime.now(UTC)
    mark_seen(session, account.id, at)
    return render(request, "health/now.html", **_state(session, at))


@router.get("/notices")
def notices(request: Request, session: DbSession, account: StaffInside) -> Response:
    """What this person was told and has not looked at yet, and how many outages last, for every page."""
    newest = {notice.outage_id: notice for notice in reversed(queries.unseen_notices(session, account.id))}
    told = sorted(newest.values(), key=lambda notice: -notice.id)
    words = {trouble.value: word for trouble, word in WORDS.items()}
    return render(
        request, "health/notices.html", notices=told, began=BEGAN, words=words, lasting=queries.count_told(session)
    )


def _state(session: Session, at: datetime) -> dict[str, Any]:
    cameras = [camera_view(camera, health, at) for camera, health in queries.cameras_with_health(session)]
    workers = [worker_view(worker, cameras, at) for worker in queries.all_workers(session)]
    return {
        "cameras": sorted(cameras, key=lambda view: not view.wrong),
        "workers": workers,
        "troubles": troubles(cameras, workers),
        "outages": queries.told_outages(session, OUTAGES_SHOWN),
        "trouble_words": {trouble.value: WORDS[trouble] for trouble in Trouble},
        "gaps": marks_with_gaps(session),
        "put_aside": quarantined(session, PUT_ASIDE_SHOWN),
    }
