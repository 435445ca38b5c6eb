"""What is remembered of one stay, as text: everything that decides later. `stay_store.py` says where it is kept.

The stay is kept whole, as its classes are: a field added to one of them is remembered without a word here, and an older
memory, which lacks it, gets its default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.appearance import Look
from detector.boxes import XyxyPx
from detector.errors import CannotReadError
from detector.open_stays import OpenStay
from detector.pictured import Pictured
from detector.places import is_inside
from detector.reminders import Reminder
from detector.vocabulary import LockVerdict, Rack

ROUGHLY_SAME = 0.5
"""Two outlines that share this part of what either encloses are one rack, drawn anew."""
GRID = 64


class RememberedStay(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    """Of the picture that all boxes are in."""
    place: OpenStay
    look: Look | None = None
    pictured: Pictured | None = None
    verdict: LockVerdict | None = None
    reminder: Reminder | None = None
    """The open one."""
    reminded: bool = False
    """Whether there ever was one."""
    untold: bool = False
    """The reminder was decided on, and whether it was told is not known."""

    def to_text(self) -> str:
        return self.model_dump_json()

    def place_in(self, width_px: int, height_px: int) -> OpenStay:
        """The stay with its boxes in a picture of this size."""
        if (width_px, height_px) == (self.width_px, self.height_px):
            return self.place
        return _scaled(self.place, width_px / self.width_px, height_px / self.height_px)


def remembered_from(text: str) -> RememberedStay:
    """Read what `to_text` wrote.

    Raises:
        CannotReadError: it is not that, or was written by a version that remembers otherwise.
    """
    try:
        return RememberedStay.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise CannotReadError(f"what was remembered of a stay is not readable: {where}: {first['msg']}") from error


def rack_today(rack: Rack, racks: Sequence[Rack]) -> Rack | None:
    """Which rack of today's configuration this remembered one is: the same id and roughly the same outline."""
    same_id = next((one for one in racks if one.rack_id == rack.rack_id), None)
    return same_id if same_id is not None and _shared(same_id, rack) >= ROUGHLY_SAME else None


@cache
def _shared(one: Rack, other: Rack) -> float:
    """Shared part of what two outlines enclose, 0 to 1, by a grid of points."""
    if one.outline_norm == other.outline_norm:
        return 1.0
    points = [((x + 0.5) / GRID, (y + 0.5) / GRID) for x in range(GRID) for y in range(GRID)]
    inside = [(is_inside(point, one.outline_norm), is_inside(point, other.outline_norm)) for point in points]
    return sum(a and b for a, b in inside) / max(1, sum(a or b for a, b in inside))


def _scaled(place: OpenStay, across: float, down: float) -> OpenStay:
    def scale(box: XyxyPx) -> XyxyPx:
        return XyxyPx(box.left * across, box.top * down, box.right * across, box.bottom * down)

    attendance = replace(
        place.attendance,
        bike_px=scale(place.attendance.bike_px),
        frames=[
            replace(one, people=tuple((who, scale(box)) for who, box in one.people)) for one in place.attendance.frames
        ],
        standing=[scale(box) for box in place.attendance.standing],
    )
    return replace(place, box_px=scale(place.box_px), attendance=attendance)
