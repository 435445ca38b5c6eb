"""Every question asked of the tables of alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter, itemgetter

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from dashboard.alerts.service import LIVING, WAITING
from dashboard.alerts.tables import Alert, AlertChange, AlertState
from dashboard.places.tables import Building, Rack


@dataclass(frozen=True)
class Board:
    """What one person sees on the list: what is theirs, what waits, what others do, and what ended today."""

    mine: Sequence[Alert]
    waiting: Sequence[Alert]
    others: Sequence[Alert]
    ended: Sequence[Alert]


def board(session: Session, account_id: int, day_begins: datetime, ended_limit: int = 30) -> Board:
    """One statement reads them all: between two, an alert may end, and would be in two lists or half told."""
    newest_ended = select(Alert.id).where(Alert.ended_at >= day_begins).order_by(Alert.ended_at.desc(), Alert.id)
    seen = or_(Alert.state.in_(LIVING), Alert.id.in_(newest_ended.limit(ended_limit)))
    alerts = session.scalars(_whole().where(seen).order_by(Alert.raised_at.desc(), Alert.id)).all()
    living = [alert for alert in alerts if alert.state in LIVING]
    taken = _newest((alert for alert in living if alert.state == AlertState.TAKEN), attrgetter("taken_at"))
    return Board(
        mine=[alert for alert in taken if alert.taken_by_id == account_id],
        waiting=[alert for alert in living if alert.state in WAITING],
        others=[alert for alert in taken if alert.taken_by_id != account_id],
        ended=_newest((alert for alert in alerts if alert.state not in LIVING), attrgetter("ended_at")),
    )


def whole_alert(session: Session, alert_id: str) -> Alert | None:
    return session.scalar(_whole().where(Alert.id == alert_id))


def history(session: Session, alert_id: str) -> Sequence[AlertChange]:
    """What happened to one alert, in that order."""
    changes = select(AlertChange).where(AlertChange.alert_id == alert_id).options(joinedload(AlertChange.account))
    return session.scalars(changes.order_by(AlertChange.id)).all()


def newest_change(session: Session) -> int:
    return session.scalar(select(func.max(AlertChange.id))) or 0


def times_to_lock(session: Session, begin: datetime, end: datetime, rack_id: int | None) -> Sequence[float]:
    """Seconds each took to be locked, of the alerts raised in this time."""
    raised = (Alert.raised_at >= begin, Alert.raised_at < end)
    here = () if rack_id is None else (Alert.rack_id == rack_id,)
    known = select(Alert.locked_after_s).where(*raised, *here)
    return [seconds for seconds in session.scalars(known) if seconds is not None]


def done_today(session: Session, account_id: int, day_begins: datetime) -> int:
    """How many answers one person gave today."""
    answered = (Alert.taken_by_id == account_id, Alert.outcome.is_not(None))
    today = or_(Alert.ended_at >= day_begins, Alert.taken_at >= day_begins)
    return session.scalar(select(func.count()).select_from(Alert).where(*answered, today)) or 0


def _whole() -> Select[Alert]:
    place = joinedload(Alert.rack).joinedload(Rack.building).joinedload(Building.site)
    return select(Alert).options(place, joinedload(Alert.camera), joinedload(Alert.taken_by))


def _newest(alerts: Iterable[Alert], when: Callable[[Alert], datetime | None]) -> list[Alert]:
    """The latest first; those without that moment left out."""
    dated = [(moment, alert) for alert in alerts if (moment := when(alert)) is not None]
    return [alert for _, alert in sorted(dated, key=itemgetter(0), reverse=True)]
