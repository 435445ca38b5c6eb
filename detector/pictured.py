"""What the pictures of one stay told, and what they come to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from detector.boxes import XyxyPx
from detector.lock_views import LEAST_SIGHTINGS, LockBox, LockViews, Phase
from detector.vocabulary import LockEvidence


@dataclass(frozen=True, slots=True)
class LockLook:
    """The locks found in one usable view of a bike, all in pixels of the same crop."""

    bike_px: XyxyPx
    locks: tuple[LockBox, ...]


@dataclass(slots=True)
class Pictured:
    """What the pictures of one stay told, but for skeletons: small enough to be kept over a restart."""

    fleets: tuple[str, ...] = ()
    marks: list[tuple[float, ...]] = field(default_factory=list)
    """For each free view, how much it speaks for each of `fleets`, 0 to 1."""
    arriving: list[LockLook] = field(default_factory=list)
    parked: list[LockLook] = field(default_factory=list)
    """Since the last visit."""
    visits: int = 0

    def return_visit(self, visits: int) -> None:
        """Somebody came back: what was locked or not before says nothing any more."""
        if visits > self.visits:
            self.visits, self.parked = visits, []


def with_locks(evidence: LockEvidence, pictured: Pictured) -> LockEvidence:
    """Where a ring lock is fitted to the bike, that no other lock is seen says nothing."""
    views = LockViews()
    for phase, looks in ((Phase.ARRIVING, pictured.arriving), (Phase.PARKED, pictured.parked)):
        for look in looks:
            views.add(phase, look.bike_px, look.locks)
    count = views.count()
    silent = count.fitted >= LEAST_SIGHTINGS and not count.seen
    told = 0 if silent else count.views
    return replace(evidence, lock_views=told, lock_seen=count.seen, lock_carried=count.carried)
