"""A short count of what the line got right, to look at while working on it; figures to report come from evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from detector.boxes import XyxyNorm, XyxyPx, iou
from detector.frames import EPOCH
from detector.stay_book import StayRecord
from detector.tracking import best_pairs
from detector.vocabulary import LockState
from sample_videos.render.truth import ClipTruth, StayTruth

SAME_IOU = 0.25
SAME_S = 10.0
COLUMNS = (
    "clips",
    "visits",
    "found",
    "missed",
    "invented",
    "standing",
    "standing_found",
    "unlocked",
    "alerts_right",
    "alerts_wrong",
    "said_locked",
    "said_unsure",
)


def pairs_of(truth: ClipTruth, records: Sequence[StayRecord]) -> list[tuple[int, int]]:
    """Which true stay is which found one: by place, and for visits by the time of parking."""
    likeness = np.zeros((len(truth.stays), len(records)))
    for row, stay in enumerate(truth.stays):
        for column, record in enumerate(records):
            likeness[row, column] = _likeness(truth, stay, record)
    return best_pairs(likeness, SAME_IOU) if likeness.size else []


def _likeness(truth: ClipTruth, stay: StayTruth, record: StayRecord) -> float:
    if stay.preexisting != record.stay.preexisting:
        return 0.0
    late_s = (record.stay.parked_at - EPOCH).total_seconds() - (stay.parked_at_s or 0.0)
    same_time = stay.preexisting or abs(late_s) <= SAME_S
    return iou(_px(truth, stay.xyxy_norm), _px(truth, record.stay.xyxy_norm)) if same_time else 0.0


def _px(truth: ClipTruth, box: Sequence[float]) -> XyxyPx:
    return XyxyNorm(*box).to_px(truth.width, truth.height)


def tally(truth: ClipTruth, records: Sequence[StayRecord]) -> Counter[str]:
    pairs = pairs_of(truth, records)
    found = {row: records[column] for row, column in pairs}
    count = Counter({"clips": 1})
    for row, stay in enumerate(truth.stays):
        count.update(_of_one(stay, found.get(row)))
    matched = {column for _, column in pairs}
    extra = [one for column, one in enumerate(records) if column not in matched]
    count["invented"] = sum(not one.stay.preexisting for one in extra)
    count["alerts_wrong"] += sum(bool(one.alert) for one in extra)
    return count


def _of_one(stay: StayTruth, record: StayRecord | None) -> Counter[str]:
    if stay.preexisting:
        return Counter(standing=1, standing_found=int(record is not None))
    state = record.verdict.state if record is not None and record.verdict is not None else None
    alert, unlocked = record is not None and bool(record.alert), not stay.locked and stay.left_at_s is not None
    return Counter(
        visits=1,
        found=int(record is not None),
        missed=int(record is None),
        unlocked=int(unlocked),
        alerts_right=int(alert and unlocked),
        alerts_wrong=int(alert and not unlocked),
        said_locked=int(state is LockState.LOCKED),
        said_unsure=int(state is LockState.UNSURE),
    )


def table(counts: Iterable[tuple[str, Counter[str]]]) -> str:
    """One line per group, and one for all."""
    rows = list(counts)
    whole: Counter[str] = Counter()
    for _, count in rows:
        whole.update(count)
    wide = max((len(name) for name, _ in rows), default=5)
    lines = [f"{'':{wide}} " + " ".join(column.rjust(len(column)) for column in COLUMNS)]
    for name, count in [*rows, ("all", whole)]:
        lines.append(f"{name:{wide}} " + " ".join(str(count[column]).rjust(len(column)) for column in COLUMNS))
    return "\n".join(lines)
