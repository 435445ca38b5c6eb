"""Builders for one small clip: truths and what was found, said in few words."""

from __future__ import annotations

from typing import Any

from detector.boxes import XyxyNorm
from detector.evaluation.found import ClearReason, FoundAlert, FoundClip, FoundStay, FoundVerdict, State
from detector.evaluation.truth import ClipTruth, StayTruth

PLACES = [XyxyNorm(left, 0.4, round(left + 0.11, 2), 0.6) for left in (0.1, 0.3, 0.5, 0.7, 0.88)]
"""Five places in a row that do not overlap; 110 px wide in a clip of 1000."""


def truth(*stays: StayTruth, **more: object) -> ClipTruth:
    facts: dict[str, Any] = {
        "clip": "yard.mp4",
        "scenario": "yard.toml",
        "fps": 10,
        "width": 1000,
        "height": 500,
        "duration_s": 100.0,
        "rendered": True,
        "racks": (),
    }
    return ClipTruth(stays=stays, **(facts | more))


def parked(place: int = 0, **more: object) -> StayTruth:
    """Somebody parks at 10 s, leaves at 20 s without locking, and the bike stays to the end."""
    facts: dict[str, Any] = {"xyxy_norm": PLACES[place], "parked_at_s": 10.0, "left_at_s": 20.0, "rider": 1}
    return StayTruth(**(facts | more))


def locked(place: int = 0, **more: object) -> StayTruth:
    return parked(place, locked=True, locked_at_s=15.0, lock="u_lock", **more)


def stood(place: int = 0, **more: object) -> StayTruth:
    facts: dict[str, Any] = {"xyxy_norm": PLACES[place], "preexisting": True}
    return StayTruth(**(facts | more))


def stay(place: int = 0, number: int = 1, **more: object) -> FoundStay:
    facts: dict[str, Any] = {"xyxy_norm": PLACES[place], "parked_at_s": 10.5, "left_at_s": 20.5}
    return FoundStay(number, **(facts | more))


def said(state: State, at_s: float = 24.0, p_unlocked: float | None = None) -> FoundVerdict:
    return FoundVerdict(at_s, state, p_unlocked)


def told(at_s: float = 24.0, cleared_s: float | None = None, reason: ClearReason | None = None) -> FoundAlert:
    return FoundAlert(at_s, cleared_s, reason)


def found(*stays: FoundStay) -> FoundClip:
    return FoundClip("yard", stays)
