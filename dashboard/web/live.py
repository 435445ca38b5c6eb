"""Open pages learn within half a second that something changed, whichever process changed it.

One task asks the database for the newest `AlertChange` and wakes every open page; the page then fetches what it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Request
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sse_starlette import EventSourceResponse, ServerSentEvent

from dashboard.accounts.guard import require
from dashboard.accounts.tables import Account
from dashboard.alerts.tables import AlertChange
from dashboard.database import Sessions

LOG = structlog.get_logger()
LOOK_EVERY_S = 0.5
HEARTBEAT_S = 15
STREAM_LASTS_S = 600
"""Then the page connects anew, and a login that has ended meanwhile is noticed."""
EVENT = "changed"
CLOSED = -1
router = APIRouter()


class Live:
    """Who is listening. A slow page misses no news: only the newest number matters, so one place is enough."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._newest = 0
        self._listeners: set[asyncio.Queue[int]] = set()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @contextmanager
    def listening(self) -> Iterator[asyncio.Queue[int]]:
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)
        queue.put_nowait(self._newest)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """End every open stream, so that the server can stop."""
        self._tell(CLOSED)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not self._listeners:
                continue
            try:
                newest = await asyncio.to_thread(self._look)
            except OperationalError as error:
                LOG.warning("the database is busy; looking for news again", reason=str(error.orig))
                continue
            if newest != self._newest:
                self._newest = newest
                self._tell(newest)

    def _look(self) -> int:
        with self._sessions() as session:
            return session.scalar(select(func.max(AlertChange.id))) or 0

    def _tell(self, number: int) -> None:
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(number)


@router.get("/live")
async def live(
    request: Request,
    _account: Annotated[Account, Depends(require(page=False))],
    since: int = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> EventSourceResponse:
    """A stream of `changed` events; `since` is what the page already shows."""
    known = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else since
    news = _news(request.app.state.live, known)
    return EventSourceResponse(news, ping=HEARTBEAT_S, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _news(live: Live, known: int) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment="listening")
    with live.listening() as queue, suppress(TimeoutError):
        async with asyncio.timeout(STREAM_LASTS_S):
            while (number := await queue.get()) != CLOSED:
                if number > known:
                    known = number
                    yield ServerSentEvent(event=EVENT, id=str(number), data=str(number))
