"""A folder of a model of locks."""

from __future__ import annotations

import shutil
from pathlib import Path

from detector.model_folder import sha256_of

FACTS = """\
name = "toy-locks"
version = 1
file = "toy.onnx"
sha256 = "{sha256}"
licence = "AGPL-3.0-only"

[classes]
{classes}

[input]
long_side_px = 320
stride_px = 32

[thresholds]
score_low = 0.05
score_high = 0.3
iou = 0.7

[origin]
starting_checkpoint = "toy.pt"
starting_checkpoint_sha256 = "{sha256}"
training_command = "none"
"""


def lock_model_folder(
    folder: Path, project_root: Path, classes: str = 'bicycle = "cable"', sha256: str | None = None
) -> Path:
    """There is no model of locks yet, so the one of bikes stands in for it: whatever it calls a bicycle is a cable."""
    folder.mkdir()
    shutil.copy(project_root / "models/bikepark-v0/bikepark-v0.onnx", folder / "toy.onnx")
    facts = FACTS.format(sha256=sha256 or sha256_of(folder / "toy.onnx"), classes=classes)
    (folder / "model.toml").write_text(facts)
    return folder
