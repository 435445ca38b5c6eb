"""A rendered or photographed crop as a cheap camera would deliver it: smaller, blurred, noisy, compressed. Pure."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.lock_views import sharpness_of

Dice = np.random.Generator
Image = NDArray[np.uint8]
LEAST_LONG_SIDE_PX = 120
SMALLEST_SCALE = 0.5
TRIES = 6
LEAST_BRIGHTNESS, LEAST_SHARPNESS = 45.0, 600.0
"""About what `ViewNeeds` asks for: in anything darker or more blurred no lock is ever looked for."""


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """A crop (h, w, 3), uint8 BGR, with the class name and box, in its pixels, of every lock in it."""

    image_bgr: Image
    locks: tuple[tuple[str, XyxyPx], ...]

    def scaled(self, by: float) -> LabelledCrop:
        height, width = (max(8, round(side * by)) for side in self.image_bgr.shape[:2])
        how = cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR
        smaller = np.asarray(cv2.resize(self.image_bgr, (width, height), interpolation=how), dtype=np.uint8)
        x, y = width / self.image_bgr.shape[1], height / self.image_bgr.shape[0]
        boxes = ((kind, XyxyPx(b.left * x, b.top * y, b.right * x, b.bottom * y)) for kind, b in self.locks)
        return LabelledCrop(smaller, tuple(boxes))

    def mirrored(self) -> LabelledCrop:
        width = self.image_bgr.shape[1]
        boxes = ((kind, XyxyPx(width - b.right, b.top, width - b.left, b.bottom)) for kind, b in self.locks)
        return LabelledCrop(np.ascontiguousarray(self.image_bgr[:, ::-1]), tuple(boxes))


def as_a_camera_sees(crop: LabelledCrop, dice: Dice) -> LabelledCrop:
    """One random variant of a crop; one so dark or blurred that no lock is ever looked for in it is thrown again."""
    for _ in range(TRIES):
        seen = _once(crop, dice)
        grey = np.asarray(cv2.cvtColor(seen.image_bgr, cv2.COLOR_BGR2GRAY), dtype=np.float32)
        if grey.mean() >= LEAST_BRIGHTNESS and sharpness_of(grey) >= LEAST_SHARPNESS:
            break
    return seen


def _once(crop: LabelledCrop, dice: Dice) -> LabelledCrop:
    least = min(1.0, max(SMALLEST_SCALE, LEAST_LONG_SIDE_PX / max(crop.image_bgr.shape[:2])))
    small = crop.scaled(float(np.exp(dice.uniform(np.log(least), 0.0))))
    turned = small.mirrored() if dice.random() < 0.5 else small
    return LabelledCrop(_delivered(turned.image_bgr, dice), turned.locks)


def _delivered(image: Image, dice: Dice) -> Image:
    seen = _blurred(image.astype(np.float32), dice)
    seen = _lit(seen, dice)
    grain = dice.normal(0, abs(float(dice.normal(0, 3.5))), image.shape[:2])[:, :, None]
    tint = dice.normal(0, abs(float(dice.normal(0, 2))), image.shape)
    noisy = np.clip(seen + grain + tint, 0, 255).astype(np.uint8)
    return (
        as_h264(noisy, int(dice.integers(18, 34)))
        if dice.random() < 0.5
        else as_jpeg(noisy, int(dice.integers(40, 96)))
    )


def _blurred(image: NDArray[np.float32], dice: Dice) -> NDArray[np.float32]:
    if dice.random() < 0.1:
        long, turn = int(dice.integers(2, 6)), float(dice.uniform(0, np.pi))
        kernel = np.zeros((long * 2 + 1, long * 2 + 1), dtype=np.float32)
        ends = [(long + round(s * long / 2 * np.cos(turn)), long + round(s * long / 2 * np.sin(turn))) for s in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1)
        image = np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.2, float(dice.normal(0.4, 0.3)))), dtype=np.float32)


def _lit(image: NDArray[np.float32], dice: Dice) -> NDArray[np.float32]:
    """Exposure, contrast and white balance."""
    gain, gamma = float(np.exp(dice.normal(0, 0.22))), float(np.exp(dice.normal(0, 0.2)))
    balance = np.exp(dice.normal(0, 0.05, 3)).astype(np.float32)
    veil = float(dice.uniform(0, 40)) if dice.random() < 0.2 else 0.0
    lit = 255 * (np.clip(image * balance * gain, 0, 255) / 255) ** gamma
    return np.asarray(veil + lit * (1 - veil / 255), dtype=np.float32)


def as_jpeg(image: Image, quality: int) -> Image:
    _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)


def as_h264(image: Image, crf: int) -> Image:
    """The picture after H.264, as the first frame of a stream of that quality."""
    height, width = image.shape[:2]
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream = out.add_stream(
            "libx264", rate=Fraction(1), options={"crf": str(crf), "preset": "veryfast", "threads": "1"}
        )
        stream.height, stream.width, stream.pix_fmt = even.shape[0], even.shape[1], "yuv420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(even, dtype=np.uint8), format="bgr24")))
        out.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as coded:
        frame = next(iter(coded.decode(video=0)))
    return np.asarray(frame.to_ndarray(format="bgr24")[:height, :width], dtype=np.uint8)
