"""The server's one application: every noun's pages behind one door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dashboard.accounts.guard import check_form
from dashboard.accounts.routes import router as accounts
from dashboard.alerts.routes import router as alerts
from dashboard.campaigns.routes import router as campaigns
from dashboard.database import migrate, open_database, sessions_of
from dashboard.dispatch.worker import dispatching
from dashboard.health.outages import reviewing
from dashboard.health.routes import router as health
from dashboard.labels.routes import router as labels
from dashboard.media.retention import sweeping
from dashboard.metrics.routes import router as metrics
from dashboard.settings import Settings
from dashboard.shifts.routes import router as shifts
from dashboard.stays.routes import router as stays
from dashboard.thefts.routes import router as thefts
from dashboard.volunteers.routes import router as volunteers
from dashboard.web.errors import install as install_error_pages
from dashboard.web.headers import SecurityHeaders
from dashboard.web.i18n import load_translators
from dashboard.web.live import Live
from dashboard.web.live import router as live
from dashboard.web.pages import STATIC, environments
from dashboard.web.routes import router as web

ROUTERS: tuple[APIRouter, ...] = (
    web,
    live,
    accounts,
    alerts,
    stays,
    labels,
    health,
    shifts,
    volunteers,
    campaigns,
    thefts,
    metrics,
)


def create_app(settings: Settings) -> FastAPI:
    """The application over the settings' database, which is brought up to date at start."""
    engine = open_database(settings.database)

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        migrate(engine)
        sessions = app.state.sessions
        with dispatching(sessions, settings), sweeping(sessions, settings), reviewing(sessions):
            async with app.state.live.watching():
                yield
        engine.dispose()

    app = FastAPI(
        lifespan=living,
        dependencies=[Depends(check_form)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.settings, app.state.sessions = settings, sessions_of(engine)
    app.state.live = Live(app.state.sessions)
    app.state.translators = load_translators()
    app.state.environments = environments(app.state.translators)
    _assemble(app)
    return app


def _assemble(app: FastAPI) -> None:
    for router in ROUTERS:
        app.include_router(router)
    app.state.paths = frozenset(path for router in ROUTERS for path in _paths(router))
    app.mount("/static", KeptStaticFiles(directory=STATIC), name="static")
    app.add_middleware(SecurityHeaders)
    install_error_pages(app)


def _paths(router: APIRouter) -> list[str]:
    return [str(getattr(route, "path", "")) for route in router.routes]


class KeptStaticFiles(StaticFiles):
    """An address with its content's hash never changes; any other is asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        kept = b"v=" in scope["query_string"]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return response
