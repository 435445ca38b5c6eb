"""What a person typed about one case: a draft, or one sentence per field that cannot stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from dashboard.thefts.cases import CaseDraft, check_times, read_latitude, read_longitude
from dashboard.thefts.dates import read_moment, to_utc
from dashboard.thefts.problems import BadValueError, Problem
from dashboard.thefts.tables import Locked, TheftCase
from dashboard.web.i18n import N_

Value = TypeVar("Value")
MAX_SHORT, MAX_NOTE = 200, 2000
FIELDS = (
    *("case_number", "happened_from", "happened_to", "reported_at", "building_id", "place", "latitude", "longitude"),
    *("plan_x", "plan_y", "locked", "lock_kind", "disposition", "note"),
)
NO_PLACE = N_("Say where: choose a building, tap the plan, or write the place.")
HALF_A_WINDOW = N_("Fill in both ends of the window, or neither: when it was last seen, and when it was found missing.")
HALF_A_POINT = N_("only one of latitude and longitude is given; fill in both or neither")


class FormRefusedError(Exception):
    """`problems` has one sentence for every field that cannot stand."""

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class Grounds:
    """What the form is checked against."""

    zone: ZoneInfo
    at: datetime
    building_ids: Collection[int] = ()
    plan_size: tuple[float, float] = (0, 0)


@dataclass
class _Reader:
    fields: Mapping[str, str]
    problems: dict[str, Problem] = field(default_factory=dict)

    def text(self, name: str, limit: int = MAX_SHORT) -> str:
        text = self.fields.get(name, "").strip()
        if len(text) > limit:
            self.problems[name] = Problem("This is longer than %(limit)s characters; shorten it.", {"limit": limit})
        return text

    def value(self, name: str, read: Callable[[str], Value]) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return read(text)
        except BadValueError as error:
            self.problems[name] = error.problem
            return None


def read_form(fields: Mapping[str, str], grounds: Grounds) -> CaseDraft:
    """The case that the fields describe.

    Raises:
        FormRefusedError: at least one field cannot stand.
    """
    reader = _Reader(fields)

    def moment(text: str) -> datetime:
        return to_utc(read_moment(text).at, grounds.zone)

    draft = CaseDraft(
        case_number=reader.text("case_number") or None,
        happened_from=reader.value("happened_from", moment),
        happened_to=reader.value("happened_to", moment),
        reported_at=reader.value("reported_at", moment) or grounds.at,
        timezone=grounds.zone.key,
        building_id=reader.value("building_id", lambda text: _building(text, grounds.building_ids)),
        place=reader.text("place"),
        latitude=reader.value("latitude", read_latitude),
        longitude=reader.value("longitude", read_longitude),
        plan_x=reader.value("plan_x", lambda text: _on_plan(text, grounds.plan_size[0])),
        plan_y=reader.value("plan_y", lambda text: _on_plan(text, grounds.plan_size[1])),
        locked=reader.value("locked", _locked) or Locked.UNKNOWN,
        lock_kind=reader.text("lock_kind") or None,
        disposition=reader.text("disposition") or None,
        note=reader.text("note", MAX_NOTE) or None,
    )
    _check_together(draft, reader.problems, grounds.at)
    if reader.problems:
        raise FormRefusedError(reader.problems)
    return draft


def form_of(case: TheftCase, zone: ZoneInfo) -> dict[str, str]:
    """The fields as the form shows them, times as wall clocks of `zone`."""

    def shown(value: object) -> str:
        if isinstance(value, datetime):
            return value.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
        return "" if value is None else str(value)

    return {name: shown(getattr(case, name)) for name in FIELDS}


def _check_together(draft: CaseDraft, problems: dict[str, Problem], at: datetime) -> None:
    if (draft.happened_from is None) != (draft.happened_to is None) and not {"happened_from", "happened_to"} & {
        *problems
    }:
        problems["happened_to" if draft.happened_from else "happened_from"] = Problem(HALF_A_WINDOW)
    if (draft.latitude is None) != (draft.longitude is None) and not {"latitude", "longitude"} & {*problems}:
        problems["longitude" if draft.longitude is None else "latitude"] = Problem(HALF_A_POINT)
    if (
        not (draft.building_id or draft.place or draft.plan_x is not None or draft.latitude is not None)
        and not problems
    ):
        problems["place"] = Problem(NO_PLACE)
    try:
        check_times(draft, at)
    except BadValueError as error:
        problems.setdefault("reported_at" if draft.happened_from is None else "happened_to", error.problem)


def _building(text: str, known: Collection[int]) -> int:
    if not text.isdecimal() or int(text) not in known:
        raise BadValueError("Choose a building from the list.")
    return int(text)


def _on_plan(text: str, size: float) -> float:
    try:
        units = float(text)
    except ValueError as error:
        raise BadValueError("The point is not on the plan; tap it again.") from error
    if not 0 <= units <= size:
        raise BadValueError("The point is not on the plan; tap it again.")
    return units


def _locked(text: str) -> Locked:
    try:
        return Locked(text)
    except ValueError as error:
        raise BadValueError("Say whether it was locked: yes, no or unknown.") from error
