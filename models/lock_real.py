"""Real crops for the lock detector: photos of locks, split by bike, and ridden bikes, which are not locked."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.boxes import XyxyPx, intersection_px
from detector.detection import open_detector
from detector.training.labelled import NO_TIME, LabelledPhoto, read_photos
from detector.vocabulary import Detection, Frame, Kind
from models.lock_pictures import Image, LabelledCrop

RED_ROAD_BIKE = frozenset({"159", "163", "168", "170", "178", "181"})
OTHER_BIKES = frozenset({"121", "123", "138", "145", "148", "180"})
"""The other photos of the set all show one pink bike; it and the red one are locked with the same yellow-ended U-lock."""
_MARGIN = 0.1
_LEAST_BIKE_PX = 96.0
_RIDDEN_OVERLAP = 0.25


@dataclass(frozen=True, slots=True)
class RealCrop:
    """A crop around one bike of a photo called `name`."""

    name: str
    split: str
    crop: LabelledCrop


def read_real_crops(folder: Path, model: str = "bikepark-s-v0") -> Iterator[RealCrop]:
    """Crops around the bikes that the product's own detector finds in photos of locks, as at run time.

    A lock on no found bike gets a crop of its own, so that every labelled lock is in one crop. The photos of one bike are
    for training, all others for the test.
    """
    detector = open_detector(model, score_threshold=0.2)
    for photo, locks in _labelled_locks(folder).items():
        image = np.asarray(cv2.imread(str(folder / "images" / photo)), dtype=np.uint8)
        found = [one for one in detector.detect(Frame(image, 0, NO_TIME)) if one.kind is not Kind.PERSON]
        name = Path(photo).stem
        split = "test" if name in RED_ROAD_BIKE | OTHER_BIKES else "train"
        for index, window in enumerate(_windows(found, [box for _, box in locks])):
            yield RealCrop(f"{name}-{index}", split, cut(image, window, locks))


def _labelled_locks(folder: Path) -> dict[str, list[tuple[str, XyxyPx]]]:
    labelled: dict[str, list[tuple[str, XyxyPx]]] = {}
    with (folder / "locks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            box = XyxyPx(*(float(row[side]) for side in ("x0", "y0", "x1", "y1")))
            labelled.setdefault(row["image"], []).append((row["lock_type"], box))
    return labelled


def _windows(found: Sequence[Detection], locks: Sequence[XyxyPx]) -> list[XyxyPx]:
    """One window for each bike with a lock on it; each lock is on the strongest bike that holds its middle."""
    windows: list[XyxyPx] = []
    for lock in locks:
        held = [one for one in found if _holds(one.xyxy_px, lock)]
        window = grown(max(held, key=lambda one: one.score).xyxy_px, _MARGIN) if held else grown(lock, 2.0)
        if not any(_holds(other, lock) for other in windows):
            windows.append(window)
    return windows


def _holds(box: XyxyPx, lock: XyxyPx) -> bool:
    x, y = lock.centre
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def grown(box: XyxyPx, by: float) -> XyxyPx:
    across, down = by * box.width, by * box.height
    return XyxyPx(box.left - across, box.top - down, box.right + across, box.bottom + down)


def cut(image: Image, window: XyxyPx, locks: Sequence[tuple[str, XyxyPx]]) -> LabelledCrop:
    """The part of a picture in `window` with the locks whose middle is in it."""
    height, width = image.shape[:2]
    left, top = max(0, int(window.left)), max(0, int(window.top))
    right, bottom = min(width, round(window.right)), min(height, round(window.bottom))
    inside = [
        (kind, XyxyPx(box.left - left, box.top - top, box.right - left, box.bottom - top))
        for kind, box in locks
        if _holds(XyxyPx(left, top, right, bottom), box)
    ]
    return LabelledCrop(np.ascontiguousarray(image[top:bottom, left:right]), tuple(inside))


def ridden_bikes(photos: Path, split: str, margin: float) -> Iterator[tuple[str, LabelledCrop]]:
    """Crops around bikes with a person on them: not locked, though a lock may be carried."""
    for photo in read_photos(photos, split):
        for index, bike in enumerate(ridden(photo)):
            yield f"{photo.name}-{index}", cut(photo.image_bgr, grown(bike, margin), ())


def ridden(photo: LabelledPhoto) -> list[XyxyPx]:
    people = [truth.xyxy_px for truth in photo.truths if truth.kind == Kind.PERSON]
    bikes = [truth.xyxy_px for truth in photo.truths if truth.kind == Kind.BICYCLE]
    return [bike for bike in bikes if bike.width >= _LEAST_BIKE_PX and any(_rides(one, bike) for one in people)]


def _rides(person: XyxyPx, bike: XyxyPx) -> bool:
    """A person who covers much of a bike and rises over it."""
    shared = intersection_px(person, bike) / max(1.0, bike.area)
    middle = person.centre[0]
    return shared >= _RIDDEN_OVERLAP and person.top < bike.top and bike.left < middle < bike.right
