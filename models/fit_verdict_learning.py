"""From judgements to the fitted, calibrated verdict: smoothing and calibration come from scenarios that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.evaluation.calibration import calibration_of
from detector.verdict_model import CalibrationBin, VerdictModel
from detector.vocabulary import ReasonCode
from models.fit_verdict_choices import FOLDS, PRIORS, SAID_OTHERWISE, SHAPES, SMOOTHINGS, weights_of
from models.fit_verdict_curves import Floats, Shape, Sum, fit_sum, platt
from models.fit_verdict_runs import Judgement


class CannotFitError(Exception):
    """The message says in one sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The verdict and what is known of its making."""

    model: VerdictModel
    smoothing: float
    slope: float
    offset: float
    held_out: tuple[float, ...]
    """Of each judgement given, the probability from a fit without its scenario, 0 to 1."""


def may_be_fitted(judgement: Judgement) -> bool:
    return not (judgement.doubted or judgement.early)


def fit(judgements: Sequence[Judgement], fitted_on: str) -> Fitted:
    """Fit on judgements that may be fitted.

    Raises:
        CannotFitError: they are too few or too much alike, or hold a number that no curve is meant for.
    """
    _check(judgements)
    shapes = _shapes_seen(judgements)
    tried = [(smoothing, _held_out(judgements, shapes, smoothing)) for smoothing in SMOOTHINGS]
    smoothing, log_odds = min(tried, key=lambda pair: _loss(pair[1], judgements))
    slope, offset = platt(log_odds, [one.unlocked for one in judgements], weights_of(judgements))
    said = tuple(round(float(one), 3) for one in 1 / (1 + np.exp(-(slope * log_odds + offset))))
    whole = _fit(judgements, shapes, smoothing).stretched(slope, offset)
    model = VerdictModel(
        name="lock-verdict",
        version=1,
        base=whole.base,
        curves={**whole.curves, **PRIORS},
        calibration=_bins(said, judgements),
        fitted_on=fitted_on,
    )
    return Fitted(model, smoothing, round(slope, 3), round(offset, 3), said)


def _check(judgements: Sequence[Judgement]) -> None:
    seen = {code for one in judgements for code in one.numbers}
    strange = sorted(seen - SHAPES.keys() - SAID_OTHERWISE)
    if strange:
        raise CannotFitError(f"No curve is meant for {strange[0]}; give it one in models/fit_verdict_choices.py.")
    scenarios, answers = {one.scenario for one in judgements}, {one.unlocked for one in judgements}
    if len(scenarios) < FOLDS or len(answers) < 2:
        raise CannotFitError(
            f"{len(judgements)} judgements of {len(scenarios)} scenarios are too few; give more --seeds."
        )


def _shapes_seen(judgements: Sequence[Judgement]) -> dict[ReasonCode, Shape]:
    seen = {code for one in judgements for code in one.numbers}
    return {code: shape for code, shape in SHAPES.items() if code in seen}


def _fit(judgements: Sequence[Judgement], shapes: Mapping[ReasonCode, Shape], smoothing: float) -> Sum:
    numbers, unlocked = [one.numbers for one in judgements], [one.unlocked for one in judgements]
    return fit_sum(numbers, unlocked, weights_of(judgements), shapes, smoothing)


def _held_out(judgements: Sequence[Judgement], shapes: Mapping[ReasonCode, Shape], smoothing: float) -> Floats:
    """Log-odds of each judgement from a fit that saw nothing of its scenario."""
    names = sorted({one.scenario for one in judgements})
    fold_of = {name: number % FOLDS for number, name in enumerate(names)}
    log_odds = np.zeros(len(judgements))
    for fold in range(FOLDS):
        others = [one for one in judgements if fold_of[one.scenario] != fold]
        model = _fit(others, shapes, smoothing)
        for row, one in enumerate(judgements):
            if fold_of[one.scenario] == fold:
                log_odds[row] = model.log_odds(one.numbers)
    return log_odds


def _loss(log_odds: Floats, judgements: Sequence[Judgement]) -> float:
    answer, weights = np.array([one.unlocked for one in judgements], dtype=float), np.array(weights_of(judgements))
    return float(weights @ (np.logaddexp(0.0, log_odds) - answer * log_odds))


def _bins(said: Sequence[float], judgements: Sequence[Judgement]) -> tuple[CalibrationBin, ...]:
    pairs = [(chance, one.unlocked) for chance, one in zip(said, judgements, strict=True)]
    return tuple(
        CalibrationBin(
            said=round(one.mean, 3), found=round(one.observed.hits / one.observed.n, 3), count=one.observed.n
        )
        for one in calibration_of(pairs).bins
    )
