"""Step 2: frame → detections. The model runs in ONNX Runtime or OpenVINO; what surrounds it (`yolo.py`) is ours."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from detector.boxes import Part, XyxyPx
from detector.detection_openvino import OpenVinoSession
from detector.detection_ultralytics import UltralyticsDetector
from detector.memory import give_back_now
from detector.model_folder import (
    InputFacts,
    ModelRefusedError,
    Runtime,
    ThresholdFacts,
    class_numbers,
    kinds_by_name,
    load_model_folder,
)
from detector.vocabulary import Detection, Frame, Kind
from detector.yolo import decode, fitting_size, is_end_to_end, letterbox, whole_strides

BARE_FILE_INPUT = InputFacts(long_side_px=640, stride_px=32)
BARE_FILE_THRESHOLDS = ThresholdFacts(score_low=0.05, score_high=0.3, iou=0.7)
ULTRALYTICS_SUFFIXES = frozenset({".pt", ".engine"})

BLOCK_PX, LEAST_BLOCKS = 64, 3
"""A part of a picture is shown in whole blocks of the model's input, so many at least on each side."""

CANNOT_OPEN = (  # ONNX Runtime's errors share no base but Exception
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class Detector(Protocol):
    """Finds people and bikes in one picture."""

    def detect(self, frame: Frame) -> list[Detection]:
        """Boxes in pixels of the frame, clipped to it, strongest first."""
        ...


@runtime_checkable
class RegionDetector(Detector, Protocol):
    """A detector that can look at a part of the picture for less."""

    def detect_within(self, frame: Frame, region_px: XyxyPx) -> list[Detection]:
        """As `detect`, but only what lies in the region need be found; it is seen as large as in the whole frame."""
        ...


@runtime_checkable
class SharedDetector(Detector, Protocol):
    """A detector whose model alone is used in turns; fitting pictures and reading boxes need not wait for it."""

    def in_turns(self, turn: AbstractContextManager[object]) -> Detector:
        """The same model for one of those who share it: it works within `turn` only."""
        ...


@runtime_checkable
class ParallelDetector(Detector, Protocol):
    """A detector that several threads may ask at the same time."""

    at_once: int
    """So many threads keep all cores busy."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What one run wants otherwise than the model states; None: as the model states."""

    score_threshold: float | None = None
    threads: int | None = None
    long_side_px: int | None = None
    runtime: Runtime = "onnxruntime"
    at_once: int = 1


class BikeDetector:
    """A YOLO model on the CPU. The same frame always gives the same boxes."""

    def __init__(
        self,
        session: Any,  # noqa: ANN401 -- onnxruntime is untyped
        kinds: Mapping[int, Kind],
        facts: InputFacts,
        thresholds: ThresholdFacts,
        choices: Choices,
    ) -> None:
        self._session = session
        self._kinds = kinds
        self._stride_px = facts.stride_px
        self._long_side_px = whole_strides(choices.long_side_px or facts.long_side_px, facts.stride_px)
        self._score_threshold = thresholds.score_low if choices.score_threshold is None else choices.score_threshold
        self._iou_threshold = thresholds.iou
        self._fixed_hw = fixed_size(session)
        self._turn: AbstractContextManager[object] = nullcontext()
        self._end_to_end = gives_suppressed(session)
        self.at_once = choices.at_once
        self._input_name = str(session.get_inputs()[0].name)

    @classmethod
    def from_folder(cls, path_or_name: str | Path, choices: Choices = Choices()) -> BikeDetector:
        """Open a model folder with the facts it states.

        Raises:
            ModelRefusedError: the folder is missing, incomplete or does not fit its weights.
        """
        folder = load_model_folder(path_or_name)
        session = open_session(folder.weights, choices.threads, choices.runtime, choices.at_once)
        kinds = class_numbers(folder, read_class_names(session))
        return cls(session, kinds, folder.facts.input, folder.facts.thresholds, choices)

    @classmethod
    def from_file(cls, weights: Path, choices: Choices = Choices()) -> BikeDetector:
        """Open a bare ONNX file whose class names are our own words for them.

        Raises:
            ModelRefusedError: not a readable ONNX model, or not one that finds persons and bicycles.
        """
        session = open_session(weights, choices.threads, choices.runtime, choices.at_once)
        kinds = kinds_by_name(read_class_names(session), weights)
        return cls(session, kinds, BARE_FILE_INPUT, BARE_FILE_THRESHOLDS, choices)

    def in_turns(self, turn: AbstractContextManager[object]) -> BikeDetector:
        """As `SharedDetector` says."""
        mine = copy(self)
        mine._turn = turn  # noqa: SLF001 -- its own
        return mine

    def detect(self, frame: Frame) -> list[Detection]:
        return self.look_closer(frame.image_bgr, self._score_threshold)

    def look_closer(self, image_bgr: NDArray[np.uint8], least_score: float) -> list[Detection]:
        """What is in any picture (h, w, 3), scaled to the model's own input; boxes in its pixels, strongest first."""
        height, width = image_bgr.shape[:2]
        hw = self._fixed_hw or fitting_size(height, width, self._long_side_px, self._stride_px)
        return self._find(image_bgr, hw, least_score)

    def detect_within(self, frame: Frame, region_px: XyxyPx) -> list[Detection]:
        """As `RegionDetector` says; a model whose input has one size looks at the whole frame."""
        if self._fixed_hw is not None:
            return self.detect(frame)
        scale = self._long_side_px / max(frame.width_px, frame.height_px)
        part, hw = _whole_blocks(region_px, frame, scale)
        crop_bgr = frame.image_bgr[part.top : part.bottom, part.left : part.right]
        found = self._find(crop_bgr, hw, self._score_threshold)
        return [replace(one, xyxy_px=part.to_picture(one.xyxy_px)) for one in found]

    def _find(self, image_bgr: NDArray[np.uint8], hw: tuple[int, int], least_score: float) -> list[Detection]:
        height, width = image_bgr.shape[:2]
        blob, placed = letterbox(image_bgr, hw)
        with self._turn:
            (output,) = self._session.run(None, {self._input_name: blob})
        table = np.asarray(output, dtype=np.float32)
        candidates = decode(table, least_score, self._iou_threshold, end_to_end=self._end_to_end)
        xyxy_px = placed.to_picture(candidates.xyxy_px, width, height)
        found = zip(xyxy_px.tolist(), candidates.scores.tolist(), candidates.numbers.tolist(), strict=True)
        detections = [
            Detection(self._kinds[number], score, XyxyPx(*box)) for box, score, number in found if number in self._kinds
        ]
        return [detection for detection in detections if detection.xyxy_px.area > 0]


def _whole_blocks(region_px: XyxyPx, frame: Frame, scale: float) -> tuple[Part, tuple[int, int]]:
    """The part of the frame that fills whole blocks of the model's input at this scale, and that input's height, width.

    Few sizes of input: ONNX Runtime plans its memory for each one anew.
    """
    left, right, width = _blocks(region_px.left, region_px.right, frame.width_px, scale)
    top, bottom, height = _blocks(region_px.top, region_px.bottom, frame.height_px, scale)
    return Part(left, top, right, bottom), (height, width)


def _blocks(start: float, end: float, most: int, scale: float) -> tuple[int, int, int]:
    """Along one axis: where the part starts and ends in the frame, and how long it is in the input."""
    blocks = max(LEAST_BLOCKS, -(-round((end - start) * scale) // BLOCK_PX))
    side = min(most, round(blocks * BLOCK_PX / scale))
    first = min(max(0, round((start + end - side) / 2)), most - side)
    return first, first + side, min(blocks * BLOCK_PX, whole_strides(round(most * scale), 32))


def open_detector(
    model: str | Path,
    *,
    score_threshold: float | None = None,
    threads: int | None = None,
    long_side_px: int | None = None,
    runtime: Runtime = "onnxruntime",
    at_once: int = 1,
) -> Detector:
    """Open a model by name, folder or file: ONNX in ONNX Runtime or OpenVINO, `.pt` and TensorRT through Ultralytics.

    `score_threshold` None is the model's own `score_low`; `threads` None leaves their number to the runtime;
    `long_side_px` makes the picture larger (finds smaller things, costs by the square) or smaller than the model states;
    `at_once` callers may ask at the same time, each with `threads` of its own.

    Raises:
        ModelRefusedError: there is no such model, or it is not what it says.
        UltralyticsMissingError: the file needs the `[train]` extra.
    """
    path, choices = Path(model), Choices(score_threshold, threads, long_side_px, runtime, at_once)
    if path.suffix not in ULTRALYTICS_SUFFIXES | {".onnx"}:
        return BikeDetector.from_folder(model, choices)
    if not path.is_file():
        raise ModelRefusedError(f"There is no model file {path}.")
    if path.suffix == ".onnx":
        return BikeDetector.from_file(path, choices)
    least_score = BARE_FILE_THRESHOLDS.score_low if score_threshold is None else score_threshold
    return UltralyticsDetector(path, score_threshold=least_score, imgsz=long_side_px or BARE_FILE_INPUT.long_side_px)


def read_class_names(session: Any) -> dict[int, str]:  # noqa: ANN401 -- onnxruntime is untyped
    """Class names by number from the metadata that YOLO exporters write; empty where there is none."""
    written = session.get_modelmeta().custom_metadata_map.get("names", "{}")
    try:
        names = ast.literal_eval(written)
        return {int(number): str(name) for number, name in dict(names).items()}
    except (ValueError, SyntaxError, TypeError):
        return {}


def open_session(weights: Path, threads: int | None, runtime: Runtime = "onnxruntime", at_once: int = 1) -> Any:  # noqa: ANN401 -- onnxruntime is untyped
    """Open an ONNX file with one picture in and one table out; `threads` a picture, None: as many as the runtime likes.

    Raises:
        ModelRefusedError: it is not such a file.
    """
    if runtime == "openvino":
        session = OpenVinoSession(weights, threads, at_once)
    else:
        session = _onnxruntime_session(weights, threads)
    give_back_now()  # reading the file and making it fast left 15 MiB behind
    if [len(one.shape) for one in (*session.get_inputs(), *session.get_outputs())] != [4, 3]:
        raise ModelRefusedError(
            f"{weights} is no detection model: one picture in and one table of boxes out is expected."
        )
    return session


def _onnxruntime_session(weights: Path, threads: int | None) -> Any:  # noqa: ANN401 -- onnxruntime is untyped
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the edge has other work to do
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # a plan for each size of picture is kept for ever, 17 MiB, and saves no time
    try:
        return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    except CANNOT_OPEN as error:
        raise ModelRefusedError(f"{weights} is not a model that ONNX Runtime can open: {error}") from error


def fixed_size(session: Any) -> tuple[int, int] | None:  # noqa: ANN401 -- onnxruntime is untyped
    """Height and width of the input in pixels; None: any size will do."""
    height, width = session.get_inputs()[0].shape[2:]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def gives_suppressed(session: Any) -> bool:  # noqa: ANN401 -- onnxruntime is untyped
    """Whether the boxes that come out are suppressed already."""
    return is_end_to_end(session.get_modelmeta().custom_metadata_map, session.get_outputs()[0].shape)
