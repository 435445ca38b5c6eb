"""How one live camera fares: what its counters, its pictures and its bikes come to, as the message that is told of it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TypedDict

from broker_bridge.messages import ModelName
from detector.config import CameraConfig
from detector.live_counts import Counts
from detector.lock_model import read_lock_folder
from detector.model_turns import CameraDetector
from detector.picture_quality import Fault, PictureQuality
from detector.trails import TWO_WHEELERS
from detector.verdict_model import load_verdict_model, verdict_sha256
from detector.vocabulary import Detection, Frame

STALLED_AFTER = timedelta(seconds=6)
CLEAR_BIKE_SCORE = 0.3
MEASURE_EVERY = timedelta(seconds=1)
WIDTHS_KEPT, LEAST_WIDTHS = 600, 10


class HealthFields(TypedDict):
    """A camera's health, ready for `CameraHealth(**header, camera=..., outbox_depth=..., **fields)`."""

    fps_in: float
    fps_seen: float
    fps_inferred: float
    inference_ms: float | None
    dark: bool
    moved: bool
    last_frame_at: datetime | None
    stalled: bool
    covered: bool
    blurred: bool
    overexposed: bool
    bike_width_px: float | None
    bikes_too_small: bool
    model: ModelName | None
    verdict: ModelName
    lock_model: ModelName | None


@dataclass(frozen=True, slots=True)
class _Tally:
    """The counters at one moment; the rates told are differences of two of these."""

    at_s: float
    arrived: int = 0
    taken: int = 0
    inferred: int = 0
    inference_s: float = 0.0


class CameraFaring:
    """Of one camera. `see` is called by the camera's own thread, `tell` by the worker's."""

    def __init__(self, camera: CameraConfig, counts: Counts, detector: CameraDetector) -> None:
        self._counts, self._detector = counts, detector
        self._quality = PictureQuality(camera.thresholds.min_brightness, camera.camera_check_s)
        self._least_width_px = camera.thresholds.min_bike_width_px
        self._widths_px: deque[float] = deque(maxlen=WIDTHS_KEPT)
        self._measured_at: datetime | None = None
        self._moved = False
        self._before = _Tally(time.monotonic())
        self._verdict, self._lock_model = _verdict_of(camera), _lock_model_of(camera)

    def see(self, frame: Frame, detections: list[Detection], *, moved: bool) -> None:
        """One frame went through the line."""
        self._quality.see(frame.image_bgr, frame.at)
        self._moved = moved
        if self._measured_at is None or abs(frame.at - self._measured_at) >= MEASURE_EVERY:
            self._measured_at = frame.at
            bikes = [one for one in detections if one.kind in TWO_WHEELERS and one.score >= CLEAR_BIKE_SCORE]
            self._widths_px.extend(one.xyxy_px.width for one in bikes)

    def tell(self, now: datetime) -> HealthFields:
        """How the camera did since this was last asked."""
        before, tally = self._before, self._tally()
        self._before = tally
        seconds = max(tally.at_s - before.at_s, 1e-3)
        inferred = tally.inferred - before.inferred
        troubles = self.troubles(now)
        return HealthFields(
            fps_in=round((tally.arrived - before.arrived) / seconds, 2),
            fps_seen=round((tally.taken - before.taken) / seconds, 2),
            fps_inferred=round(inferred / seconds, 2),
            inference_ms=round(1000 * (tally.inference_s - before.inference_s) / inferred, 1) if inferred else None,
            dark=troubles["dark"],
            moved=troubles["moved"],
            last_frame_at=self._counts.last_frame_at,
            stalled=troubles["stalled"],
            covered=troubles["covered"],
            blurred=troubles["blurred"],
            overexposed=troubles["overexposed"],
            bike_width_px=self.bike_width_px(),
            bikes_too_small=troubles["bikes_too_small"],
            model=self._model(),
            verdict=self._verdict,
            lock_model=self._lock_model,
        )

    def troubles(self, now: datetime) -> dict[str, bool]:
        """What is wrong, by the names of the message's fields. May be asked by any thread, and changes nothing."""
        width_px = self.bike_width_px()
        return {
            "stalled": is_stalled(self._counts.last_frame_at, now),
            "moved": self._moved,
            **{fault.value: fault in self._quality.faults for fault in Fault},
            "bikes_too_small": width_px is not None and width_px < self._least_width_px,
        }

    def bike_width_px(self) -> float | None:
        """The median over the last ten minutes or so of clear bikes; None while there were too few."""
        widths = list(self._widths_px)
        return round(median(widths), 1) if len(widths) >= LEAST_WIDTHS else None

    def _model(self) -> ModelName | None:
        """Asked each time: a promoted model is taken up while the camera looks on."""
        identity = self._detector.identity
        return None if identity is None else ModelName(id=identity.model_id, sha256=identity.sha256)

    def _tally(self) -> _Tally:
        counts, detector = self._counts, self._detector
        return _Tally(time.monotonic(), counts.arrived, counts.taken, detector.frames, detector.seconds)


def _verdict_of(camera: CameraConfig) -> ModelName:
    return ModelName(id=load_verdict_model(camera.verdict).model_id, sha256=verdict_sha256(camera.verdict))


def _lock_model_of(camera: CameraConfig) -> ModelName | None:
    if camera.lock_model is None:
        return None
    identity = read_lock_folder(camera.lock_model).identity
    return ModelName(id=identity.model_id, sha256=identity.sha256)


def is_stalled(last_frame_at: datetime | None, now: datetime) -> bool:
    """Nothing has come for longer than any camera pauses; a camera that never gave a picture is stalled, too."""
    return last_frame_at is None or now - last_frame_at > STALLED_AFTER
