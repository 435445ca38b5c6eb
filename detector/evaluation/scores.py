"""Results against the truth, as figures: overall, per scenario group, per bike width, and against the targets.

Touches nothing: a simulator scores its runs with `score` as the command scores files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from detector.evaluation.figures import Figures, Tally, figures_of, tally_of
from detector.evaluation.found import FoundClip
from detector.evaluation.matching import Tolerances
from detector.evaluation.outcomes import ClipOutcome, outcome_of
from detector.evaluation.targets import Target, targets_of
from detector.evaluation.truth import ClipTruth

SCHEMA_VERSION: Literal[1] = 1
WIDTHS_PX = ("<60", 0.0, 60.0), ("60-100", 60.0, 100.0), (">=100", 100.0, inf)
JUDGED_FROM_PX = 60.0
"""Below, a bike is too small to be asked for a verdict: abstaining is right there."""
AS_THEY_ARE = Tolerances()


@dataclass(frozen=True, slots=True)
class Scores:
    """Every figure. Within a schema version fields are only added."""

    schema_version: Literal[1]
    tolerances: Tolerances
    overall: Figures
    wide_enough: Figures
    """Bikes of 60 px and more: what the verdict's targets are about."""
    groups: dict[str, Figures]
    widths_px: dict[str, Figures]
    targets: tuple[Target, ...]


def score(pairs: Iterable[tuple[ClipTruth, FoundClip | None]], tolerances: Tolerances = AS_THEY_ARE) -> Scores:
    """Score clips; a clip without a result (None) is one in which nothing was found."""
    return scores_of([outcome_of(truth, found, tolerances) for truth, found in pairs], tolerances)


def scores_of(outcomes: Sequence[ClipOutcome], tolerances: Tolerances) -> Scores:
    everything = tally_of(outcomes)
    overall, wide_enough = figures_of(everything), figures_of(everything.of_width(JUDGED_FROM_PX, inf))
    return Scores(
        schema_version=SCHEMA_VERSION,
        tolerances=tolerances,
        overall=overall,
        wide_enough=wide_enough,
        groups={group: figures_of(_of_group(outcomes, group)) for group in sorted({_group(one) for one in outcomes})},
        widths_px={name: figures_of(everything.of_width(least, below)) for name, least, below in WIDTHS_PX},
        targets=targets_of(overall, wide_enough),
    )


def _of_group(outcomes: Sequence[ClipOutcome], group: str) -> Tally:
    return tally_of([one for one in outcomes if _group(one) == group])


def _group(outcome: ClipOutcome) -> str:
    return outcome.truth.group
