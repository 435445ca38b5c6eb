"""Where live pictures come from: network cameras, cameras plugged in, and files replayed at their own speed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from detector.errors import CannotReadError
from detector.frames_video import opened_video

OPEN_WITHIN_S, READ_WITHIN_S = 5.0, 2.5
"""FFmpeg's parser holds the last picture back until it has waited in vain once, so a silence takes twice as long."""
SOON = {"analyzeduration": "200000", "fpsprobesize": "0"}
"""So that FFmpeg does not look at a stream for seconds (microseconds, pictures) before it hands out the first packet."""
SLACK_S = 0.5
"""A machine that falls behind a file by more than this plays on from where it is."""
UNTIMED = frozenset({"mpjpeg"})
"""Formats without times of their own: FFmpeg counts their pictures at 25 a second, whatever they come at."""
DEVICES = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}:none")}

Packets = Iterator["Packet[VideoStream]"]


@dataclass(frozen=True, slots=True)
class Connection:
    """An open source, and two questions about its packets and pictures."""

    stream: VideoStream
    packets: Packets
    seconds_of: Callable[[Packet[VideoStream] | VideoFrame], float | None]
    """When it is to be decoded, or shown, by the source's own clock; None: it says nothing that means anything."""
    wait_for: Callable[[VideoFrame], None]
    """Returns when the picture is due; with a camera at once."""


def connect(source: str, over: threading.Event) -> AbstractContextManager[Connection]:
    """Open a source; its packets end where the source does, those of a file also when `over` is set.

    Raises:
        CannotReadError, OSError, ValueError: it cannot be opened, or breaks off.
    """
    if source.isdecimal() or source.startswith("/dev/"):
        return _device(source)
    if "://" in source:
        return _stream(source)
    return _file(Path(source), over)


def is_file(source: str) -> bool:
    return not (source.isdecimal() or source.startswith("/dev/") or "://" in source)


def without_password(source: str) -> str:
    scheme, separator, rest = source.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else source


@contextmanager
def _stream(url: str) -> Iterator[Connection]:
    options = dict(SOON)
    if url.startswith("rtsp"):
        options |= {"rtsp_transport": "tcp", "allowed_media_types": "video"}
    with av.open(url, options=options, timeout=(OPEN_WITHIN_S, READ_WITHIN_S)) as container:
        if not container.streams.video:
            raise CannotReadError(f"{without_password(url)}: sends no picture; check the address")
        stream = container.streams.video[0]
        has_times = container.format.name not in UNTIMED
        yield Connection(stream, _whole(container.demux(stream)), _own_seconds if has_times else _no_seconds, _at_once)


@contextmanager
def _device(source: str) -> Iterator[Connection]:
    if sys.platform not in DEVICES:
        raise CannotReadError(
            f"camera {source}: no camera by number on this system; give an rtsp:// or http:// address"
        )
    format_name, name = DEVICES[sys.platform]
    try:
        container = av.open(name.format(source) if source.isdecimal() else source, format=format_name)
    except (OSError, ValueError) as error:
        raise CannotReadError(f"camera {source}: gives no picture ({error}); is it plugged in and free?") from error
    with container:
        stream = container.streams.video[0]
        yield Connection(stream, _whole(container.demux(stream)), _own_seconds, _at_once)


@contextmanager
def _file(path: Path, over: threading.Event) -> Iterator[Connection]:
    with opened_video(path) as (container, stream):
        player = _Player(stream, over)
        packets = player.in_time(_whole(container.demux(stream)))
        yield Connection(stream, packets, player.seconds_of, player.wait_for)
        player.end()


class _Player:
    """Plays a file at its own speed; on a machine too slow for that the file waits, and its time stands still."""

    def __init__(self, stream: VideoStream, over: threading.Event) -> None:
        self._step_s = 1 / float(stream.average_rate or stream.guessed_rate or 25)
        self._over = over
        self._begins_s = time.monotonic()
        self._first_s: float | None = None
        """The file's own time at its beginning; a first picture may have to be decoded before it is shown."""
        self._last_s, self._waited_s = 0.0, 0.0

    def in_time(self, packets: Packets) -> Packets:
        for packet in packets:
            due_s = self.seconds_of(packet)
            if due_s is not None and not self._wait_until(due_s):
                return
            yield packet

    def seconds_of(self, item: Packet[VideoStream] | VideoFrame) -> float | None:
        """Since the file began to play, the times included in which it waited."""
        own_s = _own_seconds(item)
        if own_s is None:
            return None
        if self._first_s is None:
            self._first_s = own_s
        return own_s - self._first_s + self._waited_s

    def wait_for(self, frame: VideoFrame) -> None:
        due_s = self.seconds_of(frame)
        self._last_s = self._last_s + self._step_s if due_s is None else due_s
        self._wait_until(self._last_s)

    def end(self) -> None:
        """The last picture stands as long as any other."""
        self._wait_until(self._last_s + self._step_s)

    def _wait_until(self, due_s: float) -> bool:
        behind_s = time.monotonic() - self._begins_s - due_s
        if behind_s > SLACK_S:
            self._waited_s, self._last_s = self._waited_s + behind_s, self._last_s + behind_s
        return not self._over.wait(max(0.0, -behind_s))


def _whole(packets: Packets) -> Packets:
    """Without the empty packet that marks the end."""
    return (packet for packet in packets if packet.size)


def _own_seconds(item: Packet[VideoStream] | VideoFrame) -> float | None:
    ticks = item.pts if item.dts is None or isinstance(item, VideoFrame) else item.dts
    return None if ticks is None or item.time_base is None else float(ticks * item.time_base)


def _at_once(_frame: VideoFrame) -> None:
    pass


def _no_seconds(_item: Packet[VideoStream] | VideoFrame) -> None:
    return None
