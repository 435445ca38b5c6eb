"""What is wrong with a camera or a machine now, and when that is worth telling: pure, the moment is an argument.

Two kinds of trouble can last side by side: nothing is heard or seen (`contact`), and what is seen is good for nothing (`view`).
While there is no contact nothing is known of the view, so what was said of it stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SILENT_AFTER = timedelta(seconds=60)
"""Workers speak every few seconds; after this long something is wrong. The server's clock decides."""
OVER_AFTER = timedelta(seconds=60)
"""Gone for this long is over; a trouble that comes and goes is one."""


class Trouble(StrEnum):
    OFFLINE = "offline"
    SILENT = "silent"
    NO_PICTURE = "no_picture"
    MOVED = "moved"
    COVERED = "covered"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    BLURRED = "blurred"
    BIKES_TOO_SMALL = "bikes_too_small"


CONTACT = (Trouble.OFFLINE, Trouble.SILENT, Trouble.NO_PICTURE)
TOLD_AFTER = {
    Trouble.SILENT: timedelta(seconds=10),
    Trouble.OFFLINE: timedelta(seconds=30),
    Trouble.NO_PICTURE: timedelta(seconds=30),
}
"""Silence has lasted a minute already when it is called so; a worker that is started anew is back in half a one."""
TOLD_AFTER_USUALLY = timedelta(seconds=60)
VIEW = (
    Trouble.MOVED,
    Trouble.COVERED,
    Trouble.DARK,
    Trouble.OVEREXPOSED,
    Trouble.BLURRED,
    Trouble.BIKES_TOO_SMALL,
)
"""The gravest first: one camera has one trouble of a kind."""


@dataclass(frozen=True)
class LastWords:
    """What a camera last said. `heard_at` is the server's time."""

    heard_at: datetime
    last_frame_at: datetime | None
    faults: frozenset[str]


def contact_trouble(said: LastWords, at: datetime) -> Trouble | None:
    if at - said.heard_at > SILENT_AFTER:
        return Trouble.SILENT
    blind = said.last_frame_at is None or said.heard_at - said.last_frame_at > SILENT_AFTER
    return Trouble.NO_PICTURE if blind or "stalled" in said.faults else None


def view_trouble(said: LastWords) -> Trouble | None:
    return next((trouble for trouble in VIEW if trouble.value in said.faults), None)


def worker_trouble(state: str, heard_at: datetime, at: datetime) -> Trouble | None:
    """A worker that calls itself online and says nothing any more is silent."""
    if state != "online":
        return Trouble.OFFLINE
    return Trouble.SILENT if at - heard_at > SILENT_AFTER else None


@dataclass(frozen=True)
class Course:
    """How one outage stands: seen since when, told since when, gone since when."""

    seen_since: datetime
    began_at: datetime | None = None
    absent_since: datetime | None = None
    ended_at: datetime | None = None


def go_on(course: Course, trouble: Trouble | None, at: datetime) -> Course | None:
    """The course after one more look that found the trouble, or found it gone. None: it was over before it was told."""
    if trouble is not None:
        lasts = at - course.seen_since >= TOLD_AFTER.get(trouble, TOLD_AFTER_USUALLY)
        return Course(course.seen_since, course.began_at or (at if lasts else None))
    if course.began_at is None:
        return None
    gone_since = course.absent_since or at
    ended_at = gone_since if at - gone_since >= OVER_AFTER else None
    return Course(course.seen_since, course.began_at, gone_since, ended_at)
