"""All scenario files times many seeds, over several processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import cv2

from detector.evaluation.found import found_in_messages
from detector.evaluation.matching import Tolerances
from detector.evaluation.outcomes import ClipOutcome, outcome_of
from detector.frames import EPOCH
from detector.results import EVENTS, STAYS
from detector.sinks import JsonlSink
from detector.stays_csv import write_stays_csv
from sample_videos.render.scenario import FIRST_TEST_SEED, Scenario, scenario_for
from sample_videos.simulate.eye import EYES
from sample_videos.simulate.run import Run, run_scenario

SCENARIOS = Path(__file__).parents[1] / "render" / "scenarios"
RESULTS, TRUTH = "results", "truth"
AS_THEY_ARE = Tolerances()


@dataclass(frozen=True, slots=True)
class Job:
    """One clip to simulate. `fps` None: the scenario's own; `out` None: only scored."""

    name: str
    seed: int
    eye: str = "usual"
    fps: int | None = None
    out: Path | None = None

    @property
    def clip(self) -> str:
        return f"{self.name}-{self.seed}"


def names_of_scenarios() -> list[str]:
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def scenario_of(name: str, seed: int) -> Scenario:
    """The scenario that the file `name` gives for a seed. Raises `ScenarioError`."""
    return scenario_for(SCENARIOS / f"{name}.toml", seed)


def seeds_of(split: Literal["fit", "test"], count: int, skip: int = 0) -> range:
    """The seeds of a split, without its first `skip`."""
    first = (FIRST_TEST_SEED if split == "test" else 0) + skip
    return range(first, first + count)


def do(job: Job) -> Run:
    return run_scenario(job.clip, scenario_of(job.name, job.seed), EYES[job.eye], job.fps)


def outcome(run: Run) -> ClipOutcome:
    return outcome_of(run.truth, found_in_messages(run.name, run.ledger.messages, EPOCH), AS_THEY_ARE)


def do_and_score(job: Job) -> ClipOutcome:
    run = do(job)
    if job.out is not None:
        write(run, job.out)
    return outcome(run)


def write(run: Run, out: Path) -> None:
    """A result folder as `pleaselock detect` makes it, without a report, and the truth it is to be held against."""
    folder = out / RESULTS / run.name
    folder.mkdir(parents=True, exist_ok=True)
    with JsonlSink(folder / EVENTS) as sink:
        for message in run.ledger.messages:
            sink.send(message)
    write_stays_csv(folder / STAYS, run.ledger.records, run.name, EPOCH)
    (out / TRUTH).mkdir(exist_ok=True)
    text = run.truth.model_dump_json(indent=1) + "\n"
    (out / TRUTH / f"{run.name}.truth.json").write_text(text, encoding="utf-8", newline="\n")


def run_suite(jobs: Sequence[Job], processes: int) -> Iterator[ClipOutcome]:
    """Do all jobs; outcomes come in the order of the jobs."""
    if processes == 1:
        yield from map(do_and_score, jobs)
        return
    # Spawned, not forked: a fork of a process with threads (pytest, a notebook) may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        yield from pool.map(do_and_score, jobs, chunksize=max(1, min(16, len(jobs) // (4 * processes))))
