from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from detector.detection import open_detector
from detector.errors import UsageError
from detector.model_folder import ModelRefusedError, find_folder, identify_model
from detector.training.commands import app, models
from detector.training.fine_tune import Purpose
from detector.training.labelled import NO_TIME, read_photos
from detector.training.promote import NotPromotedError, complete, model_in_use
from detector.vocabulary import Frame

MODEL = "bikepark-v0"
ASK = CliRunner()


@pytest.fixture
def shelf(tmp_path: Path, project_root: Path) -> Path:
    """The model that came with pleaselock under two versions, of which the older one sees no bicycle."""
    folder = tmp_path / "shelf"
    for version in (0, 1):
        copy = folder / f"bikepark-v{version}"
        shutil.copytree(project_root / "models" / MODEL, copy)
        facts = copy / "model.toml"
        facts.write_text(facts.read_text().replace("version = 0", f"version = {version}"))
    blind = folder / "bikepark-v0/model.toml"
    blind.write_text(blind.read_text().replace("long_side_px = 640", "long_side_px = 32"))
    return folder


@pytest.fixture
def kept(tmp_path: Path, project_root: Path) -> Path:
    """Frames of a shipped clip, labelled with what the better model finds in them."""
    data = tmp_path / "kept"
    for kind in ("images", "labels"):
        (data / kind / "test").mkdir(parents=True)
    (data / "data.yaml").write_text("names: [person, bicycle]\n")
    film = cv2.VideoCapture(str(project_root / "sample_videos/locked.mp4"))
    detector = open_detector(MODEL)
    for number in range(12):
        film.set(cv2.CAP_PROP_POS_FRAMES, number * 20)
        image = np.asarray(film.read()[1], dtype=np.uint8)
        cv2.imwrite(str(data / f"images/test/{number:02d}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 100])
        lines = []
        for one in detector.detect(Frame(image, 0, NO_TIME)):
            if one.kind == "bicycle":
                (x, y), box = one.xyxy_px.centre, one.xyxy_px
                high, wide = image.shape[:2]
                lines.append(f"1 {x / wide} {y / high} {box.width / wide} {box.height / high}\n")
        (data / f"labels/test/{number:02d}.txt").write_text("".join(lines))
    assert sum(len(photo.truths) for photo in read_photos(data, "test")) > 12
    return data


def promote(new: Path, kept: Path, *more: str) -> str:
    result = ASK.invoke(models, ["promote", str(new), "--data", str(kept), *more], catch_exceptions=False)
    return result.output


def test_a_winner_takes_the_place_and_is_found_by_its_name(shelf: Path, kept: Path) -> None:
    said = promote(shelf / "bikepark-v1", kept, "--over", str(shelf / "bikepark-v0"))
    assert "is bikepark-v1 now" in said
    assert identify_model(shelf / "bikepark").model_id == "bikepark-v1"
    assert find_folder(shelf / "bikepark").resolve() == (shelf / "bikepark-v1").resolve()
    (record,) = [json.loads(line) for line in (shelf / "bikepark.promotions.jsonl").read_text().splitlines()]
    assert (record["model"], record["over"], record["pictures"]) == ("bikepark-v1", "bikepark-v0", 12)
    assert record["mean_ap50"]["low"] > 0


def test_a_model_that_does_not_win_changes_nothing(shelf: Path, kept: Path) -> None:
    with pytest.raises(NotPromotedError, match=r"bikepark-v0 does not win over bikepark-v1: AP50 .* 12 pictures"):
        promote(shelf / "bikepark-v0", kept, "--over", str(shelf / "bikepark-v1"))
    assert model_in_use(shelf, "bikepark") is None
    assert not (shelf / "bikepark.promotions.jsonl").exists()


def test_what_is_in_use_is_what_the_next_one_has_to_beat(shelf: Path, kept: Path) -> None:
    (shelf / "bikepark").symlink_to("bikepark-v1")
    with pytest.raises(NotPromotedError, match="does not win over bikepark-v1"):
        promote(shelf / "bikepark-v0", kept)
    with pytest.raises(NotPromotedError, match="does not win over bikepark-v1"):
        promote(shelf / "bikepark-v1", kept)


def test_without_one_in_use_the_other_must_be_named(shelf: Path, kept: Path) -> None:
    with pytest.raises(UsageError, match="say with --over"):
        promote(shelf / "bikepark-v1", kept)


@pytest.mark.parametrize("missing", ["card.md", "metrics.json"])
def test_a_model_without_a_card_or_figures_is_not_finished(shelf: Path, missing: str) -> None:
    (shelf / "bikepark-v1" / missing).write_text(" \n")
    with pytest.raises(NotPromotedError, match=f"has no {missing}"):
        complete(shelf / "bikepark-v1", Purpose.BIKES)


def test_weights_that_are_not_those_of_the_facts_are_refused(shelf: Path) -> None:
    with (shelf / "bikepark-v1/bikepark-v0.onnx").open("ab") as weights:
        weights.write(b"more")
    with pytest.raises(ModelRefusedError, match="is not the file"):
        complete(shelf / "bikepark-v1", Purpose.BIKES)


def test_classes_that_the_weights_do_not_have_are_refused(shelf: Path, kept: Path) -> None:
    facts = shelf / "bikepark-v1/model.toml"
    facts.write_text(facts.read_text().replace('motorcycle = "motorcycle"', 'moped = "motorcycle"'))
    with pytest.raises(ModelRefusedError, match="lists the class 'moped'"):
        promote(shelf / "bikepark-v1", kept, "--over", str(shelf / "bikepark-v0"))
    assert model_in_use(shelf, "bikepark") is None


def test_a_folder_in_the_way_is_left_alone(shelf: Path, kept: Path) -> None:
    (shelf / "bikepark").mkdir()
    with pytest.raises(NotPromotedError, match="move it away first"):
        promote(shelf / "bikepark-v1", kept, "--over", str(shelf / "bikepark-v0"))


def test_a_comparison_is_printed_for_machines(shelf: Path, kept: Path) -> None:
    asked = ["compare", str(shelf / "bikepark-v0"), str(shelf / "bikepark-v1"), "--data", str(kept)]
    told = json.loads(ASK.invoke(models, asked, catch_exceptions=False).output)
    assert told["b_wins"] is True
    assert told["kinds"]["bicycle"]["b"] > told["kinds"]["bicycle"]["a"]


def test_training_without_the_extra_says_how_to_get_it(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "start.pt").write_bytes(b"")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    asked = ["--data", str(kept), "--start", str(tmp_path / "start.pt"), "--out", str(tmp_path / "out")]
    with pytest.raises(UsageError, match=r"pip install 'pleaselock\[train\]'"):
        ASK.invoke(app, asked, catch_exceptions=False)
    assert not (tmp_path / "out").exists()


def test_training_from_a_checkpoint_that_is_not_there_is_refused(tmp_path: Path, kept: Path) -> None:
    asked = ["--data", str(kept), "--start", str(tmp_path / "no.pt"), "--out", str(tmp_path / "out")]
    with pytest.raises(UsageError, match="There is no checkpoint"):
        ASK.invoke(app, asked, catch_exceptions=False)
