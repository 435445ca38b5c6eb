from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from detector.detection_ultralytics import import_ultralytics
from detector.lock_model import LockFacts
from detector.lock_views import LockKind
from detector.model_folder import ModelFacts, sha256_of
from detector.training.fine_tune import CLASSES, Purpose
from models.release import Origin, blend, facts_text

OUR_CLASSES = CLASSES[Purpose.BIKES]


def test_the_facts_of_a_new_model_can_be_read_back(tmp_path: Path) -> None:
    for name in ("toy-v1.onnx", "start.pt"):
        (tmp_path / name).write_bytes(name.encode())
    origin = Origin(tmp_path / "start.pt", 'train --name "x"', 640)
    text = facts_text("toy", 1, tmp_path / "toy-v1.onnx", origin)
    facts = ModelFacts.model_validate(tomllib.loads(text))
    assert (facts.name, facts.version, facts.file) == ("toy", 1, "toy-v1.onnx")
    assert facts.origin.training_command == 'train --name "x"'
    assert facts.sha256 == sha256_of(tmp_path / "toy-v1.onnx")
    assert facts.origin.starting_checkpoint_sha256 == sha256_of(tmp_path / "start.pt")


def test_a_model_of_locks_says_what_its_classes_are_to_us(tmp_path: Path) -> None:
    for name in ("toy-v1.onnx", "start.pt"):
        (tmp_path / name).write_bytes(name.encode())
    text = facts_text("toy", 1, tmp_path / "toy-v1.onnx", Origin(tmp_path / "start.pt", "train", 256), Purpose.LOCKS)
    facts = LockFacts.model_validate(tomllib.loads(text))
    assert facts.classes["chain_lock"] is LockKind.CHAIN
    assert facts.input.long_side_px == 256


@pytest.mark.train
@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.0, 1.0, id="the start"),
        pytest.param(0.25, 1.5, id="a quarter of the way"),
        pytest.param(1.0, 3.0, id="the tuned one"),
    ],
)
def test_a_blend_lies_between_its_two_checkpoints(tmp_path: Path, share: float, expected: float) -> None:
    start, tuned = (write_checkpoint(tmp_path / f"{value}.pt", value) for value in (1.0, 3.0))
    head = blend(start, tuned, share).model.model[-1]
    assert head.nc == 3
    for branch in head.cv3:
        assert branch[-1].weight.unique().tolist() == [expected]


def write_checkpoint(file: Path, value: float) -> Path:
    """A detector of our classes whose every class weight is `value`."""
    import_ultralytics()
    import torch  # noqa: PLC0415 -- optional
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415

    model = DetectionModel("yolov8n.yaml", nc=3, verbose=False)
    model.names = dict(enumerate(OUR_CLASSES))
    for branch in model.model[-1].cv3:
        torch.nn.init.constant_(branch[-1].weight, value)
    torch.save({"model": model, "train_args": {}}, file)
    return file
