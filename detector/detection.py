"""Step 2: frame → detections. The model runs in ONNX Runtime; letterbox, decoding and suppression are ours."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from detector.boxes import XyxyPx
from detector.detection_ultralytics import UltralyticsDetector
from detector.model_folder import (
    InputFacts,
    ModelRefusedError,
    ThresholdFacts,
    class_numbers,
    kinds_by_name,
    load_model_folder,
)
from detector.vocabulary import Detection, Frame, Kind

PADDING_GREY = 114  # what YOLO models were trained with
MOST_BOXES = 300
BARE_FILE_INPUT = InputFacts(long_side_px=640, stride_px=32)
BARE_FILE_THRESHOLDS = ThresholdFacts(score_low=0.1, score_high=0.4, iou=0.7)
ULTRALYTICS_SUFFIXES = frozenset({".pt", ".engine"})

CANNOT_OPEN = (  # ONNX Runtime's errors share no base but Exception
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)

FloatArray = NDArray[np.float32]


class Detector(Protocol):
    """Finds people and bikes in one picture."""

    def detect(self, frame: Frame) -> list[Detection]:
        """Boxes in pixels of the frame, clipped to it, strongest first."""
        ...


class Candidates(NamedTuple):
    """Boxes of one picture before suppression; `xyxy_px` has shape (n, 4), the others (n,)."""

    xyxy_px: FloatArray
    scores: FloatArray
    numbers: NDArray[np.intp]


class Letterbox(NamedTuple):
    """How a picture was fitted into the model's input: scaled per axis, then moved right and down by whole pixels."""

    scale_x: float
    scale_y: float
    left_px: int
    top_px: int

    def to_picture(self, xyxy_px: FloatArray, width_px: int, height_px: int) -> FloatArray:
        """Take boxes of shape (n, 4) from input pixels to pixels of the picture, clipped to it."""
        moved = xyxy_px - np.array([self.left_px, self.top_px] * 2, dtype=np.float32)
        scaled = moved / np.array([self.scale_x, self.scale_y] * 2, dtype=np.float32)
        return np.clip(scaled, 0, np.array([width_px, height_px] * 2, dtype=np.float32))


class BikeDetector:
    """A YOLO model in ONNX Runtime on the CPU. The same frame always gives the same boxes.

    Made by `from_folder` or `from_file`; `score_threshold` None takes the model's own `score_low`, `threads` None
    leaves their number to ONNX Runtime.
    """

    def __init__(
        self,
        session: Any,  # noqa: ANN401 -- onnxruntime is untyped
        kinds: Mapping[int, Kind],
        input_facts: InputFacts,
        thresholds: ThresholdFacts,
        score_threshold: float | None,
    ) -> None:
        self._session = session
        self._kinds = kinds
        self._input_facts = input_facts
        self._fixed_hw = _fixed_size(session)
        self._input_name = str(session.get_inputs()[0].name)
        self._iou = thresholds.iou
        self._score_threshold = thresholds.score_low if score_threshold is None else score_threshold

    @classmethod
    def from_folder(
        cls, path_or_name: str | Path, *, score_threshold: float | None = None, threads: int | None = None
    ) -> BikeDetector:
        """Open a model folder with the facts it states.

        Raises:
            ModelRefusedError: the folder is missing, incomplete or does not fit its weights.
        """
        folder = load_model_folder(path_or_name)
        session = _open_session(folder.weights, threads)
        kinds = class_numbers(folder, read_class_names(session))
        return cls(session, kinds, folder.facts.input, folder.facts.thresholds, score_threshold)

    @classmethod
    def from_file(
        cls, weights: Path, *, score_threshold: float | None = None, threads: int | None = None
    ) -> BikeDetector:
        """Open a bare ONNX file whose class names are our own words for them.

        Raises:
            ModelRefusedError: not a readable ONNX model, or not one that finds persons and bicycles.
        """
        session = _open_session(weights, threads)
        kinds = kinds_by_name(read_class_names(session), weights)
        return cls(session, kinds, BARE_FILE_INPUT, BARE_FILE_THRESHOLDS, score_threshold)

    def detect(self, frame: Frame) -> list[Detection]:
        hw = self._fixed_hw or fitting_size(frame.height_px, frame.width_px, self._input_facts)
        blob, placed = letterbox(frame.image_bgr, hw)
        (output,) = self._session.run(None, {self._input_name: blob})
        candidates = decode(np.asarray(output, dtype=np.float32), self._score_threshold, self._iou)
        xyxy_px = placed.to_picture(candidates.xyxy_px, frame.width_px, frame.height_px)
        found = zip(xyxy_px.tolist(), candidates.scores.tolist(), candidates.numbers.tolist(), strict=True)
        detections = [
            Detection(self._kinds[number], score, XyxyPx(*box)) for box, score, number in found if number in self._kinds
        ]
        return [detection for detection in detections if detection.xyxy_px.area > 0]


def open_detector(model: str | Path, *, score_threshold: float | None = None, threads: int | None = None) -> Detector:
    """Open a model by name, folder or file: ONNX in ONNX Runtime, `.pt` and TensorRT through Ultralytics.

    Raises:
        ModelRefusedError: there is no such model, or it is not what it says.
        UltralyticsMissingError: the file needs the `[train]` extra.
    """
    path = Path(model)
    if path.suffix not in ULTRALYTICS_SUFFIXES | {".onnx"}:
        return BikeDetector.from_folder(model, score_threshold=score_threshold, threads=threads)
    if not path.is_file():
        raise ModelRefusedError(f"There is no model file {path}.")
    if path.suffix == ".onnx":
        return BikeDetector.from_file(path, score_threshold=score_threshold, threads=threads)
    return UltralyticsDetector(
        path, score_threshold=BARE_FILE_THRESHOLDS.score_low if score_threshold is None else score_threshold
    )


