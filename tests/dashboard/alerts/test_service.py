from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.alerts import service
from dashboard.alerts.queries import board, done_today, history
from dashboard.alerts.service import AlreadyTaken, Done, NoSuchAlert, Over
from dashboard.alerts.tables import Alert, AlertState, Change, Outcome
from tests.dashboard.builders import NOON, person, report

LATER = NOON + timedelta(minutes=2)


def changes(session: Session, alert_id: str = "alert-stay-1") -> list[str]:
    return [change.change for change in history(session, alert_id)]


def seconds(number: float) -> datetime:
    return NOON + timedelta(seconds=number)


def test_a_raised_alert_is_open_and_knows_its_place(session: Session) -> None:
    alert = service.raise_alert(session, report())
    assert alert.state == AlertState.OPEN
    assert (alert.rack.code, alert.rack.building.code, alert.camera.code) == ("r1", "b1", "cam-1")
    assert alert.reasons == {"left_after_s": 4.0, "bent_s": 0.0, "no_lock_views": 12.0}
    assert changes(session) == [Change.RAISED]


def test_a_report_that_comes_twice_makes_one_alert(session: Session) -> None:
    service.raise_alert(session, report())
    service.raise_alert(session, report())
    assert session.scalar(select(func.count()).select_from(Alert)) == 1
    assert changes(session) == [Change.RAISED]


def test_one_stay_has_one_alert_even_under_another_id(session: Session) -> None:
    service.raise_alert(session, report())
    assert service.raise_alert(session, report(alert_id="another")).id == "alert-stay-1"


def test_newer_facts_replace_older_ones(session: Session) -> None:
    service.raise_alert(session, report())
    alert = service.update_alert(session, report(at=seconds(60), p_unlocked=0.97, reasons={"bends": 0.0}))
    assert (alert.p_unlocked, alert.reasons) == (0.97, {"bends": 0.0})
    assert changes(session) == [Change.RAISED, Change.UPDATED]


def test_an_older_report_arriving_late_changes_nothing(session: Session) -> None:
    service.raise_alert(session, report(at=seconds(60), p_unlocked=0.97))
    alert = service.update_alert(session, report(at=seconds(50), p_unlocked=0.6))
    assert alert.p_unlocked == 0.97
    assert changes(session) == [Change.RAISED]


def test_an_update_that_overtakes_its_first_report_opens_the_alert(session: Session) -> None:
    service.update_alert(session, report(at=seconds(60)))
    alert = service.raise_alert(session, report(at=seconds(45)))
    assert (alert.state, alert.raised_at) == (AlertState.OPEN, seconds(45))
    assert changes(session) == [Change.RAISED]


def test_a_cleared_report_that_overtakes_its_first_stays_cleared(session: Session) -> None:
    service.clear_alert(session, report(at=seconds(90)), "locked")
    alert = service.raise_alert(session, report(at=seconds(45)))
    assert (alert.state, alert.clear_reason, alert.ended_at) == (AlertState.CLEARED, "locked", seconds(90))


def test_clearing_twice_happens_once(session: Session) -> None:
    service.raise_alert(session, report())
    assert service.clear_alert(session, report(at=seconds(90)), "gone") is not None
    assert service.clear_alert(session, report(at=seconds(95)), "locked") is None
    assert changes(session) == [Change.RAISED, Change.CLEARED]


def test_how_long_it_took_to_be_locked_is_kept(session: Session) -> None:
    service.raise_alert(session, report())
    alert = service.clear_alert(session, report(at=seconds(250), left_at=seconds(240), locked_after_s=200), "locked")
    assert alert is not None
    assert (alert.locked_after_s, alert.left_at, alert.first_left_at) == (200, seconds(240), seconds(40))


