"""Single steps of the line against what they cannot be faster than."""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.film import CLIP
from bench.lines import Remembered, a_line
from bench.measure import seconds
from bench.rows import Row
from bench.runtimes import MODEL_GFLOP_640
from detector.detection import open_detector
from detector.frames import read_frames
from detector.model_folder import DEFAULT_MODEL
from detector.outbox import Letter, Outbox
from detector.pipeline import run_line
from detector.vocabulary import Frame


def rows() -> Iterator[Row]:
    frames = list(read_frames(CLIP, fps=5))
    decode_s = seconds(lambda: list(read_frames(CLIP, fps=5)), 3)
    yield _model_against_arithmetic(frames[len(frames) // 2])
    yield _line_against_decoding(frames, decode_s)
    with tempfile.TemporaryDirectory() as folder:
        yield _outbox_against_sqlite(Path(folder))


def _flops_per_second() -> float:
    """The arithmetic floor: a large single-precision matrix product on the threads numpy takes."""
    size = 2048
    one = np.random.default_rng(0).random((size, size), dtype=np.float32)
    return 2 * size**3 / seconds(lambda: one @ one, 5)


def _model_against_arithmetic(frame: Frame) -> Row:
    detector = open_detector(DEFAULT_MODEL)
    height, width = 640 * frame.height_px // frame.width_px // 32 * 32 + 32, 640
    floor = MODEL_GFLOP_640[DEFAULT_MODEL] * 1e9 * (height * width) / (640 * 640) / _flops_per_second()
    taken = seconds(lambda: detector.detect(frame))
    what = f"one frame through the model ({taken * 1e3:.0f} ms)"
    return Row(what, taken / floor, "the same arithmetic as one matrix product")


def _line_against_decoding(frames: list[Frame], decode_s: float) -> Row:
    detector = open_detector(DEFAULT_MODEL)
    said = {frame.index: detector.detect(frame) for frame in frames}
    taken = seconds(lambda: list(run_line(frames, a_line(Remembered(said)))), 3)
    return Row(f"tracking to reminder, all frames ({taken * 1e3:.0f} ms)", taken / decode_s, "decoding the clip")


def _outbox_against_sqlite(folder: Path) -> Row:
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
    what = f"one message into the outbox ({taken / count * 1e6:.0f} µs)"
    return Row(what, taken / least, "a bare SQLite insert, synced")


def _letter(payload: bytes) -> Letter:
    return Letter(str(uuid.uuid4()), "pleaselock/v1/bench/camera/bench/alert", payload, lane="bench")
