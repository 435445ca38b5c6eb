"""The card's two pictures, as plain SVG that reads on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.verdict_model import Curve, VerdictModel
from detector.vocabulary import ReasonCode
from models.fit_verdict_figures import Figures
from models.fit_verdict_runs import Judgement

STYLE = """<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.small{font-size:10px}.head{font-weight:600}
.axis{stroke:#8c959f;fill:none}.even{stroke:#8c959f;stroke-dasharray:4 4;fill:none}
.fit{stroke:#0969da;fill:#0969da}.test{stroke:#bc4c00;fill:#bc4c00}
.locked{fill:#0969da;opacity:.45}.unlocked{fill:#bc4c00;opacity:.45}
.curve{stroke:#24292f;fill:none;stroke-width:2}.opinion{stroke-dasharray:5 4}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.curve{stroke:#e6edf3}
.fit{stroke:#58a6ff;fill:#58a6ff}.test{stroke:#f0883e;fill:#f0883e}.locked{fill:#58a6ff}.unlocked{fill:#f0883e}}
</style>"""
SIDE, LEFT, TOP = 300, 60, 40
"""Of the reliability plot's square, in pixels."""
PANEL_W, PANEL_H, PER_ROW = 240, 170, 3
HIGHEST = 5.0
"""Log-odds at a panel's upper edge; the lower one is its opposite."""
SLOTS = 20


def reliability_svg(fit: Figures, test: Figures) -> str:
    """How often it was unlocked (up) of those said to be with a probability (across); `fit`, `test`: one split each."""
    parts = [_axes(), *_points(fit["bins"], "fit", -3), *_points(test["bins"], "test", 3)]
    for row, (name, split) in enumerate((("fit", fit), ("test", test))):
        y = TOP + SIDE + 58 + 18 * row
        told = f"{name}: n = {split['all']['judgements']}, Brier {split['all']['brier']}"
        parts += [f'<circle class="{name}" cx="{LEFT + 74}" cy="{y - 4}" r="4"/>', _text(LEFT + 84, y, told)]
    return _svg(LEFT + SIDE + 20, TOP + SIDE + 86, parts)


def _axes() -> str:
    right, bottom = LEFT + SIDE, TOP + SIDE
    ticks = "".join(
        _text(LEFT + share * SIDE - 8, bottom + 16, str(share))
        + _text(LEFT - 34, bottom - share * SIDE + 4, str(share))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<rect class="axis" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>'
        f'<path class="even" d="M{LEFT} {bottom}L{right} {TOP}"/>{ticks}'
        f"{_text(LEFT + 70, bottom + 36, 'said: probability of unlocked')}"
        f"{_text(10, TOP - 16, 'found: share that was unlocked, with 95 % interval', 'head')}"
    )


def _points(bins: Sequence[Figures], name: str, aside_px: int) -> list[str]:
    parts = []
    for one in bins:
        x = LEFT + one["said"] * SIDE + aside_px
        y, low, high = (TOP + SIDE - share * SIDE for share in one["found"])
        radius = min(9.0, 2 + one["count"] ** 0.5 / 2)
        parts.append(f'<path class="{name}" d="M{x:.1f} {low:.1f}L{x:.1f} {high:.1f}"/>')
        parts.append(
            f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{one["count"]}</title></circle>'
        )
    return parts


def curves_svg(model: VerdictModel, judgements: Sequence[Judgement]) -> str:
    """Every curve, over how many locked and unlocked judgements it rests on."""
    rows = -(-len(model.curves) // PER_ROW)
    parts = [
        _panel(code, curve, judgements, PANEL_W * (index % PER_ROW), PANEL_H * (index // PER_ROW))
        for index, (code, curve) in enumerate(model.curves.items())
    ]
    return _svg(PANEL_W * PER_ROW, PANEL_H * rows + 30, [*parts, _legend(PANEL_H * rows + 16)])


def _legend(y: int) -> str:
    return (
        f'<rect class="locked" x="10" y="{y - 10}" width="12" height="12"/>{_text(28, y, "locked")}'
        f'<rect class="unlocked" x="90" y="{y - 10}" width="12" height="12"/>{_text(108, y, "unlocked")}'
        f"{_text(190, y, 'line: push on the log-odds of unlocked, -5 to 5; dashed: an opinion, not fitted')}"
    )


def _panel(code: ReasonCode, curve: Curve, judgements: Sequence[Judgement], left: int, top: int) -> str:
    seen = [(one.numbers[code], one.unlocked) for one in judgements if code in one.numbers]
    first, last = min(0.0, curve.at[0]), max(1.0, curve.at[-1] * 1.15)
    width, height = PANEL_W - 50, PANEL_H - 50
    parts = [_bars(seen, first, last, width, height)]
    parts.append(f'<rect class="axis" width="{width}" height="{height}"/>')
    parts.append(f'<path class="even" d="M0 {height / 2}L{width} {height / 2}"/>')
    numbers = [first, *curve.at, last]
    points = " ".join(
        f"{(number - first) / (last - first) * width:.1f},{height * (0.5 - curve.of(number) / (2 * HIGHEST)):.1f}"
        for number in numbers
    )
    opinion = "" if seen else " opinion"
    parts.append(f'<polyline class="curve{opinion}" points="{points}"/>')
    parts.append(_text(0, -6, f"{code.value} (n = {len(seen)})", "head"))
    parts.append(_text(0, height + 12, f"{first:g}", "small") + _text(width - 16, height + 12, f"{last:.3g}", "small"))
    return f'<g transform="translate({left + 30},{top + 26})">{"".join(parts)}</g>'


def _bars(seen: Sequence[tuple[float, bool]], first: float, last: float, width: int, height: int) -> str:
    """How many judgements lie where: locked ones from below, unlocked ones from above; what is beyond counts at the edge."""
    parts = []
    for name, wanted, from_top in (("locked", False, False), ("unlocked", True, True)):
        numbers = np.clip([number for number, unlocked in seen if unlocked is wanted], first, last)
        counts, _ = np.histogram(numbers, bins=SLOTS, range=(first, last))
        for slot, count in enumerate(counts.tolist()):
            tall = 0.45 * height * (count / max(1, len(seen))) ** 0.5
            y = 0.0 if from_top else height - tall
            parts.append(
                f'<rect class="{name}" x="{slot * width / SLOTS:.1f}" y="{y:.1f}" '
                f'width="{width / SLOTS:.1f}" height="{tall:.1f}"/>'
                if count
                else ""
            )
    return "".join(parts)


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{words}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{STYLE}\n' + "\n".join(parts) + "\n</svg>\n"
