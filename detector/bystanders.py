"""Who may be in a picture before it leaves the edge: found now or a moment ago, however faintly, or at a closer look.

A picture leaves a few times a day, so what would be too slow or too often wrong for every frame is done for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Part
from detector.moving_parts import MovingParts
from detector.vocabulary import Detection, Frame, Kind, Track

LOOK_BACK = timedelta(seconds=1)
"""Somebody found a moment ago is still about where they were."""
LEAST_SCORE = 0.03
"""For a picture a wrong head more is better than a right one less."""
LOOK_WIDER = 0.15
"""The closer look takes in so much more on each side: who stands half in the picture is found as a whole."""


@runtime_checkable
class CloserLook(Protocol):
    """A detector that can look at a part of the picture at its own resolution, and for fainter things than usual."""

    def look_closer(self, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
        """Boxes in pixels of that part (height, width, 3), from `least_score` up."""
        ...


def look_closer(detector: object, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
    """What a detector that can look closer finds; nothing where it cannot, as saved detections."""
    return detector.look_closer(image_bgr, least_score) if isinstance(detector, CloserLook) else []


class Bystanders:
    """Of one camera. Call `see` once a frame, then ask about a picture of that frame."""

    def __init__(self, detector: object = None) -> None:
        self._detector = detector
        self._lately: deque[tuple[datetime, list[Detection | Track]]] = deque()
        self._moving = MovingParts()

    def see(self, frame: Frame, found: Iterable[Detection | Track]) -> None:
        """One frame on, with all that was found in it and all that is followed."""
        while self._lately and frame.at - self._lately[0][0] > LOOK_BACK:
            self._lately.popleft()
        self._lately.append((frame.at, [one for one in found if one.kind is Kind.PERSON]))
        self._moving.see(frame.image_bgr, frame.at)

    def people_in(self, frame: Frame, part: Part) -> list[Detection | Track]:
        """Everybody who may be in one part of the frame, in pixels of the frame."""
        known = [person for _, people in self._lately for person in people]
        return [*known, *self._found_closer(frame, part)]

    def moving_in(self, frame: Frame, part: Part, margin_px: float) -> NDArray[np.bool_]:
        """Which pixels of one part, shape (height, width), lately moved, and those within `margin_px` of them."""
        return self._moving.where(frame.image_bgr, part, margin_px)

    def _found_closer(self, frame: Frame, part: Part) -> Sequence[Detection]:
        wider = _wider(part, frame.width_px, frame.height_px)
        image_bgr = np.ascontiguousarray(frame.image_bgr[wider.top : wider.bottom, wider.left : wider.right])
        found = look_closer(self._detector, image_bgr, LEAST_SCORE)
        return [replace(one, xyxy_px=wider.to_picture(one.xyxy_px)) for one in found if one.kind is Kind.PERSON]


def _wider(part: Part, width_px: int, height_px: int) -> Part:
    left, top, right, bottom = part
    across, down = round(LOOK_WIDER * (right - left)), round(LOOK_WIDER * (bottom - top))
    return Part(max(0, left - across), max(0, top - down), min(width_px, right + across), min(height_px, bottom + down))
