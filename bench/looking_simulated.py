"""The same question at track level: `python -m bench.looking_simulated`, all scenario files, as many seeds as wanted.

The eye of the simulator gives the boxes; people are painted into its pictures as striped boxes, so that the gate itself
decides. *noise* is another seed of the eye; *gate* looks 2.5 times a second while nothing moves; *live* sees a key picture
every two seconds while nothing moves, and all since the one before where it shows that something has begun; *recorded* sees
every other one of them only, and goes back to the one between where that shows nothing yet.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, takewhile
from multiprocessing import get_context

import numpy as np
from rich.console import Console
from rich.table import Table

from detector.config_looking import LookingConfig
from detector.evaluation.found import found_in_messages
from detector.evaluation.matching import Tolerances
from detector.evaluation.outcomes import ClipOutcome, outcome_of
from detector.evaluation.scores import scores_of
from detector.evaluation.table import TARGET_NAMES
from detector.frames import EPOCH
from detector.looking import EVERY_FRAME, Looking
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, run_line
from detector.vocabulary import Detection, Frame
from sample_videos.render.camera import camera_of
from sample_videos.render.timeline import build_timeline
from sample_videos.render.truth import truth_of
from sample_videos.simulate.eye import USUAL
from sample_videos.simulate.pictures import pictures
from sample_videos.simulate.run import Ledger, jumps_of, moves_per_s, view_of
from sample_videos.simulate.scene import Scene, frames_at, observe
from sample_videos.simulate.seeing import see
from sample_videos.simulate.suite import names_of_scenarios, scenario_of, seeds_of

WAYS = ("every", "noise", "gate", "live", "recorded")
FPS, KEY_EVERY = 5, 10
KEYS_APART = {"live": 1, "recorded": 2}
"""See `frames_sparse.KEYS_APART_S`."""
STILL_S = 15.0
"""Each clip begins with its first second over and over, so that the gate has something to wake up from."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame with what the eye finds in it."""

    frame: Frame
    found: Sequence[Detection]


