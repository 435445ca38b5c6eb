"""One simulated clip through the line, as `pleaselock detect` takes a recorded one, without a picture to look at."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from broker_bridge.messages import UpMessage
from detector.config import RackConfig, ViewConfig
from detector.evaluation.truth import ClipTruth
from detector.outgoing import Outgoing, Stamper, seeded_entropy
from detector.pipeline import Judged, Line, Step, run_line
from detector.stay_book import StayRecord
from detector.vocabulary import Detection, Frame, Stay, Track
from sample_videos.render.camera import camera_of
from sample_videos.render.scenario import Scenario
from sample_videos.render.timeline import build_timeline
from sample_videos.render.truth import truth_of
from sample_videos.simulate.eye import USUAL, Eye
from sample_videos.simulate.pictures import pictures
from sample_videos.simulate.scene import frames_at, observe
from sample_videos.simulate.seeing import see

LEAST_MOVES_PER_S = 10


class Ledger:
    """What the line told of each stay, as `StayBook` keeps it but without pictures, and every message."""

    def __init__(self) -> None:
        self._by_id: dict[str, StayRecord] = {}
        self.judged: list[Judged] = []
        self.messages: list[UpMessage] = []

    @property
    def records(self) -> list[StayRecord]:
        return list(self._by_id.values())

    def send(self, message: UpMessage) -> None:
        self.messages.append(message)

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:
        """Pictures of nothing are not kept."""

    def see(self, step: Step) -> None:
        for judged in step.judged:
            self.judged.append(judged)
            stay = judged.event.stay
            record = self._by_id.setdefault(stay.stay_id, StayRecord(len(self._by_id) + 1, stay))
            record.verdict = judged.verdict or record.verdict
        for stay in (*(judged.event.stay for judged in step.judged), *step.stays):
            self._by_id[stay.stay_id].stay = stay
        for alert in (*(judged.alert for judged in step.judged), *step.expired):
            if alert is not None:
                record = self._by_id[alert.stay_id]
                record.alert = "cleared" if alert.event == "cleared" else "raised"
                record.alert_at = record.alert_at or alert.at
                record.clear_reason = alert.clear_reason or ""


class _InWords(Outgoing):
    """Says all that the line does, but takes no picture of nothing."""

    def see(self, frame: Frame, found: Iterable[Detection | Track]) -> None:
        """Nobody is to be hidden in a picture that is not taken."""

    def _picture(self, stay: Stay, frame: Frame) -> bytes:  # noqa: ARG002
        return b""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one scenario, beside what is true of it."""

    name: str
    truth: ClipTruth
    frames: tuple[tuple[Detection, ...], ...]
    """The detections given to the line."""
    fps: int
    ledger: Ledger


@dataclass(slots=True)
class _Given:
    """A detector that finds what it is given, frame after frame."""

    frames: Sequence[Sequence[Detection]]
    _next: int = field(default=0)

    def detect(self, frame: Frame) -> list[Detection]:
        return list(self.frames[frame.index])


def run_scenario(name: str, scenario: Scenario, eye: Eye = USUAL, fps: int | None = None) -> Run:
    """Look at a scenario with an eye, `fps` times a second (None: the scenario's own), and take that through the line.

    Raises `ScenarioError` where the scenario contradicts itself.
    """
    looks = fps or scenario.fps
    timeline = build_timeline(scenario.model_copy(update={"fps": moves_per_s(looks)}))
    camera, at = camera_of(scenario), frames_at(timeline, looks)
    scene = observe(timeline, camera, at)
    frames = see(scene, eye, _seed_of_eye(scenario), jumps_of(scenario))
    truth = truth_of(name, timeline).model_copy(update={"fps": looks})
    seen = pictures(timeline, camera, at, looks)
    return Run(name, truth, tuple(map(tuple, frames)), looks, follow(frames, truth, seen))


def moves_per_s(fps: int) -> int:
    """How often a second things move on: a multiple of how often one looks, and often enough to move alike at all."""
    return fps * math.ceil(LEAST_MOVES_PER_S / fps)


def jumps_of(scenario: Scenario) -> tuple[float, ...]:
    return () if scenario.light.jumps_at_s is None else (scenario.light.jumps_at_s,)


def _seed_of_eye(scenario: Scenario) -> int:
    return zlib.crc32(f"{scenario.title}|{scenario.seed}".encode())


def follow(frames: Sequence[Sequence[Detection]], truth: ClipTruth, seen: Iterable[Frame]) -> Ledger:
    """Take boxes, and the pictures they were found in, through the line."""
    ledger = Ledger()
    stamper = Stamper("simulated", "suite", "run", seeded_entropy(f"{truth.clip}-{truth.seed}"))
    line = Line(view_of(truth), "simulated", _Given(frames), ledger, stamper)
    line.outgoing = _InWords("simulated", stamper, ledger)
    for step in run_line(seen, line):
        ledger.see(step)
    return ledger


def view_of(truth: ClipTruth) -> ViewConfig:
    racks = tuple(RackConfig(id=rack.id, outline=rack.outline_norm) for rack in truth.racks)
    return ViewConfig(fps=truth.fps, racks=racks)
