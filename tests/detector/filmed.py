"""Scenes as pictures, and models that see through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from detector.boxes import XyxyPx
from detector.config import ViewConfig
from detector.lock_views import LockBox, LockKind
from detector.parking import ParkingWatch
from detector.picture_evidence import Eyes, PictureEvidence
from detector.posture import Skeleton
from detector.tracking import Tracker
from detector.vocabulary import Frame, Kind, LockEvidence, StayEventKind
from tests.detector.drawn_bikes import Bgr, Picture, draw_bike, pavement
from tests.detector.scenes import HEIGHT_PX, WIDTH_PX, Scene, person, rider
from tests.detector.skeletons import standing_in

GROUND = pavement(WIDTH_PX, HEIGHT_PX)


GREY, YELLOW, MAGENTA = (120, 120, 120), (25, 180, 217), (255, 0, 255)


BENDING = rider(16, bent=[(9, 14)])


PUSHED = person((0, -45, 300), (6, 315, 300), (12, 315, 300), (17, 10, 330))
"""Pushes the bike from behind, hides none of it, and leaves at 12."""


VIEW = ViewConfig(lock_min_bike_width_px=60)


NO_MODELS = Eyes()


@dataclass
class BoxSkeletons:
    """A pose model that sees through the simulator: a short box is a bent person."""

    asked: list[int] = field(default_factory=list)
    blind: bool = False

    def estimate(self, image_bgr: Picture, people_xyxy_px: Sequence[XyxyPx]) -> list[Skeleton | None]:
        assert image_bgr.shape == (HEIGHT_PX, WIDTH_PX, 3)
        self.asked.append(len(people_xyxy_px))
        return [None if self.blind else standing_in(box, bent=box.height < 90) for box in people_xyxy_px]


@dataclass
class MagentaLocks:
    """A model of locks for which whatever is magenta is one."""

    kind: LockKind = LockKind.CHAIN
    asked: int = 0

    def find(self, crop_bgr: Picture) -> list[LockBox]:
        self.asked += 1
        rows, columns = np.nonzero((crop_bgr == MAGENTA).all(axis=2))
        if not rows.size:
            return []
        return [LockBox(self.kind, 0.9, XyxyPx(*map(float, (columns.min(), rows.min(), columns.max(), rows.max()))))]


Drawn = Callable[[float], bool]


def never(_second: float) -> bool:
    return False


Draw = Callable[[Picture, int, XyxyPx, float], None]
"""Draws one bike: the picture, its number in the scene, its box in pixels, the second."""


def painted(paint: Bgr, lock: Drawn = never) -> Draw:
    """Bikes of this paint; `lock`: when one is drawn on them."""

    def draw(image: Picture, _number: int, box: XyxyPx, second: float) -> None:
        draw_bike(image, box, paint, fenders=True, basket=True)
        if lock(second):
            x, y = box.centre
            cv2.rectangle(image, (round(x) - 8, round(y)), (round(x) + 8, round(y) + 14), MAGENTA, -1)

    return draw


def film(scene: Scene, pictures: PictureEvidence, draw: Draw) -> tuple[ParkingWatch, list[LockEvidence]]:
    """The watch at the scene's end, and the completed evidence each time the rider of a bike has left."""
    tracker, watch, told = Tracker(), ParkingWatch(VIEW.rack_list(), VIEW.thresholds, seed="test"), []
    for index, (at, detections) in enumerate(scene.frames()):
        image = GROUND.copy()
        for number, one in enumerate(one for one in detections if one.kind is Kind.BICYCLE):
            draw(image, number, one.xyxy_px, (at - scene.start).total_seconds())
        frame, tracks = Frame(image, index, at), tracker.update(detections, at)
        events = watch.update(tracks, detections, at, WIDTH_PX, HEIGHT_PX)
        pictures.see(frame, watch.places, tracks, detections)
        left = [event for event in events if event.kind is StayEventKind.LEFT]
        told += [pictures.complete(event.evidence, event.stay, frame) for event in left]
    return watch, told


def look(
    scene: Scene, eyes: Eyes = NO_MODELS, view: ViewConfig = VIEW, *, paint: Bgr = GREY, lock: Drawn = never
) -> list[LockEvidence]:
    return film(scene, PictureEvidence(view, eyes), painted(paint, lock))[1]
