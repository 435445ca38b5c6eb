"""Draw what a lock model does and gets wrong in rendered pictures, for its card: `python -m models.lock_failures --help`.

First row: found. Second row: the widest locks missed. Third row: the strongest boxes where no lock is. Truth is green,
what the model says is red. Only rendered pictures: nobody's photo is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from detector.boxes import XyxyPx, iou
from detector.training.fine_tune import Purpose
from detector.training.labelled import LabelledPhoto, open_finder, read_photos
from detector.training.precision import FoundBox
from models.lock_pictures import Image

ACROSS, TILE_PX = 6, 200
GREEN, RED, PAPER = (60, 200, 60), (60, 60, 255), 245
Row = list[tuple[float, LabelledPhoto, list[FoundBox]]]


def rows_of(photos: Sequence[LabelledPhoto], found: Sequence[list[FoundBox]]) -> list[Row]:
    """The pictures of the three rows, each with how much it belongs there."""
    hits: Row = []
    missed: Row = []
    wrong: Row = []
    for photo, boxes in zip(photos, found, strict=True):
        free = [box for box in boxes if all(iou(box.xyxy_px, one.xyxy_px) < 0.1 for one in photo.truths)]
        unseen = [one.xyxy_px for one in photo.truths if all(iou(box.xyxy_px, one.xyxy_px) < 0.1 for box in boxes)]
        right = [
            box.score
            for box in boxes
            for one in photo.truths
            if box.kind == one.kind and iou(box.xyxy_px, one.xyxy_px) >= 0.5
        ]
        hits += [(max(right), photo, boxes)] if right and not free else []
        missed += [(max(box.width for box in unseen), photo, boxes)] if unseen else []
        wrong += [(max(box.score for box in free), photo, boxes)] if free else []
    return [_one_a_scene(row) for row in (hits, missed, wrong)]


def _one_a_scene(row: Row) -> Row:
    """The strongest of each scene, strongest first: variants of one view say the same."""
    best: dict[str, tuple[float, LabelledPhoto, list[FoundBox]]] = {}
    for one in sorted(row, key=lambda item: -item[0]):
        best.setdefault(one[1].name.split("-")[1], one)
    return list(best.values())[:ACROSS]


def tile(photo: LabelledPhoto, boxes: Sequence[FoundBox]) -> Image:
    height, width = photo.image_bgr.shape[:2]
    scale = TILE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    drawn = np.asarray(cv2.resize(photo.image_bgr, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    for truth in photo.truths:
        draw_box(drawn, truth.xyxy_px, scale, GREEN, "")
    for box in boxes:
        draw_box(drawn, box.xyxy_px, scale, RED, f"{box.kind} {box.score:.2f}")
    paper = np.full((TILE_PX, TILE_PX, 3), PAPER, dtype=np.uint8)
    paper[: size[1], : size[0]] = drawn
    return paper


def draw_box(
    image: Image,
    box: XyxyPx,
    scale: float,
    colour: tuple[int, int, int],
    text: str,
) -> None:
    left, top, right, bottom = (round(side * scale) for side in box)
    cv2.rectangle(image, (left, top), (right, bottom), colour, 1)
    cv2.putText(image, text, (left, max(8, top - 3)), cv2.FONT_HERSHEY_SIMPLEX, 0.32, colour, 1, cv2.LINE_AA)


def main(
    model: Annotated[Path, typer.Argument(help="folder of the lock model")],
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="dataset made by models.lock_dataset")],
    out: Annotated[Path, typer.Option(help="JPEG to write")],
    score: Annotated[float, typer.Option(help="boxes from this score on")] = 0.25,
) -> None:
    """Write a sheet of three rows."""
    photos = list(read_photos(data, "test", starting="rendered-"))
    finder = open_finder(model, Purpose.LOCKS)
    found = [[box for box in finder(photo.image_bgr) if box.score >= score] for photo in photos]
    blank = np.full((TILE_PX, TILE_PX, 3), PAPER, dtype=np.uint8)
    rows = [[tile(photo, boxes) for _, photo, boxes in row] for row in rows_of(photos, found)]
    sheet = np.vstack([np.hstack([*row, *[blank] * (ACROSS - len(row))]) for row in rows])
    cv2.imwrite(str(out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 82])
    typer.echo(f"Wrote {out}.")


if __name__ == "__main__":
    typer.run(main)
