"""Lines to be timed."""

from __future__ import annotations

from bench.sinks import Forgetful
from detector.config import ViewConfig
from detector.detection import Detector
from detector.looking import Looking
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line
from detector.sinks import Sink
from detector.vocabulary import Detection, Frame


class Remembered:
    """Gives back what the model said before, so that all but the model is timed."""

    def __init__(self, said: dict[int, list[Detection]]) -> None:
        self._said = said

    def detect(self, frame: Frame) -> list[Detection]:
        return self._said[frame.index]


def a_line(detector: Detector, sink: Sink | None = None, looking: Looking | None = None, camera: str = "bench") -> Line:
    stamper = Stamper(site="bench", worker="bench", boot="bench", entropy=seeded_entropy(camera))
    return Line(ViewConfig(), camera, detector, sink or Forgetful(), stamper, looking=looking)
