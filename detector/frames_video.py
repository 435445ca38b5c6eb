"""Video files through FFmpeg's libraries (PyAV): true times, turned pictures, and errors that say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import count as count_up
from itertools import islice
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray
from typing_extensions import Buffer

from detector.errors import CannotReadError
from detector.frames_sparse import SparseDecoding, ToBgr
from detector.pace import ConstantPace, Pace
from detector.timed_image import TimedImage

NOT_FOOTAGE = {"tty", "image2", "ico"}
"""FFmpeg reads a text file as the film of a terminal; nobody means that."""
CUT_OFF = "{}: the recording was cut off before its index was written, so no picture can be found; copy it again"
READ_THROUGH_S = 120.0
"""A clip this short may have but one key picture, and is read through in no time."""
ALL = ConstantPace(60.0)
SHORT_BY_S = 2.0
"""A file that ends this much before the length it claims was cut off."""


def measure_video(path: Path) -> tuple[tuple[int, int], float | None]:
    """(width, height) in pixels as seen after turning, and the length the file claims in seconds.

    Raises:
        CannotReadError: missing, empty, not a video, no picture in it.
    """
    with opened_video(path) as (container, stream):
        for packet in container.demux(stream):
            for frame in _decoded(packet):
                return Upright.of(frame, stream).size_px, _claimed_length_s(container, stream)
    raise CannotReadError(f"{path}: not one picture in it could be read; is the file damaged?")


def read_video(path: Path, warn: Callable[[str], None], pace: Pace = ALL) -> Iterator[TimedImage]:
    """Every picture of a video with its own time, from 0; what is damaged is left out and told to `warn`.

    `pace` may leave out all but key pictures for a while.

    Raises:
        CannotReadError: missing, empty, not a video, no picture in it.
    """
    with opened_video(path) as (container, stream):
        clock, numbers, last_s = _Clock(stream), count_up(), Fraction(0)
        with closing(SparseDecoding(stream, pace, upright_pictures(stream))) as decoding:
            for frame in _frames(path, container, decoding, warn):
                last_s = clock.elapsed_s(frame)
                yield TimedImage(next(numbers), last_s, partial(decoding.to_bgr, frame))
        claimed_s = _claimed_length_s(container, stream)
        if claimed_s is not None and float(last_s) < claimed_s - SHORT_BY_S:
            warn(
                f"{path}: ends after {float(last_s):.1f} s of {claimed_s:.1f} s, it was cut off; what is there was used"
            )


def sample_video(path: Path, count: int) -> Iterator[TimedImage]:
    """About `count` pictures spread over a video; of a long one the key picture before each of as many even steps.

    Raises:
        CannotReadError: missing, empty, not a video, no picture in it.
    """
    with opened_video(path) as (container, stream):
        length_s, time_base = _claimed_length_s(container, stream), stream.time_base
        if length_s is not None and time_base is not None and length_s > READ_THROUGH_S:
            steps = (number * length_s / count for number in range(count))
            yield from _key_pictures(container, stream, [int(second / time_base) for second in steps])
            return
    every = 1 if length_s is None else max(1, round(length_s * float(stream.average_rate or 25) / count))
    yield from islice(read_video(path, lambda _sentence: None), 0, count * every, every)


def _key_pictures(container: InputContainer, stream: VideoStream, steps: Sequence[int]) -> Iterator[TimedImage]:
    """The key picture before each step, in units of the stream's time base; a picture met twice is given once."""
    upright, last_pts, first_pts = None, None, stream.start_time or 0
    for number, step in enumerate(steps):
        frame = _frame_at(container, stream, first_pts + step)
        if frame is not None and frame.pts != last_pts:
            last_pts, upright = frame.pts, upright or Upright.of(frame, stream)
            elapsed_s = Fraction(step) * Fraction(stream.time_base or 1)
            yield TimedImage(number, elapsed_s, partial(upright.to_bgr, frame))


def _frame_at(container: InputContainer, stream: VideoStream, pts: int) -> VideoFrame | None:
    try:
        container.seek(pts, stream=stream)
        return next(iter(container.decode(stream)), None)
    except av.error.FFmpegError:
        return None


@contextmanager
def opened_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    _check_file(path)
    try:
        # `file:` and the whitelist keep FFmpeg from taking a name, or a playlist inside, for an address to fetch.
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise CannotReadError(_why_not_opened(path, error)) from error
    with container:
        yield container, _picture_stream(path, container)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise CannotReadError(f"{path}: there is no such file; check the name") from error
    except OSError as error:
        raise CannotReadError(f"{path}: cannot be opened ({error.strerror}); give a video file you may read") from error
    if empty:
        raise CannotReadError(f"{path}: the file is empty (0 bytes); copy or record it again")


def _why_not_opened(path: Path, error: Exception) -> str:
    if _is_mp4(path):
        return CUT_OFF.format(path)
    if isinstance(error, av.error.DecoderNotFoundError):
        return f"{path}: its coding is not known here; convert it to H.264 in mp4 first"
    return f"{path}: is not a video that can be read; give mp4, mov, mkv, webm or avi"


