"""Figures over outcomes: how many of how many, how sure, how late. Counting only; what is right is decided before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from detector.evaluation.alert_outcomes import AlertOutcome, Clearing, Wrong
from detector.evaluation.calibration import Calibration, calibration_of
from detector.evaluation.intervals import Rate, rate_among, rate_of
from detector.evaluation.outcomes import (
    ClipOutcome,
    InventedStay,
    Link,
    Said,
    StandingOutcome,
    StayOutcome,
    VerdictOutcome,
)


@dataclass(frozen=True, slots=True)
class PerStay:
    """So many for so many true stays; may be over 1. The bounds are the exact Poisson 95 % interval's."""

    count: int
    stays: int
    ratio: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds; None where there are none."""

    n: int
    median: float | None
    p95: float | None
    largest: float | None


@dataclass(frozen=True, slots=True)
class StayFigures:
    recall: Rate
    """Of the bikes somebody parked in the clip."""
    invented: PerStay
    right_bike: Rate
    """Of the found ones: no other bike standing there fits the box better."""
    standing: Rate
    """Found, of the bikes that stood there before."""
    parked_error_s: Spread
    """How far off, either way."""
    not_asked: int
    """Parked too near to the clip's end to count."""


@dataclass(frozen=True, slots=True)
class LinkFigures:
    drop: Rate
    """First half: the drop found, of all bikes that were dropped and taken in the clip."""
    link: Rate
    """Both halves: also closed by the true take, which closed nothing else."""
    kept: Rate
    """Of the found visits whose bike stays to the end: not closed."""
    standing_kept: Rate
    """The same for the bikes that stood there before."""
    wrong: dict[str, int]
    not_asked: int
    """Taken too near to the clip's end to count."""


@dataclass(frozen=True, slots=True)
class VerdictFigures:
    precision: Rate
    """Of the visits called unlocked, invented ones included: truly so when it was said."""
    recall: Rate
    """Of the bikes truly left unlocked, missed stays included: called so."""
    abstention: Rate
    """Of the found ones: unsure, or no verdict at all."""
    locked_recall: Rate
    confusion: dict[str, dict[str, int]]
    """Truth to what was said; `invented` is what was said of visits that did not happen."""


@dataclass(frozen=True, slots=True)
class AlertFigures:
    raised: int
    right: Rate
    wrong: dict[str, int]
    wanted: Rate
    """Of the bikes that stood unlocked long enough: told of."""
    second: int
    clips: int
    per_clip: float | None
    quiet_clips: int
    """Clips in which nobody parks."""
    on_quiet_clips: int
    delay_s: Spread
    late: int
    cleared_rightly: Rate
    cleared_without_cause: int
    lock_time_error_s: Spread


@dataclass(frozen=True, slots=True)
class Figures:
    clips: int
    missing_results: int
    stays: StayFigures
    links: LinkFigures
    first_verdict: VerdictFigures
    final_verdict: VerdictFigures
    calibration: Calibration
    alerts: AlertFigures


@dataclass(frozen=True, slots=True)
class Tally:
    """The outcomes that figures are made of: of all clips, of a group, or of the bikes of some width."""

    clips: tuple[ClipOutcome, ...]
    stays: tuple[StayOutcome, ...]
    standing: tuple[StandingOutcome, ...]
    invented: tuple[InventedStay, ...]
    alerts: tuple[AlertOutcome, ...]

    def of_width(self, least_px: float, below_px: float) -> Tally:
        def fits(one: StayOutcome | StandingOutcome | InventedStay | AlertOutcome) -> bool:
            return least_px <= one.width_px < below_px

        return Tally(
            self.clips,
            tuple(filter(fits, self.stays)),
            tuple(filter(fits, self.standing)),
            tuple(filter(fits, self.invented)),
            tuple(filter(fits, self.alerts)),
        )


def tally_of(clips: Sequence[ClipOutcome]) -> Tally:
    return Tally(
        tuple(clips),
        tuple(one for clip in clips for one in clip.stays),
        tuple(one for clip in clips for one in clip.standing),
        tuple(one for clip in clips for one in clip.invented),
        tuple(one for clip in clips for one in clip.alerts),
    )


def figures_of(tally: Tally) -> Figures:
    return Figures(
        clips=len(tally.clips),
        missing_results=sum(not clip.has_result for clip in tally.clips),
        stays=_stays(tally),
        links=_links(tally),
        first_verdict=_verdicts(tally, lambda stay: stay.first, 0),
        final_verdict=_verdicts(tally, lambda stay: stay.final, -1),
        calibration=calibration_of(_chances(tally.stays)),
        alerts=_alerts(tally),
    )


def per_stay(count: int, stays: int) -> PerStay:
    """A count for so many stays, with the Garwood (exact Poisson) interval of it."""
    if stays == 0:
        return PerStay(count, 0, None, None, None)
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    high = float(gammaincinv(count + 1, 0.975))
    return PerStay(count, stays, count / stays, low / stays, high / stays)


