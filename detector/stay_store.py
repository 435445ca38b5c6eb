"""Where a worker keeps what it remembers of its stays: one small SQLite file beside the outbox, one row a stay.

WAL with synchronous=NORMAL: whatever was committed survives `kill -9`, without an fsync a write; a power cut may cost the
last seconds, after which the bikes are matched again all the same. Alerts themselves are the outbox's.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from detector.errors import CannotWriteError

SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS stays (
    camera TEXT NOT NULL,
    stay_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (camera, stay_id)
) WITHOUT ROWID;
"""
WAIT_S = 1.0
BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
log = structlog.get_logger()


class StayStore:
    """All cameras' stays of one worker. Every method is one transaction and may be called from any thread.

    Opened at the first use and again after an error, so that a full disk or a missing folder stops nothing for good.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def load(self, camera: str) -> dict[str, str]:
        """What is kept of this camera's stays, by stay id.

        Raises:
            CannotWriteError: the file cannot be opened or read.
        """
        with self._opened() as connection:
            return dict(connection.execute("SELECT stay_id, body FROM stays WHERE camera = ?", (camera,)))

    def save(self, camera: str, bodies: Mapping[str, str], gone: Collection[str]) -> None:
        """Keep these stays and forget those that are gone, all or nothing.

        Raises:
            CannotWriteError: the disk is full or broken; what was kept before still is.
        """
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "DELETE FROM stays WHERE camera = ? AND stay_id = ?", [(camera, one) for one in gone]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO stays VALUES (?, ?, ?)", [(camera, *row) for row in bodies.items()]
            )
            connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._hang_up()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection = self._connection or self._open()
                yield self._connection
            except (OSError, sqlite3.Error) as error:
                self._hang_up()
                if getattr(error, "sqlite_errorcode", None) in BROKEN:
                    self._set_aside(error)
                raise CannotWriteError(
                    f"{self._path}: the open stays cannot be kept ({error}); free some space or check the disk"
                ) from error

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._connect()
        try:
            connection.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            connection.close()
            if error.sqlite_errorcode not in BROKEN:
                raise
            self._set_aside(error)
            connection = self._connect()
            connection.executescript(SCHEMA)
        return connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=WAIT_S)

    def _set_aside(self, error: Exception) -> None:
        """A broken file would be refused for ever; it is kept for whoever wants to look, and a new one begun."""
        aside = self._path.with_suffix(".broken")
        log.error(
            "the file of open stays is broken; beginning a new one, this is what is left",
            file=str(aside),
            reason=str(error),
        )
        self._path.replace(aside)
        for left_over in ("-wal", "-shm"):
            self._path.with_name(self._path.name + left_over).unlink(missing_ok=True)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
