"""Cut a dataset of locks into small windows, most of them around a lock: `python -m models.lock_tiles --help`.

A crop is first scaled as the model will see it. Most of a crop is no lock: a window a quarter of its size costs a quarter
of the time to learn from, which is what counts where there is no GPU. A last epoch on whole crops should follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from detector.boxes import XyxyPx, intersection_px
from detector.training.fine_tune import CLASSES, Purpose
from detector.training.labelled import WORDS, LabelledPhoto, read_photos
from models.lock_dataset import Writer
from models.lock_pictures import Dice, LabelledCrop

LEAST_INSIDE = 0.7
"""Of a lock's box: with less of one inside, a window is thrown again."""
MOST_INSIDE_ELSE = 0.1
TRIES = 8
NAMES = {word.value: name for name, word in WORDS[Purpose.LOCKS].items()}
assert set(NAMES.values()) == set(CLASSES[Purpose.LOCKS])


def tiles_of(
    photo: LabelledPhoto, seen_px: int, tile_px: int, empty_share: float, dice: Dice
) -> Iterator[LabelledCrop]:
    """A window around each lock of a crop, and one without a lock for `empty_share` of the crops."""
    locks = tuple((NAMES[truth.kind], truth.xyxy_px) for truth in photo.truths)
    crop = LabelledCrop(photo.image_bgr, locks)
    crop = crop.scaled(seen_px / max(crop.image_bgr.shape[:2]))
    wanted: list[XyxyPx | None] = [box for _, box in crop.locks]
    if dice.random() < empty_share:
        wanted.append(None)
    for box in wanted:
        tile = next((one for _ in range(TRIES) if (one := _window(crop, box, tile_px, dice)) is not None), None)
        if tile is not None:
            yield tile


def _window(crop: LabelledCrop, around: XyxyPx | None, tile_px: int, dice: Dice) -> LabelledCrop | None:
    """One random window, None where it cuts a lock in two."""
    height, width = crop.image_bgr.shape[:2]
    spare = np.maximum(np.array([width, height]) - tile_px, 0)
    if around is None:
        corner = dice.integers(0, spare + 1)
    else:
        corner = np.array(around.centre) - dice.uniform(0.2, 0.8, 2) * tile_px
        corner = np.clip(corner, 0, spare).astype(int)
    left, top = int(corner[0]), int(corner[1])
    window = XyxyPx(left, top, left + tile_px, top + tile_px)
    kept = []
    for kind, box in crop.locks:
        share = intersection_px(box, window) / max(1.0, box.area)
        if MOST_INSIDE_ELSE < share < LEAST_INSIDE:
            return None
        if share >= LEAST_INSIDE:
            kept.append((kind, XyxyPx(box.left - left, box.top - top, box.right - left, box.bottom - top)))
    if around is None and kept:
        return None
    image = np.ascontiguousarray(crop.image_bgr[top : top + tile_px, left : left + tile_px])
    return LabelledCrop(image, tuple(kept))


def main(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="dataset made by models.lock_dataset")],
    out: Annotated[Path, typer.Option(help="folder of the new dataset")],
    seen_px: Annotated[int, typer.Option(help="long side of a crop as the model sees it")] = 256,
    tile_px: Annotated[int, typer.Option(help="side of a window")] = 128,
    empty_share: Annotated[float, typer.Option(min=0, max=1, help="windows without a lock for each crop")] = 0.5,
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 0,
) -> None:
    """Write windows of the train and val splits as a dataset of their own."""
    dice, writer = np.random.default_rng([seed, 13]), Writer(out)
    for split in ("train", "val"):
        for photo in read_photos(data, split):
            source, _, name = photo.name.partition("-")
            for number, tile in enumerate(tiles_of(photo, seen_px, tile_px, empty_share, dice)):
                writer.write(split, source, f"{name}-{number}", tile)
    writer.close()
    for counted, count in sorted(writer.counts.items()):
        typer.echo(f"{counted}: {count}")


if __name__ == "__main__":
    typer.run(main)
