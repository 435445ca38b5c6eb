"""What the line said of one clip, in seconds of the clip: the other side that the truth is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from broker_bridge.messages import AboutStay, AlertMessage, StayMessage, UpMessage
from detector.boxes import XyxyNorm

State = Literal["locked", "unlocked", "unsure"]
Kind = Literal["bicycle", "motorcycle"]
ClearReason = Literal["locked", "gone", "expired"]


@dataclass(frozen=True, slots=True)
class FoundVerdict:
    at_s: float
    state: State
    p_unlocked: float | None = None
    reasons: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundAlert:
    """One alert, from raised to cleared (None: not within the clip)."""

    raised_at_s: float
    cleared_at_s: float | None = None
    clear_reason: ClearReason | None = None


@dataclass(frozen=True, slots=True)
class FoundStay:
    """One stay as it was last told. `number` is its place among the clip's stays, from 1."""

    number: int
    xyxy_norm: XyxyNorm
    parked_at_s: float
    left_at_s: float | None = None
    gone_at_s: float | None = None
    preexisting: bool = False
    kind: Kind = "bicycle"
    visit_certain: bool = True
    verdicts: tuple[FoundVerdict, ...] = ()
    """In the order they were given."""
    alerts: tuple[FoundAlert, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundClip:
    name: str
    stays: tuple[FoundStay, ...] = ()


def found_in_messages(name: str, messages: Iterable[UpMessage], start: datetime) -> FoundClip:
    """All that one clip's messages tell; `start` is the clip's first moment."""
    return FoundClip(name, tuple(stays_in_messages(messages, start).values()))


def stays_in_messages(messages: Iterable[UpMessage], start: datetime) -> dict[str, FoundStay]:
    """Stay ids to what was told of them, in the order they were opened; later messages win."""
    stays: dict[str, FoundStay] = {}
    for message in messages:
        if not isinstance(message, StayMessage | AlertMessage):
            continue
        before = stays.get(message.stay_id) or _new(message, len(stays) + 1, start)
        stays[message.stay_id] = _after(before, message, start)
    return stays


def seconds_after(start: datetime, moment: datetime) -> float:
    return (moment - start).total_seconds()


def _new(message: AboutStay, number: int, start: datetime) -> FoundStay:
    parked_s = seconds_after(start, message.parked_at)
    return FoundStay(number, XyxyNorm(*message.xyxy_norm), parked_s, kind=message.kind)


def _after(stay: FoundStay, message: StayMessage | AlertMessage, start: datetime) -> FoundStay:
    at_s, left_at = seconds_after(start, message.at), message.left_at
    stay = replace(
        stay,
        xyxy_norm=XyxyNorm(*message.xyxy_norm),
        parked_at_s=seconds_after(start, message.parked_at),
        left_at_s=stay.left_at_s if left_at is None else seconds_after(start, left_at),
    )
    return (
        _after_stay(stay, message, at_s, start)
        if isinstance(message, StayMessage)
        else _after_alert(stay, message, at_s)
    )


def _after_stay(stay: FoundStay, message: StayMessage, at_s: float, start: datetime) -> FoundStay:
    verdicts = stay.verdicts
    if message.event == "judged" and message.verdict is not None:
        said = message.verdict
        verdicts = (*verdicts, FoundVerdict(at_s, said.state, said.p_unlocked, said.reasons))
    gone_at_s = stay.gone_at_s
    if message.event == "closed":
        gone_at_s = at_s if message.gone_at is None else seconds_after(start, message.gone_at)
    return replace(
        stay,
        verdicts=verdicts,
        gone_at_s=gone_at_s,
        preexisting=message.preexisting,
        visit_certain=message.visit_certain,
    )


def _after_alert(stay: FoundStay, message: AlertMessage, at_s: float) -> FoundStay:
    if message.event == "raised":
        return replace(stay, alerts=(*stay.alerts, FoundAlert(at_s)))
    if message.event == "cleared" and stay.alerts:
        ended = replace(stay.alerts[-1], cleared_at_s=at_s, clear_reason=message.clear_reason)
        return replace(stay, alerts=(*stay.alerts[:-1], ended))
    return stay
