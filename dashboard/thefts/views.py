"""What the pages of theft cases are asked for, and how a case's times are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from dashboard.accounts.guard import STAFF, require
from dashboard.accounts.tables import Account, Role
from dashboard.accounts.visitor import visitor_of
from dashboard.thefts.queries import ALL, INVENTED, REAL, CaseFilter, sources
from dashboard.thefts.tables import Locked
from dashboard.web.deps import DbSession

READERS = (Role.SECURITY, Role.ADMIN)
Reader = Annotated[Account, Depends(require(*READERS))]
"""May read and write single cases."""
Staff = Annotated[Account, Depends(require(*STAFF))]
"""May see what many cases have in common."""


@dataclass(frozen=True)
class Asked:
    """The filter of a page, and what its form shows."""

    wanted: CaseFilter
    shown: dict[str, str]
    sources: dict[str, int]

    @property
    def has_invented(self) -> bool:
        return INVENTED in self.sources and self.wanted.source in (ALL, INVENTED)

    def query(self, **changes: str | int | None) -> str:
        """The address's query with some of it changed."""
        fields = {**self.shown, **{name: "" if value is None else str(value) for name, value in changes.items()}}
        return urlencode({name: value for name, value in fields.items() if value})


def asked_for(request: Request, session: DbSession) -> Asked:
    """What cannot be understood in an address is as if it were not there: the form then shows it empty."""
    given, zone = request.query_params, visitor_of(request).zone
    known = sources(session)
    since, until = as_day(given.get("since")), as_day(given.get("until"))
    locked = next((state for state in Locked if state == given.get("locked")), None)
    building = given.get("building", "")
    source = given.get("source", "")
    wanted = CaseFilter(
        since=start_of(since, zone),
        until=start_of(until + timedelta(days=1) if until else None, zone),
        building_id=int(building) if building.isdecimal() and len(building) < 10 else None,  # noqa: PLR2004
        locked=locked,
        place=given.get("place") or None,
        source=source if source in (ALL, REAL, *known) else default_source(known),
    )
    shown = {
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "building": str(wanted.building_id or ""),
        "locked": locked or "",
        "place": wanted.place or "",
        "source": wanted.source,
    }
    return Asked(wanted, shown, known)


AskedFor = Annotated[Asked, Depends(asked_for)]


def default_source(known: dict[str, int]) -> str:
    """Real cases once there are any: invented ones are then shown only to who asks for them."""
    return REAL if {*known} - {INVENTED} else ALL


def as_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def start_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) if day else None


async def form_fields(request: Request) -> dict[str, str]:
    """A form's text fields by name; the checks are ours, so that each gets its own sentence."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


FormFields = Annotated[dict[str, str], Depends(form_fields)]


@dataclass(frozen=True)
class CaseClock:
    """Writes a case's times as wall clocks of the zone it was written down in."""

    site_zone: ZoneInfo

    def zone(self, timezone: str | None) -> ZoneInfo:
        return ZoneInfo(timezone) if timezone else self.site_zone

    def moment(self, at: datetime, timezone: str | None) -> str:
        return at.astimezone(self.zone(timezone)).strftime("%Y-%m-%d %H:%M")

    def window(self, start: datetime | None, end: datetime | None, timezone: str | None) -> str:
        """`2026-09-02 08:00 – 17:30`; one time where both ends are the same or only one is known."""
        if start is None or end is None or start == end:
            known = start or end
            return self.moment(known, timezone) if known else ""
        first, last = self.moment(start, timezone), self.moment(end, timezone)
        return f"{first} – {last[11:] if last[:10] == first[:10] else last}"

    def foreign(self, timezone: str | None) -> str:
        """The zone's name where it is not the site's."""
        return timezone if timezone and timezone != self.site_zone.key else ""
