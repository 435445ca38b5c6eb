from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from detector.detection import open_detector
from detector.model_folder import DEFAULT_MODEL, ModelRefusedError, identify_model, load_model_folder
from detector.vocabulary import Kind

BYTES = b"some weights"
FACTS = f"""\
name = "toy"
version = 3
file = "toy.onnx"
sha256 = "{hashlib.sha256(BYTES).hexdigest()}"
licence = "AGPL-3.0-only"
[classes]
human = "person"
bike = "bicycle"
[input]
long_side_px = 640
stride_px = 32
[thresholds]
score_low = 0.1
score_high = 0.4
iou = 0.7
[origin]
starting_checkpoint = "yolov8n.pt"
starting_checkpoint_sha256 = "{"0" * 64}"
training_command = "python -m models.train"
"""


def write_folder(folder: Path, facts: str = FACTS, weights: bytes | None = BYTES) -> Path:
    folder.mkdir()
    (folder / "model.toml").write_text(facts)
    if weights is not None:
        (folder / "toy.onnx").write_bytes(weights)
    return folder


def test_a_folder_is_opened_by_its_path(tmp_path: Path) -> None:
    folder = load_model_folder(write_folder(tmp_path / "toy-v3"))
    assert folder.model_id == "toy-v3"
    assert folder.weights.read_bytes() == BYTES
    assert folder.facts.classes == {"human": Kind.PERSON, "bike": Kind.BICYCLE}


def test_the_model_that_comes_along_is_found_by_its_name(project_root: Path) -> None:
    folder = load_model_folder(DEFAULT_MODEL)
    assert folder.path == project_root / "models" / DEFAULT_MODEL
    assert set(folder.facts.classes.values()) == set(Kind)


def test_an_installed_model_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "share" / "pleaselock" / "models"
    installed.mkdir(parents=True)
    write_folder(installed / "toy-v3")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    assert load_model_folder("toy-v3").path == installed / "toy-v3"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelRefusedError, match=rf"There is no model 'nonesuch'; models here: .*{DEFAULT_MODEL}"):
        load_model_folder("nonesuch")


def test_a_folder_without_facts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match=r"has no model\.toml"):
        load_model_folder(tmp_path)


def test_a_folder_without_its_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match=r"has no toy\.onnx"):
        load_model_folder(write_folder(tmp_path / "toy-v3", weights=None))


def test_other_weights_than_the_facts_were_written_about_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match=r"toy\.onnx is not the file its model\.toml was written about"):
        load_model_folder(write_folder(tmp_path / "toy-v3", weights=b"other weights"))


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        pytest.param('licence = "', 'licens = "', "licen[cs]e: ", id="a misspelt key"),
        pytest.param("iou = 0.7", "iou = 0.7\niuo = 1", "thresholds.iuo: Extra inputs", id="an unknown key"),
        pytest.param("score_low = 0.1", "score_low = 0.9", "score_low must not be above score_high", id="order"),
        pytest.param("iou = 0.7", 'iou = "0.7"', "thresholds.iou: Input should be a valid number", id="a wrong type"),
        pytest.param("version = 3", "version = -1", "version: Input should be greater", id="a negative version"),
        pytest.param('bike = "bicycle"', "", "must map one class to bicycle", id="no bicycles"),
        pytest.param('human = "person"', "", "must map one class to person", id="no persons"),
        pytest.param('"bicycle"', '"cargo"', r"classes.bike: Input should be 'person'", id="an unknown kind"),
        pytest.param("long_side_px = 640", "long_side_px = 650", "multiple of stride_px", id="broken strides"),
        pytest.param('file = "toy.onnx"', 'file = "../toy.onnx"', "file: String should match", id="a file elsewhere"),
        pytest.param('sha256 = "', 'sha256 = "zz', "sha256: String should match", id="not a sha256"),
        pytest.param("[classes]", "[classes", "Cannot read .*model.toml", id="not TOML"),
    ],
)
def test_impossible_facts_are_refused_in_one_sentence(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in FACTS
    with pytest.raises(ModelRefusedError, match=complaint) as refusal:
        load_model_folder(write_folder(tmp_path / "toy-v3", FACTS.replace(before, after, 1)))
    assert "\n" not in str(refusal.value)


def test_weights_that_know_other_classes_than_the_facts_are_refused(tmp_path: Path, project_root: Path) -> None:
    folder = tmp_path / DEFAULT_MODEL
    shutil.copytree(project_root / "models" / DEFAULT_MODEL, folder)
    weights = folder / f"{DEFAULT_MODEL}.onnx"
    facts = (folder / "model.toml").read_text()
    renamed = weights.read_bytes().replace(b"'bicycle'", b"'pushcar'")
    weights.write_bytes(renamed)
    sha256 = load_model_folder(DEFAULT_MODEL).facts.sha256
    (folder / "model.toml").write_text(facts.replace(sha256, hashlib.sha256(renamed).hexdigest()))
    with pytest.raises(ModelRefusedError, match=r"lists the class 'bicycle', but .* only knows person, pushcar"):
        open_detector(folder)


def test_a_model_is_identified_by_name_and_sha256(tmp_path: Path) -> None:
    identity = identify_model(write_folder(tmp_path / "toy-v3"))
    assert (identity.model_id, identity.sha256) == ("toy-v3", hashlib.sha256(BYTES).hexdigest())
    assert identify_model(tmp_path / "toy-v3" / "toy.onnx").model_id == "toy.onnx"
