"""Every model that lies here, at two sizes, in each runtime that is installed: `python -m bench.runtimes`.

The floor is the arithmetic: the model's multiplications and additions, at the speed of a large single-precision matrix
product in the same run. Below 1 means narrower numbers. Processor time is measured, not the clock's, so that a busy
machine matters little; models run on one thread.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bench.measure import REPEATS
from bench.rows import Row, print_rows
from detector.detection import open_session
from detector.model_folder import FACTS_FILE, FolderOf, Runtime, load_model_folder
from detector.vocabulary import Kind

MODELS = Path(__file__).parents[1] / "models"
SIZES_HW = ((384, 640), (576, 960))
MODEL_GFLOP_640 = {"bikepark-v0": 8.7, "bikepark-v2": 6.5, "bikepark-s-v0": 28.6}
"""A 640x640 picture through YOLOv8n, YOLO11n and YOLOv8s, as their authors count: a multiply and an add are two."""
PRODUCT_SIDE = 2048


def rows() -> Iterator[Row]:
    speed = matrix_product_flops()
    for folder in bike_models():
        for hw in SIZES_HW:
            for runtime in runtimes():
                yield _row(folder, hw, runtime, speed)


def bike_models() -> list[FolderOf[Kind]]:
    """The models whose arithmetic is known."""
    folders = [load_model_folder(facts.parent) for facts in sorted(MODELS.glob(f"bikepark*-v*/{FACTS_FILE}"))]
    return [folder for folder in folders if folder.model_id in MODEL_GFLOP_640]


def runtimes() -> tuple[Runtime, ...]:
    return ("onnxruntime", "openvino") if importlib.util.find_spec("openvino") else ("onnxruntime",)


def _row(folder: FolderOf[Kind], hw: tuple[int, int], runtime: Runtime, flops_per_s: float) -> Row:
    height, width = hw
    session = open_session(folder.weights, 1, runtime)
    picture = np.random.default_rng(0).random((1, 3, height, width), dtype=np.float32)
    taken = cpu_seconds(partial(session.run, None, {session.get_inputs()[0].name: picture}))
    floor = MODEL_GFLOP_640[folder.model_id] * 1e9 * height * width / 640**2 / flops_per_s
    what = f"{folder.model_id}, {width}x{height}, {runtime} ({taken * 1e3:.0f} ms)"
    return Row(what, taken / floor, f"its arithmetic ({floor * 1e3:.0f} ms)")


def matrix_product_flops() -> float:
    """Operations per second of processor time, however many threads NumPy takes."""
    one = np.random.default_rng(0).random((PRODUCT_SIDE, PRODUCT_SIDE), dtype=np.float32)
    return 2 * PRODUCT_SIDE**3 / cpu_seconds(lambda: one @ one)


def cpu_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The least processor time of several runs, after one that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


if __name__ == "__main__":
    print_rows("Models, sizes and runtimes, one thread", rows())
