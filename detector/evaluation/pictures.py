"""The pictures of a clip's mistakes, cut from its footage in one reading; nobody real can be recognised in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.errors import CannotReadError
from detector.evaluation.truth import ClipTruth
from detector.frames import EPOCH, measure, read_frames
from detector.results import DETECTIONS
from detector.saved_detections import ReplayedDetector, fingerprint
from detector.snapshots import without_heads
from detector.vocabulary import Detection, Frame

LONG_SIDE_PX = 360
JPEG_QUALITY = 80
FPS_OF_MADE_CLIPS = 10.0

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One picture: which moment, which part."""

    at_s: float
    crop_px: XyxyPx


@dataclass(frozen=True, slots=True)
class Pictures:
    """JPEGs by what was wanted. `why_none` is empty, or says why there is not one."""

    jpegs: dict[Wanted, bytes] = field(default_factory=dict)
    why_none: str = ""


def take_pictures(truth: ClipTruth, footage: Path, result_folder: Path | None, wanted: Sequence[Wanted]) -> Pictures:
    """Cut the wanted pictures. Real people's heads are hidden by the boxes that the run saved; without them: no picture."""
    if not footage.is_file():
        return Pictures(why_none="no_footage")
    saved = result_folder / DETECTIONS if result_folder else None
    if not truth.rendered and (saved is None or not saved.is_file()):
        return Pictures(why_none="heads")
    try:
        seen = measure(footage)
        if (seen.width_px, seen.height_px) != (truth.width, truth.height):
            return Pictures(why_none="unreadable")
        frames = _as_made(footage) if truth.rendered else _without_heads(footage, saved)
        return Pictures(_cut(frames, wanted))
    except CannotReadError:
        return Pictures(why_none="unreadable")


def _cut(frames: Iterator[Frame], wanted: Sequence[Wanted]) -> dict[Wanted, bytes]:
    """The first frame at or after each moment; the last one for moments after the end."""
    todo, jpegs = sorted(set(wanted), key=lambda one: one.at_s), {}
    last: Frame | None = None
    for frame in frames:
        last = frame
        while todo and EPOCH + timedelta(seconds=todo[0].at_s) <= frame.at:
            one = todo.pop(0)
            jpegs[one] = _jpeg(frame.image_bgr, one.crop_px)
        if not todo:
            break
    if last is not None:
        jpegs |= {one: _jpeg(last.image_bgr, one.crop_px) for one in todo}
    return jpegs


def _as_made(footage: Path) -> Iterator[Frame]:
    return read_frames(footage, fps=FPS_OF_MADE_CLIPS)


def _without_heads(footage: Path, saved: Path | None) -> Iterator[Frame]:
    """The frames that were looked at, each with the heads of whoever was found in it made unrecognisable."""
    assert saved is not None, "asked before"
    with ExitStack() as stack:
        replayed = stack.enter_context(ReplayedDetector(saved))
        header = replayed.header
        replayed.check_fits(header.model_copy(update={"fingerprint": fingerprint(footage)}))
        for frame in read_frames(footage, fps=header.fps, masks=header.masks):
            people: list[Detection] = replayed.detect(frame)
            yield Frame(without_heads(frame.image_bgr, people), frame.index, frame.at)


def _jpeg(image_bgr: Image, crop_px: XyxyPx) -> bytes:
    left, top, right, bottom = (int(side) for side in crop_px)
    part = image_bgr[max(0, top) : bottom, max(0, left) : right]
    scale = LONG_SIDE_PX / max(part.shape[:2])
    if scale < 1:
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    _, encoded = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
