"""What the fit learns from: every verdict moment of the simulated suite, as numbers, beside what was true then.

Boxes and judgements are remembered in a temporary folder by a hash of the sources that make them, so that a second fit
after a change of the detector only goes through the line again.
"""

from __future__ import annotations

import hashlib
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from detector.evaluation.alert_outcomes import asks_for_alert, locked_at
from detector.evaluation.found import seconds_after, stays_in_messages
from detector.evaluation.matching import match_stays, width_px
from detector.evaluation.truth import ClipTruth, StayTruth
from detector.frames import EPOCH
from detector.verdict_model import numbers_of
from detector.vocabulary import Detection, ReasonCode
from sample_videos.render.camera import camera_of
from sample_videos.render.timeline import build_timeline
from sample_videos.simulate.pictures import pictures
from sample_videos.simulate.run import Ledger, follow, moves_per_s
from sample_videos.simulate.scene import frames_at
from sample_videos.simulate.suite import AS_THEY_ARE, Job, do, names_of_scenarios, scenario_of

ROOT = Path(__file__).parents[1]
NOBODY_PARKS = "nobody_parks"


class Look(NamedTuple):
    """How a clip is looked at: with which eye, how many times a second."""

    eye: str
    fps: int


LOOKS = (
    Look("usual", 5),
    Look("usual", 10),
    Look("usual", 3),
    Look("poor", 5),
    Look("usual", 5),
    Look("clear", 5),
    Look("usual", 5),
    Look("poor", 10),
)
"""Seed n is looked at with look n modulo 8: half of them as is usual, the rest worse, better, slower or faster."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One moment at which the line judged a stay that somebody truly parked."""

    scenario: str
    group: str
    seed: int
    look: Look
    stay: int
    """Which of the clip's true stays; with scenario and seed it names the stay."""
    turn: int
    """0: when the rider left first; 1 and on: after each return."""
    numbers: Mapping[ReasonCode, float]
    unlocked: bool
    """Whether the bike was not locked at that moment."""
    doubted: bool
    """The line would not judge it, whatever the probability says."""
    early: bool
    """Judged before the rider truly left: what is true then may still change."""
    asked: bool
    """False for e-bikes: fitted on, but no verdict is asked of them."""
    width_px: float


def gather(
    seeds: Iterable[int], processes: int, cache: Path | None = None, names: Sequence[str] | None = None
) -> list[Judgement]:
    """All judgements, in a fixed order, of the scenarios `names` (None: all in which somebody parks)."""
    seeds, names = list(seeds), _names() if names is None else names
    jobs = [Job(name, seed, *LOOKS[seed % len(LOOKS)]) for name in names for seed in seeds]
    folder = cache or Path(tempfile.gettempdir()) / "pleaselock-fit-verdict"
    desk = _Desk(folder / f"boxes-{_hash(*BOXES)}", folder / f"judged-{_hash(*BOXES, *LINE)}")
    desk.forget_others()
    return [judgement for found in _map(desk, jobs, processes) for judgement in found]


def _names() -> list[str]:
    return [name for name in names_of_scenarios() if scenario_of(name, 0).group != NOBODY_PARKS]


