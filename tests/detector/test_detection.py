from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.detection import open_detector
from detector.detection_ultralytics import UltralyticsMissingError
from detector.model_folder import DEFAULT_MODEL, ModelRefusedError, kinds_by_name
from detector.training.fine_tune import Purpose
from detector.training.labelled import found_in, open_finder, read_photos
from detector.training.precision import figures_of
from detector.vocabulary import Detection, Frame, Kind

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def frame(image_bgr: NDArray[np.uint8]) -> Frame:
    return Frame(image_bgr, 0, AT)


def grey_picture(width_px: int, height_px: int) -> NDArray[np.uint8]:
    return np.full((height_px, width_px, 3), 90, dtype=np.uint8)


# --- class names -----------------------------------------------------------------------------------------------------


def test_a_coco_model_gives_our_three_classes() -> None:
    names = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle"}
    expected = {0: Kind.PERSON, 1: Kind.BICYCLE, 3: Kind.MOTORCYCLE}
    assert kinds_by_name(names, Path("yolo.onnx")) == expected


def test_a_model_of_other_things_is_refused() -> None:
    with pytest.raises(ModelRefusedError, match="no class called person and none called bicycle"):
        kinds_by_name({0: "cat", 1: "dog"}, Path("pets.onnx"))


# --- the whole detector ----------------------------------------------------------------------------------------------


def test_an_empty_scene_has_nothing_in_it() -> None:
    assert open_detector(DEFAULT_MODEL).detect(frame(grey_picture(640, 360))) == []


@pytest.mark.parametrize(("width_px", "height_px"), [(640, 360), (360, 640), (1, 1), (37, 911)])
def test_boxes_of_any_picture_lie_inside_it(width_px: int, height_px: int) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (height_px, width_px, 3)).astype(np.uint8)
    for found in open_detector(DEFAULT_MODEL, score_threshold=0.0001).detect(frame(noise)):
        left, top, right, bottom = found.xyxy_px
        assert 0 <= left < right <= width_px
        assert 0 <= top < bottom <= height_px


@pytest.mark.shared
def test_a_longer_side_finds_more_in_a_picture_full_of_small_things(shared_dir: Path) -> None:
    video = cv2.VideoCapture(str(shared_dir / "data/leeds-rack/rack.avi"))
    rack = frame(np.asarray(video.read()[1], dtype=np.uint8))
    small, large = (
        sum(one.score >= 0.3 for one in open_detector(DEFAULT_MODEL, long_side_px=side).detect(rack))
        for side in (320, 640)
    )
    assert large > small + 3


def test_an_unknown_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="There is no model file"):
        open_detector(tmp_path / "absent.onnx")


def test_a_broken_onnx_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelRefusedError, match=r"broken\.onnx is not a model that ONNX Runtime can open"):
        open_detector(tmp_path / "broken.onnx")


def test_a_torch_file_without_ultralytics_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ultralytics", None)
    (tmp_path / "yolo.pt").write_bytes(b"")
    with pytest.raises(UltralyticsMissingError, match=r"pip install 'pleaselock\[train\]'"):
        open_detector(tmp_path / "yolo.pt")


def photo(shared_dir: Path, number: int) -> Frame:
    file = sorted((shared_dir / "data/openimages-bicycle/images/val").glob("*.jpg"))[number]
    return frame(np.asarray(cv2.imread(str(file)), dtype=np.uint8))


@pytest.mark.shared
def test_the_same_photo_gives_the_same_boxes_whatever_the_threads(shared_dir: Path) -> None:
    picture = photo(shared_dir, 3)
    found: list[list[Detection]] = [open_detector(DEFAULT_MODEL, threads=n).detect(picture) for n in (1, 2, 1)]
    assert found[0]
    assert found[0] == found[1] == found[2]


@pytest.mark.shared
def test_the_bare_file_gives_the_same_boxes_as_its_folder(shared_dir: Path, project_root: Path) -> None:
    picture = photo(shared_dir, 3)
    bare = open_detector(project_root / "models" / DEFAULT_MODEL / f"{DEFAULT_MODEL}.onnx")
    assert bare.detect(picture) == open_detector(DEFAULT_MODEL).detect(picture)


@pytest.mark.shared
@pytest.mark.parametrize("model", [DEFAULT_MODEL, "bikepark-s-v0"])
def test_the_model_is_as_good_as_its_folder_says(model: str, shared_dir: Path, project_root: Path) -> None:
    claims = json.loads((project_root / "models" / model / "metrics.json").read_text())["subset"]
    photos = read_photos(shared_dir / "data/openimages-bicycle", "val", limit=claims["photos"])
    measured = figures_of(found_in(open_finder(model, Purpose.BIKES), photos))
    for kind in ("person", "bicycle"):
        assert measured[kind]["ap50"] >= claims[kind]["ap50"] - 0.01
