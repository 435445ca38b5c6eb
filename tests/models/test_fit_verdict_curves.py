from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from detector.config import Thresholds
from detector.vocabulary import ReasonCode
from models.fit_verdict_choices import FOLDS, GROUP_SHARES, OTHER_SHARE, weights_of
from models.fit_verdict_curves import Direction, Shape, fit_sum, platt
from models.fit_verdict_figures import answers_of, auc_of, figures_of, rates_of, sample_of
from models.fit_verdict_learning import CannotFitError, fit, may_be_fitted
from models.fit_verdict_runs import Judgement, Look

BENT, STRAIGHT = ReasonCode.BENT_S, ReasonCode.LEFT_STRAIGHT
KNOTS = (0.0, 1.0, 2.0, 4.0)


def judged(scenario: int, numbers: Mapping[ReasonCode, float], *, unlocked: bool, group: str = "plain") -> Judgement:
    return Judgement(
        scenario=f"scenario-{scenario}",
        group=group,
        seed=0,
        look=Look("usual", 5),
        stay=0,
        turn=0,
        numbers=numbers,
        unlocked=unlocked,
        doubted=False,
        early=False,
        asked=True,
        width_px=90.0,
    )


def drawn(count: int, seed: int = 7) -> list[Judgement]:
    """Bikes whose rider bent down for b seconds are unlocked with log-odds of 3 - 2 b."""
    dice = np.random.default_rng(seed)
    bent = np.round(dice.uniform(0, 4, count), 2)
    unlocked = dice.uniform(size=count) < 1 / (1 + np.exp(2 * bent - 3))
    pairs = zip(bent.tolist(), unlocked.tolist(), strict=True)
    return [judged(row % (2 * FOLDS), {BENT: number}, unlocked=yes) for row, (number, yes) in enumerate(pairs)]


def fitted_heights(goes: Direction, *, rising_data: bool) -> tuple[float, ...]:
    numbers = [{BENT: step / 10} for step in range(41)] * 3
    unlocked = [(one[BENT] > 2) is rising_data for one in numbers]
    return fit_sum(numbers, unlocked, [1.0] * len(numbers), {BENT: Shape(KNOTS, goes)}, 0.1).curves[BENT].log_odds


def test_a_fit_finds_the_curve_that_the_judgements_were_drawn_from() -> None:
    judgements = drawn(3000)
    found = fit_sum(
        [one.numbers for one in judgements],
        [one.unlocked for one in judgements],
        [1.0] * 3000,
        {BENT: Shape(KNOTS, "falls")},
        0.03,
    )
    for bent_s in KNOTS:
        assert found.log_odds({BENT: bent_s}) == pytest.approx(3 - 2 * bent_s, abs=0.6)


@pytest.mark.parametrize(("goes", "against"), [("falls", True), ("rises", False)])
def test_a_curve_stays_level_where_the_judgements_would_bend_it_the_wrong_way(goes: Direction, against: bool) -> None:
    heights = fitted_heights(goes, rising_data=against)
    assert max(heights) - min(heights) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("rising", [True, False])
def test_a_free_curve_follows_the_judgements_either_way(rising: bool) -> None:
    heights = fitted_heights("free", rising_data=rising)
    assert all((one < two) is rising for one, two in pairwise(heights))


def test_a_number_that_was_not_seen_pushes_nowhere() -> None:
    found = fit_sum([{BENT: 0.0}, {BENT: 4.0}, {}], [True, False, True], [1.0] * 3, {BENT: Shape(KNOTS, "falls")}, 0.1)
    assert found.log_odds({}) == found.base
    assert found.log_odds({STRAIGHT: 1.0}) == found.base


def test_a_curve_from_nought_begins_with_no_push() -> None:
    numbers = [{BENT: 0.0}, {BENT: 4.0}, {}, {}]
    shape = Shape(KNOTS, "falls", from_nought=True)
    found = fit_sum(numbers, [True, False, True, False], [1.0] * 4, {BENT: shape}, 0.1)
    assert found.curves[BENT].log_odds[0] == 0
    assert found.curves[BENT].log_odds[-1] < 0


def test_a_judgement_counts_as_often_as_its_weight_says() -> None:
    shapes = {BENT: Shape(KNOTS, "falls")}
    numbers = [{BENT: 0.0}, {BENT: 4.0}, {BENT: 4.0}]
    twice = fit_sum([*numbers, numbers[1]], [True, False, True, False], [1.0] * 4, shapes, 0.1)
    weighted = fit_sum(numbers, [True, False, True], [1.0, 2.0, 1.0], shapes, 0.1)
    assert weighted.log_odds(numbers[1]) == pytest.approx(twice.log_odds(numbers[1]), abs=0.02)


def test_log_odds_twice_too_sure_are_halved() -> None:
    dice = np.random.default_rng(3)
    true = dice.normal(0.5, 2, 4000)
    unlocked = dice.uniform(size=4000) < 1 / (1 + np.exp(-true))
    slope, offset = platt(2 * true - 1, unlocked.tolist(), [1.0] * 4000)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(0.5, abs=0.1)


