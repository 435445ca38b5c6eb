"""`pleaselock evaluate`: what a run is worth, held against the truth."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter

from detector.errors import CannotWriteError
from detector.evaluation.matching import Tolerances
from detector.evaluation.mistakes import Mistake, mistakes_of
from detector.evaluation.moments import Case, case_of
from detector.evaluation.outcomes import ClipOutcome, outcome_of
from detector.evaluation.page import Shown, render_page
from detector.evaluation.page_mistakes import wanted_of
from detector.evaluation.pictures import take_pictures
from detector.evaluation.results import Paired, pair_up
from detector.evaluation.scores import Scores, scores_of
from detector.evaluation.table import TARGET_NAMES, print_scores
from detector.evaluation.targets import Target

NOT_REACHED = 1
SCORES: TypeAdapter[Scores] = TypeAdapter(Scores)
MISTAKES: TypeAdapter[tuple[Mistake, ...]] = TypeAdapter(tuple[Mistake, ...])


def evaluate(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="What pleaselock detect wrote with --out.")],
    truth: Annotated[Path, typer.Option("--truth", metavar="DIR", help="Where the <clip>.truth.json files are.")],
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with every mistake in pictures.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every figure as JSON.")
    ] = None,
    split: Annotated[
        Literal["fit", "test"] | None, typer.Option("--split", help="Only the clips of this split.")
    ] = None,
    only_present: Annotated[
        bool, typer.Option("--only-present", help="Leave clips without a result out; else their stays count as missed.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where a target is not reached.")] = False,
) -> None:
    """Score results against the truth: stays, links, verdicts and alerts, per scenario group."""
    tolerances = Tolerances()
    paired = pair_up(results, truth, split, only_present=only_present)
    _say_what_is_missing(paired, only_present=only_present)
    outcomes = [outcome_of(pair.truth, pair.found, tolerances) for pair in paired.pairs]
    scores, mistakes = scores_of(outcomes, tolerances), mistakes_of(outcomes)
    if json_file is not None:
        _write(json_file, as_json(scores, mistakes))
    if html is not None:
        _write(html, render_page(results.resolve().name, scores, shown_of(paired, outcomes, mistakes)))
    print_scores(scores, mistakes, sys.stdout)
    missed = [one for one in scores.targets if not one.reached]
    if check and missed:
        typer.echo(f"Not reached: {'; '.join(map(_missed, missed))}", err=True)
        raise typer.Exit(NOT_REACHED)


def shown_of(paired: Paired, outcomes: Sequence[ClipOutcome], mistakes: Sequence[Mistake]) -> list[Shown]:
    """Every mistake with the pictures of its clip; each clip's footage is read once."""
    cases: dict[str, list[Case]] = defaultdict(list)
    by_clip = {outcome.truth.clip: outcome for outcome in outcomes}
    for mistake in mistakes:
        cases[mistake.clip].append(case_of(mistake, by_clip[mistake.clip]))
    pictures = {
        pair.truth.clip: take_pictures(
            pair.truth,
            pair.truth_path.with_name(pair.truth.clip),
            pair.folder,
            [wanted for case in cases[pair.truth.clip] for wanted in wanted_of(case)],
        )
        for pair in paired.pairs
        if cases[pair.truth.clip]
    }
    return [Shown(case_of(one, by_clip[one.clip]), pictures[one.clip]) for one in mistakes]


def as_json(scores: Scores, mistakes: tuple[Mistake, ...]) -> str:
    """Every figure, then every mistake; keys as the classes name them."""
    everything = SCORES.dump_python(scores, mode="json")
    everything["mistakes"] = MISTAKES.dump_python(mistakes, mode="json")
    return json.dumps(everything, indent=1) + "\n"


def _say_what_is_missing(paired: Paired, *, only_present: bool) -> None:
    if paired.without_result:
        counted = "are left out" if only_present else "their stays count as missed"
        typer.echo(f"No result for {_named(paired.without_result)}; {counted}", err=True)
    if paired.without_truth:
        typer.echo(f"No truth for {_named(paired.without_truth)}; not scored", err=True)


def _missed(target: Target) -> str:
    return TARGET_NAMES[target.name] + (" (not measured)" if target.value is None else "")


def _named(clips: tuple[str, ...]) -> str:
    return f"{len(clips)} clip(s): {', '.join(clips)}"


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CannotWriteError(f"{path}: cannot be written ({error.strerror}); name another file") from error
