from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from detector.detection_ultralytics import import_ultralytics
from detector.training.fine_tune import (
    CLASSES,
    DatasetRefusedError,
    Purpose,
    Run,
    fine_tune,
    keep_classes,
    renumber_labels,
    write_our_dataset,
)

OUR_CLASSES = CLASSES[Purpose.BIKES]


BIKE_NAMES = ["person", "bicycle", "bicycle_wheel", "bicycle_helmet", "motorcycle", "car"]


def write_dataset(folder: Path, names: Sequence[str] = BIKE_NAMES) -> Path:
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        cv2.imwrite(str(folder / f"images/{split}/one.jpg"), np.zeros((48, 64, 3), dtype=np.uint8))
        (folder / f"labels/{split}/one.txt").write_text("5 0.5 0.5 0.1 0.1\n4 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.3 0.3\n")
    (folder / "data.yaml").write_text(yaml.safe_dump({"path": ".", "names": dict(enumerate(names))}))
    return folder


def plain_start() -> Any:  # noqa: ANN401 -- a torch module
    """An untrained network that knows none of our classes."""
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415 -- optional

    start = DetectionModel("yolov8n.yaml", nc=80, verbose=False)
    start.names = {number: f"thing {number}" for number in range(80)}
    return start


def test_only_our_classes_stay_with_their_new_numbers() -> None:
    text = "0 0.1 0.2 0.3 0.4\n2 0.5 0.5 0.1 0.1\n\n4 0.6 0.6 0.1 0.1\n"
    assert renumber_labels(text, {0: 0, 4: 2}) == "0 0.1 0.2 0.3 0.4\n2 0.6 0.6 0.1 0.1\n"


def test_the_dataset_is_copied_with_our_classes_and_the_original_is_untouched(tmp_path: Path) -> None:
    source = write_dataset(tmp_path / "source")
    before = {file: file.read_bytes() for file in source.rglob("*") if file.is_file()}
    description = yaml.safe_load(write_our_dataset([source], tmp_path / "ours", OUR_CLASSES).read_text())
    assert tuple(description["names"].values()) == OUR_CLASSES
    assert (tmp_path / "ours/labels/val/one.txt").read_text() == "2 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.3 0.3\n"
    assert not (tmp_path / "ours/images/train/one.jpg").is_symlink()
    assert {file: file.read_bytes() for file in source.rglob("*") if file.is_file()} == before


def test_several_datasets_are_joined_and_one_named_twice_counts_twice_in_training_only(tmp_path: Path) -> None:
    photos = write_dataset(tmp_path / "photos")
    rendered = write_dataset(tmp_path / "rendered", ["motorcycle", "x", "y", "z", "bicycle", "person"])
    ours = write_our_dataset([photos, rendered, rendered], tmp_path / "ours", OUR_CLASSES).parent
    assert {file.name for file in (ours / "images/train").iterdir()} == {"0-one.jpg", "1-one.jpg", "2-one.jpg"}
    assert {file.name for file in (ours / "images/val").iterdir()} == {"0-one.jpg", "1-one.jpg"}
    for split, places in (("train", "012"), ("val", "01")):
        assert {file.name for file in (ours / "labels" / split).iterdir()} == {f"{place}-one.txt" for place in places}
    assert (ours / "labels/train/0-one.txt").read_text() == "2 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.3 0.3\n"
    assert (ours / "labels/train/2-one.txt").read_text() == "0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.2 0.2\n2 0.5 0.5 0.3 0.3\n"


def test_each_of_several_datasets_must_have_our_classes(tmp_path: Path) -> None:
    photos, cars = write_dataset(tmp_path / "photos"), write_dataset(tmp_path / "cars", ["car"] * 6)
    with pytest.raises(DatasetRefusedError, match=r"cars/data\.yaml has none of the classes"):
        write_our_dataset([photos, cars], tmp_path / "ours", OUR_CLASSES)


