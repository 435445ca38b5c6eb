from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from detector.evaluation.calibration import calibration_of
from detector.verdict_model import load_verdict_model
from detector.vocabulary import ReasonCode
from models.fit_verdict_card import BEGIN, END, CardError, figures_block, write_figures
from models.fit_verdict_choices import GROUP_SHARES, PRIORS, SHAPES

FOLDER = Path(__file__).parents[2] / "models" / "lock-verdict-v1"
MODEL = load_verdict_model(FOLDER)
METRICS: dict[str, Any] = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
FALLING = {code for code, shape in SHAPES.items() if shape.goes == "falls"} | {ReasonCode.LOCK_SEEN_VIEWS}
RISING = {code for code, shape in SHAPES.items() if shape.goes == "rises"} | {
    ReasonCode.LOCK_CARRIED_VIEWS,
    ReasonCode.NO_LOCK_VIEWS,
}


@pytest.mark.parametrize("code", sorted(FALLING & MODEL.curves.keys()))
def test_doing_more_at_the_bike_never_makes_unlocked_likelier(code: ReasonCode) -> None:
    heights = MODEL.curves[code].log_odds
    assert all(one >= two for one, two in pairwise(heights))


@pytest.mark.parametrize("code", sorted(RISING & MODEL.curves.keys()))
def test_seeing_no_lock_never_makes_unlocked_less_likely(code: ReasonCode) -> None:
    heights = MODEL.curves[code].log_odds
    assert all(one <= two for one, two in pairwise(heights))


def test_who_bends_to_the_bike_for_long_probably_locked_it_and_who_walks_straight_off_did_not() -> None:
    walked = {ReasonCode.ATTENDED_S: 2.0, ReasonCode.BENT_S: 0.0, ReasonCode.BENDS: 0.0, ReasonCode.LONGEST_BEND_S: 0.0}
    locked = {
        ReasonCode.ATTENDED_S: 12.0,
        ReasonCode.BENT_S: 8.0,
        ReasonCode.BENDS: 1.0,
        ReasonCode.LONGEST_BEND_S: 8.0,
    }
    assert MODEL.p_unlocked(walked) > 0.8
    assert MODEL.p_unlocked(locked) < 0.2


def test_the_opinions_are_in_the_file_as_they_stand_in_the_choices_and_the_figures_name_them() -> None:
    assert {code: MODEL.curves[code] for code in PRIORS} == dict(PRIORS)
    assert set(METRICS["not_fitted"]) == {code.value for code in PRIORS}


def test_the_brier_score_of_the_kept_test_judgements_can_be_computed_again() -> None:
    cases = METRICS["sample"]["cases"]
    pairs = [
        (MODEL.p_unlocked({ReasonCode(code): number for code, number in case["numbers"].items()}), case["unlocked"])
        for case in cases
    ]
    assert len(cases) >= 50
    assert {case["unlocked"] for case in cases} == {True, False}
    assert calibration_of(pairs).brier == pytest.approx(METRICS["sample"]["brier"], abs=1e-4)


def test_what_was_scored_as_test_was_never_fitted() -> None:
    assert all(int(case["clip"].rsplit("-", 1)[1]) >= 1000 for case in METRICS["sample"]["cases"])


def test_the_calibration_in_the_file_is_that_of_the_held_out_fit_judgements_of_every_kind() -> None:
    counted = METRICS["fit"]["all"]["judgements"] - METRICS["fit"]["all"]["doubted"]
    assert sum(one.count for one in MODEL.calibration) >= counted
    assert METRICS["fitted_on"] == MODEL.fitted_on


def test_the_card_says_what_the_figures_say() -> None:
    card = (FOLDER / "card.md").read_text(encoding="utf-8")
    assert f"{BEGIN}\n{figures_block(METRICS)}\n{END}" in card


def test_the_chosen_mix_is_written_beside_the_figures() -> None:
    assert METRICS["group_shares"] == dict(GROUP_SHARES)


def test_a_card_without_a_place_for_the_figures_is_left_as_it_is(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("# A card\n", encoding="utf-8")
    with pytest.raises(CardError, match="put them where the figures belong"):
        write_figures(card, METRICS)
    assert card.read_text(encoding="utf-8") == "# A card\n"


def test_figures_replace_older_ones_and_leave_the_words_around_them(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_figures(card, METRICS)
    text = card.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n`python -m models.fit_verdict")
    assert text.endswith(f"{END}\nafter\n")
    assert "\nold\n" not in text


@pytest.mark.parametrize("picture", ["reliability.svg", "curves.svg"])
def test_the_pictures_read_on_dark_pages_too(picture: str) -> None:
    assert "prefers-color-scheme:dark" in (FOLDER / picture).read_text(encoding="utf-8")
