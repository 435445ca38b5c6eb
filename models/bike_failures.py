"""Draw where a bike model fails in rendered racks, for its card: `python -m models.bike_failures --help`.

The pictures with the most misses and false boxes, one of a scenario. Green: what is there and was not found. Red: what was
found and is not there. What was found rightly has a thin grey box. Only rendered pictures: nobody's photo is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from detector.boxes import iou
from detector.training.fine_tune import Purpose
from detector.training.labelled import LabelledPhoto, open_finder, read_photos
from detector.training.precision import FoundBox, Truth
from models.lock_failures import GREEN, RED, draw_box
from models.lock_pictures import Image

ACROSS, TILE_PX = 2, (560, 315)
GREY = (190, 190, 190)
LEAST_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Failures:
    """One picture: true boxes found, true boxes missed, and boxes where nothing of that kind is."""

    photo: LabelledPhoto
    found: tuple[Truth, ...]
    missed: tuple[Truth, ...]
    wrong: tuple[FoundBox, ...]

    @property
    def count(self) -> int:
        return len(self.missed) + len(self.wrong)


def failures_in(photo: LabelledPhoto, boxes: Sequence[FoundBox]) -> Failures:
    """Strongest boxes first, each takes the free true box of its kind that it overlaps most, if enough."""
    free, found, wrong = list(photo.truths), list[Truth](), list[FoundBox]()
    for box in sorted(boxes, key=lambda one: -one.score):
        same = [one for one in free if one.kind == box.kind]
        best = max(same, key=lambda one: iou(one.xyxy_px, box.xyxy_px), default=None)
        if best is None or iou(best.xyxy_px, box.xyxy_px) < LEAST_IOU:
            wrong.append(box)
        else:
            free.remove(best)
            found.append(best)
    return Failures(photo, tuple(found), tuple(free), tuple(wrong))


def worst_of(failures: Sequence[Failures], count: int) -> list[Failures]:
    """The pictures with the most failures, one of each scenario, worst first; pictures without any are left out."""
    worst: dict[str, Failures] = {}
    for one in sorted(failures, key=lambda item: -item.count):
        worst.setdefault(one.photo.name.split("-")[0], one)
    return [one for one in worst.values() if one.count][:count]


def tile(failures: Failures) -> Image:
    """One picture with its boxes, (315, 560, 3) uint8 BGR."""
    image = np.asarray(cv2.resize(failures.photo.image_bgr, TILE_PX, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    scale = TILE_PX[0] / failures.photo.image_bgr.shape[1]
    for one in failures.found:
        draw_box(image, one.xyxy_px, scale, GREY, "")
    for one in failures.missed:
        draw_box(image, one.xyxy_px, scale, GREEN, "")
    for box in failures.wrong:
        draw_box(image, box.xyxy_px, scale, RED, f"{box.kind} {box.score:.2f}")
    return image


def main(
    model: Annotated[str, typer.Argument(help="the model: name, folder or file")],
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="dataset made by rack_pictures")],
    out: Annotated[Path, typer.Option(help="JPEG to write")],
    score: Annotated[float, typer.Option(help="boxes from this score on")] = 0.3,
    count: Annotated[int, typer.Option(min=1, help="pictures on the sheet")] = 4,
) -> None:
    """Write a sheet of the pictures that are worst, and say how many boxes were found, missed and wrong in all."""
    finder = open_finder(model, Purpose.BIKES)
    failures = [
        failures_in(photo, [box for box in finder(photo.image_bgr) if box.score >= score])
        for photo in read_photos(data, "val")
    ]
    tiles = [tile(one) for one in worst_of(failures, count)]
    if not tiles:
        raise typer.BadParameter(f"{data} has no picture in which {model} misses or invents anything; nothing to draw")
    tiles += [np.full_like(tile(failures[0]), 245)] * (-len(tiles) % ACROSS)
    sheet = np.vstack([np.hstack(tiles[first : first + ACROSS]) for first in range(0, len(tiles), ACROSS)])
    cv2.imwrite(str(out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 80])
    found, missed, wrong = (sum(len(getattr(one, kind)) for one in failures) for kind in ("found", "missed", "wrong"))
    typer.echo(f"Wrote {out}: {found} found, {missed} missed, {wrong} wrong in {len(failures)} pictures.")


if __name__ == "__main__":
    typer.run(main)
