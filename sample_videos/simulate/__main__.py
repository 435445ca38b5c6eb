"""Run the scenario suite at track level: `python -m sample_videos.simulate --help`."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from detector.evaluation.mistakes import mistakes_of
from detector.evaluation.outcomes import ClipOutcome
from detector.evaluation.scores import scores_of
from detector.evaluation.table import print_scores
from sample_videos.render.scenario import ScenarioError
from sample_videos.simulate.explain import explain
from sample_videos.simulate.eye import EYES
from sample_videos.simulate.suite import AS_THEY_ARE, Job, do, names_of_scenarios, run_suite, seeds_of


def main() -> int:
    options = _options().parse_args()
    known = names_of_scenarios()
    unknown = [name for name in (*options.only, *([options.explain] if options.explain else [])) if name not in known]
    if unknown:
        print(f"{unknown[0]}: no such scenario; names are those of the files in render/scenarios", file=sys.stderr)
        return 2
    try:
        if options.explain:
            print(explain(do(Job(options.explain, options.seed, options.eye, options.fps))))
        else:
            _run(options, options.only or known)
    except ScenarioError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sample_videos.simulate", description="Run the scenario suite.")
    parser.add_argument("--split", choices=["fit", "test"], default="fit", help="fit: seeds from 0; test: from 1000")
    parser.add_argument("--seeds", type=int, default=5, help="seeds per scenario (default: 5)")
    parser.add_argument("--skip-seeds", type=int, default=0, help="begin this many seeds later (default: 0)")
    parser.add_argument("--fps", type=int, help="frames looked at per second (default: the scenario's own)")
    parser.add_argument("--eye", choices=sorted(EYES), default="usual", help="how well the detector sees")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="scenarios to run (default: all)")
    parser.add_argument("--by", choices=["group", "name"], default="group", help="what the table has a line for")
    parser.add_argument("--out", type=Path, help="write results/ and truth/ here, for `pleaselock evaluate`")
    parser.add_argument("--processes", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--explain", metavar="NAME", help="print one run, truth beside what was found")
    parser.add_argument("--seed", type=int, default=0, help="the seed to explain (default: 0)")
    return parser


def _run(options: argparse.Namespace, names: list[str]) -> None:
    jobs = [
        Job(name, seed, options.eye, options.fps, options.out)
        for name in names
        for seed in seeds_of(options.split, options.seeds, options.skip_seeds)
    ]
    began = time.perf_counter()
    outcomes = list(run_suite(jobs, options.processes))
    took_s = time.perf_counter() - began
    if options.by == "name":
        outcomes = [_named(outcome, job.name) for outcome, job in zip(outcomes, jobs, strict=True)]
    print_scores(scores_of(outcomes, AS_THEY_ARE), mistakes_of(outcomes), sys.stdout)
    stays = sum(len(outcome.truth.stays) for outcome in outcomes)
    print(f"{len(jobs)} clips, {stays} stays in {took_s:.1f} s")


def _named(outcome: ClipOutcome, name: str) -> ClipOutcome:
    return replace(outcome, truth=outcome.truth.model_copy(update={"group": name}))


if __name__ == "__main__":
    sys.exit(main())
