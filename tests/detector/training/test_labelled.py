from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.training.fine_tune import DatasetRefusedError, Purpose
from detector.training.labelled import kept_split, purpose_of, read_photos, read_truths
from detector.training.precision import Truth


def write_dataset(folder: Path, names: str = "{0: car, 1: bicycle}", split: str = "val") -> Path:
    for kind in ("images", "labels"):
        (folder / kind / split).mkdir(parents=True)
    (folder / "data.yaml").write_text(f"names: {names}\n")
    for name, width in (("b", 40), ("a", 20), ("c", 60)):
        cv2.imwrite(str(folder / f"images/{split}/{name}.jpg"), np.zeros((10, width, 3), dtype=np.uint8))
    (folder / f"labels/{split}/b.txt").write_text("1 0.5 0.5 1 1\n0 0.5 0.5 1 1\n")
    return folder


def test_labels_of_other_things_are_passed_over() -> None:
    (truth,) = read_truths("1 0.5 0.5 0.2 0.4\n2 0.1 0.1 0.1 0.1\n", {0: "person", 1: "bicycle"}, 100, 50)
    assert truth.kind == "bicycle"
    assert truth.xyxy_px == pytest.approx((40, 15, 60, 35))


def test_photos_come_in_order_of_their_names_and_may_have_no_labels(tmp_path: Path) -> None:
    photos = list(read_photos(write_dataset(tmp_path), "val", limit=2))
    assert [photo.image_bgr.shape[1] for photo in photos] == [20, 40]
    assert [photo.truths for photo in photos] == [(), (Truth("bicycle", XyxyPx(0, 0, 40, 10)),)]
    assert [photo.name for photo in read_photos(tmp_path, "val", starting="c")] == ["c"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("{0: car, 1: bicycle}", Purpose.BIKES),
        ("[ring_lock, u_lock]", Purpose.LOCKS),
    ],
)
def test_a_dataset_is_about_bikes_or_locks_by_its_names(tmp_path: Path, names: str, expected: Purpose) -> None:
    assert purpose_of(write_dataset(tmp_path, names)) is expected


def test_locks_are_called_by_our_words(tmp_path: Path) -> None:
    photos = list(read_photos(write_dataset(tmp_path, "[u_lock, chain_lock]"), "val", starting="b"))
    assert [truth.kind for truth in photos[0].truths] == ["chain", "u_lock"]


def test_the_test_split_is_kept_for_judging_where_there_is_one(tmp_path: Path) -> None:
    assert kept_split(write_dataset(tmp_path / "one")) == "val"
    assert kept_split(write_dataset(tmp_path / "two", split="test")) == "test"


def test_what_is_no_dataset_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetRefusedError, match=r"not a YOLO dataset: it needs a data\.yaml"):
        purpose_of(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [cat]\n")
    with pytest.raises(DatasetRefusedError, match="names neither bikes nor locks"):
        purpose_of(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [bicycle]\n")
    with pytest.raises(DatasetRefusedError, match="has no images/val"):
        list(read_photos(tmp_path, "val"))


def test_a_broken_photo_is_named(tmp_path: Path) -> None:
    (write_dataset(tmp_path) / "images/val/a.jpg").write_bytes(b"not a picture")
    with pytest.raises(DatasetRefusedError, match=r"a\.jpg is not a picture"):
        list(read_photos(tmp_path, "val"))
