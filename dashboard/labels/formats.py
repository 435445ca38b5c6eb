"""Labels as a dataset: a YOLO folder, COCO, or tasks for Label Studio. Each is written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from dashboard.labels.service import CLASSES, Label

LOCKS = ("u_lock", "chain_lock", "cable_lock", "ring_lock", "folding_lock")
"""Offered in Label Studio, so that locks can be drawn; the class names that `pleaselock train` knows."""


ARCHIVE = "pleaselock-labels"


class Format(StrEnum):
    YOLO = "yolo"
    COCO = "coco"
    LABEL_STUDIO = "label-studio"


class CannotWriteLabelsError(Exception):
    """The folder is in the way or cannot be written."""


def write(labels: Sequence[Label], out: Path, form: Format) -> None:
    """Write the dataset to the new folder `out`, pictures included.

    Raises:
        CannotWriteLabelsError: there is something at `out`, or it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CannotWriteLabelsError(f"{out} is there already and not empty: name a new folder.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
            whole = Path(folder) / "whole"
            WRITERS[form](labels, whole)
            whole.replace(out)
    except OSError as error:
        raise CannotWriteLabelsError(f"{out} cannot be written: {error.strerror}.") from error


def write_zip(labels: Sequence[Label], folder: Path, form: Format) -> Path:
    """The dataset as one file in `folder`, which is the caller's to remove.

    Raises:
        CannotWriteLabelsError: the folder cannot be written.
    """
    write(labels, folder / ARCHIVE, form)
    try:
        return Path(shutil.make_archive(str(folder / ARCHIVE), "zip", folder, ARCHIVE))
    except OSError as error:
        raise CannotWriteLabelsError(f"{folder} cannot be written: {error.strerror}.") from error


def _yolo(labels: Sequence[Label], folder: Path) -> None:
    for split in ("train", "val"):
        (folder / "labels" / split).mkdir(parents=True)
        (folder / "images" / split).mkdir(parents=True)
    for label in labels:
        shutil.copyfile(label.picture, folder / "images" / label.split / _file(label))
        left, top, right, bottom = label.xyxy_px
        across, down = label.width_px, label.height_px
        box = (left + right) / 2 / across, (top + bottom) / 2 / down, (right - left) / across, (bottom - top) / down
        line = f"{CLASSES.index(label.name)} {' '.join(f'{value:.6f}' for value in box)}\n"
        (folder / "labels" / label.split / f"{label.alert_id}.txt").write_text(line)
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    (folder / "data.yaml").write_text(f"path: .\ntrain: images/train\nval: images/val\nnames:\n{names}")


def _coco(labels: Sequence[Label], folder: Path) -> None:
    _copy(labels, folder)
    document = {
        "info": {
            "description": "pleaselock: bikes that people looked at; heads were made unrecognisable at the camera"
        },
        "categories": [{"id": number + 1, "name": name} for number, name in enumerate(CLASSES)],
        "images": [_coco_image(number, label) for number, label in enumerate(labels, 1)],
        "annotations": [_coco_box(number, label) for number, label in enumerate(labels, 1)],
    }
    (folder / "annotations.json").write_text(_json(document), encoding="utf-8")


def _coco_image(number: int, label: Label) -> dict[str, Any]:
    size = {"width": label.width_px, "height": label.height_px}
    return {"id": number, "file_name": f"images/{_file(label)}", **size, "date_captured": label.raised_at.isoformat()}


def _coco_box(number: int, label: Label) -> dict[str, Any]:
    left, top, right, bottom = label.xyxy_px
    wide, high = round(right - left, 1), round(bottom - top, 1)
    return {
        "id": number,
        "image_id": number,
        "category_id": CLASSES.index(label.name) + 1,
        "bbox": [left, top, wide, high],
        "area": round(wide * high, 1),
        "iscrowd": 0,
        "attributes": _facts(label),
    }


def _label_studio(labels: Sequence[Label], folder: Path) -> None:
    _copy(labels, folder)
    (folder / "tasks.json").write_text(_json([_task(label) for label in labels]), encoding="utf-8")
    choices = "".join(f'    <Label value="{name}"/>\n' for name in (*CLASSES, *LOCKS))
    page = f'<View>\n  <Image name="image" value="$image"/>\n  <RectangleLabels name="label" toName="image">\n{choices}  </RectangleLabels>\n</View>\n'
    (folder / "label_config.xml").write_text(page)


def _task(label: Label) -> dict[str, Any]:
    left, top, right, bottom = label.xyxy_px
    x, y = 100 / label.width_px, 100 / label.height_px
    value = {"x": left * x, "y": top * y, "width": (right - left) * x, "height": (bottom - top) * y, "rotation": 0}
    drawn = {
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": label.width_px,
        "original_height": label.height_px,
        "value": {**value, "rectanglelabels": [label.name]},
    }
    place = f"/data/local-files/?d=images/{_file(label)}"
    return {"data": {"image": place, **_facts(label)}, "annotations": [{"result": [drawn]}]}


def _facts(label: Label) -> dict[str, Any]:
    return {
        "alert": label.alert_id,
        "by": label.by,
        "outcome": label.outcome,
        "rack": label.rack,
        "camera": label.camera,
        "raised_at": label.raised_at.isoformat(),
        "p_unlocked": label.p_unlocked,
        "split": label.split,
    }


def _copy(labels: Sequence[Label], folder: Path) -> None:
    (folder / "images").mkdir(parents=True)
    for label in labels:
        shutil.copyfile(label.picture, folder / "images" / _file(label))


def _file(label: Label) -> str:
    return f"{label.alert_id}.jpg"


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


WRITERS: dict[Format, Callable[[Sequence[Label], Path], None]] = {
    Format.YOLO: _yolo,
    Format.COCO: _coco,
    Format.LABEL_STUDIO: _label_studio,
}
