"""What lies on the edge's disk lies there for the set days and no longer: pictures that nobody came for, and broken files.

Messages stay until they are acknowledged, whatever their age: they hold no picture of anybody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from detector.errors import CannotWriteError
from detector.live_clock import utc_now
from detector.outbox import Outbox

SWEEP_EVERY_S = 3600.0
STOP_WITHIN_S = 5.0
CLOCK_IS_SET = datetime(2025, 1, 1, tzinfo=UTC)
"""A box without a battery wakes up in 1970; what it keeps then is not fifty years old."""
log = structlog.get_logger()


def sweep(outbox: Outbox, home: Path, at: datetime, keep: timedelta) -> int:
    """Remove what is older than `keep`; gives how many pictures and files.

    Raises:
        CannotWriteError: the outbox cannot be written.
        OSError: a file cannot be removed.
    """
    if at < CLOCK_IS_SET:
        return 0
    removed = outbox.forget_pictures(at, keep)
    for file in home.glob("*.broken"):
        if file.stat().st_mtime < (at - keep).timestamp():
            file.unlink(missing_ok=True)
            removed += 1
    return removed


@contextmanager
def sweeping(
    outbox: Outbox, home: Path, days: int, clock: Callable[[], datetime] = utc_now, every_s: float = SWEEP_EVERY_S
) -> Iterator[None]:
    """Sweep in a thread of its own, at the start and once an hour, for as long as the block lasts."""
    stop = threading.Event()
    arguments = (outbox, home, timedelta(days=days), clock, every_s, stop)
    thread = threading.Thread(target=_run, args=arguments, name="retention", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_WITHIN_S)


def _run(
    outbox: Outbox, home: Path, keep: timedelta, clock: Callable[[], datetime], every_s: float, stop: threading.Event
) -> None:
    while True:
        try:
            removed = sweep(outbox, home, clock(), keep)
        except (CannotWriteError, OSError) as error:
            log.warning("what is too old could not be removed, trying again later", reason=str(error), after_s=every_s)
        else:
            if removed:
                log.info("too old and removed", count=removed)
        if stop.wait(every_s):
            return
