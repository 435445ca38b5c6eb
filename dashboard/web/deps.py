"""What every route may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from dashboard.database import Sessions
from dashboard.settings import Settings


def sessions_of_app(request: Request) -> Sessions:
    return cast("Sessions", request.app.state.sessions)


def settings_of_app(request: Request) -> Settings:
    return cast("Settings", request.app.state.settings)


def open_session(request: Request) -> Iterator[Session]:
    """One transaction per request: committed before the answer leaves, rolled back on any error."""
    with sessions_of_app(request).begin() as session:
        yield session


DbSession = Annotated[Session, Depends(open_session, scope="function")]
AppSettings = Annotated[Settings, Depends(settings_of_app)]
