"""What the figures must reach. What could not be measured is not reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detector.evaluation.figures import Figures
from detector.evaluation.intervals import Rate

Name = Literal[
    "stay_recall",
    "stays_invented",
    "links",
    "unlocked_precision",
    "unlocked_recall",
    "abstention",
    "alert_delay_s",
    "second_alerts",
    "alerts_where_nobody_parks",
]


@dataclass(frozen=True, slots=True)
class Target:
    """`value` None: nothing to measure it on. `n` is how many cases it was measured on."""

    name: Name
    at_least: float | None
    at_most: float | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    reached: bool


def targets_of(overall: Figures, wide_enough: Figures) -> tuple[Target, ...]:
    """The verdict is held to them on bikes of 60 px and more, all else on every bike."""
    verdict, alerts, invented = wide_enough.first_verdict, overall.alerts, overall.stays.invented
    return (
        _share("stay_recall", overall.stays.recall, at_least=0.97),
        _target("stays_invented", invented.ratio, invented.stays, invented.low, invented.high, at_most=0.02),
        _share("links", overall.links.link, at_least=0.97),
        _share("unlocked_precision", verdict.precision, at_least=0.95),
        _share("unlocked_recall", verdict.recall, at_least=0.90),
        _share("abstention", verdict.abstention, at_most=0.15),
        _target("alert_delay_s", alerts.delay_s.median, alerts.delay_s.n, at_most=8.0),
        _target("second_alerts", alerts.second, alerts.raised, at_most=0),
        _target("alerts_where_nobody_parks", alerts.on_quiet_clips, alerts.quiet_clips, at_most=0),
    )


def _share(name: Name, rate: Rate, *, at_least: float | None = None, at_most: float | None = None) -> Target:
    return _target(name, rate.rate, rate.n, rate.low, rate.high, at_least=at_least, at_most=at_most)


def _target(
    name: Name,
    value: float | None,
    n: int,
    low: float | None = None,
    high: float | None = None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Target:
    measured = value if n else None
    reached = (
        measured is not None and (at_least is None or measured >= at_least) and (at_most is None or measured <= at_most)
    )
    return Target(name, at_least, at_most, measured, low, high, n, reached)
