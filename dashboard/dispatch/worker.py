"""Dispatch, step 10 of the line: open alert, people on duty → one person told at a time.

1. an alert that has something due is held, the attempt is written as `sending`, and that is committed
2. the channel sends, outside any transaction
3. the attempt is finished as sent, failed or refused, and the alert becomes `offered`
Any number of dispatchers may run at once, on one machine or several.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from dashboard.alerts import service as alerts
from dashboard.beside_pages import beside_pages
from dashboard.database import Sessions
from dashboard.dispatch import service
from dashboard.dispatch.channels.channel import Channel, ChannelError
from dashboard.dispatch.channels.in_app import InAppChannel
from dashboard.dispatch.policy import Rules
from dashboard.settings import Settings

Clock = Callable[[], datetime]
CHANNELS: tuple[Channel, ...] = (InAppChannel(),)
LOOK_EVERY_S = 1.0
AFTER_TROUBLE_S = 5.0
STOP_WITHIN_S = 10.0
log = structlog.get_logger()


def now() -> datetime:
    return datetime.now(UTC)


def dispatch_one(sessions: Sessions, rules: Rules, clock: Clock, channels: Sequence[Channel] = CHANNELS) -> bool:
    """Tell one person about one bike. False: nothing is due."""
    by_name = {channel.name: channel for channel in channels}
    with sessions.begin() as session:
        attempts = service.begin_next(session, tuple(by_name), rules, clock())
    for attempt in attempts:
        error = _attempt(by_name[attempt.channel], attempt)
        with sessions.begin() as session:
            service.finish(session, attempt, clock(), error)
    return bool(attempts)


def tidy(sessions: Sessions, at: datetime) -> None:
    """End what nobody answered, and take up again what a crash interrupted."""
    with sessions.begin() as session:
        alerts.expire_due(session, at)
        service.resume_interrupted(session, at)


def run_dispatcher(
    sessions: Sessions,
    stop: threading.Event,
    rules: Rules,
    clock: Clock = now,
    channels: Sequence[Channel] = CHANNELS,
) -> None:
    """Dispatch until told to stop. Trouble is logged and tried again: this loop never ends by itself."""
    pause = 0.0
    while not stop.wait(pause):
        pause = LOOK_EVERY_S
        try:
            tidy(sessions, clock())
            while not stop.is_set() and dispatch_one(sessions, rules, clock, channels):
                pass
        except Exception:
            log.exception("dispatch failed, trying again", after_s=AFTER_TROUBLE_S)
            pause = AFTER_TROUBLE_S


def dispatching(sessions: Sessions, settings: Settings) -> AbstractContextManager[None]:
    """A dispatcher beside the pages, for as long as they run."""
    rules = Rules(answer_within=timedelta(seconds=settings.answer_within_s))
    return beside_pages("dispatcher", partial(run_dispatcher, sessions, rules=rules), STOP_WITHIN_S)


def _attempt(channel: Channel, attempt: service.Started) -> ChannelError | None:
    try:
        channel.send(attempt.notice)
    except ChannelError as error:
        log.warning("notice not delivered", channel=channel.name, alert=attempt.notice.alert_id, reason=error.message)
        return error
    return None
