"""The picture that goes with an alert: the bike, with everybody's head made unrecognisable before it leaves the edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.vocabulary import Detection, Frame, Kind, Track

HEAD_SHARE = 0.3
"""A standing head is the top seventh of a person; bent, crouched or cut off by the picture's edge it is more."""
SIDE_MARGIN = 0.15
TOP_MARGIN = 0.1
BLOCKS_ACROSS = 4
"""So few blocks that no face, hair line or glasses can be told apart or computed back."""
BIKE_MARGIN = 0.35
LONG_SIDE_PX = 640
SMALLEST_PX = 96
JPEG_QUALITY = 85

Image = NDArray[np.uint8]


def bike_picture(
    frame: Frame, bike_xyxy_px: XyxyPx, people: Sequence[Detection | Track], long_side_px: int = LONG_SIDE_PX
) -> bytes:
    """Cut the bike out of the frame, as a JPEG in native resolution, never larger than asked, heads unrecognisable.

    Args:
        frame: what the camera saw.
        bike_xyxy_px: the bike's box in that frame; parts outside of the picture are left out.
        people: boxes in that frame; all but persons are passed over, and a low score counts like a high one.
        long_side_px: the picture's longer side is at most this.

    Raises:
        ValueError: no part of the bike is inside the picture.
    """
    left, top, right, bottom = _crop_around(bike_xyxy_px, frame.width_px, frame.height_px)
    if right <= left or bottom <= top:
        raise ValueError(f"the bike's box {bike_xyxy_px} is outside of the {frame.width_px}x{frame.height_px} picture")
    crop = without_heads(frame.image_bgr, people)[top:bottom, left:right]
    return _jpeg(_at_most(crop, long_side_px))


def without_heads(image_bgr: Image, people: Iterable[Detection | Track]) -> Image:
    """A copy of the picture in which the head part of every person box is a few flat blocks.

    Args:
        image_bgr: (height, width, 3), uint8; stays as it is.
        people: boxes in pixels of that picture; they may reach beyond it.
    """
    result = image_bgr.copy()
    for person in people:
        if person.kind is Kind.PERSON:
            _flatten(result, _head_of(person.xyxy_px))
    return result


def _head_of(person: XyxyPx) -> XyxyPx:
    side, above = person.width * SIDE_MARGIN, person.height * TOP_MARGIN
    # A person wider than high is bent or lying: the head may be at either end of the box's upper half.
    share = HEAD_SHARE if person.height > 1.2 * person.width else 0.6
    return XyxyPx(
        person.left - side, person.top - above, person.right + side, person.top + max(1.0, share * person.height)
    )


def _flatten(image_bgr: Image, head: XyxyPx) -> None:
    left, top, right, bottom = _inside(head, image_bgr.shape[1], image_bgr.shape[0])
    if right <= left or bottom <= top:
        return
    part = image_bgr[top:bottom, left:right]
    # Block size follows from the whole head, not from what of it is in the picture: a half head gets half the blocks.
    block = max(head.width, head.height) / BLOCKS_ACROSS
    columns, rows = (max(1, round(size / block)) for size in (right - left, bottom - top))
    coarse = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    image_bgr[top:bottom, left:right] = cv2.resize(
        coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
    )


def _crop_around(bike: XyxyPx, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    if not (bike.left < width_px and bike.right > 0 and bike.top < height_px and bike.bottom > 0):
        return 0, 0, 0, 0
    margin = BIKE_MARGIN * max(bike.width, bike.height)
    more_x, more_y = (max(margin, (SMALLEST_PX - size) / 2) for size in (bike.width, bike.height))
    around = XyxyPx(bike.left - more_x, bike.top - more_y, bike.right + more_x, bike.bottom + more_y)
    return _inside(around, width_px, height_px)


def _inside(box: XyxyPx, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Whole pixels, rounded outward and cut at the picture's edge."""
    left, top = max(0, int(np.floor(box.left))), max(0, int(np.floor(box.top)))
    return left, top, min(width_px, int(np.ceil(box.right))), min(height_px, int(np.ceil(box.bottom)))


def _at_most(image_bgr: Image, long_side_px: int) -> Image:
    height, width = image_bgr.shape[:2]
    scale = long_side_px / max(height, width)
    if scale >= 1:
        return image_bgr
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(image_bgr: Image) -> bytes:
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
