"""Footage through the whole line with the committed model, and what was told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broker_bridge.messages import AlertMessage, UpMessage
from detector.config import ViewConfig
from detector.config_looking import LookingConfig
from detector.detection import BikeDetector
from detector.frames import EPOCH, read_frames
from detector.looking import EVERY_FRAME, Looking
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Judged, Line, run_line
from detector.vocabulary import Stay

ROOT = Path(__file__).resolve().parents[2]


class ListSink:
    """Keeps messages and the ids of the alerts whose picture came."""

    def __init__(self) -> None:
        self.messages: list[UpMessage] = []
        self.pictures: list[str] = []

    def send(self, message: UpMessage) -> None:
        self.messages.append(message)

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:
        assert camera
        assert jpeg
        self.pictures.append(alert_id)


@dataclass
class Seen:
    judged: list[Judged]
    sink: ListSink

    def visited_stays(self) -> list[Stay]:
        """The stays somebody was seen opening, each as last told."""
        last = {one.event.stay.stay_id: one.event.stay for one in self.judged if not one.event.stay.preexisting}
        return list(last.values())

    def alerts(self) -> list[AlertMessage]:
        alerts = [message for message in self.sink.messages if isinstance(message, AlertMessage)]
        return [alert for alert in alerts if alert.event == "raised"]

    @staticmethod
    def second_of(moment: datetime | None) -> float:
        assert moment is not None
        return (moment - EPOCH).total_seconds()


def look_at(clip: Path, fps: float, looking: LookingConfig = EVERY_FRAME) -> Seen:
    """The model sees every frame, unless `looking` leaves some out."""
    view = ViewConfig(fps=fps)
    detector = BikeDetector.from_folder(ROOT / "models" / view.model)
    sink, pace = ListSink(), Looking(looking, fps)
    stamper = Stamper("test", "test", "test", seeded_entropy(clip.name))
    line = Line(view, "clip", detector, sink, stamper, looking=pace)
    steps = run_line(read_frames(clip, fps=fps, pace=pace), line)
    return Seen([judged for step in steps for judged in step.judged], sink)
