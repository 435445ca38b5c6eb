from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from detector.boxes import XyxyNorm
from detector.config import Thresholds
from detector.reminders import Reminder, ReminderPolicy
from detector.vocabulary import Kind, LockEvidence, LockState, LockVerdict, Stay, StayEvent, StayEventKind, StayState
from tests.detector.scenes import START

LEFT, RETURNED, CLOSED, OPENED = (
    StayEventKind.LEFT,
    StayEventKind.RETURNED,
    StayEventKind.CLOSED,
    StayEventKind.OPENED,
)


def _at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def _event(
    kind: StayEventKind, stay_id: str = "one", bike: Kind = Kind.BICYCLE, *, preexisting: bool = False
) -> StayEvent:
    box = XyxyNorm(0.1, 0.1, 0.2, 0.2)
    stay = Stay(stay_id, "rack", "building", bike, StayState.LEFT, box, preexisting, START)
    return StayEvent(kind, stay, LockEvidence(), START)


def _verdict(state: LockState, p: float = 0.5) -> LockVerdict:
    return LockVerdict(state, p)


UNLOCKED, LOCKED, UNSURE = (
    _verdict(LockState.UNLOCKED, 0.9),
    _verdict(LockState.LOCKED, 0.1),
    _verdict(LockState.UNSURE),
)


def _told(steps: list[tuple[StayEventKind, LockVerdict | None]]) -> list[str | None]:
    policy = ReminderPolicy(Thresholds())
    said = [policy.decide(_event(kind), verdict, _at(index)) for index, (kind, verdict) in enumerate(steps)]
    return [None if one is None else one.clear_reason or one.action for one in said]


STORIES = [
    # Left unlocked, and that was all.
    ([(OPENED, None), (LEFT, UNLOCKED)], [None, "raised"]),
    # Locked: nobody is told anything.
    ([(OPENED, None), (LEFT, LOCKED), (CLOSED, None)], [None, None, None]),
    # Unsure is a real answer and never an alert.
    ([(LEFT, UNSURE)], [None]),
    # The owner came back and locked it.
    ([(LEFT, UNLOCKED), (RETURNED, None), (LEFT, LOCKED)], ["raised", None, "locked"]),
    # Ridden away.
    ([(LEFT, UNLOCKED), (CLOSED, None)], ["raised", "gone"]),
    # Somebody came near it and nothing changed: not told again.
    ([(LEFT, UNLOCKED), (RETURNED, None), (LEFT, UNLOCKED)], ["raised", None, None]),
    # After a visit we are less sure: told, but it stays open.
    ([(LEFT, UNLOCKED), (RETURNED, None), (LEFT, UNSURE), (LEFT, LOCKED)], ["raised", None, "updated", "locked"]),
    # Still unlocked, but the probability moved.
    ([(LEFT, UNLOCKED), (LEFT, _verdict(LockState.UNLOCKED, 0.75))], ["raised", "updated"]),
    # One reminder per stay, ever.
    ([(LEFT, UNLOCKED), (LEFT, LOCKED), (LEFT, UNLOCKED), (CLOSED, None)], ["raised", "locked", None, None]),
]


@pytest.mark.parametrize(("steps", "told"), STORIES)
def test_what_is_told_of_a_stay(steps: list[tuple[StayEventKind, LockVerdict | None]], told: list[str | None]) -> None:
    assert _told(steps) == told


def test_bikes_that_were_there_before_and_motorcycles_get_no_reminder() -> None:
    policy = ReminderPolicy(Thresholds())
    assert policy.decide(_event(LEFT, preexisting=True), UNLOCKED, _at(0)) is None
    assert policy.decide(_event(LEFT, "two", Kind.MOTORCYCLE), UNLOCKED, _at(0)) is None


