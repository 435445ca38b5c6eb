"""What every YOLO model needs around it: fitting a picture into its input, and reading boxes from its output. Pure."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

PADDING_GREY = 114  # what YOLO models were trained with
MOST_BOXES = 300
END_TO_END_WIDTH = 6

FloatArray = NDArray[np.float32]


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


def fitting_size(height_px: int, width_px: int, long_side_px: int, stride_px: int) -> tuple[int, int]:
    """Input height and width, multiples of the stride, that hold the picture with its long side at `long_side_px`."""
    scale = long_side_px / max(height_px, width_px)
    height, width = (whole_strides(round(side * scale), stride_px) for side in (height_px, width_px))
    return height, width


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


def is_end_to_end(metadata: Mapping[str, str], output_shape: Sequence[int | str | None]) -> bool:
    """Whether a model gives boxes that it has suppressed itself, by what its exporter wrote.

    YOLO26 has both heads, and the exporter chooses; `nms=True` adds suppression to any. Only a file without a word about
    it is judged by its output's shape.
    """
    if "end2end" not in metadata:
        return output_shape[-1] == END_TO_END_WIDTH
    return metadata["end2end"] == "True" or _was_exported_with_nms(metadata.get("args", "{}"))


def _was_exported_with_nms(arguments: str) -> bool:
    try:
        return dict(ast.literal_eval(arguments)).get("nms") is True
    except (ValueError, SyntaxError, TypeError):
        return False


def decode(output: FloatArray, score_threshold: float, iou_threshold: float, *, end_to_end: bool) -> Candidates:
    """Read a YOLO output of one picture: strongest first, class-wise suppressed, at most 300 boxes in input pixels.

    `output` is (1, 4 + classes, anchors) with centre boxes, or (1, boxes, 6) from an end-to-end model, which has
    suppressed already.

    Raises:
        ValueError: any other shape.
    """
    wanted = f"(1, n, {END_TO_END_WIDTH})" if end_to_end else "(1, 4 + classes, n)"
    if output.ndim != 3 or output.shape[0] != 1 or (end_to_end and output.shape[2] != END_TO_END_WIDTH):  # noqa: PLR2004
        raise ValueError(f"The model gives an output of shape {output.shape}; {wanted} is expected.")
    if end_to_end:
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


def whole_strides(side_px: int, stride_px: int) -> int:
    return max(1, -(-side_px // stride_px)) * stride_px


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
