"""One camera of a live worker: its frames go through the line, and how it fares is told."""

from __future__ import annotations

import queue
import threading
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import structlog

from broker_bridge.messages import CameraHealth, RackOccupancy
from detector.config import CameraConfig
from detector.errors import CannotWriteError
from detector.health import CameraFaring
from detector.live import live_frames
from detector.live_clock import Clock, utc_now
from detector.live_counts import Counts
from detector.looking import Looking
from detector.model_turns import CameraDetector, SharedModel
from detector.orders import Orders
from detector.outgoing import Stamper
from detector.picture_evidence import open_eyes
from detector.pipeline import Line, Step, run_line
from detector.sinks import MqttSink
from detector.stay_store import StayStore
from detector.vocabulary import Frame, LockState, LockVerdict, StayState

START_AGAIN_AFTER_S = 5.0
STANDING = frozenset({StayState.PARKED, StayState.ATTENDED, StayState.LEFT})
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Speech:
    """How a worker's cameras speak: what must arrive is counted apart from states, which may be lost."""

    sink: MqttSink
    durable: Stamper
    states: Stamper
    clock: Clock = utc_now
    """The one that the stampers go by."""


@dataclass
class CameraWatch:
    """Runs one camera until `stop` is set; whatever goes wrong with it stays with it."""

    config: CameraConfig
    model: SharedModel
    speech: Speech
    stop: threading.Event
    counts: Counts = field(default_factory=Counts)
    store: StayStore | None = None
    orders: Orders | None = None

    def __post_init__(self) -> None:
        self._detector = CameraDetector(self.model)
        self.faring = CameraFaring(self.config, self.counts, self._detector)
        self._told: dict[str, tuple[int, int, int]] = {}
        self._wanted: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        open_eyes(self.config.pose_model, self.config.lock_model)  # what is refused is said before anything runs

    @property
    def model_runs(self) -> int:
        return self._detector.frames

    @property
    def model_seconds(self) -> float:
        return self._detector.seconds

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self._follow()
            except CannotWriteError as error:  # only while stopping: the sink waits out a full disk
                log.error("a message was lost while stopping", camera=self.config.id, reason=str(error))  # noqa: TRY400
            except Exception:  # noqa: BLE001
                # The outermost loop of a camera: the other cameras go on, and this one starts afresh.
                trace = traceback.format_exc()
                log.error("the camera's line broke; starting it again", camera=self.config.id, trace=trace)  # noqa: TRY400
                self.stop.wait(START_AGAIN_AFTER_S)

    def show_again(self, rack: str | None) -> None:
        """Send a new picture of every bike here that is reminded of, with the next frame. May be called by any thread."""
        self._wanted.put(rack)

    def _follow(self) -> None:
        config, looking = self.config, Looking(self.config.looking, self.config.fps)
        line = Line(config, config.id, self._detector, self.speech.sink, self.speech.durable, self.store, looking)
        if self.orders is not None:
            line.policy.is_muted = partial(self.orders.is_muted, config.id)
        with closing(
            live_frames(
                config.source,
                pace=looking,
                stop=self.stop,
                counts=self.counts,
                masks=config.masks,
                clock=self.speech.clock,
            )
        ) as frames:
            for step in run_line(_of_one_size(frames), line):
                self.faring.see(step.frame, step.detections, moved=line.pictures.camera_moved)
                self._tell_occupancy(step, line.keeper.verdicts)
                self._send_wanted(step, line)

    def _send_wanted(self, step: Step, line: Line) -> None:
        while not self._wanted.empty():
            rack = self._wanted.get()
            for stay in step.stays:
                if line.policy.remembered(stay.stay_id)[0] is not None and rack in {None, stay.rack_id}:
                    line.outgoing.show_again(stay, step.frame)

    def _tell_occupancy(self, step: Step, verdicts: Mapping[str, LockVerdict]) -> None:
        """Say how full a rack is whenever that changes."""
        standing = [stay for stay in step.stays if stay.state in STANDING]
        for rack in self.config.rack_list():
            here = [stay.stay_id for stay in standing if stay.rack_id == rack.rack_id]
            count = Counter(verdicts[stay_id].state for stay_id in here if stay_id in verdicts)
            now = len(here), count[LockState.UNLOCKED], count[LockState.UNSURE]
            if self._told.get(rack.rack_id) != now:
                self._told[rack.rack_id] = now
                bikes, unlocked, unsure = now
                header = self.speech.states.stamp(step.frame.at)
                occupancy = RackOccupancy(**header, rack=rack.rack_id, bikes=bikes, unlocked=unlocked, unsure=unsure)
                self.speech.sink.send(occupancy)

    def tell_health(self) -> CameraHealth:
        """Say how the camera did since this was last asked."""
        at = self.speech.clock()
        fields, depth = self.faring.tell(at), self.speech.sink.depth()
        health = CameraHealth(**self.speech.states.stamp(at), camera=self.config.id, outbox_depth=depth, **fields)
        self.speech.sink.send(health)
        return health


def _of_one_size(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Until the camera is set to another picture size: the line counts in pixels, and begins anew with the new ones."""
    size = None
    for frame in frames:
        size = size or (frame.width_px, frame.height_px)
        if size != (frame.width_px, frame.height_px):
            return
        yield frame
