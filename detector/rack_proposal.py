"""A first configuration for a new camera: rack outlines from where bikes rest, and a still with a grid to edit by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.annotate import Image, draw_label, draw_racks
from detector.boxes import XyxyPx, intersection_px, iou
from detector.config import Thresholds
from detector.detection import Detector, open_detector
from detector.errors import CannotWriteError
from detector.frames import Source, sample_frames
from detector.masks import Polygon
from detector.snapshots import without_heads
from detector.vocabulary import Detection, Frame, Kind, Rack

SAMPLES = 24
SAME_PLACE_IOU = 0.4
RESTING_SHARE = 0.25
"""A bike seen in one place on this share of the samples rests there; racked bikes flicker, so not on all of them."""
REACH = 0.6
"""Bikes closer than this many of their widths stand at the same rack."""
MARGIN = 0.2
"""The outline leaves this many bike heights of room around the bikes."""
MOST_CORNERS = 8
STILL_LONG_SIDE_PX = 1280


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was proposed and where the still with it lies."""

    racks: int
    bikes: int
    still: Path


class _Look(NamedTuple):
    """One sampled frame: what was found, the picture at the still's size, and the frame's own width and height."""

    detections: list[Detection]
    small_bgr: Image
    size_px: tuple[int, int]


def propose_to_files(source: Source, model: str, file: Path, *, force: bool) -> Proposal:
    """Look at frames all over the clip and write `file` (YAML) and a still beside it.

    Raises:
        CannotReadError: the clip cannot be read.
        CannotWriteError: a file exists and `force` is off, or cannot be written.
        ModelRefusedError: there is no such model.
    """
    still = file.with_suffix(".jpg")
    _check_free((file, still), force=force)
    detector = open_detector(model)
    looks = [_look(frame, detector) for frame in sample_frames(source, SAMPLES)]
    bikes = resting_bikes([look.detections for look in looks])
    outlines = [_to_norm(outline_px, *looks[0].size_px) for outline_px in rack_outlines_px(bikes)]
    _write(still, _still([look.small_bgr for look in looks], outlines))
    _write(file, config_text(outlines, model, still.name).encode())
    return Proposal(len(outlines), len(bikes), still)


def resting_bikes(samples: Sequence[Iterable[Detection]]) -> list[XyxyPx]:
    """Boxes in pixels, one for each place where a bike was seen on enough of the samples: the middle of its boxes."""
    places: list[list[XyxyPx]] = []
    for detections in samples:
        for detection in detections:
            if detection.kind is Kind.PERSON:
                continue
            place = next((place for place in places if iou(place[0], detection.xyxy_px) >= SAME_PLACE_IOU), None)
            if place is None:
                places.append([detection.xyxy_px])
            else:
                place.append(detection.xyxy_px)
    enough = max(1, min(2, len(samples)), round(RESTING_SHARE * len(samples)))
    return [XyxyPx(*np.median(np.array(place), axis=0).tolist()) for place in places if len(place) >= enough]


def rack_outlines_px(bikes: Sequence[XyxyPx]) -> list[NDArray[np.float64]]:
    """One outline around each group of bikes that stand close together: shape (corners, 2), pixels, x then y."""
    return [_outline(group) for group in _groups(bikes)]


def config_text(outlines: Sequence[Polygon], model: str, still_name: str) -> str:
    """The YAML a new user begins with."""
    racks = "\n".join(_rack_text(number, outline) for number, outline in enumerate(outlines, start=1))
    return HEAD.format(still=still_name, model=model, racks=racks or NO_RACK) + _thresholds_text()


def _check_free(files: Iterable[Path], *, force: bool) -> None:
    for file in files:
        try:
            is_folder, exists, has_home = file.is_dir(), file.exists(), file.parent.is_dir()
        except OSError as error:
            raise CannotWriteError(f"{file}: cannot be written ({error.strerror}); name another with --out") from error
        if is_folder:
            raise CannotWriteError(f"{file}: is a folder; name a file with --out")
        if exists and not force:
            raise CannotWriteError(f"{file}: exists already; add --force to write over it, or name another with --out")
        if not has_home:
            raise CannotWriteError(f"{file}: there is no folder {file.parent}; make it first")


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CannotWriteError(f"{file}: cannot be written ({error.strerror}); name another with --out") from error


def _groups(bikes: Sequence[XyxyPx]) -> list[list[XyxyPx]]:
    groups: list[list[XyxyPx]] = []
    for bike in bikes:
        near = [group for group in groups if any(_are_near(bike, other) for other in group)]
        groups = [group for group in groups if group not in near] + [[bike, *(one for group in near for one in group)]]
    return sorted(groups, key=lambda group: min(bike.left for bike in group))


