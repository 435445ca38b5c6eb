"""How good a model is on labelled photos: `python -m models.evaluate --help`. Runs what the edge runs; needs no torch.

Average precision as in COCO: detections in order of score each take the free true box they overlap most, if enough; the
precision envelope is averaged over 101 recalls. Each class is judged by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
import yaml
from numpy.typing import NDArray

from detector.boxes import XyxyPx, iou
from detector.detection import Detector, open_detector
from detector.detection_ultralytics import UltralyticsMissingError
from detector.model_folder import ModelRefusedError
from detector.vocabulary import Detection, Frame, Kind

IOU_STEPS = tuple(float(step) for step in np.linspace(0.5, 0.95, 10).round(2))
WEAKEST_SCORE = 0.001  # precision at every recall needs the weak boxes too
Figures = dict[str, float]
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # a photo has no place in time, and a detector does not ask


@dataclass(frozen=True, slots=True)
class Truth:
    """One labelled box."""

    kind: Kind
    xyxy_px: XyxyPx


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photo with every labelled box of our kinds."""

    frame: Frame
    truths: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector found in one photo, beside what is there."""

    detections: Sequence[Detection]
    truths: Sequence[Truth]


def read_photos(data: Path, split: str, limit: int | None = None) -> Iterator[LabelledPhoto]:
    """Photos of a YOLO dataset in order of their names; `limit` takes the first ones only."""
    names: dict[int, str] = yaml.safe_load((data / "data.yaml").read_text())["names"]
    kinds = {number: Kind(name) for number, name in names.items() if name in set(Kind)}
    for index, file in enumerate(sorted((data / "images" / split).glob("*.jpg"))[:limit]):
        image = np.asarray(cv2.imread(str(file)), dtype=np.uint8)
        frame = Frame(image, index, NO_TIME)
        labels = data / "labels" / split / f"{file.stem}.txt"
        text = labels.read_text() if labels.is_file() else ""
        yield LabelledPhoto(frame, tuple(read_truths(text, kinds, frame.width_px, frame.height_px)))


def read_truths(text: str, kinds: Mapping[int, Kind], width_px: int, height_px: int) -> Iterator[Truth]:
    """Boxes of a YOLO label file (class, centre x, centre y, width, height; relative), of our kinds only."""
    for line in text.splitlines():
        number, *rest = line.split()
        if int(number) in kinds:
            x, y, w, h = (float(value) for value in rest)
            box = XyxyPx(
                (x - w / 2) * width_px, (y - h / 2) * height_px, (x + w / 2) * width_px, (y + h / 2) * height_px
            )
            yield Truth(kinds[int(number)], box)


def average_precision(hits: NDArray[np.bool_], truths: int) -> float:
    """Mean precision over 101 recalls; `hits` says, strongest first, whether each detection was right. Shape (n,)."""
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    envelope = np.flip(np.maximum.accumulate(np.flip(precision)))
    first_reaching = np.searchsorted(right / truths, np.linspace(0, 1, 101), side="left")
    return float(np.append(envelope, 0.0)[first_reaching].mean())


def hits_in_photo(found: Found, kind: Kind, least_iou: float) -> list[tuple[float, bool]]:
    """Each detection of one kind as (score, right); each true box can be found once."""
    free = [truth.xyxy_px for truth in found.truths if truth.kind is kind]
    judged: list[tuple[float, bool]] = []
    for detection in sorted(found.detections, key=lambda one: -one.score):
        if detection.kind is kind:
            best = max(free, key=lambda box: iou(box, detection.xyxy_px), default=None)
            right = best is not None and iou(best, detection.xyxy_px) >= least_iou
            if best is not None and right:
                free.remove(best)
            judged.append((detection.score, right))
    return judged


def kind_precision(photos: Sequence[Found], kind: Kind, least_iou: float) -> float:
    """Average precision of one kind over all photos at one overlap."""
    judged = [one for photo in photos for one in hits_in_photo(photo, kind, least_iou)]
    judged.sort(key=lambda one: -one[0])
    truths = sum(truth.kind is kind for photo in photos for truth in photo.truths)
    return average_precision(np.array([right for _, right in judged], dtype=np.bool_), truths)


def evaluate(detector: Detector, photos: Iterable[LabelledPhoto]) -> dict[str, Figures]:
    """AP50, AP50-95 and how many true boxes there were, by kind; `mean` is over the kinds that are labelled at all."""
    found = [Found(detector.detect(photo.frame), photo.truths) for photo in photos]
    labelled = {truth.kind for photo in found for truth in photo.truths}
    figures = {kind.value: _kind_figures(found, kind) for kind in Kind if kind in labelled}
    return {**figures, "mean": _mean_figures(tuple(figures.values()))}


def _kind_figures(found: Sequence[Found], kind: Kind) -> Figures:
    steps = [kind_precision(found, kind, step) for step in IOU_STEPS]
    boxes = sum(truth.kind is kind for photo in found for truth in photo.truths)
    return {"boxes": boxes, "ap50": round(steps[0], 4), "ap50_95": round(float(np.mean(steps)), 4)}


def _mean_figures(figures: Sequence[Figures]) -> Figures:
    means = {name: round(float(np.mean([one[name] for one in figures])), 4) for name in ("ap50", "ap50_95") if figures}
    return {"boxes": sum(one["boxes"] for one in figures), **means}


def main(
    models: Annotated[list[str], typer.Argument(help="names, folders or files of models")],
    data: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="folder of a YOLO dataset: data.yaml, images/, labels/")
    ],
    split: Annotated[str, typer.Option(help="which split of it")] = "val",
    limit: Annotated[int | None, typer.Option(help="only the first photos, in order of their names")] = None,
) -> None:
    """Print the figures of one or more models on labelled photos, as JSON."""
    try:
        detectors = {Path(model).name: open_detector(model, score_threshold=WEAKEST_SCORE) for model in models}
    except (ModelRefusedError, UltralyticsMissingError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    figures = {name: evaluate(detector, read_photos(data, split, limit)) for name, detector in detectors.items()}
    typer.echo(json.dumps(figures, indent=2))


if __name__ == "__main__":
    typer.run(main)
