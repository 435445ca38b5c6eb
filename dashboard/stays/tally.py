"""What the camera said of a day's bikes, and how often and why it could not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.alerts.reasons import DOUBTS, MIXED_SIGNS
from dashboard.stays.queries import Counted


@dataclass(frozen=True)
class Tally:
    """`doubts`: short words, each with how many stays it was said of, the most frequent first."""

    found: int
    standing: int
    unlocked: int
    locked: int
    unsure: int
    doubts: Sequence[tuple[str, int]]

    @property
    def judged(self) -> int:
        return self.unlocked + self.locked + self.unsure

    @property
    def unsure_share(self) -> float | None:
        """Of the judged, 0 to 1; None where none was."""
        return self.unsure / self.judged if self.judged else None


def tally(counted: Iterable[Counted], reasons: Iterable[Mapping[str, float]]) -> Tally:
    """Add up; `reasons` are those of the stays of which the camera cannot tell, each of which may have several."""
    found: Counter[str | None] = Counter()
    standing = 0
    for group in counted:
        found[group.verdict_state] += group.number
        standing += group.number * group.stands
    doubts = Counter(word for one in reasons for word in _doubts(one))
    return Tally(
        found=found.total(),
        standing=standing,
        unlocked=found["unlocked"],
        locked=found["locked"],
        unsure=found["unsure"],
        doubts=doubts.most_common(),
    )


def by_rack(counted: Sequence[Counted], unsure: Sequence[tuple[int, Mapping[str, float]]]) -> dict[int, Tally]:
    """One tally for each rack that had a bike, by the rack's id."""
    return {
        rack_id: tally(
            [group for group in counted if group.rack_id == rack_id],
            [reasons for where, reasons in unsure if where == rack_id],
        )
        for rack_id in {group.rack_id for group in counted}
    }


def _doubts(reasons: Mapping[str, float]) -> list[str]:
    return [word for code, word in DOUBTS.items() if code in reasons] or [MIXED_SIGNS]
