"""OpenVINO runs the same files and finds the same things."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from detector.boxes import iou
from detector.detection import open_detector, open_session, read_class_names
from detector.frames import read_frames
from detector.model_folder import DEFAULT_MODEL, ModelRefusedError

openvino = pytest.mark.openvino


@openvino
def test_it_finds_what_onnx_runtime_finds(project_root: Path) -> None:
    frames = list(read_frames(project_root / "sample_videos/crowded_passer_by.mp4", fps=0.2))
    plain, ours = open_detector(DEFAULT_MODEL), open_detector(DEFAULT_MODEL, runtime="openvino")
    pairs = [(one, ours.detect(frame)) for frame in frames for one in plain.detect(frame) if one.score > 0.4]
    found = [
        any(iou(one.xyxy_px, other.xyxy_px) > 0.85 and one.kind is other.kind for other in all_) for one, all_ in pairs
    ]
    assert len(found) > 2 * len(frames)
    assert sum(found) >= 0.97 * len(found)  # in bfloat16 a score near the limit may fall on the other side


@openvino
def test_the_same_picture_gives_the_same_boxes(project_root: Path) -> None:
    frame = next(iter(read_frames(project_root / "sample_videos/locked.mp4", fps=1)))
    detector = open_detector(DEFAULT_MODEL, runtime="openvino", threads=1)
    assert detector.detect(frame) == detector.detect(frame)


@openvino
def test_what_the_exporter_wrote_is_read(project_root: Path) -> None:
    weights = project_root / f"models/{DEFAULT_MODEL}/{DEFAULT_MODEL}.onnx"
    here, there = (open_session(weights, 1, runtime) for runtime in ("onnxruntime", "openvino"))
    assert read_class_names(there) == read_class_names(here) == {0: "person", 1: "bicycle", 2: "motorcycle"}
    assert there.get_modelmeta().custom_metadata_map["end2end"] == "False"
    assert there.get_inputs()[0].name == here.get_inputs()[0].name


@openvino
def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelRefusedError, match=r"broken\.onnx is not a model that OpenVINO can open"):
        open_detector(tmp_path / "broken.onnx", runtime="openvino")


def test_without_openvino_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelRefusedError, match=r"pip install 'pleaselock\[openvino\]'"):
        open_detector(DEFAULT_MODEL, runtime="openvino")


@openvino
def test_two_may_ask_at_the_same_time(project_root: Path) -> None:
    frames = list(read_frames(project_root / "sample_videos/locked.mp4", fps=0.2))
    detector = open_detector(DEFAULT_MODEL, runtime="openvino", threads=1, at_once=2)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.detect, frames)) == [detector.detect(frame) for frame in frames]
