"""Skeletons of the people at a bike, by a YOLO pose model in ONNX Runtime. Optional: the line works without one.

Only the given people are looked at, each in a crop made as large as the model's input: it costs nothing while nobody is
at a bike, and somebody small in the picture is seen larger.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from math import ceil, floor, hypot
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.detection import fixed_size, open_session, read_class_names
from detector.model_folder import ModelRefusedError
from detector.posture import JOINTS, LEAST_CONFIDENCE, Keypoint, Skeleton
from detector.vocabulary import Kind
from detector.yolo import FloatArray, Letterbox, fitting_size, letterbox, whole_strides

LONG_SIDE_PX = 320
"""Of the input. A nano model needs 6, 10 and 17 ms a person at 256, 320 and 448 on one core; postures hardly differ."""
LEAST_PERSON_PX = 56
"""Of a person's longer side. On a real clip with people of 45 px keypoints were absent or guessed, so none are told."""
MARGIN = 0.25
"""Of a person's longer side, on each side: their box is tight, and hands reach out of it."""
LEAST_SCORE = 0.15
"""Weak is enough: somebody was found in this box already."""
LEAST_OVERLAP = 0.3
SAME_SKELETON = 0.1
"""Joints this share of a person's height apart, on average, belong to one body."""
VALUES = 3


class PoseLayout(NamedTuple):
    """Where one anchor's (or box's) numbers lie: centre boxes and class scores, or corners, score and class number."""

    is_end_to_end: bool
    person_number: int
    joints_from: int

    @property
    def width(self) -> int:
        return self.joints_from + JOINTS * VALUES


class People(NamedTuple):
    """All that the model makes out in one crop: boxes (n, 4), scores (n,), joints (n, 17, 3), in pixels of the picture."""

    xyxy_px: FloatArray
    scores: FloatArray
    joints: FloatArray


class PoseEstimator:
    """A YOLO pose model. The same picture and boxes always give the same skeletons."""

    def __init__(self, session: Any, source: str, long_side_px: int = LONG_SIDE_PX) -> None:  # noqa: ANN401 -- onnxruntime is untyped
        """Take an open session; `source` is what a refusal calls it.

        Raises:
            ModelRefusedError: its metadata does not speak of people with COCO's 17 keypoints.
        """
        metadata = session.get_modelmeta().custom_metadata_map
        self._layout = read_layout(metadata, read_class_names(session), source)
        self._source = source
        self._session = session
        self._fixed_hw = fixed_size(session)
        self._stride_px = _stride_px(metadata)
        self._long_side_px = whole_strides(long_side_px, self._stride_px)
        self._input_name = str(session.get_inputs()[0].name)

    @classmethod
    def from_file(cls, weights: Path, *, threads: int | None = None, long_side_px: int = LONG_SIDE_PX) -> PoseEstimator:
        """Open an ONNX file as Ultralytics exports it.

        Raises:
            ModelRefusedError: there is no such file, or it is no pose model of people.
        """
        if not weights.is_file():
            raise ModelRefusedError(f"There is no pose model file {weights}.")
        return cls(open_session(weights, threads), str(weights), long_side_px)

    def estimate(self, image_bgr: NDArray[np.uint8], people_xyxy_px: Sequence[XyxyPx]) -> list[Skeleton | None]:
        """Skeletons of these people, in their order, in pixels of the full picture (h, w, 3); None: not made out.

        Raises:
            ModelRefusedError: the model gives something else than its metadata says.
        """
        found = [self._estimate_one(image_bgr, person) for person in people_xyxy_px]
        return _one_body_each(found, people_xyxy_px)

    def _estimate_one(self, image_bgr: NDArray[np.uint8], person: XyxyPx) -> Skeleton | None:
        height_px, width_px = image_bgr.shape[:2]
        left, top, right, bottom = crop_px(person, width_px, height_px)
        if max(person.width, person.height) < LEAST_PERSON_PX or right <= left or bottom <= top:
            return None
        crop = image_bgr[top:bottom, left:right]
        hw = self._fixed_hw or fitting_size(bottom - top, right - left, self._long_side_px, self._stride_px)
        blob, placed = letterbox(crop, hw)
        (output,) = self._session.run(None, {self._input_name: blob})
        rows = read_rows(np.asarray(output, dtype=np.float32), self._layout, self._source)
        return _best_match(to_people(rows, self._layout, placed, (left, top)), person)


def read_layout(metadata: Mapping[str, str], class_names: Mapping[int, str], source: str) -> PoseLayout:
    """What the exporter wrote about the model's classes, keypoints and head.

    Raises:
        ModelRefusedError: not a pose model, other keypoints than COCO's 17, or nobody called person.
    """
    if metadata.get("task") != "pose":
        raise ModelRefusedError(f"{source} is no pose model (its task is {metadata.get('task', 'not stated')}).")
    if _literal(metadata.get("kpt_shape", "")) != [JOINTS, VALUES]:
        raise ModelRefusedError(
            f"{source} has keypoints of shape {metadata.get('kpt_shape', 'not stated')}; "
            f"COCO's [{JOINTS}, {VALUES}] (x, y, visible) are needed."
        )
    numbers = [number for number, name in class_names.items() if name == Kind.PERSON]
    if not numbers:
        raise ModelRefusedError(f"{source} has no class called person.")
    is_end_to_end = metadata.get("end2end", "False") == "True"
    return PoseLayout(is_end_to_end, numbers[0], 6 if is_end_to_end else 4 + len(class_names))


