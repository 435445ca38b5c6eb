"""Packets of a recording become pictures: all of them, or key pictures only while nothing moves.

A file can be gone back in. So where a key picture shows that something has begun, all pictures since the key picture
before it are decoded after all, and nothing is missed; what was shown once is not shown again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from detector.pace import Pace

MOST_AHEAD = 6
"""Pictures decoded before they are wanted; of a large one each takes some megabytes."""
KEYS_AHEAD = 3
"""Key pictures decoded before they are wanted: a look by the model takes as long as some of them."""
KEYS_APART_S = 3.0
"""Key pictures closer together than this are passed over; they are looked at only where the one after them shows something.
Who comes and goes within one such stretch, and leaves nothing and takes nothing, has parked no bike."""
ToBgr = Callable[[VideoFrame], NDArray[np.uint8]]


Decoded = Future[list[VideoFrame]]


@dataclass(slots=True)
class _Stretch:
    """A key picture and what comes after it, up to the next one that is not passed over."""

    packets: list[Packet[VideoStream]]
    key: Decoded


class SparseDecoding:
    """Of one file. `damaged` counts the packets that could not be decoded.

    A thread of its own decodes a little ahead while the pictures before are looked at. What is decoded is decided when a
    packet is fed, and pictures come in their order, so that a second run gives the same.
    """

    def __init__(self, stream: VideoStream, pace: Pace, to_bgr: ToBgr) -> None:
        self.stream = stream
        self._context: VideoCodecContext = stream.codec_context
        self._second = stream.time_base or Fraction(0)
        self._pace, self._to_bgr = pace, to_bgr
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="decoding")
        self._ahead: deque[Decoded] = deque()
        """Pictures asked for and not handed out, in their order."""
        self._keys_only = False
        self._before: list[Packet[VideoStream]] = []
        """From the key picture that was shown last."""
        self._waiting: deque[_Stretch] = deque()
        """From key pictures that are being decoded and are not shown yet."""
        self._foreseen: tuple[VideoFrame, NDArray[np.uint8]] | None = None
        self._key_pts: int | None = None
        self._shown_pts: int | None = None
        """After going back: up to here everything was shown. None: gone past it."""
        self._key_every_s: float | None = None
        self.damaged = 0

    def close(self) -> None:
        self._decoder.shutdown(cancel_futures=True)

    def feed(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        """What can be shown now; the packets of a stream are to come in their order, the empty one at its end too."""
        if packet.is_keyframe:
            self._note_key(packet)
        yield from self._take(packet)
        if not packet.size:
            yield from self._rest()

    def to_bgr(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """The pixels of a picture that was handed out; ask once."""
        foreseen, self._foreseen = self._foreseen, None
        return foreseen[1] if foreseen is not None and foreseen[0] is frame else self._to_bgr(frame)

    def _take(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        if self._pace.keyframes_only(self._waited_s(packet)) and (self._keys_only or packet.is_keyframe):
            yield from self._key_only(packet)
        elif self._keys_only and packet.size:
            held = [*self._all_waiting(), packet]
            is_late = self._pace.keyframes_only(self._key_every_s)
            yield from self._go_back(held) if is_late else self._go_back([], held)
        elif self._keys_only:
            yield from self._end(packet)
        else:
            yield from self._new(packet)

    def _end(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        while self._keys_only and self._waiting:
            yield from self._show_key()
        yield from self._go_back([packet]) if self._keys_only else self._new(packet)

    def _key_only(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        if not self._keys_only:
            yield from self._new(None)  # what the decoder still holds was before this picture
            yield from self._rest()
            self._keys_only, self._before = True, []
            self._wait_for(packet)
        elif packet.is_keyframe and self._is_due(packet):
            self._wait_for(packet)
            if len(self._waiting) > KEYS_AHEAD:
                yield from self._show_key()
        else:
            self._waiting[-1].packets.append(packet)

    def _wait_for(self, packet: Packet[VideoStream]) -> None:
        self._waiting.append(_Stretch([packet], self._decoder.submit(self._decode_key, packet)))

    def _show_key(self) -> Iterator[VideoFrame]:
        """The key picture that waits longest; or all that was left out before it."""
        stretch = self._waiting[0]
        frames = stretch.key.result()
        if frames and self._before and self._foresees(frames[-1], stretch.packets[0]):
            yield from self._show_passed_over()
            shows, *later = [one.packets for one in self._waiting]
            yield from self._go_back(shows, [packet for packets in later for packet in packets])
            return
        self._before = self._waiting.popleft().packets
        yield from frames

    def _show_passed_over(self) -> Iterator[VideoFrame]:
        """Of the key pictures that were passed over those that show nothing yet."""
        stretch = self._before
        for number in [number for number, packet in enumerate(stretch) if number and packet.is_keyframe]:
            frames = self._decoder.submit(self._decode_key, stretch[number]).result()
            if not frames or self._foresees(frames[-1], stretch[number]):
                return
            self._before = stretch[number:]
            yield from frames

    def _foresees(self, frame: VideoFrame, packet: Packet[VideoStream]) -> bool:
        image_bgr = self._to_bgr(frame)
        self._foreseen = frame, image_bgr
        return self._pace.foresees(image_bgr, self._between_s(self._before, packet))

    def _all_waiting(self) -> list[Packet[VideoStream]]:
        return [packet for stretch in self._waiting for packet in stretch.packets]

    def _go_back(
        self, shows: Sequence[Packet[VideoStream]], later: Sequence[Packet[VideoStream]] = ()
    ) -> Iterator[VideoFrame]:
        """Decode all since the key picture that was shown last, these too; of later ones the pace is asked again."""
        packets = [*self._before, *shows]
        for stretch in self._waiting:
            if not stretch.key.cancel():
                stretch.key.result()
        self._shown_pts = self._before[0].pts if self._before else None
        self._keys_only, self._before = False, []
        self._waiting.clear()
        self._context.flush_buffers()
        for packet in packets:
            yield from self._new(packet)
        for packet in later:
            yield from self._take(packet)

    def _new(self, packet: Packet[VideoStream] | None) -> Iterator[VideoFrame]:
        """Decode on, and hand out what was asked for a little earlier."""
        self._ahead.append(self._decoder.submit(self._decode, packet))
        while len(self._ahead) > MOST_AHEAD:
            yield from self._unshown(self._ahead.popleft().result())

    def _rest(self) -> Iterator[VideoFrame]:
        while self._ahead:
            yield from self._unshown(self._ahead.popleft().result())

    def _unshown(self, frames: Sequence[VideoFrame]) -> Iterator[VideoFrame]:
        """Without what was shown before going back; it may come late out of the decoder."""
        for frame in frames:
            if self._shown_pts is None or frame.pts is None or frame.pts > self._shown_pts:
                self._shown_pts = None
                yield frame

    # In the decoding thread

    def _decode_key(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        self._context.flush_buffers()
        frames = [*self._decode(packet), *self._decode(None)]
        self._context.flush_buffers()
        return frames

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except av.error.EOFError:  # drained already
            return []
        except av.error.FFmpegError:
            self.damaged += 1
            return []
        for frame in frames:  # those that come out of draining have lost it
            frame.time_base = frame.time_base or self.stream.time_base
        return frames

    # What is known of the stream

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
        least_s = max(KEYS_APART_S, 1 / self._pace.fps_wanted())
        return self._between_s(self._waiting[-1].packets, packet) >= least_s

    def _between_s(self, since: Sequence[Packet[VideoStream]], packet: Packet[VideoStream]) -> float:
        first_pts = since[0].pts
        return 0.0 if packet.pts is None or first_pts is None else float((packet.pts - first_pts) * self._second)
