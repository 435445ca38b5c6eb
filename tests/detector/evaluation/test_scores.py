"""From outcomes to figures: what counts in which, groups, widths, targets, and what the JSON holds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.boxes import XyxyNorm
from detector.evaluation.calibration import calibration_of
from detector.evaluation.command import as_json
from detector.evaluation.found import FoundClip
from detector.evaluation.matching import Tolerances
from detector.evaluation.mistakes import MistakeKind, mistakes_of
from detector.evaluation.outcomes import outcome_of
from detector.evaluation.scores import Scores, score
from detector.evaluation.truth import ClipTruth
from tests.detector.evaluation.cases import found, locked, parked, said, stay, stood, told, truth

Pairs = list[tuple[ClipTruth, FoundClip | None]]

RIGHT: Pairs = [
    (
        truth(parked(gone_at_s=60.0), locked(1), stood(2), clip="good.mp4", group="plain"),
        found(
            stay(verdicts=(said("unlocked", p_unlocked=0.9),), alerts=(told(24.0, 64.0, "gone"),), gone_at_s=63.0),
            stay(1, 2, verdicts=(said("locked", p_unlocked=0.1),)),
            stay(2, 3, preexisting=True, parked_at_s=0.0, left_at_s=None),
        ),
    ),
    (truth(stood(0), clip="quiet.mp4", group="quiet"), found(stay(0, 1, preexisting=True, parked_at_s=0.0))),
]
WRONG: Pairs = [
    (
        truth(parked(), locked(1), parked(2), parked(3, gone_at_s=60.0), clip="bad.mp4", group="hard"),
        found(
            stay(verdicts=(said("locked", p_unlocked=0.2),)),
            stay(1, 2, verdicts=(said("unlocked", p_unlocked=0.8),), alerts=(told(24.0),)),
            stay(3, 3, verdicts=(said("unsure", p_unlocked=0.5),)),
            stay(1, 4, parked_at_s=50.0, verdicts=(said("unlocked", 60.0),)),
        ),
    ),
]


def test_where_all_is_right_every_target_is_reached() -> None:
    scores = score(RIGHT)
    assert [one.name for one in scores.targets if not one.reached] == []
    overall = scores.overall
    assert (overall.stays.recall.hits, overall.stays.recall.n, overall.stays.invented.count) == (2, 2, 0)
    assert (overall.links.link.hits, overall.links.link.n, overall.links.kept.n) == (1, 1, 1)
    assert overall.alerts.delay_s.median == pytest.approx(4.0)
    assert (overall.alerts.quiet_clips, overall.alerts.on_quiet_clips) == (1, 0)
    assert overall.calibration.brier == pytest.approx(0.01)


def test_every_mistake_counts_where_it_belongs() -> None:
    overall = score(WRONG).overall
    first = overall.first_verdict
    assert (overall.stays.recall.hits, overall.stays.recall.n) == (3, 4)
    assert overall.stays.invented.ratio == pytest.approx(1 / 4)
    assert (first.precision.hits, first.precision.n) == (0, 2)
    assert (first.recall.hits, first.recall.n) == (0, 3)
    assert (first.abstention.hits, first.abstention.n) == (1, 3)
    assert first.confusion["unlocked"] == {"locked": 1, "unlocked": 0, "unsure": 1, "none": 0, "missed": 1}
    assert first.confusion["locked"] == {"locked": 0, "unlocked": 1, "unsure": 0, "none": 0, "missed": 0}
    assert first.confusion["invented"]["unlocked"] == 1
    assert overall.alerts.wrong == {"locked": 1}
    assert (overall.alerts.wanted.hits, overall.alerts.wanted.n) == (0, 3)
    assert overall.links.wrong == {"not_closed": 1}


def test_every_mistake_is_listed_once() -> None:
    outcomes = [outcome_of(clip, result, Tolerances()) for clip, result in WRONG]
    assert [(one.kind, one.true_index, one.found_number) for one in mistakes_of(outcomes)] == [
        (MistakeKind.WRONG_ALERT, 1, 2),
        (MistakeKind.WRONG_VERDICT, 0, 1),
        (MistakeKind.WRONG_VERDICT, 1, 2),
        (MistakeKind.INVENTED_STAY, None, 4),
        (MistakeKind.MISSED_STAY, 2, None),
        (MistakeKind.WRONG_LINK, 3, 3),
        (MistakeKind.ABSTAINED, 3, 3),
    ]


def test_a_bike_rightly_called_unlocked_of_which_nobody_is_told_is_a_mistake_of_its_own() -> None:
    outcome = outcome_of(truth(parked()), found(stay(verdicts=(said("unlocked"),))), Tolerances())
    assert [one.kind for one in mistakes_of([outcome])] == [MistakeKind.MISSED_ALERT]


def test_where_all_is_right_no_mistake_is_listed() -> None:
    assert mistakes_of(outcome_of(clip, result, Tolerances()) for clip, result in RIGHT) == ()


def test_groups_and_widths_take_every_stay_once() -> None:
    narrow = [XyxyNorm(left, 0.4, left + width, 0.6) for left, width in ((0.1, 0.05), (0.3, 0.08), (0.5, 0.12))]
    clip = truth(*(parked(xyxy_norm=box) for box in narrow), group="narrow")
    scores = score([*WRONG, (clip, found(*(stay(xyxy_norm=box) for box in narrow)))])
    assert {name: one.stays.recall.n for name, one in scores.groups.items()} == {"hard": 4, "narrow": 3}
    assert {name: one.stays.recall.n for name, one in scores.widths_px.items()} == {"<60": 1, "60-100": 1, ">=100": 5}
    assert scores.wide_enough.stays.recall.n == 6


def test_a_width_that_the_truth_names_is_believed() -> None:
    assert score([(truth(parked(width_px=40.0)), None)]).widths_px["<60"].stays.recall.n == 1


def test_bikes_too_small_to_judge_do_not_decide_the_verdict_targets() -> None:
    small = truth(parked(width_px=40.0))
    scores = score([*RIGHT, (small, found(stay(verdicts=(said("unsure"),))))])
    assert scores.overall.first_verdict.abstention.hits == 1
    assert scores.wide_enough.first_verdict.abstention.hits == 0


def test_an_alert_where_nobody_parks_is_counted_apart() -> None:
    quiet = truth(stood(0))
    scores = score([*RIGHT, (quiet, found(stay(alerts=(told(),))))])
    assert scores.overall.alerts.on_quiet_clips == 1
    assert not {one.name: one for one in scores.targets}["alerts_where_nobody_parks"].reached


def test_what_could_not_be_measured_is_not_reached() -> None:
    targets = score([]).targets
    assert [one.value for one in targets] == [None] * len(targets)
    assert not any(one.reached for one in targets)


def test_a_clip_without_a_result_counts_as_missed() -> None:
    overall = score([(truth(parked()), None)]).overall
    assert (overall.missing_results, overall.stays.recall.hits, overall.stays.recall.n) == (1, 0, 1)


@pytest.mark.parametrize(
    ("pairs", "brier", "log_loss"),
    [
        ([(1.0, True), (0.0, False)], 0.0, 0.0),
        ([(0.5, True), (0.5, False)], 0.25, 0.6931472),
        ([(0.8, True), (0.8, False)], (0.04 + 0.64) / 2, (0.2231436 + 1.6094379) / 2),
    ],
)
def test_brier_and_log_loss(pairs: list[tuple[float, bool]], brier: float, log_loss: float) -> None:
    one = calibration_of(pairs)
    assert one.brier == pytest.approx(brier)
    assert one.log_loss == pytest.approx(log_loss, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_every_verdict_is_in_one_bin(pairs: list[tuple[float, bool]]) -> None:
    bins = calibration_of(pairs).bins
    assert sum(one.observed.n for one in bins) == len(pairs)
    assert all(one.low - 1e-12 <= one.mean <= one.high + 1e-12 for one in bins)


def test_the_json_holds_every_figure_and_every_mistake() -> None:
    outcomes = [outcome_of(clip, result, Tolerances()) for clip, result in (*RIGHT, *WRONG)]
    held: dict[str, Any] = json.loads(as_json(score([*RIGHT, *WRONG]), mistakes_of(outcomes)))
    assert held["schema_version"] == 1
    assert set(held) == {
        *("schema_version", "tolerances", "overall", "wide_enough", "groups", "widths_px", "targets", "mistakes")
    }
    assert held["overall"]["stays"]["recall"].keys() == {"hits", "n", "rate", "low", "high"}
    assert set(held["overall"]) == {
        *("clips", "missing_results", "stays", "links", "first_verdict", "final_verdict", "calibration", "alerts")
    }
    assert held["overall"]["alerts"]["delay_s"].keys() == {"n", "median", "p95", "largest"}
    assert held["mistakes"][0] == {
        "kind": "wrong_alert",
        "clip": "bad.mp4",
        "why": "locked",
        "true_index": 1,
        "found_number": 2,
        "at_s": 24.0,
        "seconds": None,
    }
    assert set(held["groups"]) == {"plain", "quiet", "hard"}


def test_thousands_of_stays_are_the_sum_of_their_clips() -> None:
    many: Scores = score(RIGHT * 500)
    one = score(RIGHT)
    assert many.overall.stays.recall.n == 500 * one.overall.stays.recall.n
    assert replace(many.overall.alerts.delay_s, n=1) == one.overall.alerts.delay_s
