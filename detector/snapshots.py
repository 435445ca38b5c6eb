"""The picture that goes with an alert: the bike, with everybody's head made unrecognisable before it leaves the edge.

In an alert's picture only the bike's own box is sharp, and of that only what keeps still and is no head; all else is blocks so
coarse that a head as far away as the bike is three of them wide, whether anything found it or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Part, XyxyPx, iou
from detector.bystanders import Bystanders
from detector.memory import ONE_AT_A_TIME
from detector.moving_parts import enlarged
from detector.vocabulary import Detection, Frame, Kind, Track

HEAD_SHARE = 0.3
"""A standing head is the top seventh of a person; bent, crouched or cut off by the picture's edge it is more."""
SIDE_MARGIN = 0.15
TOP_MARGIN = 0.1
BLOCKS_ACROSS = 4
"""So few blocks that no face, hair line or glasses can be told apart or computed back."""
BIKE_MARGIN = 0.35
BLOCKS_PER_BIKE = 20
"""A bike is 1.7 m long and a head 0.25 m high: three blocks."""
SHARP_MARGIN, UNCERTAIN_MARGIN = 0.04, 0.3
"""Boxes are a little off; so much around the bike is sharp as well. In a crowded rack it may be the neighbour's box: where the
stay's place is not certain, nearly all of the picture is sharp, or the wrong bike would be shown as the one."""
FAINT, SAME_BOX_IOU = 0.25, 0.5
"""A person as faint as this in the very box of the bike is the bike, taken for somebody."""
STIR_MARGIN = 1 / 16
"""Of the bike's longer side, half a head: around what stirs, so much may belong to it."""
LONG_SIDE_PX = 640
SMALLEST_PX = 96
JPEG_QUALITY = 85

Image = NDArray[np.uint8]


def bike_picture(
    frame: Frame, bike_xyxy_px: XyxyPx, people: Sequence[Detection | Track], long_side_px: int = LONG_SIDE_PX
) -> bytes:
    """Cut something out of the frame, as a JPEG in native resolution, never larger than asked, found heads unrecognisable.

    For the analyst's own eyes: what leaves an edge is `alert_picture`.

    Args:
        frame: what the camera saw.
        bike_xyxy_px: the bike's box in that frame; parts outside of the picture are left out.
        people: boxes in that frame; all but persons are passed over, and a low score counts like a high one.
        long_side_px: the picture's longer side is at most this.

    Raises:
        ValueError: no part of the bike is inside the picture.
    """
    left, top, right, bottom = part_of(frame, bike_xyxy_px)
    crop = without_heads(frame.image_bgr, people)[top:bottom, left:right]
    return _jpeg(_at_most(crop, long_side_px))


class Shown(NamedTuple):
    """What is known of a bike that a picture is to show."""

    attended: bool = False
    """Somebody is at it, be they found or not: then nothing is sharp."""
    certain: bool = True
    """Its box is certainly its own."""


def alert_picture(frame: Frame, bike_xyxy_px: XyxyPx, bystanders: Bystanders, shown: Shown | None = None) -> bytes:
    """The bike as a JPEG of at most `LONG_SIDE_PX`, sharp only where it is the bike and nobody's head.

    Args:
        frame: what the camera saw; `bystanders` has seen it.
        bike_xyxy_px: the bike's box in that frame.
        bystanders: who may be in it.
        shown: what is known of the bike; None: it stands alone in a place that is certain.

    Raises:
        ValueError: no part of the bike is inside the picture.
    """
    return _jpeg(_at_most(for_strangers(frame, bike_xyxy_px, bystanders, shown), LONG_SIDE_PX))


def for_strangers(frame: Frame, bike: XyxyPx, bystanders: Bystanders, shown: Shown | None = None) -> Image:
    """The part of the frame that shows this bike, as it may leave the edge: `part_of` says where it lies.

    Raises:
        ValueError: no part of the bike is inside the picture.
    """
    part, side, shown = part_of(frame, bike), max(bike.width, bike.height), shown or Shown()
    people = [one for one in bystanders.people_in(frame, part) if not _is_the_bike(one, bike)]
    clear, coarse = _clear_and_coarse(frame, people, part, max(2.0, side / BLOCKS_PER_BIKE))
    if shown.attended:
        return coarse
    margin = SHARP_MARGIN if shown.certain else UNCERTAIN_MARGIN
    sharp = _around(bike, margin, frame, part) & ~bystanders.moving_in(frame, part, side * STIR_MARGIN)
    return np.where(sharp[..., None], clear, coarse)


def _clear_and_coarse(
    frame: Frame, people: Sequence[Detection | Track], part: Part, block_px: float
) -> tuple[Image, Image]:
    """The part without heads, and the same in flat blocks that lie as they would all over the frame."""
    left, top, right, bottom = part
    with ONE_AT_A_TIME:
        whole = without_heads(frame.image_bgr, people)
        clear, cells = whole[top:bottom, left:right].copy(), _cells(whole, block_px)
        del whole
    return clear, enlarged(cells, (frame.width_px, frame.height_px), part)


def _is_the_bike(person: Detection | Track, bike: XyxyPx) -> bool:
    return person.score < FAINT and iou(person.xyxy_px, bike) >= SAME_BOX_IOU


def _around(bike: XyxyPx, margin: float, frame: Frame, part: Part) -> NDArray[np.bool_]:
    """Which pixels of the part are in the bike's box and a little around it."""
    more = margin * max(bike.width, bike.height)
    grown = XyxyPx(bike.left - more, bike.top - more, bike.right + more, bike.bottom + more)
    left, top, right, bottom = _inside(grown, frame.width_px, frame.height_px)
    inside = np.zeros((part.bottom - part.top, part.right - part.left), np.bool_)
    inside[max(0, top - part.top) : bottom - part.top, max(0, left - part.left) : right - part.left] = True
    return inside


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
    image_bgr[top:bottom, left:right] = _in_blocks(part, block)


def _in_blocks(part: Image, block_px: float) -> Image:
    """The same picture in flat blocks of about that size."""
    height, width = part.shape[:2]
    return np.asarray(cv2.resize(_cells(part, block_px), (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _cells(part: Image, block_px: float) -> Image:
    """One pixel for each block."""
    height, width = part.shape[:2]
    columns, rows = (max(1, round(size / block_px)) for size in (width, height))
    return np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def part_of(frame: Frame, bike: XyxyPx) -> Part:
    """What of the frame a picture of this bike shows.

    Raises:
        ValueError: no part of the bike is inside the picture.
    """
    left, top, right, bottom = _crop_around(bike, frame.width_px, frame.height_px)
    if right <= left or bottom <= top:
        raise ValueError(f"the bike's box {bike} is outside of the {frame.width_px}x{frame.height_px} picture")
    return Part(left, top, right, bottom)


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
