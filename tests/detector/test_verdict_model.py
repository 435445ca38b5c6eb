"""The fitted file: refused where it is broken, read as it says, and sensible where it is the one that comes along."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from detector.config import ViewConfig
from detector.errors import UsageError
from detector.model_folder import ModelRefusedError, sha256_of
from detector.verdict_model import VERDICT_FILE, Curve, VerdictModel, load_verdict_model, numbers_of, verdict_sha256
from detector.vocabulary import LockEvidence, ReasonCode

GOOD: Mapping[str, object] = {
    "name": "for-tests",
    "version": 3,
    "base": 0.5,
    "curves": {"bent_s": {"at": [0, 10], "log_odds": [1, -3]}, "attended_s": {"at": [5], "log_odds": [0.25]}},
    "calibration": [{"said": 0.9, "found": 0.88, "count": 40}],
    "fitted_on": "nothing",
}
COMMITTED = ViewConfig().verdict


def _written(folder: Path, text: str) -> Path:
    (folder / VERDICT_FILE).write_text(text, encoding="utf-8")
    return folder


def _with_curve(at: list[float], log_odds: list[float], code: str = "bent_s") -> Mapping[str, object]:
    return {**GOOD, "curves": {code: {"at": at, "log_odds": log_odds}}}


BROKEN = {
    "an unknown key": ({**GOOD, "wieghts": {}}, "wieghts: Extra inputs are not permitted"),
    "an unknown key in a curve": (
        {**GOOD, "curves": {"bent_s": {"at": [0], "log_odds": [0], "unit": "s"}}},
        "curves.bent_s.unit: Extra inputs are not permitted",
    ),
    "an unknown reason": (_with_curve([0, 1], [0, 1], "mood"), "curves.mood"),
    "knots that do not rise": (_with_curve([0, 2, 2], [0, 1, 2]), "at must rise"),
    "knots that fall": (_with_curve([3, 1], [0, 1]), "at must rise"),
    "lengths that differ": (_with_curve([0, 1], [0, 1, 2]), "at and log_odds must be of one length"),
    "a curve without knots": (_with_curve([], []), "curves.bent_s.at"),
    "a missing part": ({key: GOOD[key] for key in GOOD if key != "base"}, "base: Field required"),
    "a name with a path in it": ({**GOOD, "name": "../up"}, "name:"),
    "a version before the first": ({**GOOD, "version": -1}, "version:"),
    "a probability above 1": ({**GOOD, "calibration": [{"said": 1.2, "found": 1, "count": 1}]}, "calibration.0.said"),
    "a bin of nobody": ({**GOOD, "calibration": [{"said": 0.2, "found": 0, "count": 0}]}, "calibration.0.count"),
    "a word for a number": ({**GOOD, "base": "high"}, "base:"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_refused_in_one_sentence_that_says_where(what: str, tmp_path: Path) -> None:
    content, where = BROKEN[what]
    with pytest.raises(ModelRefusedError) as refused:
        load_verdict_model(_written(tmp_path, json.dumps(content)))
    _is_one_sentence(str(refused.value), str(tmp_path / VERDICT_FILE), where)


NO_JSON: dict[str, Callable[[Path], Path]] = {
    "half a file": lambda folder: _written(folder, json.dumps(GOOD)[:40]),
    "an empty file": lambda folder: _written(folder, ""),
    "a list": lambda folder: _written(folder, "[]"),
}


@pytest.mark.parametrize("what", NO_JSON)
def test_what_is_no_verdict_at_all_is_refused(what: str, tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError) as refused:
        load_verdict_model(NO_JSON[what](tmp_path))
    _is_one_sentence(str(refused.value), str(tmp_path / VERDICT_FILE), "the whole file")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / VERDICT_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelRefusedError, match=r"^Cannot read .*verdict\.json"):
        load_verdict_model(tmp_path)


def test_a_missing_verdict_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    for wanted in ("no-such-verdict", tmp_path):
        with pytest.raises(UsageError) as refused:
            load_verdict_model(wanted)
        _is_one_sentence(str(refused.value), str(wanted), COMMITTED)


def _is_one_sentence(said: str, *parts: str) -> None:
    assert "\n" not in said
    assert said.endswith(".")
    for part in parts:
        assert part in said


def test_a_verdict_is_found_by_path_or_by_name(tmp_path: Path) -> None:
    own = load_verdict_model(_written(tmp_path, json.dumps(GOOD)))
    assert (own.model_id, own.base) == ("for-tests-v3", 0.5)
    assert load_verdict_model(COMMITTED).model_id == COMMITTED
    assert verdict_sha256(tmp_path) == sha256_of(tmp_path / VERDICT_FILE) != verdict_sha256(COMMITTED)


CURVE = Curve(at=(2, 4, 8), log_odds=(1, -1, -2))
ON_CURVE = [
    # At the knots.
    (2, 1),
    (4, -1),
    (8, -2),
    # Straight between them.
    (3, 0),
    (6, -1.5),
    # Level outside them, however far.
    (0, 1),
    (-50, 1),
    (9, -2),
    (1e9, -2),
    # What could not be seen pushes nowhere.
    (None, 0),
]


@pytest.mark.parametrize(("number", "push"), ON_CURVE)
def test_a_curve_is_straight_between_its_knots_and_level_outside(number: float | None, push: float) -> None:
    assert CURVE.of(number) == pytest.approx(push)


MODEL = VerdictModel.model_validate(GOOD)
PROBABILITIES: list[tuple[dict[ReasonCode, float], float]] = [
    # 1 / (1 + exp(-0.5)): nothing seen but the base.
    ({}, 0.622),
    # 0.5 + 1.
    ({ReasonCode.BENT_S: 0}, 0.818),
    # 0.5 - 3 + 0.25.
    ({ReasonCode.BENT_S: 20, ReasonCode.ATTENDED_S: 20}, 0.095),
    # A number without a curve says nothing.
    ({ReasonCode.BENDS: 5}, 0.622),
]


@pytest.mark.parametrize(("numbers", "p"), PROBABILITIES)
def test_pushes_add_up_to_log_odds(numbers: dict[ReasonCode, float], p: float) -> None:
    assert MODEL.p_unlocked(numbers) == p


@pytest.mark.parametrize(("base", "p"), [(1e6, 1.0), (-1e6, 0.0)])
def test_however_strong_the_evidence_it_stays_a_probability(base: float, p: float) -> None:
    assert VerdictModel(name="sure", version=0, base=base, curves={}).p_unlocked({}) == p


NUMBERS: list[tuple[dict[str, Any], dict[ReasonCode, float]]] = [
    ({}, {}),
    # Zero seconds bent were seen; that is not the same as nothing seen.
    ({"bent_s": 0.0, "bends": 0}, {ReasonCode.BENT_S: 0, ReasonCode.BENDS: 0}),
    ({"attended_s": 3.14159}, {ReasonCode.ATTENDED_S: 3.14}),
    # Never lost, never came back: no reason either way.
    ({"lost_at_bike_s": 0.0, "return_visits": 0}, {}),
    ({"lost_at_bike_s": 2.5, "return_visits": 2}, {ReasonCode.LOST_AT_BIKE_S: 2.5, ReasonCode.RETURN_VISITS: 2}),
    ({"left_straight": True}, {ReasonCode.LEFT_STRAIGHT: 1}),
    ({"left_straight": False}, {ReasonCode.LEFT_STRAIGHT: 0}),
    # Looked for in nine views and never seen.
    ({"lock_views": 9}, {ReasonCode.NO_LOCK_VIEWS: 9}),
    # Seen in some of them: then it is there.
    ({"lock_views": 9, "lock_seen": 2}, {ReasonCode.LOCK_SEEN_VIEWS: 2}),
    (
        {"lock_views": 9, "lock_carried": 4},
        {ReasonCode.LOCK_CARRIED_VIEWS: 4, ReasonCode.NO_LOCK_VIEWS: 9},
    ),
]


@pytest.mark.parametrize(("seen", "numbers"), NUMBERS)
def test_only_what_was_seen_is_a_number(seen: dict[str, Any], numbers: dict[ReasonCode, float]) -> None:
    assert numbers_of(replace(LockEvidence(), **seen)) == numbers


SPEAKS_AGAINST_A_LOCK = frozenset({ReasonCode.NO_LOCK_VIEWS, ReasonCode.LOCK_CARRIED_VIEWS})
FREE = frozenset({ReasonCode.RETURN_VISITS, ReasonCode.LEFT_STRAIGHT})
"""Somebody came back, or went at once: what that says, the fit is free to find."""
SPEAKS_FOR_A_LOCK = frozenset(ReasonCode) - SPEAKS_AGAINST_A_LOCK - FREE


def test_no_curve_of_the_committed_file_turns_back() -> None:
    """More time, more bending, more views of a lock: never likelier unlocked. The fit is held to this."""
    for code, curve in load_verdict_model(COMMITTED).curves.items():
        for before, after in pairwise(curve.log_odds):
            assert not (code in SPEAKS_FOR_A_LOCK and after > before), code
            assert not (code in SPEAKS_AGAINST_A_LOCK and after < before), code


def test_the_committed_file_weighs_what_the_rider_did() -> None:
    curves = load_verdict_model(COMMITTED).curves
    assert {ReasonCode.BENT_S, ReasonCode.LOCK_SEEN_VIEWS} <= curves.keys()
    assert {ReasonCode.ATTENDED_S, ReasonCode.LEFT_AFTER_S} & curves.keys()
