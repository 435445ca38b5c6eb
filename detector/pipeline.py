"""The line, steps 1 to 7: frame, detections, tracks, stays, lock verdict, reminder, message. Start reading here.

Steps 3 to 6 touch nothing and ask no clock, so recorded footage and live cameras run this same loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from broker_bridge.messages import AlertMessage
from detector.config import ViewConfig
from detector.detection import Detector
from detector.lock import judge_lock
from detector.looking import EVERY_FRAME, Looking
from detector.outgoing import Outgoing, Stamper
from detector.parking import ParkingWatch
from detector.picture_evidence import PictureEvidence
from detector.reminders import ReminderPolicy
from detector.sinks import Sink
from detector.stay_keeper import StayKeeper
from detector.stay_store import StayStore
from detector.tracking import Tracker
from detector.verdict_model import load_verdict_model
from detector.vocabulary import Detection, Frame, LockVerdict, Stay, StayEvent, StayEventKind, Track


@dataclass(frozen=True, slots=True)
class Judged:
    """One event of a stay, the verdict it led to (None: not a moment to judge) and the alert that came of it."""

    event: StayEvent
    verdict: LockVerdict | None
    alert: AlertMessage | None


@dataclass(frozen=True, slots=True)
class Step:
    """All the line knows after one frame, for those who look over its shoulder: report, video, health."""

    frame: Frame
    detections: list[Detection]
    tracks: list[Track]
    stays: tuple[Stay, ...]
    """The stays open after this frame."""
    judged: tuple[Judged, ...]
    tentative: tuple[Stay, ...] = ()
    """Bikes at rest whose rider may still go on with them: no stay yet."""
    expired: tuple[AlertMessage, ...] = ()
    """Alerts cleared because their time was over; no event of a stay led to them."""


class Line:
    """What one camera's line is made of; the parts keep their state between frames."""

    def __init__(
        self,
        view: ViewConfig,
        camera: str,
        detector: Detector,
        sink: Sink,
        stamper: Stamper,
        store: StayStore | None = None,
        looking: Looking | None = None,
    ) -> None:
        """`store` keeps open stays over restarts; recorded footage has none. `looking` None: the model sees every frame."""
        self.detector = detector
        self.looking = looking or Looking(EVERY_FRAME, view.fps)
        self.tracker = Tracker()
        self.watch = ParkingWatch(view.rack_list(), view.thresholds, seed=camera)
        self.policy = ReminderPolicy(view.thresholds)
        self.pictures = PictureEvidence(view)
        self.keeper = StayKeeper(camera, view.rack_list(), self.watch, self.policy, self.pictures, store)
        self.outgoing = Outgoing(camera, stamper, sink, detector)
        self.thresholds = view.thresholds
        self.verdict_model = load_verdict_model(view.verdict)


def run_line(frames: Iterable[Frame], line: Line) -> Iterator[Step]:
    """Take frames through the line, one `Step` a frame; messages are in the sink before the step is handed out."""
    for frame in line.looking.filled(frames):
        yield _step(frame, line)


def _step(frame: Frame, line: Line) -> Step:
    untold = line.keeper.recall(frame)
    detections = line.looking.detect(frame, line.detector)
    tracks = line.tracker.update(detections, frame.at)
    events = line.watch.update(tracks, detections, frame.at, frame.width_px, frame.height_px)
    events += line.keeper.know_again(frame, detections)
    line.pictures.see(frame, line.watch.places, tracks, detections)
    line.outgoing.see(frame, [*tracks, *detections])
    for reminder in untold:
        line.outgoing.tell_reminder(reminder, frame)
    judged = tuple(_judge(event, frame, line) for event in events)
    expired = [line.outgoing.tell_reminder(reminder, frame) for reminder in line.policy.expire(frame.at)]
    line.keeper.keep(frame.at)
    line.looking.note(frame, detections, line.watch.places, moved=line.pictures.camera_moved)
    return Step(frame, detections, tracks, line.watch.stays, judged, line.watch.tentative, tuple(expired))


def _judge(event: StayEvent, frame: Frame, line: Line) -> Judged:
    verdict = None
    if event.kind is StayEventKind.LEFT:
        event = replace(event, evidence=line.pictures.complete(event.evidence, event.stay, frame))
        verdict = judge_lock(event.evidence, line.thresholds, line.verdict_model)
    reminder = line.policy.decide(event, verdict, frame.at)
    line.keeper.note(event, verdict, reminder)
    line.outgoing.tell_stay(event, verdict)
    alert = line.outgoing.tell_reminder(reminder, frame) if reminder else None
    return Judged(event, verdict, alert)
