"""Does looking less change what is said? `python -m bench.looking`: every clip, looked at in five ways, side by side.

- *every*: the model sees every picture, five a second.
- *noise*: the same with other sensor noise in the pictures that the model sees. What differs here is chance.
- *gate*: the model sees pictures only while something moves or a visit is open; the file is read by its key pictures else.
- *regions*: the same, and of most of these pictures the model sees only the part where something is.
- *live*: as *gate*, read as from a camera: packets are held back only since the last key picture.

Each clip begins and ends with a still quarter of a minute, so that the gate has something to wake up from, and is encoded
anew with sensor noise and a key picture every two seconds, as campus cameras send them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.clips import STILL_S, keyed_clip
from bench.film import ROOT
from bench.played import played
from bench.sinks import Kept
from detector.boxes import XyxyPx
from detector.config import ViewConfig
from detector.config_looking import LookingConfig
from detector.detection import Detector, RegionDetector, open_detector
from detector.evaluation.found import FoundStay, found_in_messages
from detector.evaluation.matching import Tolerances
from detector.evaluation.outcomes import ClipOutcome, outcome_of
from detector.evaluation.scores import scores_of
from detector.evaluation.table import TARGET_NAMES
from detector.evaluation.truth import read_truth
from detector.frames import EPOCH, read_frames
from detector.looking import Looking
from detector.model_folder import DEFAULT_MODEL
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, run_line
from detector.vocabulary import Detection, Frame

WAYS = ("every", "noise", "gate", "regions", "live")
NOISE_GREYS = 2.0
SAME_TIME_S = 2.0
LIKE_P = 0.1


class Noisy:
    """The model behind another sensor."""

    def __init__(self, model: Detector, seed: int) -> None:
        self._model, self._dice = model, np.random.default_rng(seed)

    def detect(self, frame: Frame) -> list[Detection]:
        noise = NOISE_GREYS * self._dice.standard_normal(frame.image_bgr.shape, dtype=np.float32)
        image = np.clip(frame.image_bgr + noise, 0, 255).astype(np.uint8)
        return self._model.detect(Frame(image, frame.index, frame.at))


class Counting:
    def __init__(self, model: Detector) -> None:
        self._model, self.looks, self.parts = model, 0, 0

    def detect(self, frame: Frame) -> list[Detection]:
        self.looks += 1
        return self._model.detect(frame)

    def detect_within(self, frame: Frame, region_px: XyxyPx) -> list[Detection]:
        self.parts += 1
        assert isinstance(self._model, RegionDetector)
        return self._model.detect_within(frame, region_px)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one clip looked at in one way."""

    outcome: ClipOutcome
    stays: tuple[FoundStay, ...]
    looks: int
    """How often the model saw the whole picture."""
    parts: int
    """How often it saw a part of it."""


def look_at(clip: Path, truth: Path, way: str, model: str) -> Said:
    view = ViewConfig(
        model=model,
        looking=LookingConfig(gate=way not in {"every", "noise"}, regions=way == "regions", key_every_s=2.5),
    )
    looking = Looking(view.looking, view.fps)
    detector = open_detector(model, threads=1)
    counting = Counting(Noisy(detector, 1) if way == "noise" else detector)
    sink = Kept()
    stamper = Stamper("bench", "bench", "bench", seeded_entropy(clip.stem))
    line = Line(view, "bench", counting, sink, stamper, looking=looking)
    frames = played(clip, looking) if way == "live" else read_frames(clip, fps=view.fps, pace=looking)
    for _ in run_line(frames, line):
        pass
    found = found_in_messages(clip.stem, sink.messages, EPOCH + timedelta(seconds=STILL_S))
    outcome = outcome_of(read_truth(truth), found, Tolerances())
    return Said(outcome, tuple(one for one in found.stays if not one.preexisting), counting.looks, counting.parts)


def differences(one: Sequence[FoundStay], other: Sequence[FoundStay]) -> list[str]:
    """In words; empty where both say the same."""
    rest, told = list(other), []
    for stay in one:
        twin = next((each for each in rest if abs(each.parked_at_s - stay.parked_at_s) <= SAME_TIME_S), None)
        if twin is None:
            told.append(f"lacks {stay.parked_at_s:.0f} s")
            continue
        rest.remove(twin)
        told += _unlike(stay, twin)
    return told + [f"adds {stay.parked_at_s:.0f} s" for stay in rest]


def _unlike(one: FoundStay, other: FoundStay) -> Iterator[str]:
    before, after = [verdict.state for verdict in one.verdicts], [verdict.state for verdict in other.verdicts]
    if before != after:
        yield f"{'/'.join(before) or 'none'} -> {'/'.join(after) or 'none'}"
    if len(one.alerts) != len(other.alerts):
        yield f"{len(one.alerts)} -> {len(other.alerts)} alerts"
    if (one.gone_at_s is None) != (other.gone_at_s is None):
        yield f"gone {one.gone_at_s and round(one.gone_at_s)} -> {other.gone_at_s and round(other.gone_at_s)}"


def main() -> None:
    options = _options().parse_args()
    clips = sorted(path for path in options.clips.glob("*.mp4") if path.with_suffix(".truth.json").exists())
    jobs = [(keyed_clip(clip), clip.with_suffix(".truth.json"), way, options.model) for clip in clips for way in WAYS]
    # Spawned, not forked: a fork of a process with threads may hang.
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        said = list(pool.map(look_at, *zip(*jobs, strict=True)))
    every = len(WAYS)
    by_clip = [dict(zip(WAYS, said[start : start + every], strict=True)) for start in range(0, len(said), every)]
    _print([clip.stem for clip in clips], by_clip)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.looking", description=__doc__)
    parser.add_argument("--clips", type=Path, default=ROOT / "sample_videos", help="folder of clips with truth files")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="as in a configuration (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="processes (default: 2)")
    return parser


def _print(names: Sequence[str], by_clip: Sequence[dict[str, Said]]) -> None:
    table = Table("clip", "every", *(f"{way} differs" for way in WAYS[1:]), "looks, every", "whole + part")
    counts = dict.fromkeys(WAYS[1:], 0)
    for name, said in zip(names, by_clip, strict=True):
        cells = []
        for way in WAYS[1:]:
            told = differences(said["every"].stays, said[way].stays)
            counts[way] += bool(told)
            cells.append("; ".join(told) or "=")
        looks = str(said["every"].looks), f"{said['regions'].looks} + {said['regions'].parts}"
        table.add_row(name, "; ".join(map(_in_short, said["every"].stays)) or "no visit", *cells, *looks)
    console = Console(width=200)
    console.print(table)
    for way in WAYS[1:]:
        console.print(f"{way}: {counts[way]} of {len(names)} clips differ from every")
    console.print(_scores(by_clip))


def _scores(by_clip: Sequence[dict[str, Said]]) -> Table:
    """Every way against the truth."""
    table = Table("against the truth", *WAYS)
    targets = [scores_of([said[way].outcome for said in by_clip], Tolerances()).targets for way in WAYS]
    for row in zip(*targets, strict=True):
        table.add_row(TARGET_NAMES[row[0].name], *("-" if one.value is None else f"{one.value:.3g}" for one in row))
    return table


def _in_short(stay: FoundStay) -> str:
    states = "/".join(verdict.state for verdict in stay.verdicts) or "no verdict"
    return f"{stay.parked_at_s:.0f} s {states}" + (" alert" if stay.alerts else "")


if __name__ == "__main__":
    main()
