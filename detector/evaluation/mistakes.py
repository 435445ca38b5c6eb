"""Every way in which a result falls short of the truth, one entry each, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from detector.evaluation.alert_outcomes import AlertOutcome, Clearing, Wrong
from detector.evaluation.found import FoundStay
from detector.evaluation.outcomes import ClipOutcome, Link, Said, StayOutcome, VerdictOutcome
from detector.evaluation.truth import StayTruth


class MistakeKind(StrEnum):
    """In the order they are shown: what would send people out for nothing comes first."""

    WRONG_ALERT = "wrong_alert"
    SECOND_ALERT = "second_alert"
    LATE_ALERT = "late_alert"
    MISSED_ALERT = "missed_alert"
    """Called not locked, rightly, and yet nobody was told; where the verdict is at fault, that is the mistake."""
    WRONG_VERDICT = "wrong_verdict"
    INVENTED_STAY = "invented_stay"
    MISSED_STAY = "missed_stay"
    WRONG_LINK = "wrong_link"
    WRONG_CLEARING = "wrong_clearing"
    ABSTAINED = "abstained"
    """No error, but no help either."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """`why` is a code: of `Wrong`, `Link`, `Clearing` or `Said`, by kind; empty where the kind says it all."""

    kind: MistakeKind
    clip: str
    why: str
    true_index: int | None
    """Among the truth's stays."""
    found_number: int | None
    at_s: float
    """The moment of the clip to look at."""
    seconds: float | None = None
    """How late, where that is what is wrong."""


def mistakes_of(clips: Iterable[ClipOutcome]) -> tuple[Mistake, ...]:
    """Sorted by kind, then by clip and time."""
    order = list(MistakeKind)
    found = (mistake for clip in clips for mistake in _in_clip(clip))
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.clip, one.at_s)))


def _in_clip(clip: ClipOutcome) -> Iterator[Mistake]:
    name = clip.truth.clip
    for alert in clip.alerts:
        yield from _of_alert(name, alert)
    for stay in clip.stays:
        yield from _of_stay(name, stay)
    for one in clip.invented:
        yield Mistake(MistakeKind.INVENTED_STAY, name, "", None, one.found.number, one.found.parked_at_s)
    for old in clip.standing:
        if old.closed_wrongly and old.found is not None and old.found.gone_at_s is not None:
            why = Link.CLOSED_AT_OTHER_TIME if old.true.gone_at_s is not None else Link.CLOSED_BUT_NOT_TAKEN
            yield Mistake(MistakeKind.WRONG_LINK, name, why, old.index, old.found.number, old.found.gone_at_s)


def _of_alert(clip: str, one: AlertOutcome) -> Iterator[Mistake]:
    number, at_s = one.found.number, one.alert.raised_at_s
    if one.wrong is not None:
        kind = MistakeKind.SECOND_ALERT if one.wrong is Wrong.SECOND else MistakeKind.WRONG_ALERT
        yield Mistake(kind, clip, one.wrong, one.true_index, number, at_s)
    if one.late:
        yield Mistake(MistakeKind.LATE_ALERT, clip, "", one.true_index, number, at_s, one.delay_s)
    if one.clearing not in {None, Clearing.RIGHT}:
        cleared_s = at_s if one.alert.cleared_at_s is None else one.alert.cleared_at_s
        yield Mistake(MistakeKind.WRONG_CLEARING, clip, str(one.clearing), one.true_index, number, cleared_s)


def _of_stay(clip: str, stay: StayOutcome) -> Iterator[Mistake]:
    true, found = stay.true, stay.found
    if found is None:
        if stay.asked and true.parked_at_s is not None:
            yield Mistake(MistakeKind.MISSED_STAY, clip, "", stay.index, None, true.parked_at_s)
        return
    if stay.link not in {None, Link.RIGHT, Link.DROP_MISSED}:
        yield Mistake(MistakeKind.WRONG_LINK, clip, str(stay.link), stay.index, found.number, _end_s(true, found))
    if stay.alert_wanted and not stay.told and stay.first is not None and stay.first.right:
        at_s = true.left_at_s if true.left_at_s is not None else found.parked_at_s
        yield Mistake(MistakeKind.MISSED_ALERT, clip, "", stay.index, found.number, at_s)
    wrong = next((one for one in (stay.first, stay.final) if one is not None and _is_wrong(one)), None)
    if wrong is not None and wrong.verdict is not None:
        at_s = wrong.verdict.at_s
        yield Mistake(MistakeKind.WRONG_VERDICT, clip, wrong.said, stay.index, found.number, at_s)
    elif stay.first is not None and stay.first.asked and stay.first.said in {Said.UNSURE, Said.NONE}:
        at_s = true.left_at_s if true.left_at_s is not None else found.parked_at_s
        yield Mistake(MistakeKind.ABSTAINED, clip, stay.first.said, stay.index, found.number, at_s)


def _is_wrong(one: VerdictOutcome) -> bool:
    """A verdict of unlocked counts wherever it was given, others only where one was asked for: as the figures do."""
    said_something = one.said in {Said.LOCKED, Said.UNLOCKED}
    return said_something and not one.right and (one.asked or one.said is Said.UNLOCKED)


def _end_s(true: StayTruth, found: FoundStay) -> float:
    ends = (found.gone_at_s, true.gone_at_s)
    return next((one for one in ends if one is not None), found.parked_at_s)
