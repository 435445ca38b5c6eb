"""What has been said and not yet been acknowledged, on disk, so that neither a crash nor an outage loses an alert.

synchronous=FULL: a power cut may come right after `put` returned, and an alert is too rare to save an fsync on.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from detector.errors import CannotWriteError

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    urgent INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL
);
DROP INDEX IF EXISTS outbox_urgent;
CREATE INDEX IF NOT EXISTS outbox_newest_urgent ON outbox (position) WHERE urgent = 1;
CREATE INDEX IF NOT EXISTS outbox_lanes ON outbox (lane);
"""
NEWEST_URGENT = "SELECT lane FROM outbox WHERE urgent = 1 ORDER BY position DESC"
OF_LANE = "SELECT message_id FROM outbox WHERE lane = ? ORDER BY position LIMIT ?"
OLDEST = "SELECT message_id, lane FROM outbox ORDER BY position"
PAGE_BYTES = 4096
GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way. Letters of one `lane` (a stay) keep their order.

    Lanes with an urgent letter go before all others, the one with the newest first: after an outage the bike that is
    being left now matters more than those of an hour ago.
    """

    message_id: str
    topic: str
    payload: bytes
    lane: str
    urgent: bool = False


class Outbox:
    """A queue in one SQLite file. Every method is one transaction and may be called from any thread."""

    def __init__(self, path: Path, max_bytes: int = 2 * GIBIBYTE) -> None:
        """Open the file, making it and its folder where they are not there.

        Raises:
            CannotWriteError: they cannot be made, opened or written.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = path.with_suffix(".lock").open("w")
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        except (OSError, sqlite3.Error) as error:
            raise CannotWriteError(f"{path}: the outbox cannot be opened ({error}); check the folder") from error
        self._refuse_second_user()
        with self._guarded():
            self._connection.executescript(
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA max_page_count={max_bytes // PAGE_BYTES};"
            )
            self._connection.executescript(SCHEMA)
            self._depth = int(self._connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def _refuse_second_user(self) -> None:
        try:
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise CannotWriteError(
                f"{self._path}: another worker uses this outbox; stop it, or give this one a home of its own"
            ) from error

    def put(self, letter: Letter) -> None:
        """Keep a letter; one already here by the same id stays as it is.

        Raises:
            CannotWriteError: the disk is full or broken; nothing was kept.
        """
        row = (letter.message_id, letter.lane, letter.urgent, letter.topic, letter.payload)
        with self._guarded():
            self._depth += self._connection.execute(
                "INSERT OR IGNORE INTO outbox (message_id, lane, urgent, topic, payload) VALUES (?, ?, ?, ?, ?)", row
            ).rowcount

    def pending(self, limit: int, without: Iterable[str] = ()) -> Sequence[Letter]:
        """The first `limit` letters in the order they should go, less those named in `without`.

        What it costs grows with `limit`, not with how many letters there are.
        """
        skipped = set(without)
        with self._guarded():
            first = list(islice(self._in_order(limit), limit))
            return [self._letter(message_id) for message_id in first if message_id not in skipped]

    def _in_order(self, limit: int) -> Iterator[str]:
        urgent: set[str] = set()
        for (lane,) in self._connection.execute(NEWEST_URGENT):
            if lane not in urgent:
                urgent.add(lane)
                yield from (row[0] for row in self._connection.execute(OF_LANE, (lane, limit)).fetchall())
        for message_id, lane in self._connection.execute(OLDEST):
            if lane not in urgent:
                yield message_id

    def _letter(self, message_id: str) -> Letter:
        topic, payload, lane, urgent = self._connection.execute(
            "SELECT topic, payload, lane, urgent FROM outbox WHERE message_id = ?", (message_id,)
        ).fetchone()
        return Letter(message_id, topic, payload, lane, bool(urgent))

    def acknowledge(self, message_ids: Iterable[str]) -> None:
        """Forget letters that the other end has committed; unknown ids are no error.

        Raises:
            CannotWriteError: the disk is full or broken; all of them are still here.
        """
        with self._guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            gone = self._connection.executemany(
                "DELETE FROM outbox WHERE message_id = ?", [(one,) for one in message_ids]
            ).rowcount
            self._connection.execute("COMMIT")
            self._depth -= max(0, gone)

    def depth(self) -> int:
        """How many letters are here."""
        return self._depth

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            self._claim.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise CannotWriteError(
                    f"{self._path}: the outbox cannot be used ({error}); free some space or check the disk"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
