"""How often and how closely a camera is looked at: all of it while somebody is about, next to nothing while it is still.

A rack is still for most of the day. While nothing moves the model is not asked: what it last found stands, and the line
goes on as if it had been asked, so that its clocks run. At the start, after a gap or when the camera was moved, while a
visit is open, and every so often whatever happens, it is asked all the same. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.config_looking import LookingConfig
from detector.detection import Detector, RegionDetector
from detector.motion import Motion, MotionGate
from detector.open_stays import OpenStay
from detector.regions import known_of_all, region_around
from detector.standing import Standing
from detector.vocabulary import Detection, Frame, Kind

START_S = 4.0
"""At the start, after a gap and after the camera was moved, all is looked at for so long."""
GAP_S = 10.0
LINGER_S = 1.2
"""Looked at on for so long after the last motion, or since a visit was open; what settles moves a while longer."""
DOUBT_S = 3.0
"""A scan found what nobody saw come or go: it is looked at closely for so long."""
NOISE_AFTER_S = 2.0
NOBODY = 0.1
"""Motion with nobody found in it, be it as faint as this, for so long is leaves or rain."""
WHOLE_EVERY_S = 1.0
"""While a part is looked at closely, all of it is looked at so often."""
FILL_S = 0.8
"""While nothing moves the line's clock goes on in steps no longer than this."""
EVERY_FRAME = LookingConfig(gate=False)


