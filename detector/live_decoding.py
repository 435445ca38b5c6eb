"""Packets of one connection become pictures: all of them, or key pictures only while nobody needs more or too late for more.

While key pictures will do, the packets since the last one are kept. Where the next one shows that something has begun, they
are decoded before it after all, so that nothing of an arrival is missed; it is seen up to one key picture late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from detector.frames_sparse import ToBgr
from detector.frames_video import upright_pictures
from detector.live_counts import Counts
from detector.pace import Pace

MOST_HELD = 600
"""Packets kept since the last key picture; a stream with rarer key pictures is resumed at its next one."""
KEY_WITHIN_S = 10.0
"""A stream that shows no key picture for so long may have none: its pictures are renewed piece by piece."""
MOST_HELD_BYTES = 16 * 1024 * 1024


class Decoding:
    """Of one connection. Nothing is decoded before a key picture, it would be grey smears; but some streams have none."""

    def __init__(self, context: VideoCodecContext, pace: Pace, counts: Counts, to_bgr: ToBgr) -> None:
        self._context, self._pace, self._counts, self.to_bgr = context, pace, counts, to_bgr
        self.is_catching_up = False
        """Whether what is shown just now was passed over at first."""
        self._held: list[Packet[VideoStream]] | None = None
        """While key pictures do, all since the last one that was shown, and that one. None: some is lost."""
        self._held_bytes = 0
        self._waits_for_key = True
        self._waits_since: datetime | None = None
        self._keys_only = False
        self._key_at: datetime | None = None
        self._shown_pts: int | None = None

    def feed(self, packet: Packet[VideoStream], arrived: datetime, *, too_late: bool) -> Iterator[VideoFrame]:
        """What can be shown now that this packet has come, in the order in which it is to be shown.

        `too_late`: decoding does not keep up; what lies before the next key picture is left out.
        """
        if packet.is_keyframe:
            self._note_key(arrived)
        if too_late and not packet.is_keyframe:
            self._counts.left_out += 1
            self._miss()
        elif self._pace.keyframes_only(self._key_every_s(arrived)) and (self._keys_only or packet.is_keyframe):
            yield from self._key_only(packet)
        else:
            yield from self._all(packet, arrived)

    def rest(self) -> Iterator[VideoFrame]:
        """What the decoder still holds when no packet is to come any more."""
        if not self._keys_only:
            yield from self._shown(self._decoded(None))

    def _all(self, packet: Packet[VideoStream], arrived: datetime) -> Iterator[VideoFrame]:
        if self._keys_only:
            yield from self._catch_up(() if packet.is_keyframe else self._held)
        if packet.is_keyframe or (self._waits_for_key and self._has_waited_enough(arrived)):
            self._waits_for_key = False
        if not self._waits_for_key:
            yield from self._shown(self._decoded(packet))

    def _key_only(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        if packet.is_keyframe:
            before = self._held if self._keys_only else None
            self._keys_only, self._held, self._held_bytes = True, [], 0
            # Drained, or a stream with pictures out of order would hand this one out two key pictures later.
            frames = [*self._decoded(packet), *self._decoded(None)]
            self._context.flush_buffers()
            if before and frames and self._pace.foresees(self.to_bgr(frames[-1]), self._counts.key_every_s or 0.0):
                yield from self._catch_up([*before, packet])
                return
            yield from self._shown(frames)
        self._hold(packet)

    def _hold(self, packet: Packet[VideoStream]) -> None:
        if self._held is None:
            return
        self._held.append(packet)
        self._held_bytes += packet.size
        if len(self._held) > MOST_HELD or self._held_bytes > MOST_HELD_BYTES:
            self._miss()

    def _catch_up(self, held: Sequence[Packet[VideoStream]] | None) -> Iterator[VideoFrame]:
        self._keys_only, self._held = False, None
        if held is None:
            self._miss()
        else:
            self._waits_for_key = False
        self.is_catching_up = True
        for packet in held or ():
            yield from self._shown(self._decoded(packet))
        self.is_catching_up = False

    def _miss(self) -> None:
        if not self._waits_for_key:
            self._waits_since = None
        self._held, self._waits_for_key = None, True

    def _has_waited_enough(self, arrived: datetime) -> bool:
        self._waits_since = self._waits_since or arrived
        patience_s = max(KEY_WITHIN_S, 2 * (self._counts.key_every_s or 0.0))
        return (arrived - self._waits_since).total_seconds() > patience_s

    def _decoded(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self._context.decode(packet)
        except av.error.FFmpegError:
            self._counts.damaged += 1
            return []

    def _shown(self, frames: list[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in frames:
            if frame.is_corrupt:
                self._counts.damaged += 1
            elif not self._was_shown(frame):
                self._counts.decoded += 1
                self._shown_pts = frame.pts
                yield frame

    def _was_shown(self, frame: VideoFrame) -> bool:
        """Catching up begins with a key picture that was shown already."""
        return frame.pts is not None and frame.pts == self._shown_pts

    def _note_key(self, arrived: datetime) -> None:
        if self._key_at is not None:
            self._counts.key_every_s = (arrived - self._key_at).total_seconds()
        self._key_at = arrived

    def _key_every_s(self, arrived: datetime) -> float | None:
        """Also while the next one is late in coming."""
        if self._counts.key_every_s is None or self._key_at is None:
            return None
        return max(self._counts.key_every_s, (arrived - self._key_at).total_seconds())


def decoding_of(stream: VideoStream, pace: Pace, counts: Counts) -> Decoding:
    # Threads that decode side by side hand pictures out late and take memory; the cameras fill the cores by themselves.
    stream.codec_context.thread_count = 1
    counts.key_every_s = None
    return Decoding(stream.codec_context, pace, counts, upright_pictures(stream))
