"""Packets of a recording become pictures: all of them, or key pictures only while nothing moves.

A file can be gone back in. So where a key picture shows that something has begun, all pictures since the key picture
before it are decoded after all, and nothing is missed; what was shown once is not shown again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from detector.pace import Pace

ToBgr = Callable[[VideoFrame], NDArray[np.uint8]]


class FilePace(Pace, Protocol):
    """The pace of a source that can be looked ahead in."""

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:
        """Whether a key picture that lies `within_s` seconds ahead shows that something has begun."""
        ...


@dataclass(frozen=True, slots=True)
class EveryPicture:
    """All pictures are decoded and `fps` a second are looked at."""

    fps: float

    def fps_wanted(self) -> float:
        return self.fps

    def keyframes_only(self, key_every_s: float | None) -> bool:  # noqa: ARG002
        return False

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:  # noqa: ARG002
        return False


class SparseDecoding:
    """Of one file. `damaged` counts the packets that could not be decoded."""

    def __init__(self, stream: VideoStream, pace: FilePace, to_bgr: ToBgr) -> None:
        self.stream = stream
        self._context: VideoCodecContext = stream.codec_context
        self._second = stream.time_base or Fraction(0)
        self._pace, self._to_bgr = pace, to_bgr
        self._keys_only = False
        self._held: list[Packet[VideoStream]] = []
        """From the last key picture that was decoded."""
        self._key_pts: int | None = None
        self._shown_pts: int | None = None
        """After going back: up to here everything was shown. None: gone past it."""
        self._key_every_s: float | None = None
        self.damaged = 0

    def feed(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        """What can be shown now; the packets of a stream are to come in their order, the empty one at its end too."""
        if packet.is_keyframe:
            self._note_key(packet)
        if self._pace.keyframes_only(self._waited_s(packet)) and (self._keys_only or packet.is_keyframe):
            yield from self._key_only(packet)
        elif self._keys_only:
            yield from self._go_back([*self._held, packet])
        else:
            yield from self._new(packet)

    def _key_only(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        if not self._keys_only:
            yield from self._new(None)  # what the decoder still holds was before this picture
            self._keys_only, self._held = True, []
        elif not (packet.is_keyframe and self._is_due(packet)):
            self._held.append(packet)
            return
        self._context.flush_buffers()
        shown = [*self._decoded(packet), *self._decoded(None)]
        self._context.flush_buffers()
        before, ahead_s, self._held = self._held, self._ahead_s(packet), [packet]
        if shown and before and self._pace.foresees(self._to_bgr(shown[-1]), ahead_s):
            yield from self._go_back([*before, packet])
        else:
            yield from shown

    def _go_back(self, packets: Sequence[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        """Decode all of these; the first one is a key picture that was shown."""
        self._shown_pts = packets[0].pts
        self._keys_only, self._held = False, []
        self._context.flush_buffers()
        for packet in packets:
            yield from self._new(packet)

    def _new(self, packet: Packet[VideoStream] | None) -> Iterator[VideoFrame]:
        """Decode on, leaving out what was shown already; it may come late out of the decoder."""
        for frame in self._decoded(packet):
            if self._shown_pts is None or frame.pts is None or frame.pts > self._shown_pts:
                self._shown_pts = None
                yield frame

    def _decoded(self, packet: Packet[VideoStream] | None) -> Iterator[VideoFrame]:
        try:
            for frame in self._context.decode(packet):
                # Those that come out of draining have lost it.
                frame.time_base = frame.time_base or self.stream.time_base
                yield frame
        except av.error.EOFError:  # drained already
            return
        except av.error.FFmpegError:
            self.damaged += 1

    def _note_key(self, packet: Packet[VideoStream]) -> None:
        if packet.pts is not None and self._key_pts is not None:
            self._key_every_s = abs(float((packet.pts - self._key_pts) * self._second))
        self._key_pts = packet.pts

    def _waited_s(self, packet: Packet[VideoStream]) -> float | None:
        """How far key pictures lie apart; more where the next one is late in coming."""
        if self._key_every_s is None or self._key_pts is None or packet.dts is None:
            return None
        return max(self._key_every_s, float((packet.dts - self._key_pts) * self._second))

    def _is_due(self, packet: Packet[VideoStream]) -> bool:
        return self._ahead_s(packet) >= 1 / self._pace.fps_wanted()

    def _ahead_s(self, packet: Packet[VideoStream]) -> float:
        first = self._held[0] if self._held else packet
        if packet.pts is None or first.pts is None:
            return 0.0
        return float((packet.pts - first.pts) * self._second)
