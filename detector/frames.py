"""Step 1: recorded footage becomes frames. Times are the recording's own (PTS), never a count of frames or a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path

from detector.errors import CannotReadError
from detector.frames_stills import Stills, measure_stills, read_stills, sample_stills
from detector.frames_video import measure_video, read_video, sample_video
from detector.masks import Polygon, black_out
from detector.pace import ConstantPace, MaskedPace, Pace
from detector.timed_image import TimedImage
from detector.vocabulary import Frame

Source = Path | Stills
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Recorded footage knows no wall clock: its first frame is here unless somebody says when it was taken."""
ROUNDING_S = Fraction(1, 1000)
"""mkv and webm keep whole milliseconds, so a frame may come this much before its turn."""


@dataclass(frozen=True, slots=True)
class Footage:
    """What is known of a source before it is read through; size as seen, after turning."""

    width_px: int
    height_px: int
    duration_s: float | None
    """As the file claims; a file cut short holds less. None: not said."""


def measure(source: Source) -> Footage:
    """Look at a source without reading it through.

    Raises:
        CannotReadError: it is missing, empty, not a video, or holds no picture.
    """
    size, duration_s = measure_stills(source) if isinstance(source, Stills) else measure_video(source)
    return Footage(*size, duration_s)


def read_frames(
    source: Source,
    *,
    fps: float,
    start: datetime = EPOCH,
    masks: Sequence[Polygon] = (),
    warn: Callable[[str], None] = lambda _sentence: None,
    pace: Pace | None = None,
) -> Iterator[Frame]:
    """Read footage from its first frame to its last, thinned to `fps` frames a second of footage.

    Turned (phone) video is turned upright. `Frame.index` counts the source's decoded frames, thinned ones included.

    Args:
        source: a video file, or stills.
        fps: at most this many frames per second of footage; a slower source gives all it has.
        pace: says anew at every frame how many are wanted, and may do with key pictures, instead of `fps`.
        start: `at` of the first frame.
        masks: polygons, 0 to 1, blacked out.
        warn: told one sentence where part of the footage cannot be read and the rest is used.

    Raises:
        CannotReadError: not one frame can be read.
    """
    pace = ConstantPace(fps) if pace is None else MaskedPace(pace, masks)
    images = read_stills(source, warn) if isinstance(source, Stills) else read_video(source, warn, pace)
    seen = False
    for timed in thin(images, pace.fps_wanted):
        image_bgr = timed.to_bgr()
        black_out(image_bgr, masks)
        seen = True
        yield Frame(image_bgr, timed.index, start + timedelta(seconds=float(timed.elapsed_s)))
    if not seen:
        raise _nothing_in(source)


def sample_frames(source: Source, count: int) -> Iterator[Frame]:
    """About `count` frames spread over the whole source, without reading all of it; `at` counts from EPOCH.

    Raises:
        CannotReadError: not one frame can be read.
    """
    seen = False
    images = sample_stills(source, count) if isinstance(source, Stills) else sample_video(source, count)
    for timed in images:
        seen = True
        yield Frame(timed.to_bgr(), timed.index, EPOCH + timedelta(seconds=float(timed.elapsed_s)))
    if not seen:
        raise _nothing_in(source)


def _nothing_in(source: Source) -> CannotReadError:
    return CannotReadError(f"{source}: not one picture in it could be read; is the file damaged?")


def thin(images: Iterator[TimedImage], fps_wanted: Callable[[], float]) -> Iterator[TimedImage]:
    """The first image in each 1/fps seconds of footage; how many are wanted is asked anew after each."""
    last_s: Fraction | None = None
    for timed in images:
        fps = Fraction(fps_wanted())
        if last_s is None or floor((timed.elapsed_s + ROUNDING_S) * fps) > floor((last_s + ROUNDING_S) * fps):
            last_s = timed.elapsed_s
            yield timed
