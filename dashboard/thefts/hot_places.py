"""Which few places hold most of the cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HotPlace:
    place: Hashable
    count: int
    share: float
    cumulative: float
    """Share of this and all hotter places in all cases, 0–1."""


def hot_places(places: Sequence[Hashable]) -> list[HotPlace]:
    """Every place with its cases, the hottest first; equal ones in the order of first appearance."""
    ranked: list[HotPlace] = []
    so_far = 0
    for place, count in Counter(places).most_common():
        so_far += count
        ranked.append(HotPlace(place, count, count / len(places), so_far / len(places)))
    return ranked
