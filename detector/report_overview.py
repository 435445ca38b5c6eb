"""The report's picture of where the bikes stand: rack outlines and numbered places, heads unrecognisable."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from detector.annotate import LONG_SIDE_PX, NOT_JUDGED_BGR, VERDICT_BGR, Colour, Image, draw_box, draw_label, draw_racks
from detector.boxes import XyxyPx
from detector.pipeline import Step
from detector.snapshots import without_heads
from detector.stay_book import StayBook
from detector.vocabulary import Rack, Stay

JPEG_QUALITY = 80
NUMBER_SIZE = 0.9
"""Read on a phone, where the picture is a third of its size."""


def overview_jpeg(step: Step, book: StayBook, racks: Sequence[Rack]) -> bytes:
    """The frame of this step with its stays numbered as in the report; long side 960 px."""
    image_bgr = _sized(without_heads(step.frame.image_bgr, [*step.detections, *step.tracks]))
    draw_racks(image_bgr, racks)
    for draw in (_draw_place, _draw_number):
        for stay in step.stays:
            draw(image_bgr, stay, book)
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()


def _draw_place(image_bgr: Image, stay: Stay, book: StayBook) -> None:
    draw_box(image_bgr, _box_px(image_bgr, stay), _colour(stay, book), 3)


def _draw_number(image_bgr: Image, stay: Stay, book: StayBook) -> None:
    box_px = _box_px(image_bgr, stay)
    at = int(box_px.left), int(box_px.top)
    draw_label(image_bgr, str(book.number_of(stay.stay_id)), at, _colour(stay, book), NUMBER_SIZE)


def _box_px(image_bgr: Image, stay: Stay) -> XyxyPx:
    return stay.xyxy_norm.to_px(image_bgr.shape[1], image_bgr.shape[0])


def _colour(stay: Stay, book: StayBook) -> Colour:
    verdict = book.verdict_of(stay.stay_id)
    return NOT_JUDGED_BGR if verdict is None else VERDICT_BGR[verdict.state]


def _sized(image_bgr: Image) -> Image:
    scale = LONG_SIDE_PX / max(image_bgr.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=how), dtype=np.uint8)
