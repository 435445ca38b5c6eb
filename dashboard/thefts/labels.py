"""Which places of a picture can be named without names lying on each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from dashboard.thefts.where import Spot

GLYPH, WIDE_GLYPH, LINE, PIN = 1.15, 2.0, 4.0, 2.2
"""Widths and heights in percent of a picture some 640 px wide; wide glyphs are Chinese ones."""
ASCII = 128
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    spot: Spot
    name: str
    leftwards: bool
    """The name ends at the pin: there is no room to its right."""


def labels_of(spots: Sequence[Spot], name_of: Callable[[Hashable], str]) -> list[Label]:
    """A name beside each numbered pin, the hottest first; one that would cover a pin or another name is left out."""
    numbered = sorted((spot for spot in spots if spot.rank is not None), key=lambda spot: spot.rank or 0)
    taken = [_around(spot) for spot in numbered]
    labels: list[Label] = []
    for spot in numbered:
        name = name_of(spot.place)
        for leftwards, box in _boxes(spot, name):
            if box[0] >= 0 and box[2] <= 100 and not any(_overlap(box, other) for other in taken):  # noqa: PLR2004
                taken.append(box)
                labels.append(Label(spot, name, leftwards))
                break
    return labels


def _around(spot: Spot) -> Box:
    return spot.left - PIN / 2, spot.top - PIN, spot.left + PIN / 2, spot.top + PIN


def _boxes(spot: Spot, name: str) -> Iterator[tuple[bool, Box]]:
    width = sum(GLYPH if ord(glyph) < ASCII else WIDE_GLYPH for glyph in name)
    top, bottom = spot.top - LINE / 2, spot.top + LINE / 2
    yield False, (spot.left + PIN, top, spot.left + PIN + width, bottom)
    yield True, (spot.left - PIN - width, top, spot.left - PIN, bottom)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
