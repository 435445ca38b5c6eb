"""Geometry of the page's drawings, in the units of their view boxes: what happened when, where, and how sure it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detector.boxes import XyxyNorm, XyxyPx
from detector.evaluation.calibration import Bin, Calibration
from detector.evaluation.found import FoundStay
from detector.evaluation.moments import Case, boxes_of
from detector.evaluation.truth import StayTruth
from detector.words import clip_time

ACROSS = 1000
"""A timeline's width."""
THINNEST = 4
TICKS_WANTED = 5
TICK_STEPS_S = (5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
PLOT = 100
"""The reliability plot's sides."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of one lane; `tone` is a class of the style sheet."""

    tone: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    percent: float
    text: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """What is true over what was said, over the part of the clip that matters."""

    true: list[Bar]
    found: list[Bar]
    ticks: list[Tick]


def lanes_of(case: Case) -> Lanes:
    start_s, end_s = _shown(case)
    true = [] if case.true is None else list(_true_bars(case.true, end_s))
    found = [] if case.found is None else list(_found_bars(case.found, end_s))

    def placed(bars: list[tuple[str, float, float]]) -> list[Bar]:
        return [one for one in (_placed(bar, start_s, end_s) for bar in bars) if one is not None]

    return Lanes(placed(true), placed(found), list(_ticks(start_s, end_s)))


def _shown(case: Case) -> tuple[float, float]:
    """From a little before the first thing that happened to a little after the last."""
    moments = [*_true_moments(case.true), *_found_moments(case.found), case.mistake.at_s]
    first, last = min(moments), max(moments)
    around = max(5.0, 0.15 * (last - first))
    end_s = min(case.clip.truth.duration_s, last + around)
    return max(0.0, min(first - around, end_s - 1)), end_s


def _true_moments(true: StayTruth | None) -> list[float]:
    if true is None:
        return []
    return [one for one in (true.parked_at_s, true.left_at_s, true.locked_at_s, true.gone_at_s) if one is not None]


def _found_moments(found: FoundStay | None) -> list[float]:
    if found is None:
        return []
    told = [at_s for one in found.alerts for at_s in (one.raised_at_s, one.cleared_at_s) if at_s is not None]
    ends = [one for one in (found.left_at_s, found.gone_at_s) if one is not None]
    return [found.parked_at_s, *ends, *(one.at_s for one in found.verdicts), *told]


def _true_bars(true: StayTruth, clip_end_s: float) -> Iterator[tuple[str, float, float]]:
    since = 0.0 if true.parked_at_s is None else true.parked_at_s
    end_s = clip_end_s if true.gone_at_s is None else true.gone_at_s
    if true.preexisting:
        yield "unjudged", since, end_s
        return
    left_s = end_s if true.left_at_s is None else true.left_at_s
    yield "attended", since, left_s
    if true.locked or true.locked_at_s is None:
        yield "locked" if true.locked else "unlocked", left_s, end_s
        return
    yield "unlocked", left_s, true.locked_at_s
    yield "locked", true.locked_at_s, end_s


def _found_bars(found: FoundStay, clip_end_s: float) -> Iterator[tuple[str, float, float]]:
    end_s = clip_end_s if found.gone_at_s is None else found.gone_at_s
    until_s = found.verdicts[0].at_s if found.verdicts else end_s
    attended_s = found.parked_at_s if found.left_at_s is None else min(found.left_at_s, until_s)
    yield "attended", found.parked_at_s, attended_s
    yield "unjudged", attended_s, until_s
    for number, verdict in enumerate(found.verdicts):
        following = found.verdicts[number + 1 :]
        yield verdict.state, verdict.at_s, following[0].at_s if following else end_s
    for alert in found.alerts:
        yield "alert", alert.raised_at_s, alert.raised_at_s


def _placed(bar: tuple[str, float, float], start_s: float, end_s: float) -> Bar | None:
    tone, since, until = bar
    since, until = max(since, start_s), min(until, end_s)
    if until < since or (until == since and tone != "alert"):
        return None
    scale = ACROSS / (end_s - start_s)
    width = max(THINNEST, (until - since) * scale)
    return Bar(tone, round(min((since - start_s) * scale, ACROSS - width), 1), round(width, 1))


def _ticks(start_s: float, end_s: float) -> Iterator[Tick]:
    length_s = end_s - start_s
    step = next((step for step in TICK_STEPS_S if length_s / step <= TICKS_WANTED), TICK_STEPS_S[-1])
    second = -(-int(start_s) // step) * step
    while second <= end_s:
        percent = 100 * (second - start_s) / length_s
        if 0 <= percent <= 96:  # noqa: PLR2004 -- a label further right would be cut off
            yield Tick(round(percent, 1), clip_time(second))
        second += step


@dataclass(frozen=True, slots=True)
class Box:
    """A box in its drawing's units, `tone` `true`, `found` or `other`."""

    tone: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Place:
    """The racks as a drawing, with the bikes standing there, the true and the found box. In pixels of the picture."""

    view: str
    """The part of the picture that is drawn, as an SVG view box."""
    outlines: list[str]
    boxes: list[Box]


def place_of(case: Case) -> Place:
    truth, mistake = case.clip.truth, case.mistake
    others = (
        _box("other", XyxyNorm(*stay.xyxy_norm).to_px(truth.width, truth.height))
        for index, stay in enumerate(truth.stays)
        if index != mistake.true_index and _stands(stay, mistake.at_s)
    )
    racks = [[(x * truth.width, y * truth.height) for x, y in rack.outline_norm] for rack in truth.racks]
    outlines = [" ".join(f"{x:.0f},{y:.0f}" for x, y in corners) for corners in racks]
    boxes = [*others, *boxes_within(case, XyxyPx(0, 0, truth.width, truth.height))]
    return Place(_view(racks, boxes), outlines, boxes)


def _view(racks: list[list[tuple[float, float]]], boxes: list[Box]) -> str:
    """Around all that is drawn, with a margin."""
    corners = [corner for rack in racks for corner in rack]
    corners += [(box.x + x * box.width, box.y + y * box.height) for box in boxes for x, y in ((0, 0), (1, 1))]
    left, top = (min(sides) for sides in zip(*corners, strict=True))
    right, bottom = (max(sides) for sides in zip(*corners, strict=True))
    margin = 0.08 * max(right - left, bottom - top)
    return f"{left - margin:.0f} {top - margin:.0f} {right - left + 2 * margin:.0f} {bottom - top + 2 * margin:.0f}"


def boxes_within(case: Case, crop_px: XyxyPx) -> list[Box]:
    """The true and the found box as they lie in a crop of the picture."""
    truth = case.clip.truth
    tones = [name for name, there in (("true", case.true), ("found", case.found)) if there is not None]
    boxes = (box.to_px(truth.width, truth.height) for box in boxes_of(case))
    return [
        _box(
            tone,
            XyxyPx(box.left - crop_px.left, box.top - crop_px.top, box.right - crop_px.left, box.bottom - crop_px.top),
        )
        for tone, box in zip(tones, boxes, strict=True)
    ]


def _box(tone: str, box: XyxyPx) -> Box:
    return Box(tone, round(box.left, 1), round(box.top, 1), round(box.width, 1), round(box.height, 1))


def _stands(stay: StayTruth, at_s: float) -> bool:
    since = 0.0 if stay.parked_at_s is None else stay.parked_at_s
    return since <= at_s and (stay.gone_at_s is None or at_s < stay.gone_at_s)


@dataclass(frozen=True, slots=True)
class Dot:
    """One bin of the reliability plot: where it is, its interval, and how many verdicts it stands for."""

    x: float
    y: float
    top: float
    bottom: float
    radius: float
    bar: float
    """Height of its column in the histogram, 0 to 1."""
    n: int


def dots_of(calibration: Calibration) -> list[Dot]:
    most = max((one.observed.n for one in calibration.bins), default=1)
    return [_dot(one, most) for one in calibration.bins]


def _dot(one: Bin, most: int) -> Dot:
    rate, low, high = one.observed.rate, one.observed.low, one.observed.high
    assert rate is not None, "a bin is not empty"
    assert low is not None, "a bin is not empty"
    assert high is not None, "a bin is not empty"
    share = one.observed.n / most
    x, y, top, bottom = (round(PLOT * value, 2) for value in (one.mean, 1 - rate, 1 - high, 1 - low))
    return Dot(x, y, top, bottom, round(1.6 + 2.2 * share**0.5, 2), round(share, 3), one.observed.n)
