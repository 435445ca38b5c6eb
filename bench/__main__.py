"""`make bench`: each figure is a ratio to a floor measured in the same run, on the same machine, in the same minute.

Nothing here decides a test. Seconds depend on the machine; ratios much less.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from broker_bridge.messages import UpMessage
from detector.config import Thresholds, ViewConfig
from detector.detection import Detector, open_detector
from detector.frames import read_frames
from detector.outbox import Letter, Outbox
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, run_line
from detector.vocabulary import Detection, Frame

CLIP = Path(__file__).resolve().parent.parent / "sample_videos" / "left_unlocked.mp4"
MODEL_FLOPS_640 = 8.7e9
"""yolov8n at 640x640, as its authors count: a multiply and an add are two."""
REPEATS = 9


class Forgetful:
    """A sink that keeps nothing: only the line is timed."""

    def send(self, message: UpMessage) -> None: ...

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None: ...


class Remembered:
    """Gives back what the model said before, so that all but the model is timed."""

    def __init__(self, said: dict[int, list[Detection]]) -> None:
        self._said = said

    def detect(self, frame: Frame) -> list[Detection]:
        return self._said[frame.index]


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median of several runs, after one that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def flops_per_second() -> float:
    """The arithmetic floor: a large single-precision matrix product on the threads numpy takes."""
    size = 2048
    one = np.random.default_rng(0).random((size, size), dtype=np.float32)
    return 2 * size**3 / seconds(lambda: one @ one, 5)


def _line(detector: Detector) -> Line:
    stamper = Stamper(site="bench", worker="bench", boot="bench", entropy=seeded_entropy("bench"))
    return Line(ViewConfig(thresholds=Thresholds()), "bench", detector, Forgetful(), stamper)


def model_against_arithmetic(frame: Frame) -> tuple[str, float, str]:
    detector = open_detector("bikepark-v0")
    height, width = 640 * frame.height_px // frame.width_px // 32 * 32 + 32, 640
    floor = MODEL_FLOPS_640 * (height * width) / (640 * 640) / flops_per_second()
    taken = seconds(lambda: detector.detect(frame))
    return (
        f"one frame through the model ({taken * 1e3:.0f} ms)",
        taken / floor,
        "the same arithmetic as one matrix product",
    )


def line_against_decoding(frames: list[Frame], decode_s: float) -> tuple[str, float, str]:
    detector = open_detector("bikepark-v0")
    said = {frame.index: detector.detect(frame) for frame in frames}
    taken = seconds(lambda: list(run_line(frames, _line(Remembered(said)))), 3)
    return f"tracking to reminder, all frames ({taken * 1e3:.0f} ms)", taken / decode_s, "decoding the clip"


def outbox_against_sqlite(folder: Path) -> tuple[str, float, str]:
    payload, count = b"x" * 700, 300
    outbox = Outbox(folder / "outbox.db")
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE letters (id TEXT, body BLOB)")

    def ours() -> None:
        for _ in range(count):
            outbox.put(_letter(payload))

    def floor() -> None:
        for _ in range(count):
            bare.execute("INSERT INTO letters VALUES (?, ?)", (str(uuid.uuid4()), payload))

    taken, least = seconds(ours, 3), seconds(floor, 3)
    outbox.close()
    return f"one message into the outbox ({taken / count * 1e6:.0f} µs)", taken / least, "a bare SQLite insert, synced"


def _letter(payload: bytes) -> Letter:
    return Letter(str(uuid.uuid4()), "pleaselock/v1/bench/camera/bench/alert", payload, lane="bench")


def main() -> None:
    frames = list(read_frames(CLIP, fps=5))
    decode_s = seconds(lambda: list(read_frames(CLIP, fps=5)), 3)
    clip_s = (frames[-1].at - frames[0].at).total_seconds()
    whole_s = seconds(lambda: list(run_line(read_frames(CLIP, fps=5), _line(open_detector("bikepark-v0")))), 1)
    table = Table("what", "ratio", "to", title=f"{CLIP.name}: {len(frames)} frames, {clip_s:.0f} s of footage")
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            model_against_arithmetic(frames[len(frames) // 2]),
            line_against_decoding(frames, decode_s),
            outbox_against_sqlite(Path(folder)),
            (f"the whole line on the clip ({whole_s:.1f} s)", clip_s / whole_s, "real time (higher is faster)"),
        ]
    for what, ratio, to in rows:
        table.add_row(what, f"{ratio:.2f}", to)
    Console().print(table)


if __name__ == "__main__":
    main()
