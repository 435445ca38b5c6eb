"""Step 6: whom to remind of what. One reminder per stay, ever; taken back as soon as it no longer holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from detector.config import Thresholds
from detector.vocabulary import Kind, LockState, LockVerdict, Stay, StayEvent, StayEventKind

Action = Literal["raised", "updated", "cleared"]
ClearReason = Literal["locked", "gone", "expired"]
WORTH_TELLING = 0.1
"""A change of the probability smaller than this is not told."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What became of one stay's reminder; `Outgoing` makes the AlertMessage of it."""

    action: Action
    stay: Stay
    verdict: LockVerdict
    at: datetime
    expires_at: datetime
    clear_reason: ClearReason | None = None
    first_left_at: datetime | None = None
    """When the rider left the bike for the first time; `stay.left_at` moves on with each later leaving."""

    @property
    def locked_after_s(self) -> float | None:
        """Seconds from the first leaving to the end of the visit that locked the bike; None where that was not seen.

        The lock was closed during that visit, so this is the latest it can have been.
        """
        left_at = self.stay.left_at
        if self.clear_reason != "locked" or self.first_left_at is None or left_at is None:
            return None
        return round((left_at - self.first_left_at).total_seconds(), 1) if left_at > self.first_left_at else None


class ReminderPolicy:
    """Remembers which stays were ever reminded of and which reminders are open."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._expires_after = timedelta(seconds=thresholds.alert_expires_s)
        self._open: dict[str, Reminder] = {}
        self._ever: set[str] = set()
        self.is_muted: Callable[[str, datetime], bool] = _never
        """Whether nobody is to be reminded at a rack at a time; a stay judged anew later may be reminded of then."""

    def decide(self, event: StayEvent, verdict: LockVerdict | None, at: datetime) -> Reminder | None:
        """What this event means for the stay's reminder; None: nothing to tell."""
        opened = self._open.get(event.stay.stay_id)
        if event.kind is StayEventKind.CLOSED:
            self._ever.discard(event.stay.stay_id)  # a closed stay never speaks again
            return self._clear(replace(opened, stay=event.stay), at, "gone") if opened else None
        if verdict is None:
            return None
        if opened is None:
            return self._raise(event, verdict, at)
        return self._revise(replace(opened, stay=event.stay), verdict, at)

    def remembered(self, stay_id: str) -> tuple[Reminder | None, bool]:
        """A stay's open reminder, and whether there ever was one."""
        return self._open.get(stay_id), stay_id in self._ever

    def restore(self, stay_id: str, opened: Reminder | None, *, ever: bool) -> None:
        """Go on with what an earlier run had said of a stay."""
        if opened is not None:
            self._open[stay_id] = opened
        if ever:
            self._ever.add(stay_id)

    def expire(self, at: datetime) -> list[Reminder]:
        """Clear every open reminder whose time is over; call once a frame."""
        due = [reminder for reminder in self._open.values() if at >= reminder.expires_at]
        return [self._clear(reminder, at, "expired") for reminder in due]

    def _raise(self, event: StayEvent, verdict: LockVerdict, at: datetime) -> Reminder | None:
        stay = event.stay
        may_remind = stay.kind is Kind.BICYCLE and not stay.preexisting and stay.stay_id not in self._ever
        if not may_remind or verdict.state is not LockState.UNLOCKED or self.is_muted(stay.rack_id, at):
            return None
        self._ever.add(stay.stay_id)
        raised = Reminder("raised", stay, verdict, at, at + self._expires_after, first_left_at=_first_left_at(event))
        self._open[stay.stay_id] = raised
        return raised

    def _revise(self, opened: Reminder, verdict: LockVerdict, at: datetime) -> Reminder | None:
        if verdict.state is LockState.LOCKED:
            return self._clear(replace(opened, verdict=verdict), at, "locked")
        if not _is_worth_telling(opened.verdict, verdict):
            return None
        updated = replace(opened, action="updated", verdict=verdict, at=at)
        self._open[updated.stay.stay_id] = updated
        return updated

    def _clear(self, reminder: Reminder, at: datetime, reason: ClearReason) -> Reminder:
        self._open.pop(reminder.stay.stay_id)
        return replace(reminder, action="cleared", at=at, clear_reason=reason)


def _never(_rack_id: str, _at: datetime) -> bool:
    return False


def _first_left_at(event: StayEvent) -> datetime | None:
    """Where somebody was back before the reminder was raised, the evidence knows when the rider left at first."""
    left_after_s = event.evidence.left_after_s
    if event.evidence.return_visits == 0 or left_after_s is None:
        return event.stay.left_at
    return event.stay.parked_at + timedelta(seconds=left_after_s)


def _is_worth_telling(before: LockVerdict, now: LockVerdict) -> bool:
    moved = abs((now.p_unlocked or 0.0) - (before.p_unlocked or 0.0))
    return now.state is not before.state or moved >= WORTH_TELLING
