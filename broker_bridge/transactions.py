"""Batches into transactions: an outage is waited out, another bridge's head start is no harm, poison is put aside."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from broker_bridge.edge_clocks import EdgeClocks
from broker_bridge.ingest import Arrival, Receipt, handle_message, put_aside
from dashboard.database import Sessions

OUTAGE = (OperationalError, InterfaceError, PoolTimeoutError, OSError)
FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 5.0
ATTEMPTS_BESIDE_ANOTHER_BRIDGE = 3
log = structlog.get_logger()

Handle = Callable[[Session, Arrival], Receipt]


class Taker:
    """Takes arrivals in, each exactly once, whatever the database does meanwhile."""

    def __init__(self, sessions: Sessions, media: Path, stop: threading.Event) -> None:
        self._sessions, self._media, self._stop = sessions, media, stop
        self._clocks = EdgeClocks()

    def take_in(self, batch: Sequence[Arrival]) -> list[Receipt]:
        """The receipts, once committed. None are given for what was not committed before `stop` was set."""
        try:
            return self._commit(batch, self._handle)
        except Exception:  # noqa: BLE001 -- one message must not stop all others: each is tried alone, and named there
            return [receipt for arrival in batch for receipt in self._take_in_alone(arrival)]

    def _take_in_alone(self, arrival: Arrival) -> list[Receipt]:
        for _ in range(ATTEMPTS_BESIDE_ANOTHER_BRIDGE):
            try:
                return self._commit([arrival], self._handle)
            except IntegrityError:
                continue  # another bridge wrote the same row first; now it is there to be found
            except Exception as error:  # noqa: BLE001 -- see `take_in`
                log.error("a message could not be stored; it is put aside", trace=traceback.format_exc())  # noqa: TRY400
                return self._put_aside(arrival, f"it could not be stored: {short(error)}")
        return self._put_aside(arrival, "it contradicts what is stored")

    def _handle(self, session: Session, arrival: Arrival) -> Receipt:
        return handle_message(session, self._media, arrival, self._clocks)

    def _put_aside(self, arrival: Arrival, reason: str) -> list[Receipt]:
        return self._commit([arrival], lambda session, one: put_aside(session, one, reason))

    def _commit(self, batch: Sequence[Arrival], handle: Handle) -> list[Receipt]:
        """One transaction, tried until the database and the media folder are to be had."""
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                with self._sessions.begin() as session:
                    return [handle(session, arrival) for arrival in batch]
            except OUTAGE as error:
                log.warning("database or media folder cannot be written; trying again", reason=short(error))
                self._stop.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        return []


def short(error: Exception) -> str:
    return str(error.__cause__ or error).splitlines()[0] if str(error) else type(error).__name__