def _is_mp4(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[4:8] in {b"ftyp", b"mdat", b"moov"}


def _picture_stream(path: Path, container: InputContainer) -> VideoStream:
    if container.format.name in NOT_FOOTAGE:
        raise CannotReadError(f"{path}: is not a video that can be read; give mp4, mov, mkv, webm or avi")
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            stream.thread_type = "AUTO"
            return stream
    if not container.streams.audio and _is_mp4(path):
        raise CannotReadError(CUT_OFF.format(path))
    what = "sound but no picture" if container.streams.audio else "no picture"
    raise CannotReadError(f"{path}: holds {what}; give a recording of the camera's picture")


def upright_pictures(stream: VideoStream) -> ToBgr:
    """Makes pixels of one stream's frames, all as the first one shows them."""
    upright: list[Upright] = []
    reformatter = VideoReformatter()  # one for all: getting it ready takes a third of the time

    def to_bgr(frame: VideoFrame) -> NDArray[np.uint8]:
        if not upright:
            upright.append(Upright.of(frame, stream))
        return upright[0].to_bgr(frame, reformatter)

    return to_bgr


def _frames(
    path: Path, container: InputContainer, decoding: SparseDecoding, warn: Callable[[str], None]
) -> Iterator[VideoFrame]:
    packets = container.demux(decoding.stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            warn(f"{path}: is damaged part-way and cannot be read on from there; what comes before was used")
            break
        if packet is None:
            break
        yield from decoding.feed(packet)
    if decoding.damaged:
        warn(f"{path}: {decoding.damaged} damaged pieces in it were left out")


def _decoded(packet: av.Packet[VideoStream]) -> list[VideoFrame]:
    try:
        return packet.decode()
    except av.error.FFmpegError:
        return []


def _claimed_length_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base


class _Clock:
    """Presentation times as seconds since the first picture; never standing still, never going back."""

    def __init__(self, stream: VideoStream) -> None:
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._usual_step_s = 1 / Fraction(rate)
        self._offset_s: Fraction | None = None
        self._last_s = -self._usual_step_s

    def elapsed_s(self, frame: VideoFrame) -> Fraction:
        expected_s = self._last_s + self._usual_step_s
        if frame.pts is not None and frame.time_base is not None:
            own_s = Fraction(frame.pts * frame.time_base)
            if self._offset_s is None or own_s - self._offset_s <= self._last_s:
                # The first picture, or a recorder that began to count anew in the middle of a file.
                self._offset_s = own_s - expected_s
            expected_s = own_s - self._offset_s
        self._last_s = expected_s
        return expected_s


@dataclass(frozen=True, slots=True)
class Upright:
    """How a stream's pictures become upright ones with square pixels, all of one size."""

    coded_px: tuple[int, int]
    swaps_axes: bool
    flips_x: bool
    flips_y: bool

    @classmethod
    def of(cls, frame: VideoFrame, stream: VideoStream) -> Upright:
        width = round(frame.width * float(stream.sample_aspect_ratio or 1)) or frame.width
        a, b, c, d = _display_matrix(frame)
        swaps = abs(b) + abs(c) > abs(a) + abs(d)
        return cls((width, frame.height), swaps, (c if swaps else a) < 0, (b if swaps else d) < 0)

    @property
    def size_px(self) -> tuple[int, int]:
        return self.coded_px[::-1] if self.swaps_axes else self.coded_px

    def to_bgr(self, frame: VideoFrame, reformatter: VideoReformatter | None = None) -> NDArray[np.uint8]:
        """(height, width, 3), uint8, contiguous. A `reformatter` is for one thread at a time."""
        width, height = self.coded_px
        made = (reformatter or VideoReformatter()).reformat(frame, width, height, "bgr24")
        image = _pixels(made) if made is not frame else _pixels(made).copy()  # the decoder may go on with its own
        image = image.swapaxes(0, 1) if self.swaps_axes else image
        image = image[:, ::-1] if self.flips_x else image
        return np.ascontiguousarray(image[::-1] if self.flips_y else image, dtype=np.uint8)


def _pixels(frame: VideoFrame) -> NDArray[np.uint8]:
    """(height, width, 3) of a frame in bgr24, which is not copied: its memory is the array's from now on."""
    plane = frame.planes[0]
    pixels = np.frombuffer(memoryview(cast("Buffer", plane)), dtype=np.uint8)
    rows = pixels.reshape(plane.height, plane.line_size)
    return rows[:, : 3 * plane.width].reshape(plane.height, plane.width, 3)


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The turning part of ISO 14496-12's matrix: x' = a x + c y, y' = b x + d y."""
    side_data = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None:
        return 1, 0, 0, 1
    numbers = np.frombuffer(memoryview(cast("Buffer", side_data)), dtype="<i4", count=9)
    return int(numbers[0]), int(numbers[1]), int(numbers[3]), int(numbers[4])
