"""The life of a delivery: written as `sending` before the attempt, finished after it, resumed after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Account
from dashboard.alerts import service as alerts
from dashboard.alerts.tables import Alert, Change
from dashboard.dispatch import queries
from dashboard.dispatch.channels.channel import ChannelError, Notice
from dashboard.dispatch.policy import Decision, Rules, Tell, decide
from dashboard.dispatch.tables import Delivery, DeliveryState

ATTEMPT_LASTS = timedelta(seconds=30)
"""An attempt that says nothing for this long was interrupted: its process died in between."""
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Started:
    """One attempt that is written down and now has to be made."""

    delivery_id: int
    channel: str
    notice: Notice
    attempted_at: datetime


def decide_about(session: Session, alert: Alert, at: datetime, rules: Rules) -> Decision:
    """What is due about one alert now."""
    people = queries.people_on_duty(session, alert.rack.site_id, at, at - rules.notices_within)
    return decide(queries.place_of(alert.rack), people, queries.attempts_about(session, alert.id), at, rules)


def begin_next(session: Session, channels: Sequence[str], rules: Rules, at: datetime) -> list[Started]:
    """Write down the next attempt that is due, one row per channel. Commit before making it; empty: nothing is due."""
    for alert in queries.waiting_alerts(session, at):
        if not isinstance(decide_about(session, alert, at, rules), Tell) or not _hold(session, alert.id):
            continue
        decision = decide_about(session, alert, at, rules)
        if isinstance(decision, Tell):
            return [_begin(session, alert, decision.account_id, channel, at) for channel in channels]
    return []


def finish(session: Session, started: Started, at: datetime, error: ChannelError | None) -> None:
    """Write down how the attempt ended; somebody was reached: the alert is offered."""
    outcome = {"state": _ended(error), "finished_at": at, "error": error.message if error else None}
    unseen = Delivery.state.in_((DeliveryState.SENDING, DeliveryState.FAILED))
    this = (Delivery.id == started.delivery_id, Delivery.attempted_at == started.attempted_at, unseen)
    session.execute(update(Delivery).where(*this).values(**outcome))
    if error is None:
        _offer(session, started.notice, at)


def resume_interrupted(session: Session, at: datetime) -> int:
    """Attempts whose process died are failed, so that they are tried on. Returns how many there were."""
    stale = (Delivery.state == DeliveryState.SENDING, Delivery.attempted_at <= at - ATTEMPT_LASTS)
    failed = {"state": DeliveryState.FAILED, "finished_at": at, "error": INTERRUPTED}
    result = session.execute(update(Delivery).where(*stale).values(**failed))
    return result.rowcount if isinstance(result, CursorResult) else 0


def mark_seen(session: Session, account_id: int, alert_ids: Iterable[str], at: datetime) -> None:
    """The person's own page has shown these, perhaps while a slow channel still sends.

    Looked up first: most loads of a page show nothing new and write nothing.
    """
    shown = (Delivery.account_id == account_id, Delivery.alert_id.in_(list(alert_ids)))
    unseen = (*shown, Delivery.state.in_((DeliveryState.SENDING, DeliveryState.SENT)))
    if session.scalar(select(Delivery.id).where(*unseen).limit(1)) is not None:
        session.execute(update(Delivery).where(*unseen).values(state=DeliveryState.SEEN, seen_at=at))


def _offer(session: Session, notice: Notice, at: datetime) -> None:
    """The second and every further person asked is a change too: open pages wait for it."""
    offered = alerts.offer(session, notice.alert_id, at, notice.account_id)
    if not offered and queries.is_waiting(session, notice.alert_id):
        alerts.note(session, notice.alert_id, Change.OFFERED, at, notice.account_id)


def _hold(session: Session, alert_id: str) -> bool:
    """Hold the alert until the commit; False: it ended meanwhile, or another dispatcher holds it.

    PostgreSQL skips a row that is held. SQLite knows no such lock: there the update, which changes nothing, takes the
    database's one writer's place. Either way the caller must look again at what it read before.
    """
    waiting = (Alert.id == alert_id, Alert.state.in_(alerts.WAITING))
    if session.scalar(select(Alert.id).where(*waiting).with_for_update(skip_locked=True)) is None:
        return False
    unchanged = update(Alert).where(*waiting).values(state=Alert.state).returning(Alert.id)
    return session.scalar(unchanged.execution_options(synchronize_session=False)) is not None


def _begin(session: Session, alert: Alert, account_id: int, channel: str, at: datetime) -> Started:
    """The row of this attempt. A failed one is taken up again: one row per bike, person and channel, ever."""
    this = (Delivery.alert_id == alert.id, Delivery.account_id == account_id, Delivery.channel == channel)
    delivery = session.scalar(select(Delivery).where(*this).execution_options(populate_existing=True))
    if delivery is None:
        delivery = Delivery(alert_id=alert.id, account_id=account_id, channel=channel)
        session.add(delivery)
    delivery.state, delivery.attempted_at, delivery.finished_at, delivery.error = DeliveryState.SENDING, at, None, None
    session.flush()
    return Started(delivery.id, channel, _notice(session, alert, account_id), at)


def _notice(session: Session, alert: Alert, account_id: int) -> Notice:
    language = session.get_one(Account, account_id).language or "zh-CN"
    rack, building = alert.rack, alert.rack.building
    names = (rack.name_en, building.name_en) if language == "en" else (rack.name_zh, building.name_zh)
    return Notice(alert.id, account_id, language, *names, alert.left_at)


def _ended(error: ChannelError | None) -> DeliveryState:
    if error is None:
        return DeliveryState.SENT
    return DeliveryState.REFUSED if error.permanent else DeliveryState.FAILED
