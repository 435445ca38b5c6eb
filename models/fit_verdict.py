"""Fit the lock verdict on the simulated suite: `python -m models.fit_verdict --help`.

Writes verdict.json, metrics.json, two pictures and the card's figures into one folder. Seeds below 1000 are fitted on,
held out by scenario; seeds from 1000 are only scored. The same sources and seeds give the same bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from detector.config import Thresholds
from detector.verdict_model import VERDICT_FILE
from models.fit_verdict_card import CardError, write_figures
from models.fit_verdict_choices import GROUP_SHARES
from models.fit_verdict_drawing import curves_svg, reliability_svg
from models.fit_verdict_figures import answers_held_out, answers_of, sample_of, tables_of, thresholds_table
from models.fit_verdict_learning import CannotFitError, Fitted, fit, may_be_fitted
from models.fit_verdict_runs import LOOKS, Judgement, gather
from sample_videos.render.scenario import FIRST_TEST_SEED


def main(
    out: Annotated[Path, typer.Option(file_okay=False, help="folder of the verdict; its card.md must be there")],
    seeds: Annotated[int, typer.Option(min=1, max=FIRST_TEST_SEED, help="fit seeds of each scenario")] = 8,
    test_seeds: Annotated[int, typer.Option(min=1, help="test seeds of each scenario, only scored")] = 4,
    processes: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    cache: Annotated[
        Path | None, typer.Option(help="where to remember simulated boxes (default: a temporary folder)")
    ] = None,
) -> None:
    """Fit, score and write OUT/verdict.json and what belongs to it."""
    if not (out / "card.md").is_file():
        _stop(f"{out / 'card.md'} is missing; write the card first, with the two marks for the figures.")
    began = time.perf_counter()
    judgements = gather([*range(seeds), *range(FIRST_TEST_SEED, FIRST_TEST_SEED + test_seeds)], processes, cache)
    fit_on = [one for one in judgements if one.seed < FIRST_TEST_SEED]
    try:
        _write(out, fit_on, [one for one in judgements if one.seed >= FIRST_TEST_SEED], seeds, test_seeds)
    except (CannotFitError, CardError) as problem:
        _stop(str(problem))
    typer.echo(f"{len(judgements)} judgements in {time.perf_counter() - began:.0f} s")


def _stop(why: str) -> None:
    typer.echo(why, err=True)
    raise typer.Exit(2)


def _write(out: Path, fit_on: Sequence[Judgement], test_on: Sequence[Judgement], seeds: int, test_seeds: int) -> None:
    usable = [one for one in fit_on if may_be_fitted(one)]
    fitted = fit(usable, told_of(usable, seeds))
    command = (
        f"python -m models.fit_verdict --out models/{out.resolve().name} --seeds {seeds} --test-seeds {test_seeds}"
    )
    metrics = metrics_of(fitted, usable, fit_on, test_on) | {"command": command}
    model = json.dumps(json.loads(fitted.model.model_dump_json()), indent=1)
    _save(out / VERDICT_FILE, model + "\n")
    _save(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    _save(out / "reliability.svg", reliability_svg(metrics["fit"], metrics["test"]))
    _save(out / "curves.svg", curves_svg(fitted.model, usable))
    write_figures(out / "card.md", metrics)
    _tell(metrics)


def told_of(usable: Sequence[Judgement], seeds: int) -> str:
    """Data and size, in a sentence."""
    stays = {(one.scenario, one.seed, one.stay) for one in usable}
    electric = sum(not one.asked for one in usable)
    scenarios = len({one.scenario for one in usable})
    return (
        f"{len(usable)} simulated verdict moments of {len(stays)} stays ({electric} moments of e-bikes), "
        f"{scenarios} scenarios with the seeds 0 to {seeds - 1}, no picture"
    )


def metrics_of(
    fitted: Fitted, usable: Sequence[Judgement], fit_on: Sequence[Judgement], test_on: Sequence[Judgement]
) -> dict[str, Any]:
    """All of metrics.json but the command."""
    thresholds = Thresholds()
    held_out, scored = answers_held_out(fitted, usable, fit_on), answers_of(fitted.model, test_on)
    used = {code.value for one in usable for code in one.numbers}
    return {
        "fitted_on": fitted.model.fitted_on,
        "smoothing": fitted.smoothing,
        "platt": {"slope": fitted.slope, "offset": fitted.offset},
        "thresholds": {"unlocked_above": thresholds.unlocked_above, "locked_below": thresholds.locked_below},
        "group_shares": dict(GROUP_SHARES),
        "looks": [f"{look.eye} at {look.fps} fps" for look in LOOKS],
        "not_fitted": sorted(code.value for code in fitted.model.curves if code.value not in used),
        "left_out": {"early": _early(fit_on), "doubted": sum(one.doubted for one in fit_on)},
        "fit": tables_of(held_out, thresholds) | {"thresholds": thresholds_table(held_out, thresholds)},
        "test": tables_of(scored, thresholds) | {"early": _early(test_on)},
        "sample": sample_of(scored),
    }


def _early(judgements: Sequence[Judgement]) -> int:
    return sum(one.early for one in judgements)


def _save(file: Path, text: str) -> None:
    """Whole or not at all."""
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(file)


def _tell(metrics: dict[str, Any]) -> None:
    for split in ("fit", "test"):
        for key in ("all", "wide_enough", "wide_enough_first"):
            typer.echo(f"{split:5}{key:18} {json.dumps(metrics[split][key])}")
    for row in metrics["fit"]["thresholds"]:
        typer.echo(json.dumps(row))


if __name__ == "__main__":
    typer.run(main)