def _map(desk: _Desk, jobs: Sequence[Job], processes: int) -> Iterator[list[Judgement]]:
    if processes == 1:
        yield from map(desk.judgements, jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(desk.judgements, jobs, chunksize=4)


BOXES = ("sample_videos", "detector/vocabulary.py", "detector/boxes.py", "detector/evaluation/truth.py")
"""The sources that decide what the simulated eye sees, and what is kept of it."""
LINE = ("detector", "models/fit_verdict_runs.py")
"""Those that decide what the line makes of it."""


def _hash(*sources: str) -> str:
    """Of the programs and scenarios in these folders and files."""
    digest = hashlib.sha256()
    for source in (ROOT / one for one in sources):
        files = [source] if source.is_file() else [*source.rglob("*.py"), *source.rglob("*.toml")]
        for file in sorted(files):
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Does one job after the other, and remembers what came of it."""

    boxes: Path
    judged: Path

    def forget_others(self) -> None:
        """Drop what older sources made."""
        for other in [*self.boxes.parent.glob("boxes-*"), *self.judged.parent.glob("judged-*")]:
            if other not in {self.boxes, self.judged}:
                shutil.rmtree(other, ignore_errors=True)

    def judgements(self, job: Job) -> list[Judgement]:
        file = self.judged / _file_of(job)
        if file.is_file():
            known: list[Judgement] = pickle.loads(file.read_bytes())
            return known
        found = judgements_of(job, *self._run(job))
        _keep(file, found)
        return found

    def _run(self, job: Job) -> tuple[ClipTruth, Ledger]:
        assert job.fps is not None
        file = self.boxes / _file_of(job)
        if not file.is_file():
            run = do(job)
            _keep(file, (run.truth, run.frames))
            return run.truth, run.ledger
        seen: tuple[ClipTruth, tuple[tuple[Detection, ...], ...]] = pickle.loads(file.read_bytes())
        scenario = scenario_of(job.name, job.seed)
        timeline = build_timeline(scenario.model_copy(update={"fps": moves_per_s(job.fps)}))
        frames = pictures(timeline, camera_of(scenario), frames_at(timeline, job.fps), job.fps)
        return seen[0], follow(seen[1], seen[0], frames)


def _file_of(job: Job) -> str:
    return f"{job.clip}-{job.eye}-{job.fps}.pickle"


def _keep(file: Path, what: object) -> None:
    """Whole or not at all, so that an interrupted run leaves nothing half-written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
        draft.write(pickle.dumps(what))
    Path(draft.name).replace(file)


def judgements_of(job: Job, truth: ClipTruth, ledger: Ledger) -> list[Judgement]:
    """Every verdict on a visit that truly happened, until the bike was taken; shared bikes lock themselves."""
    stays = stays_in_messages(ledger.messages, EPOCH)
    matches = match_stays(truth, list(stays.values()), AS_THEY_ARE)
    true_of = {list(stays)[number]: index for index, number in matches.visited.items()}
    turns: dict[int, int] = {}
    judgements = []
    for judged in ledger.judged:
        index = true_of.get(judged.event.stay.stay_id)
        if judged.verdict is None or index is None:
            continue
        turn = turns[index] = turns.get(index, -1) + 1
        at_s, true = seconds_after(EPOCH, judged.event.at), truth.stays[index]
        if _counts(true, at_s):
            numbers = numbers_of(judged.event.evidence)
            doubted = bool(judged.verdict.reasons.keys() - numbers.keys())
            judgements.append(_judgement(job, truth, index, _Said(turn, at_s, numbers, doubted)))
    return judgements


class _Said(NamedTuple):
    turn: int
    at_s: float
    numbers: Mapping[ReasonCode, float]
    doubted: bool


def _counts(true: StayTruth, at_s: float) -> bool:
    taken = true.gone_at_s is not None and at_s > true.gone_at_s
    return true.left_at_s is not None and not true.shared and not taken


def _judgement(job: Job, truth: ClipTruth, index: int, said: _Said) -> Judgement:
    true = truth.stays[index]
    assert true.left_at_s is not None
    assert job.fps is not None
    return Judgement(
        scenario=job.name,
        group=truth.group,
        seed=job.seed,
        look=Look(job.eye, job.fps),
        stay=index,
        turn=said.turn,
        numbers=said.numbers,
        unlocked=not locked_at(true, max(true.left_at_s, said.at_s)),
        doubted=said.doubted,
        early=said.at_s < true.left_at_s - AS_THEY_ARE.early_s,
        asked=asks_for_alert(true),
        width_px=round(width_px(truth, true), 1),
    )
