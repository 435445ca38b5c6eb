"""Every question asked of the tables of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from dashboard.alerts.service import LIVING
from dashboard.alerts.tables import Alert, Outcome
from dashboard.alerts.words import LIKELY
from dashboard.labels.tables import LabelCorrection
from dashboard.places.tables import Building, Rack
from dashboard.stays.tables import Stay

Rows = TypeVarTuple("Rows")


class Show(StrEnum):
    """Which pictures of finished alerts. All but the last are those that no analyst said anything of yet.

    `disagreeing`: the camera raised the alert, so it took the bike for unlocked, and the volunteer found it locked.
    `unsure`: the camera itself has doubts about the lock.
    """

    OPEN = "open"
    DISAGREEING = "disagreeing"
    UNSURE = "unsure"
    CORRECTED = "corrected"


@dataclass(frozen=True)
class Shown:
    """One picture to look at. `certain`: the camera is sure which of the bikes it is."""

    alert: Alert
    correction: LabelCorrection | None
    certain: bool


_FINISHED = (Alert.state.not_in(LIVING), Alert.snapshot_key.is_not(None))
_OPEN = LabelCorrection.alert_id.is_(None)
_DOUBTED = or_(
    Alert.verdict_state == "unsure",
    Alert.p_unlocked.is_(None),
    and_(Alert.verdict_state == "unlocked", Alert.p_unlocked < LIKELY),
)
_SHOWN: Mapping[Show, tuple[ColumnElement[bool], ...]] = {
    Show.OPEN: (_OPEN,),
    Show.DISAGREEING: (_OPEN, Alert.outcome == Outcome.WAS_LOCKED),
    Show.UNSURE: (_OPEN, _DOUBTED),
    Show.CORRECTED: (LabelCorrection.alert_id.is_not(None),),
}


def to_look_at(session: Session, show: Show, limit: int, offset: int = 0) -> list[Shown]:
    """Finished alerts whose picture is kept, the newest first; of the corrected ones, the newest word first."""
    newest = LabelCorrection.at if show is Show.CORRECTED else Alert.raised_at
    rows = _joined(select(Alert, LabelCorrection, Stay.visit_certain)).where(*_FINISHED, *_SHOWN[show])
    place = joinedload(Alert.rack).joinedload(Rack.building).joinedload(Building.site)
    rows = rows.options(place, joinedload(Alert.camera), joinedload(LabelCorrection.by))
    found = session.execute(rows.order_by(newest.desc(), Alert.id).limit(limit).offset(offset))
    return [Shown(alert, correction, certain is not False) for alert, correction, certain in found]


def count_each(session: Session) -> dict[Show, int]:
    """How many pictures each choice shows."""
    numbers = [func.count().filter(and_(*conditions)) for conditions in _SHOWN.values()]
    rows: Select[*tuple[Any, ...]] = select(*numbers).select_from(Alert)
    counted = session.execute(_joined(rows).where(*_FINISHED)).one()
    return dict(zip(_SHOWN, map(int, counted), strict=True))


def _joined(rows: Select[*Rows]) -> Select[*Rows]:
    return rows.outerjoin(LabelCorrection).outerjoin(Stay, Stay.id == Alert.stay_id)


def answered(session: Session, since: datetime | None = None) -> Sequence[tuple[Alert, LabelCorrection | None]]:
    """Alerts with a picture that a volunteer or an analyst said something about, oldest first."""
    said = or_(Alert.outcome.is_not(None), LabelCorrection.alert_id.is_not(None))
    rows = select(Alert, LabelCorrection).outerjoin(LabelCorrection).where(said, Alert.snapshot_key.is_not(None))
    rows = rows.options(joinedload(Alert.rack), joinedload(Alert.camera))
    if since is not None:
        rows = rows.where(Alert.raised_at >= since)
    return [(alert, correction) for alert, correction in session.execute(rows.order_by(Alert.raised_at, Alert.id))]
