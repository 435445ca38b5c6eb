"""One simulated clip through the line, as `pleaselock detect` takes a recorded one, without a picture to look at."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from broker_bridge.messages import UpMessage
from detector.config import RackConfig, ViewConfig
from detector.evaluation.truth import ClipTruth
from detector.frames import EPOCH
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Judged, Line, Step, run_line
from detector.stay_book import StayRecord
from detector.vocabulary import Detection, Frame
from sample_videos.render.camera import camera_of
from sample_videos.render.scenario import Scenario
from sample_videos.render.timeline import build_timeline
from sample_videos.render.truth import tell_truth
from sample_videos.simulate.eye import USUAL, Eye
from sample_videos.simulate.scene import frames_at, observe
from sample_videos.simulate.seeing import see

BRIGHTNESS = {"sun": 120, "overcast": 105, "rain": 85, "dusk": 50}
"""Grey level of the one-coloured picture that the line gets to see, by the scenario's light."""


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


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one scenario, beside what is true of it."""

    name: str
    truth: ClipTruth
    frames: tuple[tuple[Detection, ...], ...]
    """The detections given to the line."""
    fps: float
    ledger: Ledger


@dataclass(slots=True)
class _Given:
    """A detector that finds what it is given, frame after frame."""

    frames: Sequence[Sequence[Detection]]
    _next: int = field(default=0)

    def detect(self, frame: Frame) -> list[Detection]:
        return list(self.frames[frame.index])


def run_scenario(name: str, scenario: Scenario, eye: Eye = USUAL, fps: float = 5.0) -> Run:
    """Look at a scenario with an eye, `fps` times a second, and take what it sees through the line."""
    timeline = build_timeline(scenario)
    scene = observe(timeline, camera_of(scenario), frames_at(timeline, fps))
    frames = see(scene, eye, zlib.crc32(f"{scenario.title}|{scenario.seed}".encode()))
    truth = ClipTruth.model_validate(tell_truth(name, scenario).model_dump())
    ledger = follow(frames, truth, fps, BRIGHTNESS[scenario.light.kind])
    return Run(name, truth, tuple(tuple(frame) for frame in frames), fps, ledger)


def follow(frames: Sequence[Sequence[Detection]], truth: ClipTruth, fps: float, brightness: int) -> Ledger:
    """Take boxes through the line."""
    ledger = Ledger()
    name = f"{truth.scenario}-{truth.seed}"
    stamper = Stamper("simulated", "suite", "run", seeded_entropy(name))
    line = Line(view_of(truth, fps), "simulated", _Given(frames), ledger, stamper)
    for step in run_line(_pictures(len(frames), truth, fps, brightness), line):
        ledger.see(step)
    return ledger


def view_of(truth: ClipTruth, fps: float) -> ViewConfig:
    racks = tuple(RackConfig(id=rack.id, outline=rack.outline_norm) for rack in truth.racks)
    return ViewConfig(fps=fps, racks=racks)


def _pictures(count: int, truth: ClipTruth, fps: float, brightness: int) -> Iterator[Frame]:
    grey = np.full((truth.height, truth.width, 3), brightness, np.uint8)
    for index in range(count):
        yield Frame(grey, index, EPOCH + timedelta(seconds=index / fps))
