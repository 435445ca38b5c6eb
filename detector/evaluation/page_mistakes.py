"""One mistake as the page shows it: what is true, what was said, when, and the pictures of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detector.boxes import XyxyPx
from detector.evaluation import words
from detector.evaluation.drawings import Box, Lanes, Place, boxes_within, lanes_of, place_of
from detector.evaluation.found import FoundStay, FoundVerdict
from detector.evaluation.mistakes import MistakeKind
from detector.evaluation.moments import Case, crop_of, moments_of
from detector.evaluation.outcomes import Said
from detector.evaluation.pictures import Pictures, Wanted
from detector.evaluation.truth import StayTruth
from detector.vocabulary import LockState, LockVerdict, ReasonCode
from detector.words import CLEARED as CLEARED_BECAUSE
from detector.words import Words, reasons_in_words

GRAVE = {MistakeKind.WRONG_ALERT, MistakeKind.SECOND_ALERT, MistakeKind.MISSED_ALERT, MistakeKind.WRONG_VERDICT}
KNOWN_CODES = frozenset(code.value for code in ReasonCode)


@dataclass(frozen=True, slots=True)
class Shot:
    caption: Words
    time: str
    uri: str


@dataclass(frozen=True, slots=True)
class MistakeView:
    """`shots` is empty where there is no footage; `place` draws it instead."""

    tone: str
    clip: str
    group: Words
    time: str
    said: Words
    true: Words
    found: Words
    reasons: list[Words]
    lanes: Lanes
    shots: list[Shot]
    crop: XyxyPx
    boxes: list[Box]
    place: Place
    why_drawn: Words | None
    """Why there are no pictures although there is footage."""


def wanted_of(case: Case) -> list[Wanted]:
    crop = crop_of(case)
    return [Wanted(moment.at_s, crop) for moment in moments_of(case)]


def view_of(case: Case, pictures: Pictures) -> MistakeView:
    mistake, crop = case.mistake, crop_of(case)
    said = words.WHAT_HAPPENED[(mistake.kind, mistake.why)]
    return MistakeView(
        tone="unlocked"
        if mistake.kind in GRAVE
        else ("unjudged" if mistake.kind is MistakeKind.ABSTAINED else "unsure"),
        clip=Path(mistake.clip).stem,
        group=words.group_named(case.clip.truth.group),
        time=words.clip_moment(mistake.at_s),
        said=said if mistake.seconds is None else said.about(mistake.seconds),
        true=_true_in_words(case.true),
        found=_found_in_words(case.found),
        reasons=_reasons(case),
        lanes=lanes_of(case),
        shots=_shots(case, pictures.jpegs, crop),
        crop=crop,
        boxes=boxes_within(case, crop),
        place=place_of(case),
        why_drawn=words.WHY_DRAWN.get(pictures.why_none),
    )


def _shots(case: Case, jpegs: Mapping[Wanted, bytes], crop: XyxyPx) -> list[Shot]:
    return [
        Shot(moment.caption, words.clip_moment(moment.at_s), _data_uri(jpegs[Wanted(moment.at_s, crop)]))
        for moment in moments_of(case)
        if Wanted(moment.at_s, crop) in jpegs
    ]


def _true_in_words(true: StayTruth | None) -> Words:
    if true is None:
        return words.NOTHING
    ending = words.STAYS_TO_END if true.gone_at_s is None else words.at(words.TAKEN, true.gone_at_s)
    if true.parked_at_s is None:
        return words.joined([words.STOOD_BEFORE, ending])
    parts = [words.at(words.PARKED, true.parked_at_s)]
    parts.append(words.RIDER_STAYS if true.left_at_s is None else words.at(words.LEFT, true.left_at_s))
    if true.left_at_s is not None:
        parts.append(words.LOCKED if true.locked else words.NOT_LOCKED)
    if true.locked_at_s is not None and not true.locked:
        parts.append(words.at(words.LOCK_CLOSED, true.locked_at_s))
    kinds = [(true.shared, words.SHARED), (true.kind == "motorcycle", words.MOTORCYCLE)]
    return words.joined([*parts, *(name for holds, name in kinds if holds), ending])


def _found_in_words(found: FoundStay | None) -> Words:
    if found is None:
        return words.NOTHING
    first = words.STOOD_BEFORE if found.preexisting else words.at(words.PARKED, found.parked_at_s)
    parts = [first, *_optional(words.LEFT, found.left_at_s), *map(_verdict_in_words, found.verdicts)]
    for alert in found.alerts:
        parts.append(words.at(words.ALERT, alert.raised_at_s))
        if alert.cleared_at_s is not None and alert.clear_reason is not None:
            parts.append(_because(words.at(words.CLEARED, alert.cleared_at_s), CLEARED_BECAUSE[alert.clear_reason]))
    parts += _optional(words.SAID_GONE, found.gone_at_s) or [words.SAID_STAYS]
    return words.joined(parts)


def _optional(name: Words, at_s: float | None) -> list[Words]:
    return [] if at_s is None else [words.at(name, at_s)]


def _verdict_in_words(verdict: FoundVerdict) -> Words:
    said, chance = words.SAID[Said(verdict.state)], verdict.p_unlocked
    about = words.at(words.JUDGED, verdict.at_s)
    more = "" if chance is None else f", {100 * chance:.0f} %"
    return Words(f"{about.en}: {said.en}{more}", f"{about.zh}：{said.zh}{more.replace(', ', '，')}")


def _because(what: Words, why: Words) -> Words:
    return Words(f"{what.en} ({why.en})", f"{what.zh}（{why.zh}）")


def _reasons(case: Case) -> list[Words]:
    """Those of the verdict in force at that moment, or of the first one; a code not known here is left out."""
    if case.found is None or not case.found.verdicts:
        return []
    verdicts = case.found.verdicts
    verdict = next((one for one in reversed(verdicts) if one.at_s <= case.mistake.at_s), verdicts[0])
    known = {ReasonCode(code): number for code, number in verdict.reasons.items() if code in KNOWN_CODES}
    return reasons_in_words(LockVerdict(LockState(verdict.state), verdict.p_unlocked, known))


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
