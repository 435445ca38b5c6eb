from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.boxes import XyxyPx, intersection_px
from detector.detection import open_detector
from detector.detection_ultralytics import import_ultralytics
from detector.frames import read_frames
from detector.model_folder import DEFAULT_MODEL, ModelRefusedError
from detector.pose import PoseEstimator, crop_px
from detector.posture import (
    LEAST_CONFIDENCE,
    Joint,
    PoseAtBike,
    Skeleton,
    bends,
    bent_s,
    hands_low,
    hands_low_s,
    is_bent,
    trunk_angle_deg,
)
from detector.vocabulary import Kind
from detector.yolo import FloatArray

METADATA = {"task": "pose", "kpt_shape": "[17, 3]", "names": "{0: 'person'}", "stride": "32", "end2end": "False"}
WIDTH_PX, HEIGHT_PX = 640, 360


@dataclass
class PaintedPeople:
    """A session that takes white patches for people: its joints lie on the patch's diagonal, from corner to corner."""

    metadata: Mapping[str, str] = field(default_factory=lambda: METADATA)
    input_hw: tuple[int | str, int | str] = ("height", "width")
    looked_at: list[tuple[int, ...]] = field(default_factory=list)

    def get_modelmeta(self) -> SimpleNamespace:
        return SimpleNamespace(custom_metadata_map=dict(self.metadata))

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="images", shape=[1, 3, *self.input_hw])]

    def run(self, _names: None, inputs: Mapping[str, FloatArray]) -> list[FloatArray]:
        picture = inputs["images"]
        self.looked_at.append(picture.shape)
        white = (picture[0].min(axis=0) > 0.9).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(white)
        rows = [self._row(*map(float, patch[:4]), score=0.9 - 0.1 * n) for n, patch in enumerate(stats[1:])]
        is_end_to_end = self.metadata.get("end2end") == "True"
        table = np.array(rows, dtype=np.float32).reshape(
            -1, 57 if is_end_to_end else len(self._row(0, 0, 0, 0, score=0))
        )
        return [table[None] if is_end_to_end else np.ascontiguousarray(table.T[None])]

    def _row(self, left: float, top: float, width: float, height: float, *, score: float) -> list[float]:
        along = [n / 16 for n in range(17)]
        joints = [number for share in along for number in (left + share * width, top + share * height, 0.8)]
        if self.metadata.get("end2end") == "True":
            return [left, top, left + width, top + height, score, 0, *joints]
        return [left + width / 2, top + height / 2, width, height, score, *joints]


def picture_of(*people: XyxyPx) -> NDArray[np.uint8]:
    picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    for left, top, right, bottom in people:
        picture[int(top) : int(bottom), int(left) : int(right)] = 255
    return picture


def estimate(*people: XyxyPx, shown: tuple[XyxyPx, ...] | None = None, **session: Any) -> list[Skeleton | None]:  # noqa: ANN401 -- fields of the fake
    return PoseEstimator(PaintedPeople(**session), "toy.onnx").estimate(
        picture_of(*(people if shown is None else shown)), people
    )


ANN, BOB = XyxyPx(100, 100, 150, 220), XyxyPx(170, 110, 220, 230)


@pytest.mark.parametrize(
    "session",
    [
        pytest.param({}, id="any input size"),
        pytest.param({"input_hw": (256, 192)}, id="a fixed input size"),
        pytest.param({"metadata": {**METADATA, "end2end": "True"}}, id="an end-to-end head"),
    ],
)
@pytest.mark.parametrize(
    "person",
    [
        pytest.param(ANN, id="upright"),
        pytest.param(XyxyPx(300, 200, 420, 260), id="lying"),
        pytest.param(XyxyPx(0, 260, 60, 360), id="cut off by the picture's corner"),
    ],
)
def test_joints_come_back_in_pixels_of_the_picture(person: XyxyPx, session: dict[str, Any]) -> None:
    (found,) = estimate(person, **session)
    assert found is not None
    first, last = found.points[0], found.points[-1]
    assert (first.x, first.y) == pytest.approx((person.left, person.top), abs=1)
    assert (last.x, last.y) == pytest.approx((person.right, person.bottom), abs=1)
    assert found.score == pytest.approx(0.9)


def test_two_people_close_together_each_get_their_own_skeleton_in_their_order() -> None:
    for people in ((ANN, BOB), (BOB, ANN)):
        found = [one.points[0].x for one in estimate(*people) if one is not None]
        assert found == pytest.approx([person.left for person in people], abs=1)