class Looking:
    """One camera's way of looking; it is also the pace of its reader (see `pace.Pace`)."""

    def __init__(self, config: LookingConfig, fps: float) -> None:
        """`fps` is how often a busy scene is looked at."""
        self._config, self._fps = config, fps
        self._gate, self._standing = MotionGate(), Standing()
        self._last: Frame | None = None
        self._is_awake = True
        self._awake_until: datetime | None = None
        """All pictures are wanted until then; busy or not."""
        self._is_busy = True
        self._busy_until: datetime | None = None
        """The model is asked about all of them until then."""
        self._whole: list[Detection] = []
        """What the last look found, of the whole picture."""
        self._scanned_at: datetime | None = None
        """When the model last saw the whole picture."""
        self._open_px: tuple[XyxyPx, ...] = ()
        self._somebody_at: datetime | None = None
        self._motion: Motion | None = None
        self._camera_moved = False

    # The pace: asked from the reader's thread, so each answer is one simple value

    def fps_wanted(self) -> float:
        return self._fps if self._is_awake else min(self._fps, self._config.idle_fps)

    def keyframes_only(self, key_every_s: float | None) -> bool:
        return not self._is_awake and key_every_s is not None and key_every_s <= self._config.key_every_s

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:
        """Whether a picture that lies ahead shows motion; if so, all pictures up to it and on are wanted."""
        if self._last is None or not self._gate.foresees(image_bgr):
            return False
        self._stay_awake(self._last.at + timedelta(seconds=within_s + LINGER_S))
        return True

    # What lies ahead, in a recording: asked between two frames of the line

    def is_read_at(self, at: datetime) -> bool:
        """Whether the pace is certain to be until then what it is now."""
        return not self._config.gate or _is_before(at, self._awake_until)

    def is_seen_at(self, at: datetime) -> bool:
        """Whether the model is certain to be shown the whole of a picture of that time."""
        return not self._config.gate or (_is_before(at, self._busy_until) and not self._config.regions)

    # The line

    def filled(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames, and between two that lie far apart while nothing moved the first one over and over."""
        for frame in frames:
            yield from self._fillers(frame.at)
            yield frame

    def _fillers(self, until: datetime) -> Iterator[Frame]:
        """A loop of its own, so that the last picture is not held while the next one is looked at."""
        last = self._last
        if last is not None and not self._is_awake and _seconds(last.at, until) <= GAP_S:
            at = last.at + timedelta(seconds=FILL_S)
            while _seconds(at, until) > FILL_S / 2:
                yield replace(last, at=at)
                at += timedelta(seconds=FILL_S)

    def detect(self, frame: Frame, model: Detector) -> list[Detection]:
        """What is in this frame: asked of the model where it must be, else what was seen last."""
        if not self._config.gate:
            return model.detect(frame)
        self._notice(frame)
        if not self._is_busy and _seconds(self._scanned_at or frame.at, frame.at) < self._config.scan_every_s:
            stands = self._standing.again()
            if stands is not None:
                return stands
        return self._look(frame, model)

    def note(self, frame: Frame, detections: Sequence[Detection], places: Sequence[OpenStay], *, moved: bool) -> None:
        """After the line's other steps: what they found decides how the next frame is looked at."""
        if not self._config.gate:
            return
        if moved != self._camera_moved:
            self._camera_moved = moved
            self._begin(frame)
        waiting = (place for place in places if not (place.preexisting or place.attendance.has_left))
        self._open_px = tuple(place.box_px for place in waiting)
        if self._open_px:
            self._stay_busy(frame.at, LINGER_S)
        if self._open_px or any(one.kind is Kind.PERSON and one.score >= NOBODY for one in detections):
            self._somebody_at = frame.at
        elif self._motion and _seconds(self._somebody_at or frame.at, frame.at) >= NOISE_AFTER_S:
            self._gate.call_noise()

    def _notice(self, frame: Frame) -> None:
        last, self._last = self._last, frame
        if last is None or not 0 <= _seconds(last.at, frame.at) <= GAP_S:
            self._begin(frame)
        elif frame.image_bgr is not last.image_bgr:
            self._motion = self._gate.update(frame.image_bgr, frame.at)
            if self._motion:
                self._stay_busy(frame.at, LINGER_S)
        self._is_busy = _is_before(frame.at, self._busy_until)
        self._is_awake = _is_before(frame.at, self._awake_until)

    def _begin(self, frame: Frame) -> None:
        self._gate.accept(frame.image_bgr, frame.at)
        self._standing.start_anew()
        self._motion, self._somebody_at = None, frame.at
        self._busy_until, self._awake_until, self._scanned_at = None, None, None
        self._stay_busy(frame.at, START_S)

    def _stay_busy(self, at: datetime, seconds: float) -> None:
        until = at + timedelta(seconds=seconds)
        self._busy_until = max(until, self._busy_until or until)
        self._is_busy = True
        self._stay_awake(until)

    def _stay_awake(self, until: datetime) -> None:
        self._awake_until = max(until, self._awake_until or until)
        self._is_awake = True

    def _look(self, frame: Frame, model: Detector) -> list[Detection]:
        found = self._found(frame, model)
        if self._motion:
            self._standing.start_anew()
        elif not self._is_busy and self._standing.differs(found):
            self._standing.start_anew()
            self._stay_busy(frame.at, DOUBT_S)
        self._standing.see(found)
        self._whole = found
        return found

    def _found(self, frame: Frame, model: Detector) -> list[Detection]:
        region = self._region(frame)
        if region is not None and isinstance(model, RegionDetector):
            return known_of_all(model.detect_within(frame, region), self._whole, region)
        self._scanned_at = frame.at
        return model.detect(frame)

    def _region(self, frame: Frame) -> XyxyPx | None:
        """Where somebody moves, stands, or has put down a bike; None: it is time to look at all of it."""
        due = self._scanned_at is None or _seconds(self._scanned_at, frame.at) >= WHOLE_EVERY_S
        if due or not self._config.regions or not (self._motion or self._open_px):
            return None
        size = frame.width_px, frame.height_px
        moving = [box.to_px(*size) for box in self._motion.boxes()] if self._motion else []
        people = [one.xyxy_px for one in self._whole if one.kind is Kind.PERSON]
        return region_around([*moving, *people, *self._open_px], self._whole, *size)


def _is_before(at: datetime, until: datetime | None) -> bool:
    return until is not None and at <= until


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
