"""What `pleaselock detect` cannot use is one sentence and status 2, and leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.detector.drawn_footage import plain, write_sound, write_video
from tests.detector.running import Run, made, names, one_sentence, written

NOBODY = 65534

BAD_INPUT = [
    ("missing", lambda folder: folder / "gone.mp4", "there is no such file"),
    ("empty", lambda folder: written(folder / "empty.mp4", b""), "is empty (0 bytes)"),
    ("not a video", lambda folder: written(folder / "notes.mp4", b"Dear diary"), "is not a video"),
    ("sound only", lambda folder: write_sound(folder / "voice.m4a"), "holds sound but no picture"),
    ("an empty folder", lambda folder: made(folder / "nothing"), "no video and no picture in this folder"),
    ("a pattern without files", lambda folder: folder / "still-%04d.jpg", "no file has such a name"),
    ("a glob without files", lambda folder: folder / "*.mkv", "no file has such a name"),
]


@pytest.mark.parametrize(("make", "said"), [case[1:] for case in BAD_INPUT], ids=[case[0] for case in BAD_INPUT])
def test_footage_that_cannot_be_used_is_one_sentence(
    run: Run, tmp_path: Path, out: Path, make: Callable[[Path], Path], said: str
) -> None:
    path = make(tmp_path)
    one_sentence(run("detect", path, "--out", out), str(path), said)
    assert not out.exists() or names(out) == []


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that whoever runs the test may not look into, below one where they may do anything."""
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o777)
        closed = made(Path(open_folder) / "closed")
        write_video(closed / "yard.mp4", plain, count=2, fps=1)
        closed.chmod(0)
        root = os.geteuid() == 0
        if root:  # may look into everything, so the test is somebody else meanwhile
            os.seteuid(NOBODY)
        yield closed
        if root:
            os.seteuid(0)
        closed.chmod(0o700)


@pytest.mark.parametrize("name", ["", "yard.mp4", "*.mp4"])
def test_a_folder_that_may_not_be_read_is_one_sentence(run: Run, closed_folder: Path, name: str) -> None:
    out = closed_folder.parent / "results"
    one_sentence(run("detect", closed_folder / name, "--out", out), str(closed_folder), "ermission")
    assert not out.exists() or names(out) == []


BAD_CONFIGS = [
    ("unknown key", "colour: red", ["colour", "not known"]),
    ("point outside", "racks: [{id: a, outline: [[0, 0], [1.2, 0], [1, 1]]}]", ["racks.0.outline.1.0", "1"]),
    ("two corners", "racks: [{id: a, outline: [[0, 0], [1, 0]]}]", ["racks.0.outline", "at least 3"]),
    ("unknown model", "model: bikepark-v99", ["bikepark-v99", "bikepark-v0"]),
    ("not YAML", "racks: [", ["not valid YAML", "line"]),
    ("a list", "- model: x", ["the top level"]),
    ("no room for unsure", "thresholds: {locked_below: 0.8}", ["thresholds", "locked_below must be smaller"]),
    ("a word for a number", "fps: fast", ["fps"]),
]


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in BAD_CONFIGS], ids=[case[0] for case in BAD_CONFIGS])
def test_a_configuration_that_cannot_be_used_is_one_sentence(
    run: Run, tmp_path: Path, video: Path, out: Path, text: str, said: list[str]
) -> None:
    config = written(tmp_path / "rack.yaml", text.encode())
    one_sentence(run("detect", video, "--out", out, "--config", config), *said)
    assert not out.exists() or names(out) == []


def test_a_missing_configuration_is_one_sentence(run: Run, tmp_path: Path, video: Path, out: Path) -> None:
    one_sentence(run("detect", video, "--out", out, "--config", tmp_path / "gone.yaml"), "gone.yaml", "cannot be read")


BAD_OPTIONS = [
    ("a time that is none", ["--start-time", "yesterday"], "is not a time"),
    ("a time without zone", ["--start-time", "2026-03-01T08:00:00"], "says no zone"),
    ("saved detections that are none", ["--from-detections", "gone.jsonl"], "gone.jsonl: cannot be read"),
]


@pytest.mark.parametrize(("options", "said"), [case[1:] for case in BAD_OPTIONS], ids=[case[0] for case in BAD_OPTIONS])
def test_an_option_that_cannot_be_used_is_one_sentence(
    run: Run, video: Path, out: Path, options: list[str], said: str
) -> None:
    one_sentence(run("detect", video, "--out", out, *options), said)
    assert not out.exists() or names(out) == []


@pytest.mark.parametrize("place", ["a file in its place", "a file above it", "/proc"])
def test_an_output_that_cannot_be_written_is_one_sentence(run: Run, tmp_path: Path, video: Path, place: str) -> None:
    file = written(tmp_path / "file", b"mine")
    out = {"a file in its place": file, "a file above it": file / "results", "/proc": Path("/proc/results")}[place]
    one_sentence(run("detect", video, "--out", out), str(out), "--out")
    assert file.read_bytes() == b"mine"
