"""What a still scene was last seen to hold. Pure: no picture, no clock.

A model never finds quite the same in two pictures of one scene: boxes tremble, faint ones flicker. So it is not the last
look that stands while nothing moves, but the last few, one after the other: what is told of a bike stays as uncertain as
it is, and a bike that was missed once by chance does not count as gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from detector.boxes import iou
from detector.vocabulary import Detection, Kind

MOST_LOOKS = 12
SURE = {Kind.PERSON: 0.35, Kind.BICYCLE: 0.5, Kind.MOTORCYCLE: 0.5}
"""From this score on a box that nobody has seen before is news."""
SAME_IOU = 0.35
LEAST_LOOKS = 3
"""A box that was found in all of the last looks, so many at least, and now is not, is news too."""


class Standing:
    """The last looks at a scene that has not changed since. Each look is all boxes of one picture."""

    def __init__(self) -> None:
        self._looks: deque[list[Detection]] = deque(maxlen=MOST_LOOKS)
        self._turn = 0

    def start_anew(self) -> None:
        """Something moves: what was seen before counts for nothing."""
        self._looks.clear()

    def see(self, look: list[Detection]) -> None:
        self._looks.append(look)

    def again(self) -> list[Detection] | None:
        """The next of the looks, over and over; None where there is none."""
        if not self._looks:
            return None
        self._turn += 1
        return list(self._looks[self._turn % len(self._looks)])

    def differs(self, look: Sequence[Detection]) -> bool:
        """Whether this look shows what none of the others did, or misses what all of them showed."""
        if not self._looks:
            return True
        new = any(_is_sure(one) and not any(_holds(known, one) for known in self._looks) for one in look)
        return new or self._is_missed(look)

    def _is_missed(self, look: Sequence[Detection]) -> bool:
        if len(self._looks) < LEAST_LOOKS:
            return False
        always = [one for one in self._looks[-1] if _is_sure(one) and all(_holds(known, one) for known in self._looks)]
        return any(not _holds(look, one) for one in always)


def _is_sure(one: Detection) -> bool:
    return one.score >= SURE[one.kind]


def _holds(look: Sequence[Detection], sought: Detection) -> bool:
    """Whether a look has this box, however faint; an e-bike may be taken for a bicycle."""
    is_person = sought.kind is Kind.PERSON
    return any((one.kind is Kind.PERSON) is is_person and iou(one.xyxy_px, sought.xyxy_px) >= SAME_IOU for one in look)