def test_a_stretched_sum_stays_on_its_knots() -> None:
    found = fit_sum([{BENT: 0.0}, {BENT: 4.0}], [True, False], [1.0] * 2, {BENT: Shape(KNOTS, "falls")}, 0.1)
    stretched = found.stretched(0.5, 1.0)
    assert stretched.curves[BENT].at == KNOTS
    assert stretched.log_odds({BENT: 1.0}) == pytest.approx(0.5 * found.log_odds({BENT: 1.0}) + 1.0, abs=0.002)


def test_groups_count_in_the_chosen_proportion_however_many_judgements_they_have() -> None:
    judgements = [judged(0, {}, unlocked=True, group="plain")] * 3 + [judged(1, {}, unlocked=True, group="new")]
    weights = weights_of(judgements)
    assert sum(weights) == pytest.approx(4.0)
    assert sum(weights[:3]) / weights[3] == pytest.approx(GROUP_SHARES["plain"] / OTHER_SHARE)


def test_the_same_judgements_give_the_same_file() -> None:
    one, two = fit(drawn(200), "a test"), fit(drawn(200), "a test")
    assert one.model.model_dump_json() == two.model.model_dump_json()
    assert one.held_out == two.held_out


def test_held_out_probabilities_are_calibrated() -> None:
    judgements = drawn(2000)
    model = fit(judgements, "a test").model
    assert sum(one.count for one in model.calibration) == 2000
    assert all(abs(one.said - one.found) < 0.15 for one in model.calibration if one.count >= 50)


def test_a_scenario_whose_answers_are_turned_round_does_not_teach_its_own_held_out_answer() -> None:
    """Were a scenario fitted on before it is asked, its own number alone would give it away."""
    others = drawn(400)
    odd = [judged(99, {BENT: 0.5, STRAIGHT: 1.0}, unlocked=False)] * 20
    said = fit([*others, *odd], "a test").held_out[-20:]
    assert min(said) > 0.5


@pytest.mark.parametrize(
    ("judgements", "says"),
    [
        (drawn(200)[: FOLDS - 1], "give more --seeds"),
        ([replace(one, unlocked=True) for one in drawn(200)], "give more --seeds"),
        ([judged(0, {ReasonCode.TOO_DARK: 1.0}, unlocked=True), *drawn(200)], "No curve is meant for too_dark"),
    ],
)
def test_what_cannot_be_fitted_is_said_in_one_sentence(judgements: list[Judgement], says: str) -> None:
    with pytest.raises(CannotFitError, match=says):
        fit(judgements, "a test")


@pytest.mark.parametrize(("field", "fits"), [("doubted", False), ("early", False), ("asked", True)])
def test_doubted_and_early_judgements_are_not_fitted_but_those_of_ebikes_are(field: str, fits: bool) -> None:
    one = judged(0, {}, unlocked=True)
    assert may_be_fitted(one)
    assert (
        may_be_fitted(replace(one, doubted=field == "doubted", early=field == "early", asked=field != "asked")) is fits
    )


def test_doubted_judgements_count_as_unsure_and_against_recall() -> None:
    judgements = drawn(400)
    model = fit(judgements, "a test").model
    sure = rates_of(answers_of(model, judgements), Thresholds())
    half = [replace(one, doubted=row % 2 == 0) for row, one in enumerate(judgements)]
    doubtful = rates_of(answers_of(model, half), Thresholds())
    assert doubtful["abstention"][0] >= 0.5
    assert doubtful["recall"][0] < 0.7 * sure["recall"][0]


def test_figures_leave_out_early_judgements_and_ebikes() -> None:
    judgements = drawn(100)
    model = fit(judgements, "a test").model
    mixed = [replace(judgements[0], early=True), replace(judgements[1], asked=False), *judgements[2:]]
    assert figures_of(answers_of(model, mixed), Thresholds())["judgements"] == 98


@pytest.mark.parametrize(
    ("pairs", "area"),
    [
        ([(0.9, True), (0.1, False)], 1.0),
        ([(0.1, True), (0.9, False)], 0.0),
        ([(0.5, True), (0.5, False)], 0.5),
        ([(0.9, True), (0.2, True), (0.5, False)], 0.5),
        ([(0.9, True)], None),
    ],
)
def test_auc_is_the_chance_to_tell_an_unlocked_bike_from_a_locked_one(
    pairs: list[tuple[float, bool]], area: float | None
) -> None:
    assert auc_of(pairs) == area


def test_the_kept_sample_is_small_and_spread_over_all_judgements() -> None:
    judgements = drawn(500)
    sample = sample_of(answers_of(fit(judgements, "a test").model, judgements))
    assert len(sample["cases"]) == 60
    assert {case["clip"] for case in sample["cases"]} >= {"scenario-0-0", "scenario-8-0"}
