"""The stays of one clip as a table: one row per stay, in the order they were opened; empty means not seen."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from detector.stay_book import StayRecord

COLUMNS = (
    "clip",
    "stay_id",
    "number",
    "rack",
    "building",
    "kind",
    "preexisting",
    "parked_at",
    "parked_at_s",
    "left_at_s",
    "gone_at_s",
    "verdict",
    "p_unlocked",
    "reasons",
    "alert",
    "clear_reason",
    "visit_certain",
    "left",
    "top",
    "right",
    "bottom",
)


def write_stays_csv(path: Path, records: Iterable[StayRecord], clip: str, start: datetime) -> None:
    """Seconds count from the clip's first frame; box sides are 0 to 1 of the picture."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({"clip": clip, **_row(record, start)} for record in records)


def _row(record: StayRecord, start: datetime) -> dict[str, str | int]:
    stay, verdict = record.stay, record.verdict
    sides = zip(("left", "top", "right", "bottom"), stay.xyxy_norm, strict=True)
    return {
        "stay_id": stay.stay_id,
        "number": record.number,
        "rack": stay.rack_id,
        "building": stay.building_id,
        "kind": stay.kind,
        "preexisting": _yes_no(stay.preexisting),
        "parked_at": stay.parked_at.isoformat().replace("+00:00", "Z"),
        "parked_at_s": _seconds(stay.parked_at, start),
        "left_at_s": _seconds(stay.left_at, start),
        "gone_at_s": _seconds(stay.gone_at, start),
        "verdict": verdict.state if verdict else "",
        "p_unlocked": "" if verdict is None or verdict.p_unlocked is None else f"{verdict.p_unlocked:.3f}",
        "reasons": " ".join(f"{code}={number:g}" for code, number in verdict.reasons.items()) if verdict else "",
        "alert": record.alert,
        "clear_reason": record.clear_reason,
        "visit_certain": _yes_no(stay.visit_certain),
        **{name: f"{side:.4f}" for name, side in sides},
    }


def _yes_no(flag: bool) -> str:
    return "yes" if flag else "no"


def _seconds(moment: datetime | None, start: datetime) -> str:
    return "" if moment is None else f"{(moment - start).total_seconds():.2f}"
