"""How the clocks of the edges stand to this machine's: set back by an hour there, an alert must not end on arrival here.

A worker's states come as they are said, so they tell how its clock stands. What waited in an outbox does not; its times
are read by the clock as it stands now, and nothing is ever later than its arrival.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from broker_bridge.messages import AlertMessage, CameraHealth, Header, RackOccupancy, StayMessage

TOLERATED = timedelta(seconds=30)
"""Clocks this close agree: the rest may be the network."""
NOTHING = timedelta()
TIMES = ("at", "parked_at", "left_at", "gone_at", "expires_at")
M = TypeVar("M", bound=Header)


class EdgeClocks:
    """Of all workers, as last heard."""

    def __init__(self) -> None:
        self._behind: dict[tuple[str, str], timedelta] = {}

    def hear(self, health: CameraHealth, arrived_at: datetime) -> None:
        """Learn from a state that was said just now; not from one that the broker remembered."""
        self._behind[health.site, health.worker] = arrived_at - health.sent_at

    def corrected(self, message: M, arrived_at: datetime) -> M:
        """The same message in this machine's time. All times of a message move together, so that what lasted lasts."""
        behind = self._behind.get((message.site, message.worker), NOTHING)
        if abs(behind) <= TOLERATED:
            behind = NOTHING
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
