"""One camera's reading: connects, watches that pictures come, and connects again for ever. The newest picture wins."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import av
import numpy as np
import structlog
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from detector.live_clock import LATE_S, Clock, RisingTimes, StreamClock
from detector.live_counts import Counts
from detector.live_decoding import Decoding, decoding_of
from detector.live_sources import Connection, connect, is_file, without_password
from detector.pace import Pace

SILENT_S = 5.0
"""A connection that gives nothing for so long is left."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
HELD_S = 10.0
"""A connection that lasted so long was a good one: after it the pauses begin anew."""
LOOK_UP_S = 0.5
"""How long a wait may last before looking whether to stop."""
BEHIND_FOR_S = 1.0
"""Late for so long, decoding does not keep up; a heap that the network held back is worked off sooner."""
PATIENCE_S = 3.0
"""Pictures that were passed over at first wait for the line so long in all; meanwhile the network holds the next ones."""
MOST_STUCK = 3
"""So many connections may hang in a driver or a name server's silence before no further one is tried."""
log = structlog.get_logger()

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """`to_bgr` makes the pixels, (height, width, 3) uint8; most pictures are passed over and never need them."""

    to_bgr: Callable[[], Image]
    index: int
    at: datetime


class NewestOnly:
    """One place for one picture, and what was not fetched in time is gone."""

    def __init__(self, counts: Counts) -> None:
        self._changed = threading.Condition()
        self._picture: Picture | None = None
        self._counts = counts

    def put(self, picture: Picture, patience_s: float = 0.0) -> None:
        """`patience_s`: the one before is waited for so long to be fetched."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is None, patience_s)
            self._counts.skipped += self._picture is not None
            self._picture = picture
            self._changed.notify()

    def take(self, timeout_s: float) -> Picture | None:
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None, timeout_s)
            picture, self._picture = self._picture, None
            self._changed.notify()
            return picture


class Turnstile:
    """Lets `fps_wanted` pictures a second through, counted in the camera's time. Steps may change at any picture."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._due: datetime | None = None
        self._last: datetime | None = None

    def lets_through(self, at: datetime) -> bool:
        step = timedelta(seconds=1 / self._pace.fps_wanted())
        if self._due is None or self._last is None:
            self._due = at
        else:
            self._due = min(self._due, self._last + step)
        if at < self._due:
            return False
        # Pictures a little late still give `fps_wanted` looks a second; after a pause nothing is made up for.
        self._due = self._due + step if at - self._due < step else at + step
        self._last = at
        return True


@dataclass
class Camera:
    """What outlasts a connection. `run` is the body of a thread of its own, and ends soon after `over` is set."""

    source: str
    pace: Pace
    over: threading.Event
    counts: Counts
    clock: Clock
    newest: NewestOnly

    def __post_init__(self) -> None:
        self.rising, self.turnstile = RisingTimes(), Turnstile(self.pace)
        self._stuck: list[threading.Thread] = []

    def run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self.over.is_set():
            began_s = time.monotonic()
            reason = self._connect_once()
            if reason is None or self.over.is_set():
                continue
            self.counts.lost_because = reason
            wait_s = FIRST_WAIT_S if time.monotonic() - began_s > HELD_S else wait_s
            log.warning("camera lost; trying again", source=without_password(self.source), reason=reason)
            self.over.wait(wait_s * random.uniform(0.7, 1.3))  # noqa: S311
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _connect_once(self) -> str | None:
        """Why there are no more pictures; None: a file was played to its end."""
        self._stuck = [thread for thread in self._stuck if thread.is_alive()]
        if len(self._stuck) >= MOST_STUCK:
            return "earlier connections hang and cannot be ended; look at the driver or the name server"
        reading = _Reading(self)
        thread = threading.Thread(target=reading.run, name=f"read {without_password(self.source)}", daemon=True)
        thread.start()
        while not reading.ended.wait(LOOK_UP_S):
            if self.over.is_set() or (not is_file(self.source) and reading.silent_s() > SILENT_S):
                break
        reading.over.set()
        if reading.ended.is_set():
            return reading.reason
        self._stuck.append(thread)
        self.counts.stalls += not self.over.is_set()
        return "no picture comes any more" if reading.is_reached else "no answer"


@dataclass
class _Reading:
    """One connection in one thread, which may hang for ever where a driver does: then it is left alone."""

    camera: Camera
    over: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    reason: str | None = None

    def __post_init__(self) -> None:
        self._clock = StreamClock()
        self._heard_s = time.monotonic()
        self._late_since_s: float | None = None
        self._waited_s = 0.0
        self.is_reached = False

    def silent_s(self) -> float:
        return time.monotonic() - self._heard_s

    def run(self) -> None:
        source = self.camera.source
        try:
            with connect(source, self.over) as connection:
                self._read(connection)
            self.reason = None if is_file(source) else "it ended"
        except av.error.ExitError:  # FFmpeg's word for a timeout
            self.camera.counts.stalls += 1
            self.reason = "no picture comes any more" if self.is_reached else "no answer"
        except Exception as error:  # noqa: BLE001 -- a reader's outermost loop: no fault of a camera may end it
            self.reason = (str(error) or repr(error)).replace(source, without_password(source))
        finally:
            self.ended.set()

    def _read(self, connection: Connection) -> None:
        decoding = decoding_of(connection.stream, self.camera.pace, self.camera.counts)
        for packet in connection.packets:
            if self.over.is_set():
                return
            arrived = self._note_arrival()
            too_late = self._is_behind(connection.seconds_of(packet), arrived)
            for frame in decoding.feed(packet, arrived, too_late=too_late):
                self._show(connection, decoding, frame)
        for frame in decoding.rest():
            self._show(connection, decoding, frame)

    def _note_arrival(self) -> datetime:
        counts = self.camera.counts
        counts.connections += not self.is_reached
        self.is_reached = True
        arrived = self.camera.clock()
        self._heard_s = time.monotonic()
        counts.arrived += 1
        counts.last_frame_at, counts.lost_because = arrived, None
        return arrived

    def _is_behind(self, pts_s: float | None, arrived: datetime) -> bool:
        if self._clock.hear(pts_s, arrived) < LATE_S:
            self._late_since_s = None
            return False
        if self._late_since_s is None:
            self._late_since_s = self._heard_s
        return self._heard_s - self._late_since_s > BEHIND_FOR_S

    def _show(self, connection: Connection, decoding: Decoding, frame: VideoFrame) -> None:
        camera = self.camera
        if not decoding.is_catching_up:
            connection.wait_for(frame)
        at = camera.rising.after_all(self._clock.taken_at(connection.seconds_of(frame), camera.clock()))
        if camera.turnstile.lets_through(at) and not self.over.is_set():
            picture = Picture(partial(decoding.to_bgr, frame), camera.counts.decoded - 1, at)
            self._hand_on(picture, is_past=decoding.is_catching_up)

    def _hand_on(self, picture: Picture, *, is_past: bool) -> None:
        """The newest wins, but pictures of a moment ago do not push each other away."""
        if not is_past:
            self._waited_s = 0.0
            self.camera.newest.put(picture)
            return
        began_s = time.monotonic()
        self.camera.newest.put(picture, max(0.0, PATIENCE_S - self._waited_s))
        self._waited_s += time.monotonic() - began_s
