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
CREATE INDEX IF NOT EXISTS outbox_urgent ON outbox (lane) WHERE urgent = 1;
"""
IN_ORDER = """
SELECT message_id FROM outbox
ORDER BY lane IN (SELECT lane FROM outbox WHERE urgent = 1) DESC, position LIMIT ?
"""
PAGE_BYTES = 4096
GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way. Letters of one `lane` (a stay) keep their order; a lane with an urgent one goes first."""

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
            self._connection.execute(
                "INSERT OR IGNORE INTO outbox (message_id, lane, urgent, topic, payload) VALUES (?, ?, ?, ?, ?)", row
            )

    def pending(self, limit: int, without: Iterable[str] = ()) -> Sequence[Letter]:
        """The first `limit` letters in the order they should go, less those named in `without`."""
        skipped = set(without)
        with self._guarded():
            ids = [row[0] for row in self._connection.execute(IN_ORDER, (limit,)) if row[0] not in skipped]
            return [self._letter(message_id) for message_id in ids]

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
            self._connection.executemany("DELETE FROM outbox WHERE message_id = ?", [(one,) for one in message_ids])
            self._connection.execute("COMMIT")

    def depth(self) -> int:
        with self._guarded():
            return int(self._connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

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
