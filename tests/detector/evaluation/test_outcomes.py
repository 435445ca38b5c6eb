"""One clip's result held against its truth, case by case."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyNorm
from detector.evaluation.alert_outcomes import Clearing, Wrong
from detector.evaluation.found import FoundAlert, FoundStay, FoundVerdict
from detector.evaluation.matching import Tolerances
from detector.evaluation.outcomes import ClipOutcome, Link, Said, StayOutcome, outcome_of
from detector.evaluation.truth import ClipTruth, StayTruth
from tests.detector.evaluation.cases import PLACES, found, locked, parked, said, stay, stood, told, truth


def held(clip: ClipTruth, *stays: FoundStay) -> ClipOutcome:
    return outcome_of(clip, found(*stays), Tolerances())


def only(clip: ClipTruth, *stays: FoundStay) -> StayOutcome:
    (one,) = held(clip, *stays).stays
    return one


def test_a_clip_without_a_result_is_one_in_which_nothing_was_found() -> None:
    outcome = outcome_of(truth(parked(), stood(1)), None, Tolerances())
    assert not outcome.has_result
    assert outcome.stays[0].found is outcome.standing[0].found is None


def test_a_bike_that_stood_there_and_is_called_a_visit_is_invented() -> None:
    outcome = held(truth(stood()), stay())
    assert [one.found.number for one in outcome.invented] == [1]
    assert outcome.standing[0].found is None
    assert outcome.nobody_parks


@pytest.mark.parametrize(("parked_at_s", "asked"), [(90.0, True), (90.5, False)])
def test_a_stay_that_begins_at_the_very_end_is_not_asked_for(parked_at_s: float, asked: bool) -> None:
    assert only(truth(parked(parked_at_s=parked_at_s, left_at_s=None))).asked is asked


@pytest.mark.parametrize(("box", "right"), [(PLACES[0], True), (PLACES[0]._replace(left=0.16, right=0.27), False)])
def test_the_right_bike_is_the_one_that_fits_best_of_those_standing_there(box: XyxyNorm, right: bool) -> None:
    neighbour = stood(xyxy_norm=PLACES[0]._replace(left=0.17, right=0.28))
    assert only(truth(parked(), neighbour), stay(xyxy_norm=box)).right_bike is right


@pytest.mark.parametrize(
    ("gone_at_s", "closed_s", "link"),
    [
        (50.0, 50.0, Link.RIGHT),
        (50.0, 47.0, Link.RIGHT),
        (50.0, 65.0, Link.RIGHT),
        (50.0, 46.9, Link.CLOSED_AT_OTHER_TIME),
        (50.0, 65.1, Link.CLOSED_AT_OTHER_TIME),
        (50.0, None, Link.NOT_CLOSED),
        (None, 50.0, Link.CLOSED_BUT_NOT_TAKEN),
        (None, None, Link.RIGHT),
        (86.0, 86.0, None),
    ],
)
def test_a_drop_is_linked_to_the_take_that_ended_it(
    gone_at_s: float | None, closed_s: float | None, link: Link | None
) -> None:
    assert only(truth(parked(gone_at_s=gone_at_s)), stay(gone_at_s=closed_s)).link is link


def test_a_missed_drop_has_no_link() -> None:
    assert only(truth(parked(gone_at_s=50.0))).link is Link.DROP_MISSED


def test_a_take_that_ends_two_stays_in_one_place_is_no_right_link() -> None:
    twice = [stay(gone_at_s=51.0), stay(number=2, parked_at_s=30.0, gone_at_s=52.0)]
    assert only(truth(parked(gone_at_s=50.0)), *twice).link is Link.ALSO_ENDS_ANOTHER


def test_two_bikes_taken_together_each_have_their_own_take() -> None:
    beside = PLACES[0]._replace(left=0.12, right=0.22)
    clip = truth(parked(gone_at_s=50.0), parked(xyxy_norm=beside, gone_at_s=51.0))
    outcome = held(clip, stay(gone_at_s=50.5), stay(number=2, xyxy_norm=beside, gone_at_s=51.5))
    assert [one.link for one in outcome.stays] == [Link.RIGHT, Link.RIGHT]


@pytest.mark.parametrize(
    ("true", "verdicts", "said_first", "right"),
    [
        pytest.param(parked(), [said("unlocked")], Said.UNLOCKED, True, id="unlocked, called so"),
        pytest.param(parked(), [said("locked")], Said.LOCKED, False, id="unlocked, called locked"),
        pytest.param(locked(), [said("locked")], Said.LOCKED, True, id="locked, called so"),
        pytest.param(locked(), [said("unlocked")], Said.UNLOCKED, False, id="locked, called unlocked"),
        pytest.param(parked(), [said("unsure")], Said.UNSURE, False, id="unsure"),
        pytest.param(parked(), [], Said.NONE, False, id="no verdict"),
        pytest.param(
            locked(),
            [said("unlocked", 16.0), said("locked", 24.0)],
            Said.LOCKED,
            True,
            id="before leaving is too early",
        ),
        pytest.param(parked(), [said("unlocked", 16.0)], Said.UNLOCKED, True, id="in force when the rider left"),
        pytest.param(
            parked(locked_at_s=50.0), [said("unlocked"), said("locked", 60.0)], Said.UNLOCKED, True, id="locked later"
        ),
        pytest.param(
            parked(locked_at_s=50.0), [said("locked", 60.0)], Said.LOCKED, True, id="the truth of its own moment counts"
        ),
    ],
)
def test_the_first_verdict_after_leaving_is_held_against_its_moment(
    true: StayTruth, verdicts: list[FoundVerdict], said_first: Said, right: bool
) -> None:
    first = only(truth(true), stay(verdicts=tuple(verdicts))).first
    assert first is not None
    assert (first.asked, first.said, first.right) == (True, said_first, right)


def test_the_final_verdict_is_held_against_how_the_bike_stood_at_the_end() -> None:
    true = truth(parked(locked_at_s=50.0))
    stale, fresh = ((said("unlocked"),), (said("unlocked"), said("locked", 60.0)))
    finals = [only(true, stay(verdicts=verdicts)).final for verdicts in (stale, fresh)]
    assert [final is not None and final.right for final in finals] == [False, True]


def test_a_lock_closed_at_the_very_end_asks_for_no_final_verdict() -> None:
    final = only(truth(parked(locked_at_s=95.0)), stay(verdicts=(said("unlocked"),))).final
    assert final is not None
    assert not final.asked


@pytest.mark.parametrize("true", [parked(shared=True), parked(kind="motorcycle"), parked(left_at_s=None)])
def test_no_verdict_is_due_for_shared_bikes_e_bikes_and_those_nobody_left(true: StayTruth) -> None:
    one = only(truth(true), stay(verdicts=(said("unlocked"),)))
    assert (one.first, one.final, one.alert_wanted) == (None, None, False)


@pytest.mark.parametrize(
    ("true", "wanted"),
    [
        (parked(), True),
        (locked(), False),
        (parked(left_at_s=91.0), False),
        (parked(gone_at_s=29.0), False),
        (parked(locked_at_s=29.0), False),
        (parked(locked_at_s=31.0), True),
    ],
)
def test_an_alert_is_wanted_where_a_bike_stands_unlocked_for_ten_seconds(true: StayTruth, wanted: bool) -> None:
    assert only(truth(true)).alert_wanted is wanted


@pytest.mark.parametrize(
    ("true", "at_s", "wrong"),
    [
        (parked(), 24.0, None),
        (parked(), 18.0, None),
        (parked(), 17.9, Wrong.RIDER_STILL_THERE),
        (parked(left_at_s=None), 24.0, Wrong.RIDER_STILL_THERE),
        (locked(), 24.0, Wrong.LOCKED),
        (parked(locked_at_s=23.0), 24.0, Wrong.LOCKED),
        (parked(gone_at_s=22.0), 25.1, Wrong.GONE),
        (parked(shared=True), 24.0, Wrong.SHARED),
        (parked(kind="motorcycle"), 24.0, Wrong.MOTORCYCLE),
        (stood(), 24.0, Wrong.PREEXISTING),
        (parked(1), 24.0, Wrong.INVENTED),
    ],
)
def test_an_alert_is_right_or_it_is_known_why_not(true: StayTruth, at_s: float, wrong: Wrong | None) -> None:
    (alert,) = held(truth(true), stay(alerts=(told(at_s),))).alerts
    assert alert.wrong is wrong
    assert alert.delay_s == (at_s - 20.0 if wrong is None else None)


def test_a_second_alert_is_one_however_it_comes_about() -> None:
    again = held(truth(parked()), stay(alerts=(told(24.0), told(40.0))))
    split = held(truth(parked()), stay(alerts=(told(24.0),)), stay(number=2, parked_at_s=60.0, alerts=(told(70.0),)))
    for outcome in (again, split):
        assert [one.wrong for one in outcome.alerts] == [None, Wrong.SECOND]
        assert outcome.stays[0].told


@pytest.mark.parametrize(
    ("true", "alert", "clearing"),
    [
        (parked(), told(), None),
        (parked(), told(24.0, 90.0, "expired"), None),
        (parked(), told(24.0, 40.0, "locked"), Clearing.WITHOUT_CAUSE),
        (parked(), told(24.0, 40.0, "gone"), Clearing.WITHOUT_CAUSE),
        (parked(locked_at_s=50.0), told(24.0, 62.0, "locked"), Clearing.RIGHT),
        (parked(locked_at_s=50.0), told(24.0, 40.0, "locked"), Clearing.WITHOUT_CAUSE),
        (parked(locked_at_s=50.0), told(), Clearing.NOT_CLEARED),
        (parked(locked_at_s=50.0), told(24.0, 90.0, "expired"), Clearing.OTHER_REASON),
        (parked(locked_at_s=50.0), told(24.0, 45.0, "expired"), None),
        (parked(locked_at_s=86.0), told(), None),
        (parked(gone_at_s=60.0), told(24.0, 65.0, "gone"), Clearing.RIGHT),
        (parked(gone_at_s=60.0), told(), Clearing.NOT_CLEARED),
        (parked(gone_at_s=60.0), told(24.0, 65.0, "locked"), Clearing.WITHOUT_CAUSE),
        (parked(gone_at_s=90.0), told(), None),
    ],
)
def test_an_alert_is_cleared_by_what_truly_happened(
    true: StayTruth, alert: FoundAlert, clearing: Clearing | None
) -> None:
    (one,) = held(truth(true), stay(alerts=(alert,))).alerts
    assert one.clearing is clearing


def test_the_time_to_lock_is_told_against_the_lock() -> None:
    (one,) = held(truth(parked(locked_at_s=50.0)), stay(alerts=(told(24.0, 62.0, "locked"),))).alerts
    assert one.lock_time_error_s == pytest.approx(12.0)


def test_a_standing_bike_closed_without_being_taken_is_noted() -> None:
    clip = truth(stood(0), stood(1, gone_at_s=50.0), stood(2, gone_at_s=50.0))
    closed = [
        stay(number, number + 1, preexisting=True, gone_at_s=at_s) for number, at_s in enumerate((30.0, 52.0, 30.0))
    ]
    assert [one.closed_wrongly for one in held(clip, *closed).standing] == [True, False, True]
