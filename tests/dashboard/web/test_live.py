"""Open pages hear of a change whichever process made it. The database is a real file with its own connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text

from dashboard.alerts import service
from dashboard.database import Sessions, open_database
from dashboard.web.live import CLOSED, Live
from tests.dashboard.builders import report

PATIENCE_S = 30


def raise_one(sessions: Sessions, stay: str) -> None:
    with sessions.begin() as session:
        service.raise_alert(session, report(stay))


@asynccontextmanager
async def watched(sessions: Sessions) -> AsyncIterator[Live]:
    live = Live(sessions)
    async with live.watching():
        yield live


async def next_of(queue: asyncio.Queue[int]) -> int:
    return await asyncio.wait_for(queue.get(), PATIENCE_S)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), PATIENCE_S * 2))


def test_every_open_page_hears_of_a_change_made_elsewhere(sessions: Sessions) -> None:
    async def listen() -> None:
        async with watched(sessions) as live:
            with live.listening() as one, live.listening() as other:
                assert (await next_of(one), await next_of(other)) == (0, 0)
                await asyncio.to_thread(raise_one, sessions, "s1")
                assert (await next_of(one), await next_of(other)) == (1, 1)

    run(listen)


def test_a_page_that_does_not_keep_up_hears_the_newest_and_holds_nobody_back(sessions: Sessions) -> None:
    async def listen() -> None:
        async with watched(sessions) as live:
            with live.listening() as slow, live.listening() as quick:
                await next_of(quick)
                for number in (1, 2, 3):
                    await asyncio.to_thread(raise_one, sessions, f"s{number}")
                    assert await next_of(quick) == number
                assert slow.qsize() == 1
                assert await next_of(slow) == 3

    run(listen)


def test_a_page_that_opens_late_is_told_at_once_how_far_things_are(sessions: Sessions) -> None:
    async def listen() -> None:
        async with watched(sessions) as live:
            with live.listening() as first:
                raise_one(sessions, "s1")
                while await next_of(first) != 1:
                    pass
            with live.listening() as second:
                assert await next_of(second) == 1

    run(listen)


def test_a_database_that_cannot_be_read_for_a_while_loses_no_news(sessions: Sessions) -> None:
    async def listen() -> None:
        async with watched(sessions) as live:
            with live.listening() as queue:
                await next_of(queue)
                with sessions.begin() as session:
                    session.execute(text("ALTER TABLE alert_changes RENAME TO away"))
                await asyncio.sleep(1.2)
                with sessions.begin() as session:
                    session.execute(text("ALTER TABLE away RENAME TO alert_changes"))
                await asyncio.to_thread(raise_one, sessions, "s1")
                assert await next_of(queue) == 1

    run(listen)


def test_closing_ends_every_open_stream(sessions: Sessions) -> None:
    async def listen() -> None:
        async with watched(sessions) as live:
            with live.listening() as queue:
                live.close()
                assert await next_of(queue) == CLOSED

    run(listen)


def test_a_writer_that_holds_the_database_does_not_stop_the_news(sessions: Sessions) -> None:
    """SQLite's readers never wait for its one writer (WAL)."""
    raise_one(sessions, "s1")
    engine = open_database(str(sessions.kw["bind"].url))

    async def listen() -> None:
        with engine.connect() as writer:
            writer.exec_driver_sql("BEGIN IMMEDIATE")
            async with watched(sessions) as live:
                with live.listening() as queue:
                    while await next_of(queue) != 1:
                        pass
            writer.exec_driver_sql("ROLLBACK")

    run(listen)
    engine.dispose()
