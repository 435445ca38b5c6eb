"""Our letterbox, decoding and suppression give the boxes Ultralytics gives, on the same weights and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from detector.boxes import iou
from detector.detection import Detector, open_detector
from detector.detection_ultralytics import UltralyticsDetector
from detector.model_folder import ModelRefusedError
from detector.vocabulary import Detection, Frame
from models.release import blend, export_onnx

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
MODELS = ("bikepark-v2", "bikepark-v0", "bikepark-s-v0")
SCORE = 0.25

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # torch's own exporter warns


def least_overlap(ours: Sequence[Detection], theirs: Sequence[Detection]) -> float:
    """Smallest IoU among boxes paired one to one within their kind; 0 where the counts differ."""
    if sorted(one.kind for one in ours) != sorted(one.kind for one in theirs):
        return 0.0
    table = np.array([[iou(a.xyxy_px, b.xyxy_px) * (a.kind is b.kind) for b in theirs] for a in ours]).reshape(
        len(ours), len(theirs)
    )
    rows, columns = linear_sum_assignment(-table)
    return float(min(table[rows, columns], default=1.0))


def assert_same_boxes(ours: Detector, theirs: Detector, frames: Sequence[Frame]) -> None:
    counted = 0
    for frame in frames:
        our_boxes, their_boxes = ours.detect(frame), theirs.detect(frame)
        assert least_overlap(our_boxes, their_boxes) > 0.95, f"picture {frame.index}: {our_boxes} but {their_boxes}"
        counted += len(our_boxes)
    assert counted > len(frames), "these pictures show too little to compare"


def stills(clip: Path, count: int) -> list[Frame]:
    video = cv2.VideoCapture(str(clip))
    step = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // (count + 1)
    frames = []
    for number in range(1, count + 1):
        video.set(cv2.CAP_PROP_POS_FRAMES, number * step)
        frames.append(Frame(np.asarray(video.read()[1], dtype=np.uint8), number, AT))
    return frames


def photos(shared_dir: Path, count: int) -> list[Frame]:
    files = sorted((shared_dir / "data/openimages-bicycle/images/val").glob("*.jpg"))[:count]
    return [Frame(np.asarray(cv2.imread(str(file)), dtype=np.uint8), index, AT) for index, file in enumerate(files)]


def weights_of(model: str, project_root: Path) -> Path:
    return project_root / "models" / model / f"{model}.onnx"


@pytest.mark.parametrize("model", MODELS)
def test_a_committed_model_sees_the_same_in_the_sample_clips(model: str, project_root: Path) -> None:
    truths = sorted((project_root / "sample_videos").glob("*.truth.json"))
    clips = [truth.with_name(truth.name.replace(".truth.json", ".mp4")) for truth in truths]
    assert clips
    frames = [frame for clip in clips for frame in stills(clip, 4)]
    theirs = UltralyticsDetector(weights_of(model, project_root), score_threshold=SCORE)
    assert_same_boxes(open_detector(model, score_threshold=SCORE), theirs, frames)


def test_a_broken_torch_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.pt").write_bytes(b"not a model")
    with pytest.raises(ModelRefusedError, match=r"broken\.pt is not a model that Ultralytics can open"):
        open_detector(tmp_path / "broken.pt")


@pytest.mark.shared
@pytest.mark.parametrize("model", MODELS)
def test_a_committed_model_sees_the_same_in_photos(model: str, shared_dir: Path, project_root: Path) -> None:
    theirs = UltralyticsDetector(weights_of(model, project_root), score_threshold=SCORE)
    assert_same_boxes(open_detector(model, score_threshold=SCORE), theirs, photos(shared_dir, 25))


@pytest.mark.shared
def test_an_exported_checkpoint_sees_what_torch_sees(shared_dir: Path, tmp_path: Path) -> None:
    """The strongest form: PyTorch through Ultralytics against our export in ONNX Runtime."""
    checkpoint = shared_dir / "weights" / "yolov8n.pt"
    export_onnx(blend(checkpoint, checkpoint, 0.5), tmp_path / "cut.onnx", 640)
    ours = open_detector(tmp_path / "cut.onnx", score_threshold=SCORE)
    assert_same_boxes(ours, UltralyticsDetector(checkpoint, score_threshold=SCORE), photos(shared_dir, 25))


@pytest.mark.shared
def test_an_export_is_the_same_file_whenever_it_is_made(shared_dir: Path, tmp_path: Path) -> None:
    checkpoint = shared_dir / "weights" / "yolov8n.pt"
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        export_onnx(blend(checkpoint, checkpoint, 0.5), tmp_path / name / "cut.onnx", 640)
    assert (tmp_path / "one/cut.onnx").read_bytes() == (tmp_path / "other/cut.onnx").read_bytes()
