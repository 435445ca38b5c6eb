"""A theft case before it has a row, and the rules that a form and an import share."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta

from dashboard.thefts.problems import BadValueError
from dashboard.thefts.tables import Locked

MAX_LATITUDE, MAX_LONGITUDE = 90.0, 180.0
CLOCK_SLACK = timedelta(days=1)
"""A file stamped in another zone than the chosen one may lie a few hours ahead; more is a mistake."""
LOCK_KINDS = ("u_lock", "chain", "cable", "folding", "wheel_lock", "other")


@dataclass(frozen=True)
class CaseDraft:
    """What is known of one theft; times are aware, `timezone` is the zone they were written down in."""

    case_number: str | None
    happened_from: datetime | None
    happened_to: datetime | None
    reported_at: datetime
    timezone: str
    building_id: int | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    plan_x: float | None = None
    plan_y: float | None = None
    locked: Locked = Locked.UNKNOWN
    lock_kind: str | None = None
    disposition: str | None = None
    note: str | None = None


def check_times(draft: CaseDraft, at: datetime, *, reported_on_a_day: bool = False) -> None:
    """Refuse a window that ends before it begins, a report before the theft, and anything in the future.

    Raises:
        BadValueError: with the one sentence for the person who typed it.
    """
    start, end = draft.happened_from, draft.happened_to
    if start and end and end < start:
        raise BadValueError("the theft ends before it begins; swap or mend the two times")
    known_by = draft.reported_at + (timedelta(days=1) if reported_on_a_day else timedelta())
    if start and known_by < start:
        raise BadValueError("the report is earlier than the theft; check both times")
    if max(moment for moment in (start, end, draft.reported_at) if moment) > at + CLOCK_SLACK:
        raise BadValueError("the time lies in the future; check the year and the time zone")


def read_latitude(text: str) -> float:
    """Degrees north; a comma may stand for the point.

    Raises:
        BadValueError: not a number, or outside ±90.
    """
    degrees = _degrees(text)
    if degrees is None:
        raise BadValueError("latitude “%(value)s” is not a number of degrees; mend the row or leave it out", value=text)
    if not -MAX_LATITUDE <= degrees <= MAX_LATITUDE:
        raise BadValueError("latitude %(value)s is outside −90…90; mend the row or leave it out", value=text)
    return degrees


def read_longitude(text: str) -> float:
    """Degrees east; a comma may stand for the point.

    Raises:
        BadValueError: not a number, or outside ±180.
    """
    degrees = _degrees(text)
    if degrees is None:
        raise BadValueError(
            "longitude “%(value)s” is not a number of degrees; mend the row or leave it out", value=text
        )
    if not -MAX_LONGITUDE <= degrees <= MAX_LONGITUDE:
        raise BadValueError("longitude %(value)s is outside −180…180; mend the row or leave it out", value=text)
    return degrees


def _degrees(text: str) -> float | None:
    try:
        return float(text.strip().rstrip("°").replace(",", "."))
    except ValueError:
        return None


def content_number(draft: CaseDraft) -> str:
    """A stand-in for a missing case number: the same content gives the same one."""
    content = "\x1f".join(str(value) for value in astuple(replace(draft, building_id=None)))
    return f"row:{hashlib.sha256(content.encode()).hexdigest()[:20]}"