def fitting_size(height_px: int, width_px: int, facts: InputFacts) -> tuple[int, int]:
    """Input height and width, multiples of the stride, that hold the picture with its long side at `long_side_px`."""
    scale = facts.long_side_px / max(height_px, width_px)
    height, width = (max(1, round(side * scale)) for side in (height_px, width_px))
    return -(-height // facts.stride_px) * facts.stride_px, -(-width // facts.stride_px) * facts.stride_px


def letterbox(image_bgr: NDArray[np.uint8], size_hw: tuple[int, int]) -> tuple[FloatArray, Letterbox]:
    """Fit a picture of shape (h, w, 3), uint8, blue-green-red, into `size_hw` without stretching, padded with grey.

    Returns the input of shape (1, 3, *size_hw), float32, red-green-blue, 0 to 1, and how to get back.
    """
    (height, width), (in_height, in_width) = image_bgr.shape[:2], size_hw
    scale = min(in_height / height, in_width / width)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = round((in_width - new_width) / 2 - 0.1), round((in_height - new_height) / 2 - 0.1)
    canvas = np.full((in_height, in_width, 3), PADDING_GREY, dtype=np.uint8)
    resized = cv2.resize(image_bgr, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    canvas[top : top + new_height, left : left + new_width] = resized
    blob = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)
    return blob, Letterbox(new_width / width, new_height / height, left, top)


def decode(output: FloatArray, score_threshold: float, iou_threshold: float) -> Candidates:
    """Read a YOLO output of one picture: strongest first, class-wise suppressed, at most 300 boxes in input pixels.

    `output` is (1, 4 + classes, anchors) with centre boxes, or (1, boxes, 6) from an end-to-end model, which has
    suppressed already.

    Raises:
        ModelRefusedError: any other shape.
    """
    if output.ndim != 3 or output.shape[0] != 1:  # noqa: PLR2004
        raise ModelRefusedError(f"The model gives an output of shape {output.shape}; (1, 4 + classes, n) is expected.")
    if output.shape[2] == 6:  # noqa: PLR2004
        return _decode_end_to_end(output[0], score_threshold)
    return suppress(_decode_anchors(output[0], score_threshold), iou_threshold)


def suppress(candidates: Candidates, iou_threshold: float) -> Candidates:
    """Greedy non-maximum suppression within each class; equal scores keep their order."""
    order = np.argsort(-candidates.scores, kind="stable")
    kept: list[int] = []
    while order.size and len(kept) < MOST_BOXES:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        overlap = _iou_with(candidates.xyxy_px[best], candidates.xyxy_px[rest])
        order = rest[(overlap <= iou_threshold) | (candidates.numbers[rest] != candidates.numbers[best])]
    return _take(candidates, np.array(kept, dtype=np.intp))


def read_class_names(session: Any) -> dict[int, str]:  # noqa: ANN401 -- onnxruntime is untyped
    """Class names by number from the metadata that YOLO exporters write; empty where there is none."""
    written = session.get_modelmeta().custom_metadata_map.get("names", "{}")
    try:
        names = ast.literal_eval(written)
        return {int(number): str(name) for number, name in dict(names).items()}
    except (ValueError, SyntaxError, TypeError):
        return {}


def _open_session(weights: Path, threads: int | None) -> Any:  # noqa: ANN401 -- onnxruntime is untyped
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the edge has other work to do
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    except CANNOT_OPEN as error:
        raise ModelRefusedError(f"{weights} is not a model that ONNX Runtime can open: {error}") from error
    if [len(one.shape) for one in session.get_inputs()] != [4] or len(session.get_outputs()) != 1:
        raise ModelRefusedError(
            f"{weights} is no detection model: one picture in and one table of boxes out is expected."
        )
    return session


def _fixed_size(session: Any) -> tuple[int, int] | None:  # noqa: ANN401 -- onnxruntime is untyped
    height, width = session.get_inputs()[0].shape[2:]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _decode_anchors(rows: FloatArray, score_threshold: float) -> Candidates:
    """Rows are (4 + classes, anchors): centre x, centre y, width, height, then one score per class."""
    class_scores = rows[4:]
    numbers = class_scores.argmax(axis=0)
    scores = class_scores.max(axis=0)
    strong = scores > score_threshold
    centre, half = rows[:2, strong].T, rows[2:4, strong].T / 2
    return Candidates(np.concatenate([centre - half, centre + half], axis=1), scores[strong], numbers[strong])


def _decode_end_to_end(rows: FloatArray, score_threshold: float) -> Candidates:
    """Rows are (boxes, 6): left, top, right, bottom, score, class number."""
    strong = rows[rows[:, 4] > score_threshold][:MOST_BOXES]
    ordered = strong[np.argsort(-strong[:, 4], kind="stable")]
    return Candidates(ordered[:, :4], ordered[:, 4], ordered[:, 5].astype(np.intp))


def _iou_with(box: FloatArray, others: FloatArray) -> FloatArray:
    """Intersection over union of one box (4,) with others (n, 4); shape (n,)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny), dtype=np.float32)


def _take(candidates: Candidates, indices: NDArray[np.intp]) -> Candidates:
    return Candidates(candidates.xyxy_px[indices], candidates.scores[indices], candidates.numbers[indices])
