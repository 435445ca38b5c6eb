"""Every question about deliveries, and what the policy must know, read as its own types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.alerts.service import LIVING, WAITING
from dashboard.alerts.tables import Alert
from dashboard.dispatch.policy import Attempt, OnDuty, Place, Result
from dashboard.dispatch.tables import Delivery, DeliveryState
from dashboard.places.tables import Building, Rack
from dashboard.shifts import queries as shifts

REACHED = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.SEEN)


def waiting_alerts(session: Session, at: datetime) -> Sequence[Alert]:
    """Alerts that nobody has taken and whose time is not over, the oldest first."""
    waiting = select(Alert).where(Alert.state.in_(WAITING), Alert.expires_at > at)
    whole = waiting.options(joinedload(Alert.rack).joinedload(Rack.building))
    return session.scalars(whole.order_by(Alert.raised_at, Alert.id)).all()


def is_waiting(session: Session, alert_id: str) -> bool:
    return session.scalar(select(Alert.id).where(Alert.id == alert_id, Alert.state.in_(WAITING))) is not None


def place_of(rack: Rack) -> Place:
    return Place(rack.building_id, _point(rack.plan_x, rack.plan_y) or _position(rack.building))


def people_on_duty(session: Session, site_id: int, at: datetime, since: datetime) -> list[OnDuty]:
    """Everybody on shift at one site, with the notices each got since `since`."""
    running = shifts.on_duty(session, site_id, at)
    notices = _notices(session, {shift.volunteer.account_id for shift in running}, since)
    return [
        OnDuty(
            account_id=shift.volunteer.account_id,
            place=Place(shift.post.building_id, _position(shift.post.building)),
            lead=shift.lead,
            notices=notices[shift.volunteer.account_id],
        )
        for shift in running
    ]


def attempts_about(session: Session, alert_id: str) -> list[Attempt]:
    """What was tried about one bike, one entry per person, however many channels each has."""
    about = select(Delivery.account_id, Delivery.attempted_at, Delivery.state).where(Delivery.alert_id == alert_id)
    rows: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for account_id, attempted_at, state in session.execute(about):
        rows[account_id].append((attempted_at, state))
    return [_attempt(account_id, tries) for account_id, tries in sorted(rows.items())]


def deliveries_for(session: Session, account_id: int) -> Sequence[Delivery]:
    """What one person was asked to look after and is not over yet, the newest first."""
    mine = (Delivery.account_id == account_id, Delivery.state.in_(REACHED), Alert.state.in_(LIVING))
    asked = select(Delivery).join(Delivery.alert).where(*mine).options(joinedload(Delivery.alert))
    return session.scalars(asked.order_by(Delivery.attempted_at.desc(), Delivery.id.desc())).all()


def offered_to(session: Session, account_id: int) -> frozenset[str]:
    """The ids of the alerts that one person was asked about and nobody has taken yet."""
    return frozenset(d.alert_id for d in deliveries_for(session, account_id) if d.alert.state in WAITING)


def _attempt(account_id: int, tries: list[tuple[datetime, str]]) -> Attempt:
    at = max(tried_at for tried_at, _ in tries)
    states = {state for _, state in tries}
    if states & set(REACHED):
        return Attempt(account_id, at, Result.TOLD)
    return Attempt(account_id, at, Result.FAILED if DeliveryState.FAILED in states else Result.REFUSED)


def _notices(session: Session, account_ids: Iterable[int], since: datetime) -> defaultdict[int, tuple[datetime, ...]]:
    """One time per person and bike: two channels about one bike are one notice."""
    lately = (Delivery.account_id.in_(account_ids), Delivery.attempted_at > since, Delivery.state.in_(REACHED))
    times: dict[tuple[int, str], datetime] = {}
    found = select(Delivery.account_id, Delivery.alert_id, Delivery.attempted_at).where(*lately)
    for account_id, alert_id, attempted_at in session.execute(found):
        times[account_id, alert_id] = max(attempted_at, times.get((account_id, alert_id), attempted_at))
    notices: defaultdict[int, tuple[datetime, ...]] = defaultdict(tuple)
    for (account_id, _), when in times.items():
        notices[account_id] += (when,)
    return notices


def _position(building: Building) -> tuple[float, float] | None:
    return _point(building.plan_x, building.plan_y)


def _point(x: float | None, y: float | None) -> tuple[float, float] | None:
    return None if x is None or y is None else (x, y)