@pytest.mark.train
def test_a_cut_head_scores_its_classes_as_the_whole_head_did() -> None:
    import_ultralytics()
    import torch  # noqa: PLC0415 -- optional
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415

    torch.manual_seed(5)
    whole = DetectionModel("yolov8n.yaml", nc=80, verbose=False).eval()
    whole.names = {number: f"thing {number}" for number in range(80)} | {0: "person", 1: "bicycle", 3: "motorcycle"}
    picture = torch.rand(1, 3, 64, 96)
    before = whole(picture)[0]
    after = keep_classes(whole, OUR_CLASSES)(picture)[0]
    assert tuple(after.shape) == (1, 7, 126)
    assert torch.allclose(after, before[:, [0, 1, 2, 3, 4, 5, 7]], atol=1e-6)


@pytest.mark.train
def test_training_leaves_an_epoch_with_our_classes(tmp_path: Path) -> None:
    yolo = import_ultralytics().YOLO
    import torch  # noqa: PLC0415 -- optional
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415

    start = DetectionModel("yolov8n.yaml", nc=80, verbose=False)
    start.names = {number: f"thing {number}" for number in range(80)} | {0: "person", 1: "bicycle", 3: "motorcycle"}
    torch.save({"model": start, "train_args": {}}, tmp_path / "start.pt")
    data = write_dataset(tmp_path / "data")
    fine_tune(Run([data], tmp_path / "start.pt", tmp_path / "out", epochs=50, imgsz=64, batch=1, hours=1e-6))
    assert [file.name for file in (tmp_path / "out/run/weights").glob("epoch*.pt")] == ["epoch0.pt"]
    epoch = yolo(str(tmp_path / "out/run/weights/epoch0.pt"))
    assert tuple(epoch.names.values()) == OUR_CLASSES
    means = [value for name, value in epoch.model.state_dict().items() if name.endswith("running_mean")]
    assert means
    assert not any(mean.any() for mean in means), "the start's batch statistics are kept"


@pytest.mark.train
def test_training_uses_only_the_cores_that_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_ultralytics()
    import torch  # noqa: PLC0415 -- optional

    asked_for: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked_for.append)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2, 3}, raising=False)
    data = write_dataset(tmp_path / "data", ["cable_lock"] * 6)
    torch.save({"model": plain_start(), "train_args": {}}, tmp_path / "start.pt")
    fine_tune(Run([data], tmp_path / "start.pt", tmp_path / "out", Purpose.LOCKS, 1, 64, 1))
    assert 3 in asked_for


@pytest.mark.train
def test_locks_get_a_new_head_and_the_narrow_numbers_are_not_saved(tmp_path: Path) -> None:
    yolo = import_ultralytics().YOLO
    import torch  # noqa: PLC0415 -- optional

    torch.save({"model": plain_start(), "train_args": {}}, tmp_path / "start.pt")
    data = write_dataset(tmp_path / "data", ["cable_lock", "u_lock", "x", "y", "ring_lock", "folding_lock"])
    run = Run([data], tmp_path / "start.pt", tmp_path / "out", Purpose.LOCKS, 1, 64, 1, bfloat16=True)
    fine_tune(run)
    epoch = yolo(str(tmp_path / "out/run/weights/epoch0.pt"))
    assert tuple(epoch.names.values()) == CLASSES[Purpose.LOCKS]
    assert "_predict_once" not in vars(epoch.model)


def test_a_dataset_without_our_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetRefusedError, match="none of the classes u_lock"):
        write_our_dataset([write_dataset(tmp_path / "source")], tmp_path / "ours", CLASSES[Purpose.LOCKS])


def test_a_dataset_without_a_split_to_train_on_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [person]\n")
    with pytest.raises(DatasetRefusedError, match="has no images/train"):
        write_our_dataset([tmp_path], tmp_path / "ours", OUR_CLASSES)
