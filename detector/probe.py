"""Looks through a camera for a few seconds: what it gives, how wide bikes are in each rack, what can be told from that."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.annotate import RACK_BGR, draw_box, draw_label, draw_racks
from detector.boxes import XyxyPx
from detector.bystanders import LEAST_SCORE, look_closer
from detector.config import CameraConfig
from detector.detection import Detector
from detector.errors import CannotReadError
from detector.live import live_frames
from detector.live_counts import Counts
from detector.pace import ConstantPace
from detector.places import rack_of
from detector.rack_proposal import resting_bikes
from detector.snapshots import without_heads
from detector.vocabulary import Detection, Frame, Kind

LOOKS_PER_S = 2.0
FIRST_WITHIN_S = 12.0
"""Reaching a camera and waiting for its first key picture takes no longer."""
LOOK_FOR_S = 8.0
STILL_LONG_SIDE_PX = 1280
"""Small pictures are drawn larger, or nobody could read what is written on them."""
GREEN_BGR = (90, 150, 40)

Image = NDArray[np.uint8]


class Sight(StrEnum):
    """What bikes of a width allow to tell."""

    NO_BIKE = "no bike seen"
    TOO_SMALL = "too small to judge"
    BEHAVIOUR = "behaviour only"
    LOCKS = "behaviour and locks"


@dataclass(frozen=True, slots=True)
class RackProbe:
    """Widths in pixels of the bikes that rest in one rack, in the camera's own resolution; None: no rack's."""

    rack_id: str | None
    widths_px: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """`brightness` is the mean grey level, 0 to 255; `still_bgr` has outlines and bikes drawn and nobody's head."""

    size_px: tuple[int, int]
    fps: float
    key_every_s: float | None
    brightness: float
    racks: tuple[RackProbe, ...]
    still_bgr: Image


@dataclass(frozen=True, slots=True)
class _Look:
    frame: Frame
    detections: list[Detection]


def probe_camera(camera: CameraConfig, detector: Detector, look_for_s: float | None = None) -> Probe:
    """Watch a camera for `look_for_s` seconds from its first picture; None: for as long as is usual.

    Raises:
        CannotReadError: it gives no picture.
    """
    counts = Counts()
    looks: list[_Look] = []
    first_at_s = first_arrived = 0.0
    for frame in _frames_for(camera, counts, LOOK_FOR_S if look_for_s is None else look_for_s):
        if not looks:
            first_at_s, first_arrived = time.monotonic(), counts.arrived
        looks.append(_Look(frame, detector.detect(frame)))
    if not looks:
        reason = counts.lost_because or "no answer"
        raise CannotReadError(f"{camera.id}: gives no picture ({reason}); check its address, user and password")
    seconds = max(time.monotonic() - first_at_s, 1e-3)
    bikes = resting_bikes([look.detections for look in looks])
    return Probe(
        size_px=(looks[0].frame.width_px, looks[0].frame.height_px),
        fps=(counts.arrived - first_arrived) / seconds,
        key_every_s=counts.key_every_s,
        brightness=float(np.mean([look.frame.image_bgr[::16, ::16].mean() for look in looks])),
        racks=tuple(_by_rack(camera, bikes, looks[0].frame)),
        still_bgr=_still(camera, looks, bikes, detector),
    )


def sight_of(widths_px: Sequence[float], camera: CameraConfig) -> Sight:
    """By the middle one of the widths."""
    if not widths_px:
        return Sight.NO_BIKE
    width_px = median(widths_px)
    if width_px < camera.thresholds.min_bike_width_px:
        return Sight.TOO_SMALL
    return Sight.BEHAVIOUR if width_px < camera.lock_min_bike_width_px else Sight.LOCKS


def _frames_for(camera: CameraConfig, counts: Counts, seconds: float) -> Iterator[Frame]:
    stop = threading.Event()
    ends_at_s = time.monotonic() + FIRST_WITHIN_S
    is_first = True

    def end() -> None:
        while not stop.wait(0.1):
            if time.monotonic() > ends_at_s:
                stop.set()

    threading.Thread(target=end, name="end of the probe", daemon=True).start()
    pace = ConstantPace(LOOKS_PER_S)
    with closing(live_frames(camera.source, pace=pace, stop=stop, counts=counts, masks=camera.masks)) as frames:
        for frame in frames:
            if is_first:
                ends_at_s, is_first = time.monotonic() + seconds, False
            yield frame
    stop.set()


def _by_rack(camera: CameraConfig, bikes: Sequence[XyxyPx], frame: Frame) -> Iterator[RackProbe]:
    racks = camera.rack_list()
    homes = [rack_of(racks, bike, frame.width_px, frame.height_px) for bike in bikes]
    for rack in (*racks, None):
        widths = tuple(bike.width for bike, home in zip(bikes, homes, strict=True) if home == rack)
        if rack is not None or widths:
            yield RackProbe(rack.rack_id if rack else None, widths)


def _still(camera: CameraConfig, looks: Sequence[_Look], bikes: Sequence[XyxyPx], detector: Detector) -> Image:
    """The look with the fewest people, nobody's head on it; whoever was seen in any look is looked for on all of it."""
    look = min(looks, key=lambda one: sum(found.kind is Kind.PERSON for found in one.detections))
    faint = look_closer(detector, look.frame.image_bgr, LEAST_SCORE)
    image_bgr = without_heads(look.frame.image_bgr, [*look.detections, *faint])
    scale = max(1, round(STILL_LONG_SIDE_PX / max(image_bgr.shape[:2])))
    image_bgr = np.asarray(cv2.resize(image_bgr, None, fx=scale, fy=scale), np.uint8)
    draw_racks(image_bgr, camera.rack_list())
    for bike in bikes:
        box = XyxyPx(*(side * scale for side in bike))
        draw_box(image_bgr, box, GREEN_BGR, 1)
        draw_label(image_bgr, f"{bike.width:.0f} px", (int(box.left), int(box.top)), GREEN_BGR, 0.35)
    if not camera.racks:
        draw_label(image_bgr, "no rack is drawn: the whole picture is one", (8, image_bgr.shape[0] - 8), RACK_BGR)
    return image_bgr


def to_jpeg(image_bgr: Image) -> bytes:
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return encoded.tobytes()
