"""How the clocks of the edges stand to this machine's: set back by an hour there, an alert must not end on arrival here.

A worker's states come as they are said, so they tell how its clock stands. What waited in an outbox does not; its times
are read by the clock as it stands now, and nothing is ever later than its arrival. A bridge that has just started takes
the states that the broker remembers, which a worker that is alive said some seconds ago; one that died said them earlier,
and its successor is known by its boot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from broker_bridge.messages import AlertMessage, CameraHealth, Header, RackOccupancy, StayMessage, WorkerStatus

TOLERATED = timedelta(seconds=30)
"""Clocks this close agree: the rest may be the network."""
NOTHING = timedelta()
TIMES = ("at", "parked_at", "left_at", "gone_at", "expires_at")
M = TypeVar("M", bound=Header)


@dataclass(frozen=True, slots=True)
class _Clock:
    boot: str
    behind: timedelta
    is_remembered: bool


class EdgeClocks:
    """Of all workers, as last heard."""

    def __init__(self) -> None:
        self._clocks: dict[tuple[str, str], _Clock] = {}
        self._boots: dict[tuple[str, str], str] = {}

    def hear(self, message: Header, arrived_at: datetime, *, remembered: bool) -> None:
        """Learn from whatever tells of a clock; `remembered`: the broker had kept it, perhaps for long."""
        worker = message.site, message.worker
        if isinstance(message, WorkerStatus) and message.state == "online":
            self._boots[worker] = message.boot
            if worker in self._clocks and self._clocks[worker].boot != message.boot:
                del self._clocks[worker]
        elif isinstance(message, CameraHealth):
            heard = _Clock(message.boot, arrived_at - message.sent_at, remembered)
            if self._is_better(heard, self._clocks.get(worker), self._boots.get(worker)):
                self._clocks[worker] = heard

    def _is_better(self, heard: _Clock, known: _Clock | None, boot: str | None) -> bool:
        if not heard.is_remembered:
            return True
        if boot not in (None, heard.boot):
            return False
        # Of what several cameras said, the last is nearest to the truth: all but it has grown old at the broker.
        return known is None or (known.is_remembered and heard.behind < known.behind)

    def corrected(self, message: M, arrived_at: datetime) -> M:
        """The same message in this machine's time. All times of a message move together, so that what lasted lasts."""
        clock = self._clocks.get((message.site, message.worker))
        behind = clock.behind if clock is not None and abs(clock.behind) > TOLERATED else NOTHING
        if isinstance(message, WorkerStatus):
            # A will is known by the moment of the status it follows, so only what cannot be is changed.
            return _moved(message, min(NOTHING, arrived_at - message.sent_at), ("sent_at",))
        if isinstance(message, CameraHealth | RackOccupancy):
            return _moved(message, behind, ("sent_at", "last_frame_at"))
        if isinstance(message, AlertMessage | StayMessage):
            # The edge's pictures keep going forward while its clock is set back, so they may be ahead of what it says.
            ahead = max(NOTHING, message.at - message.sent_at)
            return _moved(message, min(behind - ahead, arrived_at - message.at), TIMES)
        return message


def _moved(message: M, by: timedelta, names: tuple[str, ...]) -> M:
    if by == NOTHING:
        return message
    times = {name: getattr(message, name, None) for name in names}
    return message.model_copy(update={name: time + by for name, time in times.items() if time is not None})
