"""What has been said and not yet been acknowledged, on disk, so that neither a crash nor an outage loses an alert.

synchronous=FULL: a power cut may come right after `put` returned, and an alert is too rare to save an fsync on.

To forget a letter takes room on the disk, too: without any, a disk filled by letters could never be emptied of them. So
some is held in reserve, in a file beside the outbox, and given up only for work that leaves room to hold it again.

The files give back nothing by themselves. The journal keeps what it took until it is as long as SQLite waits for, which on
a full disk it never gets, and the database keeps the pages of forgotten letters. So a letter for which there is no room is
put again with the journal emptied, and then into those pages, by way of the reserve. Without both, a disk that holds not
one letter any more may take no new one for ever.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

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
CREATE TABLE IF NOT EXISTS marks (at INTEGER PRIMARY KEY, position INTEGER NOT NULL);
"""
NEWEST_URGENT = "SELECT lane FROM outbox WHERE urgent = 1 ORDER BY position DESC LIMIT ?"
OF_LANE = "SELECT message_id FROM outbox WHERE lane = ? ORDER BY position"
OLDEST = "SELECT message_id, lane FROM outbox ORDER BY position LIMIT ?"
MARK = "INSERT OR REPLACE INTO marks SELECT ?, coalesce(max(position), 0) FROM outbox"
OLD_MARK = "SELECT max(at), max(position) FROM marks WHERE at <= ?"
OLD_PICTURES = "DELETE FROM outbox WHERE position <= ? AND topic LIKE '%/snapshot/%'"
SETTINGS = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=64; PRAGMA max_page_count={pages};
"""
PAGE_BYTES = 4096
GIBIBYTE = 1024**3
RESERVE_BYTES = 512 * 1024
"""Enough for the pages of a journal of 64, and for a few letters' more."""
FEW = 8
"""Letters forgotten at a time where there is no room but the reserve."""
OF_ONE_LANE = (
    25  # a stay has about so many at most; where it has more, fewer stays than asked for may be looked through
)
NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
T = TypeVar("T")


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
        self._path, self._reserve = path, path.with_suffix(".reserve")
        self._most_pages, self._holds_reserve = max_bytes // PAGE_BYTES, False
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = path.with_suffix(".lock").open("w")
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        except (OSError, sqlite3.Error) as error:
            raise CannotWriteError(f"{path}: the outbox cannot be opened ({error}); check the folder") from error
        self._refuse_second_user()
        with self._guarded():
            self._depth = self._with_room_to_spare(self._set_up)

    def _set_up(self) -> int:
        self._connection.executescript(SETTINGS.format(pages=self._most_pages) + SCHEMA)
        return int(self._connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

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
        with self._guarded():
            if not self._holds_reserve:
                # Room that others gave back must not be filled with letters before.
                self._hold_reserve()
            try:
                self._depth += self._insert(letter)
            except sqlite3.Error as error:
                self._roll_back_for_want_of_room(error)
                self._with_room_to_spare(self._empty_journal)
                self._depth += self._insert_where_pages_are_free(letter)

    def _insert(self, letter: Letter) -> int:
        row = (letter.message_id, letter.lane, letter.urgent, letter.topic, letter.payload)
        return self._connection.execute(
            "INSERT OR IGNORE INTO outbox (message_id, lane, urgent, topic, payload) VALUES (?, ?, ?, ?, ?)", row
        ).rowcount

    def _insert_where_pages_are_free(self, letter: Letter) -> int:
        free = self._connection.execute("PRAGMA freelist_count").fetchone()[0]
        if free * PAGE_BYTES < len(letter.payload):
            # The reserve would be given up in vain, and others may be quick to take its room.
            return self._insert(letter)
        return self._with_room_to_spare(lambda: self._insert(letter), lambda: self._insert_without_growing(letter))

    def _insert_without_growing(self, letter: Letter) -> int:
        """Or else the file would keep what was held in reserve."""
        pages = self._connection.execute("PRAGMA page_count").fetchone()[0]
        self._connection.execute(f"PRAGMA max_page_count={pages}")
        try:
            return self._insert(letter)
        finally:
            self._connection.execute(f"PRAGMA max_page_count={self._most_pages}")

    def next_letters(self, limit: int, on_their_way: Iterable[str] = (), committed: Iterable[str] = ()) -> list[Letter]:
        """The first letter of each of the first `limit` lanes in the order they should go, less those on their way.

        One of a lane at a time: whatever is lost on the way, the second cannot arrive before the first. What is
        `committed` counts as forgotten. What it costs grows with `limit`, not with how many there are.
        """
        skipped, forgotten = set(on_their_way), set(committed)
        with self._guarded():
            first = list(islice(self._first_of_lanes(limit * OF_ONE_LANE, forgotten), limit))
            return [self._letter(message_id) for message_id in first if message_id not in skipped]

    def _first_of_lanes(self, most_rows: int, forgotten: Container[str]) -> Iterator[str]:
        lanes: set[str] = set()
        for (lane,) in self._connection.execute(NEWEST_URGENT, (most_rows,)):
            if lane not in lanes:
                lanes.add(lane)
                of_lane = (row[0] for row in self._connection.execute(OF_LANE, (lane,)))
                yield from islice((one for one in of_lane if one not in forgotten), 1)
        for message_id, lane in self._connection.execute(OLDEST, (most_rows,)):
            if lane not in lanes and message_id not in forgotten:
                lanes.add(lane)
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
        ids = list(message_ids)
        with self._guarded():
            self._with_room_to_spare(lambda: self._forget(ids), lambda: self._forget_few_at_a_time(ids))

    def forget_pictures(self, at: datetime, keep: timedelta) -> int:
        """Forget pictures that have waited longer than `keep`, and note how far the queue is now; gives how many.

        How long is known from the notes of earlier calls, so call it every hour or so.

        Raises:
            CannotWriteError: the disk is full or broken; what was here still is.
        """
        with self._guarded():
            return self._with_room_to_spare(lambda: self._forget_pictures(int(at.timestamp()), keep))

    def _forget_pictures(self, at_s: int, keep: timedelta) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(MARK, (at_s,))
        noted_s, position = self._connection.execute(OLD_MARK, (at_s - int(keep.total_seconds()),)).fetchone()
        gone = self._connection.execute(OLD_PICTURES, (position or 0,)).rowcount
        self._connection.execute("DELETE FROM marks WHERE at < ?", (noted_s or 0,))
        self._connection.execute("COMMIT")
        self._depth -= gone
        return gone

    def _forget(self, message_ids: Sequence[str]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        gone = self._connection.executemany(
            "DELETE FROM outbox WHERE message_id = ?", [(one,) for one in message_ids]
        ).rowcount
        self._connection.execute("COMMIT")
        self._depth -= max(0, gone)

    def _forget_few_at_a_time(self, message_ids: Sequence[str]) -> None:
        for first in range(0, len(message_ids), FEW):
            self._forget(message_ids[first : first + FEW])
            self._empty_journal()

    def _empty_journal(self) -> None:
        """Write its pages back and give up its room: what the file grows by is always less."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _with_room_to_spare(self, work: Callable[[], T], work_in_little_room: Callable[[], T] | None = None) -> T:
        """Do it; where the disk is full, again in the room that was held in reserve."""
        try:
            return work()
        except sqlite3.Error as error:
            self._roll_back_for_want_of_room(error)
            self._reserve.unlink(missing_ok=True)
            self._empty_journal()
            done = (work_in_little_room or work)()
            self._empty_journal()
            return done
        finally:
            self._hold_reserve()

    def _roll_back_for_want_of_room(self, error: sqlite3.Error) -> None:
        """Only that can be mended here; every other error goes on as it is."""
        if error.sqlite_errorcode & 0xFF not in NO_ROOM:
            raise error
        self._roll_back()

    def _hold_reserve(self) -> None:
        """As soon as there is room for it; until then the outbox is as any on a full disk."""
        if not self._allocate_reserve():
            with suppress(sqlite3.Error):
                self._empty_journal()
            self._allocate_reserve()

    def _allocate_reserve(self) -> bool:
        try:
            with self._reserve.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            self._reserve.unlink(missing_ok=True)
            self._holds_reserve = False
        else:
            self._holds_reserve = True
        return self._holds_reserve

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

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
            except (sqlite3.Error, OSError) as error:
                with suppress(sqlite3.Error):
                    self._roll_back()
                raise CannotWriteError(
                    f"{self._path}: the outbox cannot be used ({error}); free some space or check the disk"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