def test_one_body_is_not_given_to_two_people() -> None:
    nearly_ann = XyxyPx(108, 104, 158, 224)
    assert [one is not None for one in estimate(ANN, nearly_ann, shown=(ANN,))].count(True) == 1


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        pytest.param(ANN, (), id="nobody made out"),
        pytest.param(ANN, (BOB,), id="only the neighbour made out"),
        pytest.param(ANN, (XyxyPx(130, 110, 180, 230),), id="only somebody half before them made out"),
        pytest.param(XyxyPx(100, 100, 120, 145), (XyxyPx(100, 100, 120, 145),), id="too small to tell"),
        pytest.param(XyxyPx(700, 100, 760, 220), (), id="outside the picture"),
    ],
)
def test_no_skeleton_is_better_than_a_wrong_one(person: XyxyPx, shown: tuple[XyxyPx, ...]) -> None:
    assert estimate(person, shown=shown) == [None]


def test_only_the_people_asked_about_are_looked_at() -> None:
    session = PaintedPeople()
    estimator = PoseEstimator(session, "toy.onnx")
    assert estimator.estimate(picture_of(ANN), []) == []
    assert session.looked_at == []
    estimator.estimate(picture_of(ANN), [ANN])
    assert session.looked_at == [(1, 3, 320, 224)]


def test_a_crop_has_room_for_arms_and_stays_in_the_picture() -> None:
    assert crop_px(XyxyPx(100, 100, 140, 200), 640, 360) == (75, 75, 165, 225)
    assert crop_px(XyxyPx(0, 300, 40, 360), 640, 360) == (0, 285, 55, 360)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        pytest.param({**METADATA, "task": "detect"}, "is no pose model .its task is detect", id="a detector"),
        pytest.param({}, "its task is not stated", id="no metadata"),
        pytest.param({**METADATA, "kpt_shape": "[21, 3]"}, r"shape \[21, 3\]; COCO's \[17, 3\]", id="hands"),
        pytest.param({**METADATA, "kpt_shape": "17 by 3"}, "shape 17 by 3", id="unreadable"),
        pytest.param({**METADATA, "names": "{0: 'dog'}"}, "no class called person", id="dogs"),
    ],
)
def test_a_model_of_something_else_is_refused_in_one_sentence(metadata: dict[str, str], sentence: str) -> None:
    with pytest.raises(ModelRefusedError, match=f"^toy.onnx .*{sentence}"):
        PoseEstimator(PaintedPeople(metadata), "toy.onnx")


def test_an_output_that_breaks_the_metadatas_promise_is_refused() -> None:
    session = PaintedPeople({**METADATA, "names": "{0: 'person', 1: 'dog'}"})
    with pytest.raises(ModelRefusedError, match=r"shape \(1, 56, 1\); its metadata promises \(1, 57, n\)"):
        PoseEstimator(session, "toy.onnx").estimate(picture_of(ANN), [ANN])


