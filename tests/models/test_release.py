from __future__ import annotations

import tomllib
from pathlib import Path

from detector.model_folder import ModelFacts, sha256_of
from models.release import facts_text


def test_the_facts_of_a_new_model_can_be_read_back(tmp_path: Path) -> None:
    for name in ("toy-v1.onnx", "start.pt"):
        (tmp_path / name).write_bytes(name.encode())
    text = facts_text("toy", 1, tmp_path / "toy-v1.onnx", tmp_path / "start.pt", 640, "python -m models.train")
    facts = ModelFacts.model_validate(tomllib.loads(text))
    assert (facts.name, facts.version, facts.file) == ("toy", 1, "toy-v1.onnx")
    assert facts.sha256 == sha256_of(tmp_path / "toy-v1.onnx")
    assert facts.origin.starting_checkpoint_sha256 == sha256_of(tmp_path / "start.pt")
