"""The evaluation as one page that asks nobody for anything: figures against targets, and every mistake in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from detector.evaluation import words
from detector.evaluation.drawings import Dot, dots_of
from detector.evaluation.figures import Figures, PerStay, Spread, VerdictFigures
from detector.evaluation.intervals import Rate
from detector.evaluation.mistakes import MistakeKind
from detector.evaluation.moments import Case
from detector.evaluation.outcomes import Said
from detector.evaluation.page_mistakes import MistakeView, view_of
from detector.evaluation.pictures import Pictures
from detector.evaluation.scores import JUDGED_FROM_PX, WIDTHS_PX, Scores
from detector.evaluation.table import rates_of
from detector.evaluation.targets import Target
from detector.report import PAGE, both
from detector.words import Words

FILES = Path(__file__).parent / "page_files"
MOST_SHOWN = 200
"""Of each kind; beyond that a page no longer opens on a phone, and the rest is in the JSON."""
OF_WIDE_BIKES = frozenset({"unlocked_precision", "unlocked_recall", "abstention"})
IN_SHARES = frozenset({"stay_recall", "links", "unlocked_precision", "unlocked_recall", "abstention"})


@dataclass(frozen=True, slots=True)
class TargetView:
    """`low`, `high`, `at` and `goal` are percents along a bar; None: not to be drawn."""

    label: Words
    note: Words | None
    value: str
    wanted: str
    n: int
    tone: str
    low: float | None
    high: float | None
    at: float | None
    goal: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """`tone` is `bad` where a target is missed; `more` is the count and the interval."""

    value: str
    more: tuple[str, ...] = ()
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    name: Words
    cells: list[Cell]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Confusion:
    title: Words
    rows: list[tuple[Words, list[tuple[int, str]]]]


@dataclass(frozen=True, slots=True)
class Section:
    """The mistakes of one kind; `hidden` of them are not shown."""

    kind: str
    title: Words
    views: list[MistakeView]
    hidden: int


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    summary: Words
    scope: Words
    targets: list[TargetView]
    rows: list[Row]
    confusions: list[Confusion]
    dots: list[Dot]
    brier: str
    log_loss: str
    chances: int
    figures: list[Row]
    sections: list[Section]


@dataclass(frozen=True, slots=True)
class Shown:
    """A mistake with the pictures of its clip."""

    case: Case
    pictures: Pictures


def render_page(title: str, scores: Scores, shown: Sequence[Shown]) -> str:
    """The page as HTML. The same scores and pictures give the same text."""
    environment = Environment(loader=FileSystemLoader(FILES), autoescape=True, undefined=StrictUndefined)
    environment.filters["both"] = both
    files = (PAGE / "page.css", FILES / "page.css", PAGE / "page.js")
    css, more_css, js = (Markup(file.read_text(encoding="utf-8")) for file in files)  # noqa: S704 -- ours
    page = page_of(title, scores, shown)
    template = environment.get_template("page.html.j2")
    return template.render(page=page, words=words, css=css + more_css, js=js) + "\n"


def page_of(title: str, scores: Scores, shown: Sequence[Shown]) -> Page:
    overall = scores.overall
    calibration = overall.calibration
    return Page(
        title=title,
        summary=_summary(scores.targets),
        scope=_scope(scores),
        targets=[_target(one) for one in scores.targets],
        rows=_rows(scores),
        confusions=[
            _confusion(Words("First verdict after leaving", "离开后的首次判断"), overall.first_verdict),
            _confusion(Words("Final verdict", "最终判断"), overall.final_verdict),
        ],
        dots=dots_of(calibration),
        brier=_number(calibration.brier),
        log_loss=_number(calibration.log_loss),
        chances=calibration.n,
        figures=_figures(scores),
        sections=[section for kind in MistakeKind if (section := _section(kind, shown)).views],
    )


def _summary(targets: Sequence[Target]) -> Words:
    reached, unmeasured = sum(one.reached for one in targets), sum(one.value is None for one in targets)
    missed = len(targets) - reached - unmeasured
    said = Words(f"{reached} of {len(targets)} targets reached", f"{len(targets)} 项目标达到 {reached} 项")
    if missed:
        said = Words(f"{said.en}, {missed} missed", f"{said.zh}，{missed} 项未达到")
    if unmeasured:
        said = Words(f"{said.en}, {unmeasured} not measured", f"{said.zh}，{unmeasured} 项未测量")
    return Words(f"{said.en}.", f"{said.zh}。")


def _scope(scores: Scores) -> Words:
    overall = scores.overall
    stays = overall.stays.recall.n
    clips = "1 clip" if overall.clips == 1 else f"{overall.clips} clips"
    bikes = "1 bike parked" if stays == 1 else f"{stays} bikes parked"
    return Words(f"{clips} · {bikes}", f"{overall.clips} 段录像 · 停放 {stays} 次")


def _target(one: Target) -> TargetView:
    in_shares = one.name in IN_SHARES
    goal = one.at_least if one.at_least is not None else one.at_most
    assert goal is not None, "a target has a bound"
    full = 1.0 if in_shares else max(2 * goal, 1e-9)
    draws = in_shares or one.name == "stays_invented"
    shown = _percent(goal) if in_shares else f"{goal:g}"
    return TargetView(
        label=words.TARGETS[one.name],
        note=words.WIDE_ONLY if one.name in OF_WIDE_BIKES else None,
        value=_shown(one),
        wanted=f"{'≥' if one.at_least is not None else '≤'} {shown}",
        n=one.n,
        tone="" if one.value is None else ("locked" if one.reached else "unlocked"),
        low=_along(one.low, full) if draws else None,
        high=_along(one.high, full) if draws else None,
        at=_along(one.value, full) if draws else None,
        goal=_along(goal, full) if draws else None,
    )


def _along(value: float | None, full: float) -> float | None:
    return None if value is None else round(100 * min(1.0, value / full), 1)


def _rows(scores: Scores) -> list[Row]:
    groups = [Row(words.group_named(group), _cells(one)) for group, one in scores.groups.items()]
    widths = [
        Row(_width(name), _cells(one, judged=least_px >= JUDGED_FROM_PX))
        for name, least_px, _ in WIDTHS_PX
        if (one := scores.widths_px[name]).stays.recall.n or one.stays.invented.count
    ]
    return [Row(words.ALL, _cells(scores.overall), strong=True), *groups, *widths]


def _width(name: str) -> Words:
    shown = name.replace("<", "< ").replace(">=", "≥ ").replace("-", "–")
    return Words(f"{shown} px", f"{shown} 像素")


def _cells(one: Figures, *, judged: bool = True) -> list[Cell]:
    """`judged`: the bikes are wide enough for recall and abstention to be held to their targets."""
    first, alerts = one.first_verdict, one.alerts
    return [
        Cell(str(one.clips)),
        _share(one.stays.recall, at_least=0.97),
        _per_stay(one.stays.invented),
        _share(one.links.link, at_least=0.97),
        _share(first.precision, at_least=0.95),
        _share(first.recall, at_least=0.90 if judged else 0.0),
        _share(first.abstention, at_most=0.15 if judged else 1.0),
        _share(alerts.right, at_least=0.95),
        _seconds(alerts.delay_s),
    ]


def _share(rate: Rate, *, at_least: float = 0.0, at_most: float = 1.0) -> Cell:
    if rate.rate is None or rate.low is None or rate.high is None:
        return Cell("–")
    bad = not at_least <= rate.rate <= at_most
    more = f"{rate.hits}/{rate.n}", f"{100 * rate.low:.0f}–{100 * rate.high:.0f} %"
    return Cell(_percent(rate.rate), more, "bad" if bad else "")


def _per_stay(one: PerStay) -> Cell:
    if one.ratio is None or one.low is None or one.high is None:
        return Cell(str(one.count), (), "bad" if one.count else "")
    more = f"{one.count}/{one.stays}", f"{one.low:.2f}–{one.high:.2f}"
    return Cell(f"{one.ratio:.3f}", more, "bad" if one.ratio > 0.02 else "")  # noqa: PLR2004 -- the target


def _seconds(one: Spread) -> Cell:
    if one.median is None or one.p95 is None:
        return Cell("–")
    return Cell(f"{one.median:.1f} s", (f"n {one.n}", f"95 %: {one.p95:.1f} s"), "bad" if one.median > 8 else "")  # noqa: PLR2004


def _confusion(title: Words, verdict: VerdictFigures) -> Confusion:
    right = {("unlocked", Said.UNLOCKED), ("locked", Said.LOCKED), ("invented", Said.NONE)}
    rows = []
    for truth, counts in verdict.confusion.items():
        cells = []
        for said in Said:
            quiet = said in {Said.UNSURE, Said.NONE, Said.MISSED}
            tone = "good" if (truth, said) in right else ("soft" if quiet else "bad")
            cells.append((counts[said.value], tone if counts[said.value] else "zero"))
        rows.append((words.TRUTHS[truth], cells))
    return Confusion(title, rows)


def _figures(scores: Scores) -> list[Row]:
    wide = rates_of(scores.wide_enough)
    return [
        Row(words.FIGURES[name], [_share(rate), _share(wide[name])]) for name, rate in rates_of(scores.overall).items()
    ]


def _section(kind: MistakeKind, shown: Sequence[Shown]) -> Section:
    mine = [one for one in shown if one.case.mistake.kind is kind]
    views = [view_of(one.case, one.pictures) for one in mine[:MOST_SHOWN]]
    return Section(kind.value, words.KINDS[kind], views, len(mine) - len(views))


def _shown(one: Target) -> str:
    if one.value is None:
        return "–"
    if one.name == "alert_delay_s":
        return f"{one.value:.1f} s"
    return _percent(one.value) if one.name in IN_SHARES else _number(one.value)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")
