"""One name, one worker: whether this one may carry the name it was given. No I/O: the connection asks and does.

Whoever starts asks on the name's claim topic before it says anything else. A worker that carries the name answers, and
the newcomer is refused. Nobody answers for a worker that crashed, so the one started after it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from broker_bridge.messages import Claim, WorkerStatus


class Move(Enum):
    """What the connection is to do now."""

    NOTHING = auto()
    TAKE_UP = auto()
    """The name is free: go online."""
    WAIT = auto()
    """Somebody seems to carry the name: take it up unless they answer in time."""
    ANSWER = auto()
    """Say that this worker carries the name."""
    SAY_ONLINE = auto()
    """The broker remembers another's last words in place of this worker's: say it anew."""
    GIVE_UP = auto()
    """Another worker carries the name; `NameClaim.rival` is its claim."""


@dataclass
class NameClaim:
    boot: str
    is_held: bool = False
    rival: Claim | None = None
    _seems_taken: bool = False

    def connected(self) -> None:
        self._seems_taken = False

    def take_up(self) -> None:
        self.is_held = True

    def on_status(self, status: WorkerStatus) -> Move:
        """The last known status of the name, or a new one."""
        if status.boot == self.boot:
            # A will of this worker's own broken connection, come late. Its goodbye is said after the claim is dropped.
            return Move.SAY_ONLINE if self.is_held and status.state == "offline" else Move.NOTHING
        if not self.is_held:
            self._seems_taken = status.state == "online"
            return Move.NOTHING
        return Move.SAY_ONLINE if status.state == "offline" else Move.ANSWER

    def on_claim(self, claim: Claim) -> Move:
        """A claim to the name: this worker's own comes back too, and by then the last known status has come."""
        if claim.boot == self.boot:
            return Move.NOTHING if self.is_held else Move.WAIT if self._seems_taken else Move.TAKE_UP
        if self._gives_way_to(claim):
            self.rival = claim
            return Move.GIVE_UP
        return Move.ANSWER if self.is_held else Move.NOTHING

    def _gives_way_to(self, claim: Claim) -> bool:
        """Who carries the name keeps it; of two who both do or both do not, the one that started first."""
        if claim.held != self.is_held:
            return claim.held
        return claim.boot < self.boot
