"""The looked-at frames as a video, with what the line saw and thought drawn on them; heads are made unrecognisable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.pipeline import Step
from detector.snapshots import without_heads
from detector.stay_book import StayBook
from detector.vocabulary import Kind, LockState, Rack, Stay
from detector.words import clip_time

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

LONG_SIDE_PX = 960
"""Small pictures are drawn larger, or nobody could read what is written on them."""
MILLISECOND = Fraction(1, 1000)
THICK_FROM = 0.7
FONT = cv2.FONT_HERSHEY_SIMPLEX
PERSON_BGR: Colour = (205, 205, 205)
RACK_BGR: Colour = (214, 178, 92)
NOT_JUDGED_BGR: Colour = (235, 176, 70)
VERDICT_BGR: dict[LockState, Colour] = {
    LockState.LOCKED: (106, 168, 60),
    LockState.UNLOCKED: (52, 72, 224),
    LockState.UNSURE: (40, 164, 236),
}
INK_BGR: Colour = (255, 255, 255)


class AnnotatedVideo:
    """An H.264 file whose frames keep the times of the footage."""

    def __init__(self, path: Path, fps: float, racks: Sequence[Rack], start: datetime) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "faststart"})
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = MILLISECOND
        self._racks, self._start = racks, start

    def show(self, step: Step, book: StayBook) -> None:
        """Add one frame, after `book` has seen it."""
        elapsed_s = (step.frame.at - self._start).total_seconds()
        image_bgr = _even(draw(step, book, self._racks, elapsed_s))
        if not self._stream.codec_context.is_open:
            self._stream.height, self._stream.width = image_bgr.shape[:2]
        frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        frame.pts, frame.time_base = round(elapsed_s / MILLISECOND), MILLISECOND
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def draw(step: Step, book: StayBook, racks: Sequence[Rack], elapsed_s: float) -> Image:
    """One frame with everything on it: (height, width, 3), uint8, at least about 960 px on the long side."""
    image_bgr = without_heads(step.frame.image_bgr, [*step.detections, *step.tracks])
    scale = max(1, round(LONG_SIDE_PX / max(image_bgr.shape[:2])))
    if scale > 1:
        image_bgr = np.asarray(cv2.resize(image_bgr, None, fx=scale, fy=scale), dtype=np.uint8)
    draw_racks(image_bgr, racks)
    for track in step.tracks:
        if track.kind is Kind.PERSON and track.seen:
            draw_box(image_bgr, XyxyPx(*(side * scale for side in track.xyxy_px)), PERSON_BGR, 1)
    for stay in step.stays:
        _draw_stay(image_bgr, stay, book, (step.frame.at - stay.parked_at).total_seconds())
    draw_label(image_bgr, clip_time(elapsed_s), (8, image_bgr.shape[0] - 8), (40, 32, 28))
    return image_bgr


def draw_racks(image_bgr: Image, racks: Sequence[Rack]) -> None:
    """Rack outlines and names, in place; the whole picture as one rack is not worth a line."""
    height, width = image_bgr.shape[:2]
    for rack in racks:
        corners_px = np.round(np.array(rack.outline_norm) * (width - 1, height - 1)).astype(np.int32)
        if cv2.contourArea(corners_px.astype(np.float32)) < 0.98 * (width - 1) * (height - 1):
            cv2.polylines(image_bgr, [corners_px], isClosed=True, color=RACK_BGR, thickness=2, lineType=cv2.LINE_AA)
            left, top = corners_px.min(axis=0).tolist()
            draw_label(image_bgr, _ascii(rack.rack_id), (left, top - 4), RACK_BGR)


def _draw_stay(image_bgr: Image, stay: Stay, book: StayBook, stood_s: float) -> None:
    verdict = book.verdict_of(stay.stay_id)
    colour = NOT_JUDGED_BGR if verdict is None else VERDICT_BGR[verdict.state]
    said = stay.state.value if verdict is None else _said(verdict.state, verdict.p_unlocked)
    box_px = stay.xyxy_norm.to_px(image_bgr.shape[1], image_bgr.shape[0])
    draw_box(image_bgr, box_px, colour, 2)
    text = f"{book.number_of(stay.stay_id)} {said} {clip_time(stood_s)}"
    draw_label(image_bgr, text, (int(box_px.left), int(box_px.top) - 2), colour)


def _said(state: LockState, p_unlocked: float | None) -> str:
    return state.value if p_unlocked is None else f"{state.value} {p_unlocked:.2f}"


def draw_box(image_bgr: Image, box: XyxyPx, colour: Colour, thickness: int) -> None:
    left, top, right, bottom = (round(side) for side in box)
    cv2.rectangle(image_bgr, (left, top), (right, bottom), colour, thickness, cv2.LINE_AA)


def draw_label(image_bgr: Image, text: str, at: tuple[int, int], background: Colour, size: float = 0.45) -> None:
    """White letters on a filled box whose left bottom corner is `at`, in place, kept inside the picture."""
    thickness = 1 if size < THICK_FROM else 2
    (width, height), _ = cv2.getTextSize(text, FONT, size, thickness)
    room = round(8 * size)
    left = max(0, min(at[0], image_bgr.shape[1] - width - 2 * room))
    bottom = max(height + 2 * room, min(at[1], image_bgr.shape[0]))
    cv2.rectangle(
        image_bgr, (left, bottom - height - 2 * room), (left + width + 2 * room, bottom), background, cv2.FILLED
    )
    cv2.putText(image_bgr, text, (left + room, bottom - room), FONT, size, INK_BGR, thickness, cv2.LINE_AA)


def _ascii(text: str) -> str:
    """OpenCV's own letters know no others; ids on the wire are ASCII anyway."""
    return text.encode("ascii", "replace").decode()


def _even(image_bgr: Image) -> Image:
    """H.264 with shared colour samples wants even sides."""
    height, width = image_bgr.shape[:2]
    return np.ascontiguousarray(image_bgr[: height - height % 2, : width - width % 2])
