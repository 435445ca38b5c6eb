"""What the verdict is worth, in figures: overall and per group, eye and frame rate; all that metrics.json holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from detector.config import Thresholds
from detector.evaluation.calibration import calibration_of
from detector.evaluation.intervals import Rate, rate_of
from detector.evaluation.scores import JUDGED_FROM_PX
from detector.verdict_model import VerdictModel
from models.fit_verdict_learning import Fitted
from models.fit_verdict_runs import Judgement

SAMPLE = 60
"""So many test judgements are kept in full, for whoever wants to compute a figure again."""
UNLOCKED_ABOVE = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
LOCKED_BELOW = (0.2, 0.3, 0.4)
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A judgement with what the verdict said of it; `p_unlocked` None: doubted, so nothing."""

    judgement: Judgement
    p_unlocked: float | None


def answers_held_out(fitted: Fitted, fitted_from: Sequence[Judgement], all_of: Sequence[Judgement]) -> list[Answer]:
    """Of the judgements that were fitted, by fits without their scenario."""
    said = dict(zip(map(id, fitted_from), fitted.held_out, strict=True))
    return [Answer(one, said.get(id(one))) for one in all_of if one.asked and not one.early]


def answers_of(model: VerdictModel, judgements: Iterable[Judgement]) -> list[Answer]:
    return [
        Answer(one, None if one.doubted else model.p_unlocked(dict(one.numbers)))
        for one in judgements
        if one.asked and not one.early
    ]


def pairs_of(answers: Iterable[Answer]) -> list[tuple[float, bool]]:
    """What was said, and whether it was so, of those that were judged at all."""
    return [(one.p_unlocked, one.judgement.unlocked) for one in answers if one.p_unlocked is not None]


def figures_of(answers: Sequence[Answer], thresholds: Thresholds) -> Figures:
    """Of some answers; a rate is [rate, low, high] with its Wilson 95 % interval, None where nothing was counted."""
    pairs = pairs_of(answers)
    calibration = calibration_of(pairs)
    stays = {(one.judgement.scenario, one.judgement.seed, one.judgement.stay) for one in answers}
    return {
        "stays": len(stays),
        "judgements": len(answers),
        "unlocked": sum(one.judgement.unlocked for one in answers),
        "doubted": sum(one.p_unlocked is None for one in answers),
        "brier": _rounded(calibration.brier),
        "log_loss": _rounded(calibration.log_loss),
        "auc": _rounded(auc_of(pairs)),
        **rates_of(answers, thresholds),
    }


def rates_of(answers: Sequence[Answer], thresholds: Thresholds) -> Figures:
    """Precision and recall of *unlocked* and of *locked*, and how often nothing was said."""
    above, below = thresholds.unlocked_above, thresholds.locked_below
    said_unlocked = [one for one in answers if one.p_unlocked is not None and one.p_unlocked >= above]
    said_locked = [one for one in answers if one.p_unlocked is not None and one.p_unlocked <= below]
    unlocked = sum(one.judgement.unlocked for one in answers)
    right = sum(one.judgement.unlocked for one in said_unlocked)
    right_locked = sum(not one.judgement.unlocked for one in said_locked)
    unsure = len(answers) - len(said_unlocked) - len(said_locked)
    return {
        "precision": _shown(rate_of(right, len(said_unlocked))),
        "recall": _shown(rate_of(right, unlocked)),
        "abstention": _shown(rate_of(unsure, len(answers))),
        "locked_precision": _shown(rate_of(right_locked, len(said_locked))),
    }


def auc_of(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """The chance that an unlocked bike gets a higher probability than a locked one."""
    said, unlocked = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs], dtype=bool)
    many, few = int(unlocked.sum()), int((~unlocked).sum())
    if not many or not few:
        return None
    return float((rankdata(said)[unlocked].sum() - many * (many + 1) / 2) / (many * few))


def tables_of(answers: Sequence[Answer], thresholds: Thresholds) -> Figures:
    """Every figure of one split."""
    wide = [one for one in answers if one.judgement.width_px >= JUDGED_FROM_PX]
    first = [one for one in wide if one.judgement.turn == 0]
    return {
        "all": figures_of(answers, thresholds),
        "wide_enough": figures_of(wide, thresholds),
        "wide_enough_first": figures_of(first, thresholds),
        "groups": _by(answers, thresholds, lambda one: one.group),
        "fps": _by(answers, thresholds, lambda one: f"{one.look.fps:02d}"),
        "eyes": _by(answers, thresholds, lambda one: one.look.eye),
        "turns": _by(answers, thresholds, lambda one: "first" if one.turn == 0 else "after a return"),
        "bins": [
            {"said": round(one.mean, 3), "found": _shown(one.observed), "count": one.observed.n}
            for one in calibration_of(pairs_of(answers)).bins
        ],
        "scenarios_worst": worst_scenarios(answers),
    }


def thresholds_table(answers: Sequence[Answer], thresholds: Thresholds) -> list[Figures]:
    """What other thresholds would give, on the first verdict of bikes that are wide enough."""
    first = [one for one in answers if one.judgement.turn == 0 and one.judgement.width_px >= JUDGED_FROM_PX]
    rows = []
    for above in UNLOCKED_ABOVE:
        abstention = {}
        for below in LOCKED_BELOW:
            rates = rates_of(first, thresholds.model_copy(update={"unlocked_above": above, "locked_below": below}))
            abstention[str(below)] = rates["abstention"]
        rows.append(
            {"unlocked_above": above, **{key: rates[key] for key in ("precision", "recall")}, "abstention": abstention}
        )
    return rows


def worst_scenarios(answers: Sequence[Answer]) -> list[Figures]:
    """The ten scenarios that cost most: their sum of squared errors."""
    cost: dict[str, list[float]] = {}
    for one in answers:
        if one.p_unlocked is not None:
            error = (one.p_unlocked - one.judgement.unlocked) ** 2
            cost.setdefault(one.judgement.scenario, []).append(error)
    worst = sorted(cost.items(), key=lambda pair: (-sum(pair[1]), pair[0]))[:10]
    return [
        {"scenario": name, "judgements": len(errors), "brier": _rounded(sum(errors) / len(errors))}
        for name, errors in worst
    ]


def sample_of(answers: Sequence[Answer]) -> Figures:
    """Every so-manieth answer in full, and the Brier score of just these."""
    judged = [one for one in answers if one.p_unlocked is not None]
    kept = judged[:: max(1, len(judged) // SAMPLE)][:SAMPLE]
    brier = calibration_of(pairs_of(kept)).brier
    cases = [
        {
            "clip": f"{one.judgement.scenario}-{one.judgement.seed}",
            "numbers": {code.value: number for code, number in sorted(one.judgement.numbers.items())},
            "unlocked": one.judgement.unlocked,
        }
        for one in kept
    ]
    return {"brier": _rounded(brier), "cases": cases}


def _by(answers: Sequence[Answer], thresholds: Thresholds, key: Callable[[Judgement], str]) -> Figures:
    keys = sorted({key(one.judgement) for one in answers})
    return {name: figures_of([one for one in answers if key(one.judgement) == name], thresholds) for name in keys}


def _shown(rate: Rate) -> list[float] | None:
    if rate.rate is None or rate.low is None or rate.high is None:
        return None
    return [round(rate.rate, 3), round(rate.low, 3), round(rate.high, 3)]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
