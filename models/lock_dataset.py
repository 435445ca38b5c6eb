"""Make the dataset of the lock detector out of rendered views and real photos: `python -m models.lock_dataset --help`.

Rendered views are split by scene, real photos of locks by bike: the bike of the training photos is in no test photo.
Ridden bikes stand for bikes without a lock. Photos are only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
import yaml

from detector.boxes import XyxyPx, intersection_px
from detector.lock_views import CROP_MARGIN
from detector.training.labelled import read_photos
from models.lock_pictures import Dice, Image, LabelledCrop, as_a_camera_sees
from models.lock_real import read_real_crops, ridden_bikes
from sample_videos.render.lock_views_shapes import LOCKS
from sample_videos.render.lock_views_truth import ViewTruth, read_views

LEAST_VISIBLE_SHARE = 0.25
"""Of a lock's own pixels: with less in sight it is called hidden and not asked for."""
REAL_VARIANTS = 6
SPLITS = ("train", "val", "test")


def split_of_scene(scene: int) -> str:
    """Two scenes of ten are held out: one for choosing an epoch, one for the figures."""
    return {8: "val", 9: "test"}.get(scene % 10, "train")


def rendered_crop(view: ViewTruth, folder: Path, behind: Image) -> LabelledCrop:
    """A rendered view with the picture `behind` where its sky is transparent."""
    drawn = cv2.imread(str(folder / view.picture), cv2.IMREAD_UNCHANGED)
    if drawn is None:
        raise typer.BadParameter(f"{folder / view.picture} cannot be read: render it again.", param_hint="--views")
    height, width = drawn.shape[:2]
    far = cv2.resize(behind, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    solid = drawn[:, :, 3:].astype(np.float32) / 255
    image = np.clip(drawn[:, :, :3] * solid + far * (1 - solid), 0, 255).astype(np.uint8)
    seen = [lock for lock in view.locks if lock.visible_share >= LEAST_VISIBLE_SHARE]
    return LabelledCrop(image, tuple((lock.kind, XyxyPx(*lock.xyxy_px)) for lock in seen))


class Backgrounds:
    """Parts of photos in which no bicycle is labelled; a plain sky where there are no photos."""

    def __init__(self, photos: Path | None, dice: Dice) -> None:
        self._dice = dice
        self._parts = list(_empty_parts(photos, dice)) if photos else []

    def one(self) -> Image:
        if self._parts and self._dice.random() < 0.8:
            return self._parts[int(self._dice.integers(len(self._parts)))]
        high, low = self._dice.integers(90, 256, (2, 3))
        rows = np.linspace(high, low, 64)[:, None, :]
        return np.asarray(np.broadcast_to(rows, (64, 64, 3)), dtype=np.uint8)


def _empty_parts(photos: Path, dice: Dice) -> Iterator[Image]:
    for photo in read_photos(photos, "train", 300):
        side = min(photo.image_bgr.shape[1], photo.image_bgr.shape[0]) // 2
        left = int(dice.integers(0, photo.image_bgr.shape[1] - side))
        part = XyxyPx(left, 0, left + side, side)
        if not any(intersection_px(part, truth.xyxy_px) for truth in photo.truths):
            yield np.ascontiguousarray(photo.image_bgr[:side, left : left + side])


class Writer:
    """Writes crops and their labels as a YOLO dataset, and counts them."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.counts: dict[str, int] = {}
        for split in SPLITS:
            for kind in ("images", "labels"):
                (out / kind / split).mkdir(parents=True, exist_ok=True)

    def write(self, split: str, source: str, name: str, crop: LabelledCrop) -> None:
        height, width = crop.image_bgr.shape[:2]
        cv2.imwrite(
            str(self._out / "images" / split / f"{source}-{name}.jpg"), crop.image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 97]
        )
        lines = (
            f"{LOCKS.index(kind)} {_yolo(box, width, height)}\n" for kind, box in _clipped(crop.locks, width, height)
        )
        (self._out / "labels" / split / f"{source}-{name}.txt").write_text("".join(lines))
        counted = f"{split} {source}"
        self.counts[counted] = self.counts.get(counted, 0) + 1

    def close(self) -> None:
        description = {"path": str(self._out.resolve()), "names": dict(enumerate(LOCKS))}
        splits = {split: f"images/{split}" for split in SPLITS}
        (self._out / "data.yaml").write_text(yaml.safe_dump({**description, **splits}))


def _clipped(locks: Iterable[tuple[str, XyxyPx]], width: int, height: int) -> Iterator[tuple[str, XyxyPx]]:
    for kind, box in locks:
        inside = XyxyPx(
            max(0.0, box.left), max(0.0, box.top), min(float(width), box.right), min(float(height), box.bottom)
        )
        if inside.width >= 1 and inside.height >= 1:
            yield kind, inside


def _yolo(box: XyxyPx, width: int, height: int) -> str:
    x, y = box.centre
    return f"{x / width:.6f} {y / height:.6f} {box.width / width:.6f} {box.height / height:.6f}"


def main(
    views: Annotated[list[Path], typer.Option(exists=True, file_okay=False, help="folders of rendered views")],
    out: Annotated[Path, typer.Option(help="folder of the new dataset")],
    many: Annotated[
        list[Path] | None,
        typer.Option(exists=True, file_okay=False, help="folders rendered with --many: for training only"),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="YOLO dataset of bicycles: backgrounds, ridden bikes"),
    ] = None,
    real: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="photos of locks: images/ and locks.csv")
    ] = None,
    variants: Annotated[int, typer.Option(min=1, help="variants of each rendered view")] = 4,
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 0,
) -> None:
    """Write images/ and labels/ of train, val and test with data.yaml."""
    dice = np.random.default_rng([seed, 12])
    writer, backgrounds = Writer(out), Backgrounds(photos, dice)
    for folder in (*views, *(many or ())):
        _write_rendered(writer, folder, backgrounds, variants, dice, held_out=folder in views)
    if photos:
        _write_ridden(writer, photos)
    if real:
        _write_real(writer, real, dice)
    writer.close()
    for source, count in sorted(writer.counts.items()):
        typer.echo(f"{source}: {count}")


def _write_rendered(
    writer: Writer, folder: Path, backgrounds: Backgrounds, variants: int, dice: Dice, *, held_out: bool
) -> None:
    for view in read_views(folder):
        for variant in range(variants):
            crop = as_a_camera_sees(rendered_crop(view, folder, backgrounds.one()), dice)
            split = split_of_scene(view.scene) if held_out else "train"
            writer.write(split, "rendered", f"{Path(view.picture).stem}-{variant}", crop)


def _write_ridden(writer: Writer, photos: Path) -> None:
    for split, into in (("train", "train"), ("val", "test")):
        for name, crop in ridden_bikes(photos, split, CROP_MARGIN):
            writer.write(into, "ridden", name, crop)


def _write_real(writer: Writer, real: Path, dice: Dice) -> None:
    for one in read_real_crops(real):
        if one.split == "test":
            writer.write("test", "real", one.name, one.crop)
            continue
        for variant in range(REAL_VARIANTS):
            writer.write(one.split, "real", f"{one.name}-{variant}", as_a_camera_sees(one.crop, dice))


if __name__ == "__main__":
    typer.run(main)