def test_a_missing_or_broken_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match=r"There is no pose model file .*absent\.onnx"):
        PoseEstimator.from_file(tmp_path / "absent.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelRefusedError, match=r"broken\.onnx is not a model"):
        PoseEstimator.from_file(tmp_path / "broken.onnx")


# --- a real pose model -----------------------------------------------------------------------------------------------

pose_model = [pytest.mark.shared, pytest.mark.train, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
LOCKED_BIKE = XyxyPx(428, 141, 550, 240)


@pytest.fixture(scope="module")
def pose_checkpoint(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoint = tmp_path_factory.mktemp("pose") / "pose.pt"
    checkpoint.write_bytes((shared_dir / "weights" / "yolov8n-pose-dequant.pt").read_bytes())
    return checkpoint


@pytest.fixture(scope="module")
def real_estimator(pose_checkpoint: Path) -> PoseEstimator:
    exported = import_ultralytics().YOLO(str(pose_checkpoint)).export(format="onnx", dynamic=True, imgsz=320)
    return PoseEstimator.from_file(Path(exported), threads=1)


def still(video: Path, second: float) -> NDArray[np.uint8]:
    capture = cv2.VideoCapture(str(video))
    capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * second)
    is_read, picture = capture.read()
    assert is_read
    return np.asarray(picture, dtype=np.uint8)


@pytest.mark.parametrize(
    ("second", "person", "bent"),
    [
        pytest.param(14, XyxyPx(462, 136, 514, 259), True, marks=pose_model, id="bent over the lock"),
        pytest.param(25, XyxyPx(562, 153, 623, 314), False, marks=pose_model, id="walking away"),
    ],
)
def test_a_real_model_tells_a_rendered_rider_bent_from_upright(
    real_estimator: PoseEstimator, project_root: Path, second: float, person: XyxyPx, *, bent: bool
) -> None:
    (found,) = real_estimator.estimate(still(project_root / "sample_videos/locked.mp4", second), [person])
    assert found is not None
    assert is_bent(found) is bent
    if bent:
        assert hands_low(found, LOCKED_BIKE)


@pytest.mark.shared
@pytest.mark.train
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_real_model_sees_a_real_walker_upright_when_large_enough(
    real_estimator: PoseEstimator, shared_dir: Path
) -> None:
    """In the real rack clip people are 45 px tall, too small to tell; enlarged twice, the rider who stands is upright."""
    frame = still(shared_dir / "data/leeds-rack/rack.avi", 6)
    walker = XyxyPx(174, 136, 205, 182)
    assert real_estimator.estimate(frame, [walker]) == [None]
    twice = np.asarray(cv2.resize(frame, None, fx=2, fy=2), dtype=np.uint8)
    (found,) = real_estimator.estimate(twice, [XyxyPx(*(2 * side for side in walker))])
    assert found is not None
    angle = trunk_angle_deg(found)
    assert angle is not None
    assert angle < 20
    assert walker.top * 2 - 5 < found.points[Joint.NOSE].y < walker.bottom * 2


@pytest.mark.shared
@pytest.mark.train
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_joints_are_where_ultralytics_sees_them(
    real_estimator: PoseEstimator, pose_checkpoint: Path, shared_dir: Path
) -> None:
    """Real photos, cut to what is looked at for one person, so that both see the same."""
    theirs, apart = import_ultralytics().YOLO(str(pose_checkpoint)), dict[str, float]()
    for file in sorted((shared_dir / "data/openimages-bicycle/images/val").glob("*.jpg"))[:40]:
        photo = np.asarray(cv2.imread(str(file)), dtype=np.uint8)
        for person in strong_people(theirs, photo)[:2]:
            left, top, right, bottom = crop_px(person, photo.shape[1], photo.shape[0])
            crop = np.ascontiguousarray(photo[top:bottom, left:right])
            inside = XyxyPx(person.left - left, person.top - top, person.right - left, person.bottom - top)
            (ours,) = real_estimator.estimate(crop, [inside])
            assert ours is not None, file.name
            apart_px = least_apart_px(ours, theirs.predict(crop, imgsz=320, conf=0.15, verbose=False)[0])
            apart[f"{file.name} {left} {top}"] = apart_px / max(person.width, person.height)
    assert len(apart) > 15
    assert max(apart.values()) < 0.05, apart
    assert float(np.median(list(apart.values()))) < 0.005, apart


def strong_people(yolo: Any, photo: NDArray[np.uint8]) -> list[XyxyPx]:  # noqa: ANN401 -- ultralytics is untyped
    boxes = yolo.predict(photo, imgsz=640, conf=0.6, verbose=False)[0].boxes.xyxy.cpu().tolist()
    people = [XyxyPx(*map(float, box)) for box in boxes]
    return [person for person in people if max(person.width, person.height) >= 80]


def least_apart_px(ours: Skeleton, theirs: Any) -> float:  # noqa: ANN401 -- ultralytics is untyped
    """Mean distance of the sure joints to those of the nearest of their skeletons."""
    mine = np.array(ours.points)
    sure = mine[:, 2] >= LEAST_CONFIDENCE
    if not sure.any():
        return 0.0
    points = theirs.keypoints.data.cpu().numpy()[:, sure, :2]
    return float(np.linalg.norm(points - mine[sure, :2], axis=2).mean(axis=1).min())


@pytest.mark.shared
@pytest.mark.train
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_rendered_rider_is_bent_for_as_long_as_the_scenario_says(
    real_estimator: PoseEstimator, project_root: Path
) -> None:
    """`locked` bends down for 12 s; people by the detector, the one nearest to the bike is the rider."""
    detector, frames = open_detector(DEFAULT_MODEL, threads=1), []
    for frame in read_frames(project_root / "sample_videos/locked.mp4", fps=2):
        people = [one.xyxy_px for one in detector.detect(frame) if one.kind is Kind.PERSON and one.score >= 0.3]
        at_bike = [person for person in people if intersection_px(person, LOCKED_BIKE) > 0]
        found = real_estimator.estimate(frame.image_bgr, at_bike[:1])
        frames += [PoseAtBike(frame.at, 0.5, one, LOCKED_BIKE) for one in found]
    assert bent_s(frames) == pytest.approx(12, abs=2)
    assert hands_low_s(frames) == pytest.approx(12, abs=3)
    assert bends(frames) == 1
