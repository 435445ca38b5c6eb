"""What a benchmark says: a figure, what it is a ratio to, and what it must reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """`wanted` in words; `reached` None: nothing is asked of this figure."""

    what: str
    ratio: float
    to: str
    wanted: str = ""
    reached: bool | None = None


def print_rows(title: str, rows: Iterable[Row]) -> None:
    table = Table("what", "ratio", "to", "wanted", "reached", title=title, title_justify="left")
    for row in rows:
        reached = "" if row.reached is None else "yes" if row.reached else "NO"
        table.add_row(row.what, f"{row.ratio:.3g}", row.to, row.wanted, reached)
    Console(width=150).print(table)
