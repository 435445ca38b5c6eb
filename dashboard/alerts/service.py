"""An alert's life, one compare-and-set in the database per step: people, bridges and dispatchers act at once.

Every step that happened is an `AlertChange` row, whose rising id open pages wait for. Reports may come twice, late or in the wrong order. What has ended stays ended.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account
from dashboard.alerts.tables import Alert, AlertChange, AlertState, Change, Outcome
from dashboard.places.service import ensure_place

WAITING = (AlertState.OPEN, AlertState.OFFERED)
LIVING = (*WAITING, AlertState.TAKEN)
TAKEN_LASTS = timedelta(minutes=30)
"""Whoever took an alert answers within this time, or it expires unanswered."""


@dataclass(frozen=True)
class AlertReport:
    """What the edge says about one bike. Ids are the codes that travel; `xyxy_norm` is left, top, right, bottom, 0-1."""

    alert_id: str
    stay_id: str
    site_id: str
    camera_id: str
    rack_id: str
    building_id: str
    kind: str
    parked_at: datetime
    left_at: datetime | None
    at: datetime
    expires_at: datetime
    verdict_state: str
    p_unlocked: float | None
    reasons: Mapping[str, float]
    xyxy_norm: tuple[float, float, float, float]
    has_snapshot: bool = False
    locked_after_s: float | None = None


@dataclass(frozen=True)
class Done:
    """It is so now (or was already, by the same person)."""

    alert: Alert


@dataclass(frozen=True)
class AlreadyTaken:
    """Somebody else was first."""

    alert: Alert
    by: Account


@dataclass(frozen=True)
class Over:
    """It has ended, or is not in a state where this can be done."""

    alert: Alert


@dataclass(frozen=True)
class NoSuchAlert:
    alert_id: str


Answer: TypeAlias = Done | AlreadyTaken | Over | NoSuchAlert


def raise_alert(session: Session, report: AlertReport) -> Alert:
    """The alert of this stay; a second report of it changes nothing."""
    alert = _find(session, report)
    if alert is None:
        return _add(session, report, AlertState.OPEN, Change.RAISED)
    alert.raised_at = min(alert.raised_at, report.at)
    _learn(session, alert, report)
    return alert


def update_alert(session: Session, report: AlertReport) -> Alert:
    """Newer facts about a stay; its first report may still be on its way."""
    alert = _find(session, report)
    if alert is None:
        return _add(session, report, AlertState.OPEN, Change.RAISED)
    if _learn(session, alert, report):
        note(session, alert.id, Change.UPDATED, report.at)
    return alert


def clear_alert(session: Session, report: AlertReport, reason: str) -> Alert | None:
    """The camera saw that nobody needs to go: `locked`, `gone`, or the time is over. None: it had ended before.

    Somebody who is on the way is not stopped by mere time. How long it took to be locked is kept even where a person's
    answer was quicker than the camera.
    """
    state = AlertState.EXPIRED if reason == "expired" else AlertState.CLEARED
    change = Change.EXPIRED if reason == "expired" else Change.CLEARED
    alert = _find(session, report)
    if alert is None:
        alert = _add(session, report, state, change)
        alert.ended_at, alert.clear_reason, alert.locked_after_s = report.at, reason, _locked_after_s(report, reason)
        return alert
    _learn(session, alert, report)
    if _locked_after_s(report, reason) is not None:
        _set(session, alert.id, {"locked_after_s": report.locked_after_s}, Alert.locked_after_s.is_(None))
    ended = {"state": state, "ended_at": report.at, "clear_reason": reason}
    endable = WAITING if reason == "expired" else LIVING
    return alert if _step(session, alert.id, endable, ended, change, report.at) else None


def _locked_after_s(report: AlertReport, reason: str) -> float | None:
    return report.locked_after_s if reason == "locked" else None


def attach_snapshot(session: Session, alert_id: str, media_key: str, at: datetime) -> None:
    """Hang the picture on its alert; a second picture of the same key changes nothing."""
    other = or_(Alert.snapshot_key.is_(None), Alert.snapshot_key != media_key)
    if _set(session, alert_id, {"snapshot_key": media_key}, other):
        note(session, alert_id, Change.PICTURE, at)


def offer(session: Session, alert_id: str, at: datetime, asked_id: int | None = None) -> bool:
    """Somebody was told; `asked_id` is who."""
    offered = {"state": AlertState.OFFERED}
    return _step(session, alert_id, (AlertState.OPEN,), offered, Change.OFFERED, at, account_id=asked_id)


def take(session: Session, alert_id: str, account_id: int, at: datetime) -> Answer:
    """One person takes it; whoever comes second learns who was first."""
    taken = {"state": AlertState.TAKEN, "taken_by_id": account_id, "taken_at": at}
    free = Alert.taken_by_id.is_(None)
    _step(session, alert_id, WAITING, taken, Change.TAKEN, at, free, account_id=account_id)
    return _answer(session, alert_id, account_id, AlertState.TAKEN)


def release(session: Session, alert_id: str, account_id: int, at: datetime) -> Answer:
    """Give it back: somebody else may take it."""
    back = {"state": AlertState.OPEN, "taken_by_id": None, "taken_at": None}
    mine = Alert.taken_by_id == account_id
    _step(session, alert_id, (AlertState.TAKEN,), back, Change.RELEASED, at, mine, account_id=account_id)
    return _answer(session, alert_id, account_id, AlertState.OPEN)


def record_outcome(
    session: Session, alert_id: str, account_id: int, outcome: Outcome, note_text: str, at: datetime
) -> Answer:
    """What the volunteer found. The camera may have ended the alert meanwhile: the answer counts all the same."""
    found = {"outcome": outcome, "outcome_note": note_text.strip() or None}
    mine = (Alert.taken_by_id == account_id, Alert.outcome.is_(None))
    done = found | {"state": AlertState.DONE, "ended_at": at}
    if not _step(session, alert_id, (AlertState.TAKEN,), done, Change.OUTCOME, at, *mine, account_id=account_id) and (
        _set(session, alert_id, found, *mine)
    ):
        note(session, alert_id, Change.OUTCOME, at, account_id)
    answer = _answer(session, alert_id, account_id, AlertState.DONE)
    recorded = isinstance(answer, Over) and answer.alert.taken_by_id == account_id and answer.alert.outcome == outcome
    return Done(answer.alert) if isinstance(answer, Over) and recorded else answer


def expire_due(session: Session, at: datetime) -> int:
    """End what nobody took in time, and what was taken and never answered. Returns how many ended."""
    forgotten = (Alert.state == AlertState.TAKEN) & (Alert.taken_at <= at - TAKEN_LASTS) & (Alert.expires_at <= at)
    unanswered = Alert.state.in_(WAITING) & (Alert.expires_at <= at)
    ended = {"state": AlertState.EXPIRED, "ended_at": at}
    statement = update(Alert).where(or_(unanswered, forgotten)).values(**ended).returning(Alert.id)
    expired = session.scalars(statement.execution_options(synchronize_session=False)).all()
    for alert_id in expired:
        note(session, alert_id, Change.EXPIRED, at)
        _fresh(session, alert_id)
    return len(expired)


def note(session: Session, alert_id: str, change: Change, at: datetime, account_id: int | None = None) -> None:
    session.add(AlertChange(alert_id=alert_id, at=at, change=change, account_id=account_id))
    session.flush()


def _find(session: Session, report: AlertReport) -> Alert | None:
    return session.scalar(select(Alert).where(or_(Alert.id == report.alert_id, Alert.stay_id == report.stay_id)))


def _add(session: Session, report: AlertReport, state: AlertState, change: Change) -> Alert:
    place = ensure_place(session, report.site_id, report.building_id, report.rack_id, report.camera_id)
    alert = Alert(
        id=report.alert_id,
        stay_id=report.stay_id,
        rack=place.rack,
        camera=place.camera,
        state=state,
        raised_at=report.at,
        **_facts(report),
    )
    session.add(alert)
    session.flush()
    note(session, alert.id, change, report.at)
    return alert


def _learn(session: Session, alert: Alert, report: AlertReport) -> bool:
    """Take over the facts, unless newer ones are known."""
    session.flush()
    return _set(session, alert.id, _facts(report), Alert.reported_at < report.at)


def _facts(report: AlertReport) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "parked_at": report.parked_at,
        "left_at": report.left_at,
        "expires_at": report.expires_at,
        "reported_at": report.at,
        "verdict_state": report.verdict_state,
        "p_unlocked": report.p_unlocked,
        "reasons": dict(report.reasons),
        "xyxy_norm": list(report.xyxy_norm),
    }


def _step(
    session: Session,
    alert_id: str,
    before: Collection[AlertState],
    values: Mapping[str, Any],
    change: Change,
    at: datetime,
    *conditions: ColumnElement[bool],
    account_id: int | None = None,
) -> bool:
    """Go from one of the states `before` to the values, if nobody else was faster, and write down that it happened."""
    if not _set(session, alert_id, values, Alert.state.in_(before), *conditions):
        return False
    note(session, alert_id, change, at, account_id)
    return True


def _set(session: Session, alert_id: str, values: Mapping[str, Any], *conditions: ColumnElement[bool]) -> bool:
    statement = update(Alert).where(Alert.id == alert_id, *conditions).values(**values).returning(Alert.id)
    changed = session.scalar(statement.execution_options(synchronize_session=False)) is not None
    if changed:
        _fresh(session, alert_id)
    return changed


def _fresh(session: Session, alert_id: str) -> Alert | None:
    return session.get(Alert, alert_id, populate_existing=True)


def _answer(session: Session, alert_id: str, account_id: int, wanted: AlertState) -> Answer:
    """How things stand now, seen by one person who wanted the alert in one state."""
    alert = _fresh(session, alert_id)
    if alert is None:
        return NoSuchAlert(alert_id)
    if alert.state == wanted and alert.taken_by_id in (account_id, None):
        return Done(alert)
    if alert.taken_by is not None and alert.taken_by_id != account_id:
        return AlreadyTaken(alert, alert.taken_by)
    return Over(alert)