def read_rows(output: FloatArray, layout: PoseLayout, source: str) -> FloatArray:
    """The output of one crop as rows (n, numbers of one anchor or box).

    Raises:
        ModelRefusedError: an output of another shape than the metadata promises.
    """
    axis = 2 if layout.is_end_to_end else 1
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[axis] != layout.width:  # noqa: PLR2004
        wanted = f"(1, n, {layout.width})" if layout.is_end_to_end else f"(1, {layout.width}, n)"
        raise ModelRefusedError(f"{source} gives an output of shape {output.shape}; its metadata promises {wanted}.")
    return np.asarray(output[0] if layout.is_end_to_end else output[0].T)


def to_people(rows: FloatArray, layout: PoseLayout, placed: Letterbox, crop_at: tuple[int, int]) -> People:
    """Read rows (n, layout.width), in input pixels of a crop whose upper left corner is `crop_at` in the picture."""
    scores = _scores(rows, layout)
    strong = rows[scores >= LEAST_SCORE]
    joints = strong[:, layout.joints_from :].reshape(-1, JOINTS, VALUES).copy()
    joints[:, :, :2] = _to_picture(joints[:, :, :2], placed, crop_at)
    corners = _corners(strong[:, :4], layout).reshape(-1, 2, 2)
    return People(_to_picture(corners, placed, crop_at).reshape(-1, 4), scores[scores >= LEAST_SCORE], joints)


def crop_px(person: XyxyPx, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture that is looked at for one person."""
    margin = MARGIN * max(person.width, person.height)
    left, top = max(0, floor(person.left - margin)), max(0, floor(person.top - margin))
    right, bottom = min(width_px, ceil(person.right + margin)), min(height_px, ceil(person.bottom + margin))
    return left, top, right, bottom


def _scores(rows: FloatArray, layout: PoseLayout) -> FloatArray:
    if not layout.is_end_to_end:
        return rows[:, 4 + layout.person_number]
    return np.where(rows[:, 5] == layout.person_number, rows[:, 4], np.float32(0))


def _corners(boxes: FloatArray, layout: PoseLayout) -> FloatArray:
    if layout.is_end_to_end:
        return boxes
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _to_picture(points: FloatArray, placed: Letterbox, crop_at: tuple[int, int]) -> FloatArray:
    """Points (..., 2) from input pixels to pixels of the picture; not clipped, a joint may be outside it."""
    moved = points - np.array([placed.left_px, placed.top_px], dtype=np.float32)
    scaled = moved / np.array([placed.scale_x, placed.scale_y], dtype=np.float32)
    return np.asarray(scaled + np.array(crop_at, dtype=np.float32), dtype=np.float32)


def _best_match(people: People, person: XyxyPx) -> Skeleton | None:
    """The most certain skeleton whose box is this person's: a neighbour in the crop is no answer."""
    overlap = _overlaps(people.xyxy_px, person)
    fit = np.where(overlap >= LEAST_OVERLAP, overlap * people.scores, 0)
    if not fit.size or fit.max() <= 0:
        return None
    best = int(fit.argmax())
    points = tuple(Keypoint(*map(float, joint)) for joint in people.joints[best])
    return Skeleton(points, float(people.scores[best]))


def _overlaps(boxes_px: FloatArray, person: XyxyPx) -> FloatArray:
    """Intersection over union of boxes (n, 4) with one box; shape (n,)."""
    box = np.array(person, dtype=np.float32)
    sides = np.minimum(boxes_px[:, 2:], box[2:]) - np.maximum(boxes_px[:, :2], box[:2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    union = person.area + (boxes_px[:, 2:] - boxes_px[:, :2]).prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny), dtype=np.float32)


def _one_body_each(found: list[Skeleton | None], people: Sequence[XyxyPx]) -> list[Skeleton | None]:
    """Of two people who were given the same body the surer one keeps it."""
    kept: list[Skeleton | None] = list(found)
    order = sorted(range(len(found)), key=lambda index: -_score(found[index]))
    for place, index in enumerate(order):
        mine = kept[index]
        if mine is not None and any(_is_same(mine, kept[other], people[index].height) for other in order[:place]):
            kept[index] = None
    return kept


def _score(skeleton: Skeleton | None) -> float:
    return 0.0 if skeleton is None else skeleton.score


def _is_same(one: Skeleton, other: Skeleton | None, height_px: float) -> bool:
    if other is None:
        return False
    pairs = zip(one.points, other.points, strict=True)
    apart = [hypot(a.x - b.x, a.y - b.y) for a, b in pairs if min(a.confidence, b.confidence) >= LEAST_CONFIDENCE]
    return bool(apart) and sum(apart) / len(apart) < SAME_SKELETON * height_px


def _stride_px(metadata: Mapping[str, str]) -> int:
    stride = _literal(metadata.get("stride", "32"))
    return stride if isinstance(stride, int) and stride > 0 else 32


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
