"""A film read as a live camera's reader reads it, without a clock: as fast as whoever looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from detector.frames import EPOCH
from detector.frames_video import opened_video
from detector.live_counts import Counts
from detector.live_decoding import decoding_of
from detector.live_reader import Turnstile
from detector.pace import Pace
from detector.vocabulary import Frame


def played(path: Path, pace: Pace, counts: Counts | None = None) -> Iterator[Frame]:
    """Once, its first picture at EPOCH."""
    return _played(path, Turnstile(pace), pace, counts or Counts(), EPOCH, count())


def over_and_over(path: Path, pace: Pace, counts: Counts) -> Iterator[Frame]:
    """For ever, as one recording."""
    turnstile, numbers, begins = Turnstile(pace), count(), EPOCH
    while True:
        yield from _played(path, turnstile, pace, counts, begins, numbers)
        begins += _length(path)


def _played(
    path: Path, turnstile: Turnstile, pace: Pace, counts: Counts, begins: datetime, numbers: Iterator[int]
) -> Iterator[Frame]:
    with opened_video(path) as (container, stream):
        decoding, second = decoding_of(stream, pace, counts), float(stream.time_base or 0)
        for packet in container.demux(stream):
            arrived = begins + timedelta(seconds=(packet.pts or 0) * second)
            shown = decoding.feed(packet, arrived, too_late=False) if packet.size else decoding.rest()
            for frame in shown:
                at = begins + timedelta(seconds=(frame.pts or 0) * second)
                if turnstile.lets_through(at):
                    yield Frame(decoding.to_bgr(frame), next(numbers), at)


def _length(path: Path) -> timedelta:
    with opened_video(path) as (_container, stream):
        return timedelta(seconds=float((stream.duration or 0) * (stream.time_base or 0)))