def _are_near(one: XyxyPx, other: XyxyPx) -> bool:
    return intersection_px(_grown(one, REACH * one.width / 2), _grown(other, REACH * other.width / 2)) > 0


def _grown(box: XyxyPx, by_px: float) -> XyxyPx:
    return XyxyPx(box.left - by_px, box.top - by_px, box.right + by_px, box.bottom + by_px)


def _outline(group: Sequence[XyxyPx]) -> NDArray[np.float64]:
    grown = [_grown(bike, MARGIN * bike.height) for bike in group]
    corners = [(x, y) for box in grown for x in (box.left, box.right) for y in (box.top, box.bottom)]
    hull = cv2.convexHull(np.array(corners, dtype=np.float32))
    tolerance = 0.01 * cv2.arcLength(hull, closed=True)
    simpler = hull
    while len(simpler) > MOST_CORNERS:
        simpler, tolerance = cv2.approxPolyDP(hull, tolerance, closed=True), tolerance * 1.5
    return np.asarray(simpler, dtype=np.float64).reshape(-1, 2)


def _to_norm(outline_px: NDArray[np.float64], width_px: int, height_px: int) -> Polygon:
    norm = np.clip(outline_px / (width_px, height_px), 0, 1).round(3)
    return tuple((float(x), float(y)) for x, y in norm)


def _look(frame: Frame, detector: Detector) -> _Look:
    detections = detector.detect(frame)
    scale = STILL_LONG_SIDE_PX / max(frame.width_px, frame.height_px)
    small_bgr = cv2.resize(without_heads(frame.image_bgr, detections), None, fx=scale, fy=scale)
    return _Look(detections, np.asarray(small_bgr, dtype=np.uint8), (frame.width_px, frame.height_px))


def _still(images_bgr: Sequence[Image], outlines: Sequence[Polygon]) -> bytes:
    """The middle value of every pixel over the whole clip: whoever walked through is not on it."""
    image_bgr = np.ascontiguousarray(np.median(np.stack(images_bgr), axis=0), dtype=np.uint8)
    _draw_grid(image_bgr)
    draw_racks(image_bgr, [Rack(f"rack-{number}", "", "", outline) for number, outline in enumerate(outlines, start=1)])
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return encoded.tobytes()


def _draw_grid(image_bgr: Image) -> None:
    height, width = image_bgr.shape[:2]
    under = image_bgr.copy()
    for tenth in range(1, 10):
        x, y = round(width * tenth / 10), round(height * tenth / 10)
        cv2.line(under, (x, 0), (x, height), (255, 255, 255), 1)
        cv2.line(under, (0, y), (width, y), (255, 255, 255), 1)
    cv2.addWeighted(under, 0.45, image_bgr, 0.55, 0, dst=image_bgr)
    for tenth in range(1, 10):
        draw_label(image_bgr, f"x {tenth / 10}", (round(width * tenth / 10) - 20, 18), (60, 50, 45))
        draw_label(image_bgr, f"y {tenth / 10}", (0, round(height * tenth / 10) + 9), (60, 50, 45))


def _rack_text(number: int, outline: Polygon) -> str:
    points = ", ".join(f"[{x:g}, {y:g}]" for x, y in outline)
    return f"  - id: rack-{number}\n    name: Rack {number}\n    outline: [{points}]"


def _thresholds_text() -> str:
    lines = [f"#   {name}: {field.default:g}  # {field.description}" for name, field in Thresholds.model_fields.items()]
    return "\n".join(
        [
            "# Numbers that decide; take the # away before `thresholds:` and before what you change.",
            "# thresholds:",
            *lines,
            "",
        ]
    )


HEAD = """\
# What one camera sees. Points are [x, y], each from 0 to 1: 0, 0 is the picture's top left corner, 1, 1 its bottom
# right. {still} beside this file shows the outlines below on a grid; correct them until each rack is inside its
# outline, with the bikes' wheels. Check with: pleaselock detect VIDEO --config THIS_FILE --out results --video

model: {model}
fps: 5  # frames looked at per second of footage

racks:
{racks}

# Parts nobody may look at, such as a window or a neighbour's garden: blacked out before anything else.
# masks:
#   - [[0, 0], [0.2, 0], [0.2, 0.1], [0, 0.1]]

"""
NO_RACK = """\
  # No bike was seen resting here, so this outline is only a place to begin: the middle of the picture.
  - id: rack-1
    name: Rack 1
    outline: [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]"""
