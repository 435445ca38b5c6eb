"""When a live picture was taken: a camera's own times (PTS) laid on the wall's, whatever either of them does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
SLOWER = 0.9
"""While the wall's clock is behind, ours runs at this share of true speed until the two agree."""
LATE_S = 1.0
"""Pictures later than this pile up somewhere."""
LATE_FOR_S = 3.0
"""Late for so long, though nothing piles up here: the camera's own times have slipped."""
OFF_S = 30.0
"""Times off by more than this have jumped; nothing piles up for so long."""
DRIFT = 0.002
"""A camera's clock may be this much slower than ours; true ones are a tenth of that."""
MOST_SLIPS, SLIPS_WITHIN_S = 3, 60.0
"""A camera whose times slip more often than that is no longer asked for them."""
MOST_REORDERED_S = 2.0
SMALLEST_STEP_S = 0.001


def utc_now() -> datetime:
    return datetime.now(UTC)


class SteadyClock:
    """Aware UTC that never goes back nor stands still: where the wall's clock is set back, this one runs slower a while.

    May be asked by any thread. All that a worker says should go by the same one, so that its times fit each other.
    """

    def __init__(self, wall: Clock = utc_now, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._elapsed_s = wall, elapsed_s
        self._now, self._at_s = wall(), elapsed_s()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            at_s = self._elapsed_s()
            slowly = self._now + timedelta(seconds=max(SLOWER * (at_s - self._at_s), 1e-6))
            self._now, self._at_s = max(self._wall(), slowly), at_s
            return self._now


@dataclass
class StreamClock:
    """Of one connection. No clock is asked: `arrived` is when a packet came, on a clock that never goes back.

    The least delayed packet tells how far the camera's times are from ours; every other picture was taken as long after
    it as the camera says, and came late. So a network that holds pictures back and hands them over in a heap bends
    nothing. Times that stand still, go back or fall behind for good are laid on the wall's anew; where that does not
    help either, pictures were taken when they arrived.
    """

    _begins: datetime | None = None
    _offset_s: float | None = None
    """Arrival less own time of the least delayed packet, arrivals counted from `_begins`."""
    _last_own_s: float = 0.0
    _last_arrived_s: float = 0.0
    _late_since_s: float | None = None
    _slips: list[float] = field(default_factory=list)
    _last_shown_pts_s: float | None = None

    def hear(self, own_s: float | None, arrived: datetime) -> float:
        """Learn from a packet when it is to be decoded (DTS). Gives by how many seconds it is late."""
        self._begins = self._begins or arrived
        if own_s is None or not self._is_trusted:
            return 0.0
        arrived_s = (arrived - self._begins).total_seconds()
        late_s = self._follow(own_s, arrived_s)
        self._last_own_s, self._last_arrived_s = own_s, arrived_s
        return late_s

    def taken_at(self, pts_s: float | None, arrived: datetime) -> datetime:
        """When a picture was taken, never after `arrived`; in the order in which they are shown."""
        before, self._last_shown_pts_s = self._last_shown_pts_s, pts_s
        goes_on = pts_s is not None and (before is None or pts_s > before)
        if pts_s is None or not goes_on or not self._is_trusted or self._begins is None or self._offset_s is None:
            return arrived
        return min(arrived, self._begins + timedelta(seconds=pts_s + self._offset_s))

    @property
    def _is_trusted(self) -> bool:
        return len(self._slips) <= MOST_SLIPS

    def _follow(self, own_s: float, arrived_s: float) -> float:
        here_s = arrived_s - own_s
        if self._offset_s is None:
            self._offset_s = here_s
        elif self._has_slipped(own_s, here_s - self._offset_s, arrived_s):
            self._offset_s, self._late_since_s = here_s, None
            self._slips = [at_s for at_s in self._slips if arrived_s - at_s < SLIPS_WITHIN_S] + [arrived_s]
        else:
            self._offset_s = min(here_s, self._offset_s + DRIFT * (arrived_s - self._last_arrived_s))
        return here_s - self._offset_s

    def _has_slipped(self, own_s: float, late_s: float, arrived_s: float) -> bool:
        if late_s < LATE_S:
            self._late_since_s = None
        elif self._late_since_s is None:
            self._late_since_s = arrived_s
        late_for_s = 0.0 if self._late_since_s is None else arrived_s - self._late_since_s
        # Where a camera gives times of showing only, packets go back a little, but never to the same time.
        went_back = own_s == self._last_own_s or own_s < self._last_own_s - MOST_REORDERED_S
        return went_back or late_s > OFF_S or late_for_s > LATE_FOR_S


class RisingTimes:
    """Of one camera, over all its connections: what is handed out is strictly later than all before it."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def after_all(self, at: datetime) -> datetime:
        if self._last is not None:
            at = max(at, self._last + timedelta(seconds=SMALLEST_STEP_S))
        self._last = at
        return at