def test_a_lock_seen_after_a_persons_answer_still_says_how_long_it_took(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    service.record_outcome(session, "alert-stay-1", ann.id, Outcome.OWNER_LOCKED, "", LATER)
    locked = report(at=seconds(250), locked_after_s=200)
    assert service.clear_alert(session, locked, "locked") is None
    alert = session.get_one(Alert, "alert-stay-1")
    assert (alert.state, alert.locked_after_s) == (AlertState.DONE, 200)


@pytest.mark.parametrize("reason", ["gone", "expired"])
def test_what_was_not_locked_has_no_time_to_lock(session: Session, reason: str) -> None:
    service.raise_alert(session, report())
    service.clear_alert(session, report(at=seconds(900), locked_after_s=200), reason)
    service.clear_alert(session, report("early", at=seconds(900), locked_after_s=200), reason)
    assert session.scalars(select(Alert.locked_after_s)).all() == [None, None]


def test_an_alert_whose_time_the_edge_calls_over_has_expired(session: Session) -> None:
    service.raise_alert(session, report())
    cleared = service.clear_alert(session, report(at=seconds(900)), "expired")
    assert cleared is not None
    assert cleared.state == AlertState.EXPIRED


def test_mere_time_does_not_stop_somebody_who_is_on_the_way(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    assert service.clear_alert(session, report(at=seconds(900)), "expired") is None
    assert service.expire_due(session, seconds(1000)) == 0
    assert session.get_one(Alert, "alert-stay-1").state == AlertState.TAKEN


def test_the_camera_clears_an_alert_that_is_taken(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    cleared = service.clear_alert(session, report(at=seconds(200)), "locked")
    assert cleared is not None
    assert (cleared.state, cleared.taken_by_id) == (AlertState.CLEARED, ann.id)


def test_offering_happens_once_and_only_to_an_open_alert(session: Session) -> None:
    service.raise_alert(session, report())
    assert service.offer(session, "alert-stay-1", LATER)
    assert not service.offer(session, "alert-stay-1", LATER)
    assert session.get_one(Alert, "alert-stay-1").state == AlertState.OFFERED


def test_whoever_comes_second_learns_who_was_first(session: Session) -> None:
    ann, bob = person(session, "ann"), person(session, "bob")
    service.raise_alert(session, report())
    assert isinstance(service.take(session, "alert-stay-1", ann.id, LATER), Done)
    answer = service.take(session, "alert-stay-1", bob.id, LATER)
    assert isinstance(answer, AlreadyTaken)
    assert answer.by.username == "ann"


def test_a_second_tap_by_the_same_person_is_no_error(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    assert isinstance(service.take(session, "alert-stay-1", ann.id, LATER), Done)
    assert changes(session) == [Change.RAISED, Change.TAKEN]


def test_an_alert_that_is_unknown_or_over_cannot_be_taken(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.clear_alert(session, report(at=seconds(90)), "gone")
    assert isinstance(service.take(session, "alert-stay-1", ann.id, LATER), Over)
    assert isinstance(service.take(session, "no-such", ann.id, LATER), NoSuchAlert)


def test_what_is_given_back_can_be_taken_by_another(session: Session) -> None:
    ann, bob = person(session, "ann"), person(session, "bob")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    assert isinstance(service.release(session, "alert-stay-1", bob.id, LATER), AlreadyTaken)
    assert isinstance(service.release(session, "alert-stay-1", ann.id, LATER), Done)
    assert isinstance(service.take(session, "alert-stay-1", bob.id, LATER), Done)
    assert changes(session) == [Change.RAISED, Change.TAKEN, Change.RELEASED, Change.TAKEN]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_ends_the_alert(session: Session, outcome: Outcome) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    answer = service.record_outcome(session, "alert-stay-1", ann.id, outcome, "  by the door ", seconds(300))
    assert isinstance(answer, Done)
    alert = session.get_one(Alert, "alert-stay-1")
    assert (alert.state, alert.outcome, alert.outcome_note) == (AlertState.DONE, outcome, "by the door")
    assert alert.ended_at == seconds(300)


def test_only_who_took_it_can_say_what_was_found(session: Session) -> None:
    ann, bob = person(session, "ann"), person(session, "bob")
    service.raise_alert(session, report())
    assert isinstance(service.record_outcome(session, "alert-stay-1", bob.id, Outcome.GONE, "", LATER), Over)
    service.take(session, "alert-stay-1", ann.id, LATER)
    assert isinstance(service.record_outcome(session, "alert-stay-1", bob.id, Outcome.GONE, "", LATER), AlreadyTaken)
    assert session.get_one(Alert, "alert-stay-1").outcome is None


def test_an_answer_counts_although_the_camera_was_quicker(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    service.clear_alert(session, report(at=seconds(200)), "locked")
    answer = service.record_outcome(session, "alert-stay-1", ann.id, Outcome.OWNER_LOCKED, "", seconds(210))
    assert isinstance(answer, Done)
    alert = session.get_one(Alert, "alert-stay-1")
    assert (alert.state, alert.outcome) == (AlertState.CLEARED, Outcome.OWNER_LOCKED)
    assert alert.ended_at == seconds(200)


def test_an_outcome_is_given_once(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, LATER)
    service.record_outcome(session, "alert-stay-1", ann.id, Outcome.TAGGED, "", LATER)
    service.record_outcome(session, "alert-stay-1", ann.id, Outcome.GONE, "", LATER)
    assert session.get_one(Alert, "alert-stay-1").outcome == Outcome.TAGGED


def test_what_nobody_takes_in_time_expires(session: Session) -> None:
    service.raise_alert(session, report())
    service.raise_alert(session, report("stay-2", expires_at=seconds(3600)))
    assert service.expire_due(session, seconds(899)) == 0
    assert service.expire_due(session, seconds(900)) == 1
    assert session.get_one(Alert, "alert-stay-1").state == AlertState.EXPIRED
    assert session.get_one(Alert, "alert-stay-2").state == AlertState.OPEN


def test_what_was_taken_and_forgotten_expires_after_half_an_hour(session: Session) -> None:
    ann = person(session, "ann")
    service.raise_alert(session, report())
    service.take(session, "alert-stay-1", ann.id, seconds(100))
    assert service.expire_due(session, seconds(100) + service.TAKEN_LASTS - timedelta(seconds=1)) == 0
    assert service.expire_due(session, seconds(100) + service.TAKEN_LASTS) == 1


def test_a_picture_is_hung_once(session: Session) -> None:
    service.raise_alert(session, report())
    service.attach_snapshot(session, "alert-stay-1", "snapshots/alert-stay-1.jpg", LATER)
    service.attach_snapshot(session, "alert-stay-1", "snapshots/alert-stay-1.jpg", LATER)
    assert session.get_one(Alert, "alert-stay-1").snapshot_key == "snapshots/alert-stay-1.jpg"
    assert changes(session) == [Change.RAISED, Change.PICTURE]


def test_the_board_sorts_what_is_mine_what_waits_and_what_is_over(session: Session) -> None:
    ann, bob = person(session, "ann"), person(session, "bob")
    for stay in ("mine", "waiting", "others", "done", "yesterday"):
        service.raise_alert(session, replace(report(stay)))
    service.take(session, "alert-mine", ann.id, LATER)
    service.take(session, "alert-others", bob.id, LATER)
    service.take(session, "alert-done", ann.id, LATER)
    service.record_outcome(session, "alert-done", ann.id, Outcome.GONE, "", LATER)
    service.clear_alert(session, report("yesterday", at=seconds(50)), "gone")
    seen = board(session, ann.id, day_begins=seconds(60))
    assert [[alert.stay_id for alert in part] for part in (seen.mine, seen.waiting, seen.others, seen.ended)] == [
        ["mine"],
        ["waiting"],
        ["others"],
        ["done"],
    ]
    assert done_today(session, ann.id, seconds(60)) == 1
