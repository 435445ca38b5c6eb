"""How good boxes are on labelled photos. Pure.

Average precision as in COCO: detections in order of score each take the free true box they overlap most, if enough; the
precision envelope is averaged over 101 recalls. Each class is judged by itself. Boxes outside of the widths asked for
are passed over, on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx, iou

IOU_STEPS = tuple(float(step) for step in np.linspace(0.5, 0.95, 10).round(2))
Figures = dict[str, float]
Weights = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Truth:
    """One labelled box; `kind` is our word for what is in it."""

    kind: str
    xyxy_px: XyxyPx


@dataclass(frozen=True, slots=True)
class FoundBox:
    """One box that a model found, `score` 0 to 1."""

    kind: str
    score: float
    xyxy_px: XyxyPx


@dataclass(frozen=True, slots=True)
class Found:
    """What a model found in one photo, beside what is there."""

    boxes: Sequence[FoundBox]
    truths: Sequence[Truth]


@dataclass(frozen=True, slots=True)
class Widths:
    """Boxes at least `least_px` and less than `most_px` wide."""

    least_px: float = 0.0
    most_px: float = float("inf")

    def hold(self, box: XyxyPx) -> bool:
        return self.least_px <= box.width < self.most_px


ANY_WIDTH = Widths()


@dataclass(frozen=True, slots=True)
class Judged:
    """All boxes found of one kind, strongest first, shape (n,); `truths` counts true boxes in each photo, shape (photos,)."""

    right: NDArray[np.bool_]
    photo: NDArray[np.intp]
    truths: NDArray[np.int64]

    def precision(self, weights: Weights | None = None) -> float:
        """Average precision when photo i counts `weights[i]` times; NaN where nothing is there to be found."""
        each = np.ones(len(self.truths), dtype=np.int64) if weights is None else weights
        total = int((self.truths * each).sum())
        if total == 0:
            return float("nan")
        times = each[self.photo]
        right, found = np.cumsum(self.right * times), np.cumsum(times)
        return average_precision(right[found > 0], found[found > 0], total)


def average_precision(right: NDArray[np.int64], found: NDArray[np.int64], truths: int) -> float:
    """Mean precision over 101 recalls, of how many were `right` among the strongest `found`; both of shape (n,)."""
    envelope = np.flip(np.maximum.accumulate(np.flip(right / np.maximum(found, 1))))
    first_reaching = np.searchsorted(right / truths, np.linspace(0, 1, 101), side="left")
    return float(np.append(envelope, 0.0)[first_reaching].mean())


def judge(photos: Sequence[Found], kind: str, least_iou: float = 0.5, widths: Widths = ANY_WIDTH) -> Judged:
    """Which boxes of one kind are right; a box found in place of one that is passed over is passed over too."""
    rows = [
        (score, right, index)
        for index, photo in enumerate(photos)
        for score, right in _in_photo(photo, kind, least_iou, widths)
    ]
    rows.sort(key=lambda row: -row[0])
    truths = [sum(one.kind == kind and widths.hold(one.xyxy_px) for one in photo.truths) for photo in photos]
    return Judged(
        np.array([right for _, right, _ in rows], dtype=np.bool_),
        np.array([index for _, _, index in rows], dtype=np.intp),
        np.array(truths, dtype=np.int64),
    )


def _in_photo(photo: Found, kind: str, least_iou: float, widths: Widths) -> list[tuple[float, bool]]:
    """Each box of one kind as (score, right); each true box can be found once."""
    free = [truth.xyxy_px for truth in photo.truths if truth.kind == kind]
    judged: list[tuple[float, bool]] = []
    for found in sorted((one for one in photo.boxes if one.kind == kind), key=lambda one: -one.score):
        best = max(free, key=lambda box: iou(box, found.xyxy_px), default=None)
        if best is not None and iou(best, found.xyxy_px) >= least_iou:
            free.remove(best)
            if widths.hold(best):
                judged.append((found.score, True))
        elif widths.hold(found.xyxy_px):
            judged.append((found.score, False))
    return judged


def kinds_labelled(photos: Iterable[Found]) -> list[str]:
    """Kinds with at least one true box, in order of their names."""
    return sorted({truth.kind for photo in photos for truth in photo.truths})


def figures_of(photos: Sequence[Found], widths: Widths = ANY_WIDTH) -> dict[str, Figures]:
    """AP50, AP50-95 and how many true boxes there were, by kind; `mean` is over the kinds that are labelled at all."""
    figures = {kind: _kind_figures(photos, kind, widths) for kind in kinds_labelled(photos)}
    there = {kind: one for kind, one in figures.items() if one["boxes"]}
    return {**there, "mean": _mean_figures(tuple(there.values()))}


def _kind_figures(photos: Sequence[Found], kind: str, widths: Widths) -> Figures:
    steps = [judge(photos, kind, step, widths) for step in IOU_STEPS]
    precisions = [step.precision() for step in steps]
    return {
        "boxes": int(steps[0].truths.sum()),
        "ap50": round(precisions[0], 4),
        "ap50_95": round(float(np.mean(precisions)), 4),
    }


def _mean_figures(figures: Sequence[Figures]) -> Figures:
    means = {name: round(float(np.mean([one[name] for one in figures])), 4) for name in ("ap50", "ap50_95") if figures}
    return {"boxes": sum(one["boxes"] for one in figures), **means}


def at_score(photos: Sequence[Found], least_score: float, widths: Widths = ANY_WIDTH) -> Figures:
    """Precision and recall over all kinds of boxes from `least_score` on, and how many photos without any truth got a box."""
    strong = [Found([one for one in photo.boxes if one.score >= least_score], photo.truths) for photo in photos]
    kinds = {box.kind for photo in strong for box in photo.boxes} | set(kinds_labelled(strong))
    judged = [judge(strong, kind, 0.5, widths) for kind in sorted(kinds)]
    right, found = sum(int(one.right.sum()) for one in judged), sum(len(one.right) for one in judged)
    truths = sum(int(one.truths.sum()) for one in judged)
    empty = [photo for photo in strong if not photo.truths]
    return {
        "precision": round(right / found, 4) if found else float("nan"),
        "recall": round(right / truths, 4) if truths else float("nan"),
        "photos_without": len(empty),
        "of_them_with_a_box": sum(bool(photo.boxes) for photo in empty),
    }