class Given:
    """The eye as a detector; counts how often it is asked."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        self._found, self.looks = {one.frame.index: one.found for one in seen}, 0

    def detect(self, frame: Frame) -> list[Detection]:
        self.looks += 1
        return list(self._found[frame.index])


@dataclass(frozen=True, slots=True)
class Said:
    outcome: ClipOutcome
    looks: int
    frames: int


def run_one(name: str, seed: int) -> dict[str, Said]:
    """One scenario of one seed in every way."""
    scenario = scenario_of(name, seed)
    timeline = build_timeline(scenario.model_copy(update={"fps": moves_per_s(FPS)}))
    camera, at = camera_of(scenario), frames_at(timeline, FPS)
    scene = observe(timeline, camera, at)
    truth = truth_of(f"{name}-{seed}", timeline).model_copy(update={"fps": FPS})
    shown = list(_with_people(pictures(timeline, camera, at, FPS), scene))
    eyes = [see(scene, USUAL, zlib.crc32(f"{name}|{seed}|{eye}".encode()), jumps_of(scenario)) for eye in (0, 1)]
    said = {}
    for way in WAYS:
        seen = _with_still_start([Seen(*pair) for pair in zip(shown, eyes[way == "noise"], strict=True)])
        looking = Looking(EVERY_FRAME if way in {"every", "noise"} else LookingConfig(key_every_s=2.5), FPS)
        ledger, given = Ledger(), Given(seen)
        stamper = Stamper("bench", "bench", "bench", seeded_entropy(truth.clip))
        line = Line(view_of(truth), "bench", given, ledger, stamper, looking=looking)
        for _step in run_line(_paced([one.frame for one in seen], looking, way), line):
            pass
        found = found_in_messages(truth.clip, ledger.messages, EPOCH + timedelta(seconds=STILL_S))
        said[way] = Said(outcome_of(truth, found, Tolerances()), given.looks, len(seen))
    return said


def _with_people(frames: Iterator[Frame], scene: Scene) -> Iterator[Frame]:
    people = np.flatnonzero(~scene.is_bike)
    for number, frame in enumerate(frames):
        here = [who for who in people if scene.present[number, who] and np.isfinite(scene.shown[number, who]).all()]
        image = frame.image_bgr.copy() if here else frame.image_bgr
        for who in here:
            left, top, right, bottom = (int(side) for side in scene.shown[number, who])
            image[max(0, top) : bottom, max(0, left) : right] = 30
            image[max(0, top) : bottom : 6, max(0, left) : right] = 200
        yield Frame(image, frame.index, frame.at)


def _with_still_start(seen: Sequence[Seen]) -> list[Seen]:
    """Renumbered, with times from `EPOCH` on."""
    start = [seen[number % FPS] for number in range(round(STILL_S * FPS))]
    still = [Seen(Frame(seen[0].frame.image_bgr, 0, EPOCH), one.found) for one in start]
    return [
        Seen(Frame(one.frame.image_bgr, number, EPOCH + timedelta(seconds=number / FPS)), one.found)
        for number, one in enumerate([*still, *seen])
    ]


def _paced(frames: Sequence[Frame], looking: Looking, way: str) -> Iterator[Frame]:
    """What a reader would hand over."""
    given, key = -1, -KEY_EVERY
    for number, frame in enumerate(frames):
        if way in KEYS_APART and looking.keyframes_only(KEY_EVERY / FPS):
            if number % KEY_EVERY or number < key + KEY_EVERY * KEYS_APART[way]:
                continue
            if looking.foresees(frame.image_bgr, (number - given) / FPS):
                between = frames[key + KEY_EVERY : number : KEY_EVERY] if key >= 0 else ()
                for nothing_yet in _passed_over(between, looking, given):
                    given = nothing_yet.index
                    yield nothing_yet
                yield from islice(frames, given + 1, number)
            key = number
        elif number * looking.fps_wanted() // FPS == given * looking.fps_wanted() // FPS:
            continue
        else:
            key = -KEY_EVERY
        given = number
        yield frame


def _passed_over(keys: Sequence[Frame], looking: Looking, given: int) -> Iterator[Frame]:
    """Of the key pictures since the last one that was shown those that show nothing yet."""
    return takewhile(lambda one: not looking.foresees(one.image_bgr, (one.index - given) / FPS), keys)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.looking_simulated", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="seeds of every scenario file (default: 1)")
    parser.add_argument("--skip-seeds", type=int, default=0, help="begin this many seeds later (default: 0)")
    parser.add_argument("--processes", type=int, default=2, help="processes (default: 2)")
    options = parser.parse_args()
    seeds = seeds_of("fit", options.seeds, options.skip_seeds)
    jobs = [(name, seed) for name in names_of_scenarios() for seed in seeds]
    # Spawned, not forked: a fork of a process with threads may hang.
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        said = list(pool.map(run_one, *zip(*jobs, strict=True), chunksize=2))
    Console(width=150).print(_table(said))


def _table(said: Sequence[dict[str, Said]]) -> Table:
    table = Table(f"{len(said)} clips, against the truth", *WAYS)
    targets = [scores_of([one[way].outcome for one in said], Tolerances()).targets for way in WAYS]
    for row in zip(*targets, strict=True):
        cells = ("-" if one.value is None else f"{one.value:.3f} (n {one.n})" for one in row)
        table.add_row(TARGET_NAMES[row[0].name], *cells)
    differs = (sum(_short(one["every"]) != _short(one[way]) for one in said) for way in WAYS)
    table.add_row("clips that say other than every", *map(str, differs))
    table.add_row("looks a frame", *(f"{_share(said, way):.2f}" for way in WAYS))
    return table


def _share(said: Sequence[dict[str, Said]], way: str) -> float:
    return sum(one[way].looks for one in said) / sum(one[way].frames for one in said)


def _short(said: Said) -> list[object]:
    """What was found of each true stay and how many that are none; times left out."""
    stays = [(one.found is not None, one.first.said if one.first else None) for one in said.outcome.stays]
    return [*stays, len(said.outcome.invented)]


if __name__ == "__main__":
    main()