def test_a_reminder_expires_once_when_its_time_is_over() -> None:
    policy = ReminderPolicy(Thresholds(alert_expires_s=60))
    raised = policy.decide(_event(LEFT), UNLOCKED, _at(0))
    assert isinstance(raised, Reminder)
    assert raised.expires_at == _at(60)
    assert policy.expire(_at(59.9)) == []
    (expired,) = policy.expire(_at(60))
    assert (expired.action, expired.clear_reason, expired.at) == ("cleared", "expired", _at(60))
    assert policy.expire(_at(61)) == []


def test_an_expired_reminder_is_not_raised_again() -> None:
    policy = ReminderPolicy(Thresholds(alert_expires_s=60))
    policy.decide(_event(LEFT), UNLOCKED, _at(0))
    policy.expire(_at(60))
    assert policy.decide(_event(LEFT), UNLOCKED, _at(70)) is None
    assert policy.decide(_event(CLOSED), None, _at(80)) is None


def _left(second: float, *, visits: int = 0, left_after_s: float | None = None) -> StayEvent:
    """The rider, or whoever came back after them, left the bike at this second."""
    plain = _event(LEFT)
    evidence = LockEvidence(left_after_s=left_after_s, return_visits=visits)
    return replace(plain, stay=replace(plain.stay, left_at=_at(second)), evidence=evidence)


LOCKINGS = [
    # The owner came back once and locked it.
    ([(_left(20), UNLOCKED), (_left(220), LOCKED)], 200.0),
    # Somebody came by in vain before that: counted from the first leaving.
    ([(_left(20), UNLOCKED), (_left(100), UNSURE), (_left(320), LOCKED)], 300.0),
    # The rider had been back before the reminder was raised: the evidence knows the first leaving.
    ([(_left(8, left_after_s=8), UNSURE), (_left(40, visits=1, left_after_s=8), UNLOCKED), (_left(98), LOCKED)], 90.0),
    # Seen locked without anybody having come back: when that was, nobody knows.
    ([(_left(20), UNLOCKED), (_left(20), LOCKED)], None),
    # Never seen leaving.
    ([(_event(LEFT), UNLOCKED), (_event(LEFT), LOCKED)], None),
    # Taken away, or only time went by.
    ([(_left(20), UNLOCKED), (replace(_left(20), kind=CLOSED), None)], None),
    ([(_left(20), UNLOCKED), (_left(220), UNSURE)], None),
]


@pytest.mark.parametrize(("steps", "seconds"), LOCKINGS)
def test_how_long_it_took_to_be_locked_counts_from_the_first_leaving(
    steps: list[tuple[StayEvent, LockVerdict | None]], seconds: float | None
) -> None:
    policy = ReminderPolicy(Thresholds())
    last = [policy.decide(event, verdict, _at(400 + number)) for number, (event, verdict) in enumerate(steps)][-1]
    assert last is not None
    assert last.locked_after_s == seconds


def test_the_first_leaving_is_known_after_a_restart() -> None:
    before, after = ReminderPolicy(Thresholds()), ReminderPolicy(Thresholds())
    before.decide(_left(20), UNLOCKED, _at(25))
    before.decide(_left(100), UNSURE, _at(105))
    opened, ever = before.remembered("one")
    after.restore("one", opened, ever=ever)
    cleared = after.decide(_left(220), LOCKED, _at(225))
    assert cleared is not None
    assert cleared.locked_after_s == 200.0


def test_stays_have_their_own_reminders() -> None:
    policy = ReminderPolicy(Thresholds())
    policy.decide(_event(LEFT, "one"), UNLOCKED, _at(0))
    policy.decide(_event(LEFT, "two"), UNLOCKED, _at(1))
    cleared = policy.decide(_event(LEFT, "two"), LOCKED, _at(2))
    assert cleared is not None
    assert cleared.stay.stay_id == "two"
    still_open = policy.decide(_event(CLOSED, "one"), None, _at(3))
    assert still_open is not None
    assert still_open.clear_reason == "gone"
