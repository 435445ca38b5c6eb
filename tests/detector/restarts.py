"""A worker's line over a simulated scene that is killed, or looks away, at given seconds; bikes are drawn, so they have looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from broker_bridge.messages import AlertMessage, StayMessage, UpMessage
from detector.config import ViewConfig
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, Step, run_line
from detector.stay_store import StayStore
from detector.vocabulary import Detection, Frame, Kind, LockVerdict, Stay, StayEventKind
from tests.detector.drawn_bikes import Bgr, draw_bike, pavement
from tests.detector.scenes import HEIGHT_PX, WIDTH_PX, Scene, bike, second_of

RED, GREEN = (40, 40, 200), (60, 170, 40)
GROUND = pavement(WIDTH_PX, HEIGHT_PX)


@dataclass
class Ear:
    """A sink that keeps what it is told, and breaks down where it is asked to."""

    messages: list[UpMessage] = field(default_factory=list)
    dies_of_alert: bool = False

    def send(self, message: UpMessage) -> None:
        if self.dies_of_alert and isinstance(message, AlertMessage):
            raise ConnectionAbortedError("killed")
        self.messages.append(message)

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:
        assert camera
        assert alert_id
        assert jpeg

    def alerts(self) -> list[str]:
        told = [one for one in self.messages if isinstance(one, AlertMessage)]
        return [one.clear_reason or one.event for one in told]

    def stays(self, event: str) -> list[StayMessage]:
        return [one for one in self.messages if isinstance(one, StayMessage) and one.event == event]

    def visited(self, event: str) -> list[StayMessage]:
        return [one for one in self.stays(event) if not one.preexisting]


@dataclass(frozen=True)
class Spell:
    """What one worker sees: `scene` from one of its seconds to another, with bikes of this paint."""

    scene: Scene
    begins_s: float
    ends_s: float
    paint: Bgr = RED


class _Given:
    def __init__(self) -> None:
        self.found: dict[int, list[Detection]] = {}

    def detect(self, frame: Frame) -> list[Detection]:
        return self.found[frame.index]


@dataclass
class Camera:
    """One camera whose worker is killed between calls of `run`, and what all its workers said."""

    file: Path
    view: ViewConfig = field(default_factory=ViewConfig)
    ear: Ear = field(default_factory=Ear)
    steps: list[Step] = field(default_factory=list)
    _boot: int = 0

    def run(self, *spells: Spell) -> Camera:
        """One worker's life over these spells, without a frame between them; then it is gone without a word."""
        self._boot += 1
        given = _Given()
        stamper = Stamper("site", "worker", f"boot-{self._boot}", seeded_entropy(f"boot {self._boot}"))
        line = Line(self.view, "gate", given, self.ear, stamper, self.store())
        self.steps += run_line(self._frames(spells, given), line)
        return self

    def store(self) -> StayStore:
        return StayStore(self.file)

    def _frames(self, spells: Sequence[Spell], given: _Given) -> Iterator[Frame]:
        index = 0
        for spell in spells:
            for at, detections in spell.scene.frames():
                second = (at - spell.scene.start).total_seconds()
                if second >= spell.ends_s:
                    break
                if second >= spell.begins_s:
                    given.found[index] = detections
                    yield _picture(index, at, detections, spell.paint)
                    index += 1

    @property
    def open_stays(self) -> tuple[Stay, ...]:
        return self.steps[-1].stays

    def verdicts(self) -> list[LockVerdict]:
        return [judged.verdict for step in self.steps for judged in step.judged if judged.verdict is not None]

    def story(self) -> list[tuple[StayEventKind, str, float, str | None]]:
        """Every event of a stay somebody came with: what, which, parked when, judged how."""
        judged = [one for step in self.steps for one in step.judged if not one.event.stay.preexisting]
        return [
            (
                one.event.kind,
                one.event.stay.stay_id,
                second_of(one.event.stay.parked_at),
                one.verdict.state.value if one.verdict else None,
            )
            for one in judged
        ]


def _picture(index: int, at: datetime, detections: Sequence[Detection], paint: Bgr) -> Frame:
    image_bgr = GROUND.copy()
    for found in detections:
        if found.kind is Kind.BICYCLE:
            draw_bike(image_bgr, found.xyxy_px, paint, fenders=paint is GREEN, basket=paint is GREEN)
    return Frame(image_bgr, index, at)


STANDS = Scene((bike((0, 400, 300), (4000, 400, 300)),), 4000)
"""Only a bike, where the scenes' rider puts his."""
NOTHING_THERE = Scene((bike((9000, 400, 300), (9001, 400, 300)),), 4000)
