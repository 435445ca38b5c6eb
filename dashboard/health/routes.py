"""How the cameras and the machines beside them are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dashboard.accounts.guard import STAFF, require
from dashboard.accounts.tables import Account
from dashboard.health import queries
from dashboard.health.views import camera_view, troubles, worker_view
from dashboard.intake.queries import marks_with_gaps, quarantined
from dashboard.web.deps import DbSession
from dashboard.web.pages import render

router = APIRouter(prefix="/health")
PUT_ASIDE_SHOWN = 20


@router.get("")
def health_page(
    request: Request, session: DbSession, _account: Annotated[Account, Depends(require(*STAFF))]
) -> Response:
    return render(request, "health/cameras.html", **_state(session, datetime.now(UTC)))


@router.get("/now")
def health_fragment(
    request: Request, session: DbSession, _account: Annotated[Account, Depends(require(*STAFF, page=False))]
) -> Response:
    return render(request, "health/now.html", **_state(session, datetime.now(UTC)))


def _state(session: Session, at: datetime) -> dict[str, Any]:
    cameras = [camera_view(camera, health, at) for camera, health in queries.cameras_with_health(session)]
    workers = [worker_view(worker, cameras, at) for worker in queries.all_workers(session)]
    return {
        "cameras": sorted(cameras, key=lambda view: not view.wrong),
        "workers": workers,
        "troubles": troubles(cameras, workers),
        "gaps": marks_with_gaps(session),
        "put_aside": quarantined(session, PUT_ASIDE_SHOWN),
    }
