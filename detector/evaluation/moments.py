"""Which moments of a mistake are worth a picture, and where in the picture to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detector.boxes import XyxyNorm, XyxyPx
from detector.evaluation import words
from detector.evaluation.found import FoundStay
from detector.evaluation.mistakes import Mistake
from detector.evaluation.outcomes import ClipOutcome
from detector.evaluation.truth import StayTruth
from detector.words import Words

MOST_MOMENTS = 7
TOGETHER_S = 0.35
"""Moments nearer than this are one picture with both captions."""
BEFORE_S = 3.0
ROOM_ABOVE = 1.6
"""The crop's height in bike heights, so that whoever stands there is on it."""
MARGIN = 0.3
SHAPE = 4 / 3


@dataclass(frozen=True, slots=True)
class Moment:
    at_s: float
    caption: Words


@dataclass(frozen=True, slots=True)
class Case:
    """A mistake with the two sides of it at hand."""

    mistake: Mistake
    clip: ClipOutcome
    true: StayTruth | None
    found: FoundStay | None


def case_of(mistake: Mistake, clip: ClipOutcome) -> Case:
    stays = clip.found.stays if clip.found else ()
    found = next((stay for stay in stays if stay.number == mistake.found_number), None)
    true = None if mistake.true_index is None else clip.truth.stays[mistake.true_index]
    return Case(mistake, clip, true, found)


def moments_of(case: Case) -> list[Moment]:
    """In order, at most a handful: what the truth says happened, and what was said of it."""
    last_s = case.clip.truth.duration_s
    inside = (Moment(min(max(0.0, one.at_s), last_s), one.caption) for one in _moments(case))
    merged: list[Moment] = []
    for one in sorted(inside, key=lambda moment: moment.at_s):
        if merged and one.at_s - merged[-1].at_s < TOGETHER_S:
            merged[-1] = Moment(merged[-1].at_s, words.joined([merged[-1].caption, one.caption]))
        else:
            merged.append(one)
    return merged[:MOST_MOMENTS]


def _moments(case: Case) -> Iterator[Moment]:
    true, found = case.true, case.found
    visit = true is not None and true.parked_at_s is not None
    if true is not None:
        yield from _of_truth(true)
    if found is None:
        return
    if not visit:
        yield Moment(found.parked_at_s - BEFORE_S, words.BEFORE)
        yield Moment(found.parked_at_s, words.PARKED)
    for verdict in found.verdicts[:1]:
        yield Moment(verdict.at_s, words.JUDGED)
    for alert in found.alerts:
        yield Moment(alert.raised_at_s, words.ALERT)
        if alert.cleared_at_s is not None:
            yield Moment(alert.cleared_at_s, words.CLEARED)
    if found.gone_at_s is not None:
        yield Moment(found.gone_at_s, words.SAID_GONE)


def _of_truth(true: StayTruth) -> Iterator[Moment]:
    if true.parked_at_s is not None:
        yield Moment(true.parked_at_s, words.PARKED)
        if true.left_at_s is not None:
            yield Moment((true.parked_at_s + true.left_at_s) / 2, words.AT_THE_BIKE)
    for at_s, caption in ((true.left_at_s, words.LEFT), (true.gone_at_s, words.TAKEN)):
        if at_s is not None:
            yield Moment(at_s, caption)
    if true.locked_at_s is not None and true.left_at_s is not None and true.locked_at_s > true.left_at_s:
        yield Moment(true.locked_at_s, words.LOCK_CLOSED)


def crop_of(case: Case) -> XyxyPx:
    """A 4:3 part of the picture around both boxes with room for people, in whole pixels, all of it inside if it can be."""
    truth = case.clip.truth
    boxes = [box.to_px(truth.width, truth.height) for box in boxes_of(case)]
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    margin = MARGIN * max(right - left, bottom - top)
    tall = max(ROOM_ABOVE * (bottom - top) + margin, (right - left + 2 * margin) / SHAPE)
    height = min(float(truth.height), tall, truth.width / SHAPE)
    width = height * SHAPE
    x = min(max(0.0, (left + right - width) / 2), truth.width - width)
    y = min(max(0.0, bottom + margin - height), truth.height - height)
    return XyxyPx(*(float(round(side)) for side in (x, y, x + width, y + height)))


def boxes_of(case: Case) -> list[XyxyNorm]:
    """The true box first, then the found one; either may be missing, never both."""
    true = [] if case.true is None else [XyxyNorm(*case.true.xyxy_norm)]
    return true + ([] if case.found is None else [case.found.xyxy_norm])
