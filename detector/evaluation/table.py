"""The figures on a terminal; without colours and lines where they are piped on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from detector.evaluation.figures import Figures, PerStay, Spread, VerdictFigures
from detector.evaluation.intervals import Rate
from detector.evaluation.mistakes import Mistake
from detector.evaluation.outcomes import Said
from detector.evaluation.scores import Scores
from detector.evaluation.targets import Target

PIPED_WIDTH = 150
TARGET_NAMES = {
    "stay_recall": "stays found",
    "stays_invented": "stays invented, per stay",
    "links": "drop-take links right",
    "unlocked_precision": "unlocked: precision, bikes >= 60 px",
    "unlocked_recall": "unlocked: recall, bikes >= 60 px",
    "abstention": "abstention, bikes >= 60 px",
    "alert_delay_s": "leaving to alert, median s",
    "second_alerts": "second alerts",
    "alerts_where_nobody_parks": "alerts where nobody parks",
}
NONE = "-"


def print_scores(scores: Scores, mistakes: Sequence[Mistake], file: TextIO) -> None:
    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=PIPED_WIDTH)
    for table in (
        _targets(scores.targets),
        _groups(scores),
        _details(scores),
        _confusion("first verdict after leaving", scores.overall.first_verdict),
        _confusion("final verdict", scores.overall.final_verdict),
        _mistakes(mistakes),
    ):
        if not console.is_terminal:
            table.box = None
        console.print(table)
        console.print()


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=number == 0)
    return table


def _targets(targets: Sequence[Target]) -> Table:
    table = _table("Targets", "figure", "measured", "95 % interval", "wanted", "n", "reached")
    for one in targets:
        wanted = f">= {one.at_least:g}" if one.at_least is not None else f"<= {one.at_most:g}"
        reached = "not measured" if one.value is None else ("[green]yes[/]" if one.reached else "[bold red]NO[/]")
        interval = _interval(one.low, one.high)
        table.add_row(TARGET_NAMES[one.name], number(one.value), interval, wanted, str(one.n), reached)
    return table


def _groups(scores: Scores) -> Table:
    table = _table(
        "Per scenario group and bike width (rate, hits/n; precision, recall and abstention of the first verdict)",
        *("", "clips", "found", "invented", "links", "precision", "recall", "abstained", "alerts right", "delay s"),
    )
    named = [("all", scores.overall), *((escape(group), one) for group, one in scores.groups.items())]
    named += [(f"{width} px", one) for width, one in scores.widths_px.items()]
    for name, one in named:
        first = one.first_verdict
        rates = (one.links.link, first.precision, first.recall, first.abstention, one.alerts.right)
        found, invented = _rate(one.stays.recall), _per_stay(one.stays.invented)
        table.add_row(name, str(one.clips), found, invented, *map(_rate, rates), _spread(one.alerts.delay_s))
    return table


def _details(scores: Scores) -> Table:
    table = _table("All figures", "figure", "all bikes", "95 % interval", "bikes >= 60 px", "95 % interval")
    for name, rate in rates_of(scores.overall).items():
        wide = rates_of(scores.wide_enough)[name]
        table.add_row(name, _rate(rate), _interval(rate.low, rate.high), _rate(wide), _interval(wide.low, wide.high))
    both = zip(_numbers(scores.overall).items(), _numbers(scores.wide_enough).values(), strict=True)
    for (name, said), wide_said in both:
        table.add_row(name, said, "", wide_said, "")
    return table


def rates_of(one: Figures) -> dict[str, Rate]:
    stays, links, first, final, alerts = one.stays, one.links, one.first_verdict, one.final_verdict, one.alerts
    return {
        "stays found": stays.recall,
        "found at the right bike": stays.right_bike,
        "bikes there before, found": stays.standing,
        "drop found (of dropped and taken)": links.drop,
        "drop-take link right": links.link,
        "not taken, so not closed": links.kept,
        "there before, not taken, not closed": links.standing_kept,
        "first verdict: unlocked precision": first.precision,
        "first verdict: unlocked recall": first.recall,
        "first verdict: locked recall": first.locked_recall,
        "first verdict: abstention": first.abstention,
        "final verdict: unlocked precision": final.precision,
        "final verdict: unlocked recall": final.recall,
        "final verdict: locked recall": final.locked_recall,
        "final verdict: abstention": final.abstention,
        "alerts right": alerts.right,
        "alerts wanted and raised": alerts.wanted,
        "alerts cleared for the right reason": alerts.cleared_rightly,
    }


def _numbers(one: Figures) -> dict[str, str]:
    calibration, alerts = one.calibration, one.alerts
    return {
        "parked, seconds off: median, p95": _spread(one.stays.parked_error_s),
        "leaving to alert, s: median, p95": _spread(alerts.delay_s),
        "lock closed to cleared, s: median, p95": _spread(alerts.lock_time_error_s),
        "alerts per clip": number(alerts.per_clip),
        "alerts wrong": _counts(alerts.wrong),
        "alerts late": str(alerts.late),
        "alerts cleared without cause": str(alerts.cleared_without_cause),
        "links wrong": _counts(one.links.wrong),
        "clips where nobody parks": str(alerts.quiet_clips),
        "Brier score of p_unlocked": f"{number(calibration.brier)} (n {calibration.n})",
        "log loss of p_unlocked": number(calibration.log_loss),
        "not asked: stays, links (too near the end)": f"{one.stays.not_asked}, {one.links.not_asked}",
    }


def _confusion(title: str, verdict: VerdictFigures) -> Table:
    table = _table(f"Truth x {title}", "truth", *(said.value for said in Said))
    for truth, counts in verdict.confusion.items():
        table.add_row(truth, *(str(counts[said.value]) for said in Said))
    return table


def _mistakes(mistakes: Sequence[Mistake]) -> Table:
    table = _table("Mistakes (--html shows each)", "kind", "count", "first of them")
    counts = Counter(one.kind for one in mistakes)
    for kind, count in counts.items():
        first = next(one for one in mistakes if one.kind is kind)
        said = f"{first.clip} at {first.at_s:.1f} s {first.why}".rstrip()
        table.add_row(kind.value, str(count), escape(said))
    return table


def number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def _interval(low: float | None, high: float | None) -> str:
    return NONE if low is None or high is None else f"{low:.3f} - {high:.3f}"


def _rate(rate: Rate) -> str:
    return NONE if rate.rate is None else f"{rate.rate:.3f} ({rate.hits}/{rate.n})"


def _per_stay(one: PerStay) -> str:
    return f"{one.count}" if one.ratio is None else f"{one.ratio:.3f} ({one.count}/{one.stays})"


def _spread(one: Spread) -> str:
    return NONE if one.median is None or one.p95 is None else f"{one.median:.1f}, {one.p95:.1f} (n {one.n})"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "0"
