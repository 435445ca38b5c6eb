"""The figure tables of the card: written from metrics.json, between two marks, so that they never drift from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

BEGIN = "<!-- figures: written by models/fit_verdict.py from metrics.json -->"
END = "<!-- end of figures -->"
COLUMNS = "judgements | stays | unlocked | Brier | log loss | AUC | precision | recall | unsure | right when *locked*"


class CardError(Exception):
    """The message says in one sentence what is wrong with the card."""


def write_figures(card: Path, metrics: Mapping[str, Any]) -> None:
    """Replace what stands between the marks of the card. Raises `CardError` where there are none."""
    text = card.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise CardError(f"{card}: needs the lines {BEGIN} and {END} once each; put them where the figures belong.")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    card.write_text(f"{before}{BEGIN}\n{figures_block(metrics)}\n{END}{after}", encoding="utf-8", newline="\n")


def figures_block(metrics: Mapping[str, Any]) -> str:
    """All tables, in Markdown."""
    return "\n".join(
        [
            f"`{metrics['command']}`: {metrics['fitted_on']}",
            "",
            *_overall(metrics),
            "",
            *_by("group", "groups", metrics),
            "",
            *_by("frames a second", "fps", metrics),
            "",
            *_by("eye", "eyes", metrics),
            "",
            *_thresholds(metrics),
            "",
            *_worst(metrics),
        ]
    )


def _overall(metrics: Mapping[str, Any]) -> Iterable[str]:
    yield from _head("")
    names = {
        "all": "all",
        "wide_enough": "bikes of 60 px and more",
        "wide_enough_first": "of these, the first verdict",
    }
    for split in ("fit", "test"):
        for key, name in names.items():
            yield _row(f"**{split}**, {name}", metrics[split][key])


def _by(what: str, key: str, metrics: Mapping[str, Any]) -> Iterable[str]:
    yield from _head(what)
    for split in ("fit", "test"):
        for name, figures in metrics[split][key].items():
            yield _row(f"{split}, {name.lstrip('0')}", figures)


def _head(what: str) -> Iterable[str]:
    yield f"| {what} | {COLUMNS} |"
    yield "|---" + "|---:" * 10 + "|"


def _row(name: str, one: Mapping[str, Any]) -> str:
    counts = [one["judgements"], one["stays"], one["unlocked"]]
    scores = [_number(one[key]) for key in ("brier", "log_loss", "auc")]
    rates = [_rate(one[key]) for key in ("precision", "recall", "abstention", "locked_precision")]
    return f"| {name} | " + " | ".join(str(cell) for cell in (*counts, *scores, *rates)) + " |"


def _thresholds(metrics: Mapping[str, Any]) -> Iterable[str]:
    rows = metrics["fit"]["thresholds"]
    below = list(rows[0]["abstention"])
    yield "Thresholds, by the held-out fit judgements (first verdict, bikes of 60 px and more):"
    yield ""
    yield (
        "| `unlocked_above` | precision | recall | "
        + " | ".join(f"unsure, `locked_below` {one}" for one in below)
        + " |"
    )
    yield "|---:" * (3 + len(below)) + "|"
    for row in rows:
        cells = [_rate(row["precision"]), _rate(row["recall"]), *(_rate(row["abstention"][one]) for one in below)]
        yield f"| {row['unlocked_above']} | " + " | ".join(cells) + " |"


def _worst(metrics: Mapping[str, Any]) -> Iterable[str]:
    for split in ("fit", "test"):
        worst = ", ".join(f"`{one['scenario']}` {one['brier']:.2f}" for one in metrics[split]["scenarios_worst"])
        yield f"Costliest scenarios ({split}), with their Brier score: {worst}."
        yield ""


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:.3f}"


def _rate(rate: list[float] | None) -> str:
    return "–" if rate is None else f"{rate[0]:.2f} ({rate[1]:.2f}–{rate[2]:.2f})"