def spread_of(seconds: Iterable[float]) -> Spread:
    kept = np.fromiter(seconds, np.float64)
    if kept.size == 0:
        return Spread(0, None, None, None)
    return Spread(int(kept.size), float(np.median(kept)), float(np.percentile(kept, 95)), float(kept.max()))


def _stays(tally: Tally) -> StayFigures:
    asked = [stay for stay in tally.stays if stay.asked]
    errors = (
        abs(stay.found.parked_at_s - stay.true.parked_at_s)
        for stay in asked
        if stay.found is not None and stay.true.parked_at_s is not None
    )
    return StayFigures(
        recall=rate_among(stay.found is not None for stay in asked),
        invented=per_stay(len(tally.invented), len(asked)),
        right_bike=rate_among(stay.right_bike for stay in asked if stay.found is not None),
        standing=rate_among(one.found is not None for one in tally.standing),
        parked_error_s=spread_of(errors),
        not_asked=len(tally.stays) - len(asked),
    )


def _links(tally: Tally) -> LinkFigures:
    taken = [stay.link for stay in tally.stays if stay.taken and stay.link is not None]
    kept = [stay.link for stay in tally.stays if not stay.taken and stay.link not in {None, Link.DROP_MISSED}]
    found_standing = [one for one in tally.standing if one.found is not None]
    return LinkFigures(
        drop=rate_among(link is not Link.DROP_MISSED for link in taken),
        link=rate_among(link is Link.RIGHT for link in taken),
        kept=rate_among(link is Link.RIGHT for link in kept),
        standing_kept=rate_among(not one.closed_wrongly for one in found_standing),
        wrong=_counted(str(link) for link in (*taken, *kept) if link is not Link.RIGHT),
        not_asked=sum(stay.link is None for stay in tally.stays),
    )


def _verdicts(tally: Tally, which: Callable[[StayOutcome], VerdictOutcome | None], place: int) -> VerdictFigures:
    """`place` is which of an invented stay's verdicts is meant: 0 the first, -1 the last."""
    outcomes = [one for one in map(which, tally.stays) if one is not None]
    asked = [one for one in outcomes if one.asked]
    found = [one for one in asked if one.said is not Said.MISSED]
    called = [one.right for one in outcomes if one.said is Said.UNLOCKED]
    invented = [_said_of_invented(one, place) for one in tally.invented if one.found.kind == "bicycle"]
    return VerdictFigures(
        precision=rate_of(sum(called), len(called) + invented.count(Said.UNLOCKED)),
        recall=rate_among(one.right for one in asked if one.true_unlocked),
        abstention=rate_among(one.said in {Said.UNSURE, Said.NONE} for one in found),
        locked_recall=rate_among(one.right for one in asked if not one.true_unlocked),
        confusion={
            "unlocked": _said(one.said for one in asked if one.true_unlocked),
            "locked": _said(one.said for one in asked if not one.true_unlocked),
            "invented": _said(invented),
        },
    )


def _said_of_invented(one: InventedStay, place: int) -> Said:
    return Said(one.found.verdicts[place].state) if one.found.verdicts else Said.NONE


def _said(all_said: Iterable[Said]) -> dict[str, int]:
    counts = Counter(all_said)
    return {said.value: counts[said] for said in Said}


def _chances(stays: Iterable[StayOutcome]) -> list[tuple[float, bool]]:
    """(probability of unlocked, truly unlocked) of every first verdict that names one, `unsure` ones included."""
    firsts = (stay.first for stay in stays)
    return [
        (one.verdict.p_unlocked, one.true_unlocked)
        for one in firsts
        if one is not None and one.asked and one.verdict is not None and one.verdict.p_unlocked is not None
    ]


def _alerts(tally: Tally) -> AlertFigures:
    alerts, clips = tally.alerts, len(tally.clips)
    right = [one for one in alerts if one.wrong is None]
    quiet = [clip for clip in tally.clips if clip.nobody_parks]
    wanted = [stay for stay in tally.stays if stay.alert_wanted]
    asked = [one.clearing for one in right if one.clearing not in {None, Clearing.WITHOUT_CAUSE}]
    return AlertFigures(
        raised=len(alerts),
        right=rate_of(len(right), len(alerts)),
        wrong=_counted(str(one.wrong) for one in alerts if one.wrong is not None),
        wanted=rate_among(stay.told for stay in wanted),
        second=sum(one.wrong is Wrong.SECOND for one in alerts),
        clips=clips,
        per_clip=len(alerts) / clips if clips else None,
        quiet_clips=len(quiet),
        on_quiet_clips=sum(len(clip.alerts) for clip in quiet),
        delay_s=spread_of(one.delay_s for one in right if one.delay_s is not None),
        late=sum(one.late for one in right),
        cleared_rightly=rate_among(clearing is Clearing.RIGHT for clearing in asked),
        cleared_without_cause=sum(one.clearing is Clearing.WITHOUT_CAUSE for one in right),
        lock_time_error_s=spread_of(one.lock_time_error_s for one in right if one.lock_time_error_s is not None),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
