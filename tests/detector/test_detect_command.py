"""`pleaselock detect` and `pleaselock racks` as a person types them: what is said, the exit status, what is left behind."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from broker_bridge.messages import UP_MESSAGE
from detector.clips import Clip
from detector.config import ViewConfig, load_config
from detector.offline import Wanted, run_clip
from detector.results import DETECTIONS
from tests.detector.drawn_footage import drawn_model, plain, scene, write_sound, write_stills, write_video
from tests.detector.running import Ran, Run, runner

NOBODY = 65534


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "yard.mp4", plain, count=3, fps=1)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def one_sentence(ran: Ran, *said: str) -> None:
    assert ran.status == 2
    assert ran.out == ""
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    assert "Traceback" not in ran.err
    for part in said:
        assert part in ran.err


def test_the_model_finds_the_stay_of_a_rendered_clip_and_the_report_says_so(
    run: Run, project_root: Path, tmp_path: Path
) -> None:
    clip = project_root / "sample_videos" / "left_unlocked.mp4"
    ran = run("detect", clip, "--out", tmp_path, "--save-detections")
    assert ran.status == 0, ran.err
    assert re.search(r"left_unlocked: 0:\d\d, stays \d+, not locked 1, alerts 1, \d+\.\d x real time -> ", ran.out)
    assert ran.err == ""
    folder = tmp_path / "left_unlocked"
    assert names(folder) == [DETECTIONS, "events.jsonl", "report.html", "snapshots", "stays.csv"]
    for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines():
        UP_MESSAGE.validate_json(line)
    with (folder / "stays.csv").open(encoding="utf-8", newline="") as file:
        assert [row["alert"] for row in csv.DictReader(file) if row["preexisting"] == "no"] == ["raised"]
    again = run("detect", clip, "--out", tmp_path / "again", "--from-detections", folder / DETECTIONS)
    assert again.status == 0, again.err
    for name in ("events.jsonl", "stays.csv", "report.html"):
        assert (tmp_path / "again" / "left_unlocked" / name).read_bytes() == (folder / name).read_bytes(), name


BAD_INPUT = [
    ("missing", lambda folder: folder / "gone.mp4", "there is no such file"),
    ("empty", lambda folder: _written(folder / "empty.mp4", b""), "is empty (0 bytes)"),
    ("not a video", lambda folder: _written(folder / "notes.mp4", b"Dear diary"), "is not a video"),
    ("sound only", lambda folder: write_sound(folder / "voice.m4a"), "holds sound but no picture"),
    ("an empty folder", lambda folder: _made(folder / "nothing"), "no video and no picture in this folder"),
    ("a pattern without files", lambda folder: folder / "still-%04d.jpg", "no file has such a name"),
    ("a glob without files", lambda folder: folder / "*.mkv", "no file has such a name"),
]


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _made(path: Path) -> Path:
    path.mkdir()
    return path


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
        closed = _made(Path(open_folder) / "closed")
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
    config = _written(tmp_path / "rack.yaml", text.encode())
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
    file = _written(tmp_path / "file", b"mine")
    out = {"a file in its place": file, "a file above it": file / "results", "/proc": Path("/proc/results")}[place]
    one_sentence(run("detect", video, "--out", out), str(out), "--out")
    assert file.read_bytes() == b"mine"


def test_one_bad_file_among_many_does_not_stop_the_others(run: Run, tmp_path: Path, video: Path, out: Path) -> None:
    bad = _written(tmp_path / "bad.mp4", b"broken")
    ran = run("detect", bad, video, tmp_path / "gone.mp4", "--out", out)
    assert ran.status == 1
    assert names(out) == ["yard"]
    assert "yard: 0:0" in ran.out
    listed = ran.err.strip().splitlines()
    assert listed[0] == "2 of 3 could not be done:"
    assert {str(bad), str(tmp_path / "gone.mp4")} == {line.strip().split(": ")[0] for line in listed[1:]}


def test_where_every_file_is_bad_the_status_is_2(run: Run, tmp_path: Path, out: Path) -> None:
    ran = run("detect", tmp_path / "one.mp4", tmp_path / "two.mp4", "--out", out)
    assert ran.status == 2
    assert "2 of 2 could not be done:" in ran.err


def test_clips_of_the_same_name_do_not_overwrite_each_other(run: Run, tmp_path: Path, out: Path) -> None:
    for folder in ("monday", "tuesday"):
        write_video(_made(tmp_path / folder) / "gate.avi", plain, count=2, fps=1, codec="mpeg4")
    write_video(tmp_path / "tuesday" / "door.avi", plain, count=2, fps=1, codec="mpeg4")
    assert run("detect", tmp_path / "monday", tmp_path / "tuesday", "--out", out).status == 0
    assert names(out) == ["door", "monday-gate", "tuesday-gate"]


@pytest.mark.parametrize("given", ["stills", "stills/still-%d.png", "stills/*.png"])
def test_stills_are_one_clip(run: Run, tmp_path: Path, out: Path, given: str) -> None:
    write_stills(tmp_path / "stills", 11)
    ran = run("detect", tmp_path / given, "--out", out, "--image-fps", "1")
    assert ran.status == 0, ran.err
    assert names(out) == ["stills"]
    assert ran.out.startswith("stills: 0:1")


def test_part_of_a_clip_is_used_with_a_warning(run: Run, tmp_path: Path, out: Path) -> None:
    path = write_video(tmp_path / "cut.mp4", scene, count=60, options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    config = _written(tmp_path / "slow.yaml", b"fps: 0.5")
    ran = run("detect", path, "--out", out, "--config", config)
    assert ran.status == 0
    assert ran.err.startswith(f"warning: {path}: ")
    assert names(out) == ["cut"]


def test_a_second_run_says_that_it_replaces_the_first(run: Run, video: Path, out: Path) -> None:
    assert "replacing" not in run("detect", video, "--out", out).out
    assert "replacing an earlier result" in run("detect", video, "--out", out).out


def test_saved_detections_of_many_clips_are_found_in_the_earlier_folder(run: Run, tmp_path: Path, out: Path) -> None:
    clips = [write_video(tmp_path / f"{name}.mp4", scene, count=60) for name in ("east", "west")]
    for clip in clips:
        run_clip(Clip(clip.stem, clip), Wanted(tmp_path, ViewConfig(), save_detections=True), drawn_model())
    refused = run("detect", *clips, "--out", out, "--from-detections", tmp_path / "east" / DETECTIONS)
    one_sentence(refused, "is of one clip, but 2 are named")
    assert run("detect", *clips, "--out", out, "--from-detections", tmp_path).status == 0
    for clip in clips:
        events = [(folder / clip.stem / "events.jsonl").read_bytes() for folder in (tmp_path, out)]
        assert events[0] == events[1] != b""


def test_a_start_time_belongs_to_one_clip(run: Run, tmp_path: Path, video: Path, out: Path) -> None:
    other = write_video(tmp_path / "other.mp4", plain, count=2, fps=1)
    refused = run("detect", video, other, "--out", out, "--start-time", "2026-03-01T08:00:00Z")
    one_sentence(refused, "belongs to one clip")


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_leaves_nothing_that_looks_finished(
    project_root: Path, tmp_path: Path, told: signal.Signals
) -> None:
    path = write_video(tmp_path / "long.mp4", scene, count=500, options={"movflags": "faststart"})
    out = tmp_path / "results"
    command = [sys.executable, "pleaselock.py", "detect", str(path), "--out", str(out), "--video"]
    with subprocess.Popen(command, cwd=project_root, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(out.glob(".long.partial-*/events.jsonl")):
            time.sleep(0.1)
        process.send_signal(told)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped; long was not finished" in err
    assert "Traceback" not in err
    assert names(out) == []


def test_racks_writes_a_configuration_that_detect_takes(run: Run, project_root: Path, tmp_path: Path) -> None:
    clip, config = project_root / "sample_videos" / "left_unlocked.mp4", tmp_path / "library.yaml"
    ran = run("racks", clip, "--out", config)
    assert ran.status == 0, ran.err
    assert str(config) in ran.out
    view = load_config(config, ViewConfig)
    assert len(view.racks) >= 1
    assert view.thresholds == ViewConfig().thresholds
    assert (tmp_path / "library.jpg").read_bytes()[:2] == b"\xff\xd8"
    for name in type(view.thresholds).model_fields:
        assert f"#   {name}: " in config.read_text(encoding="utf-8")


def test_racks_without_a_bike_leaves_an_outline_to_begin_with(run: Run, video: Path, tmp_path: Path) -> None:
    config = tmp_path / "yard.yaml"
    assert run("racks", video, "--out", config).status == 0
    assert len(load_config(config, ViewConfig).racks) == 1
    text = config.read_text(encoding="utf-8")
    assert "only a place to begin" in text
    text = re.sub(r"^# thresholds:", "thresholds:", text, flags=re.MULTILINE)
    switched_on = yaml.safe_load(re.sub(r"^#   (grace_s: )\S+", r"  \g<1>9", text, flags=re.MULTILINE))
    assert ViewConfig.model_validate(switched_on).thresholds.grace_s == 9


def test_racks_writes_over_nothing_unless_told_to(run: Run, video: Path, tmp_path: Path) -> None:
    config = _written(tmp_path / "yard.yaml", b"racks: []  # drawn by hand")
    one_sentence(run("racks", video, "--out", config), "exists already", "--force")
    assert config.read_bytes() == b"racks: []  # drawn by hand"
    assert run("racks", video, "--out", config, "--force").status == 0
    assert load_config(config, ViewConfig).racks


def test_racks_refuses_what_it_cannot_use(run: Run, tmp_path: Path, video: Path) -> None:
    one_sentence(run("racks", tmp_path / "gone.mp4"), "there is no such file")
    one_sentence(run("racks", video, "--out", tmp_path / "none" / "a.yaml"), "there is no folder")
    one_sentence(run("racks", video, "--out", tmp_path), "is a folder")
    one_sentence(run("racks", video, "--model", "no-such-v1", "--out", tmp_path / "a.yaml"), "no-such-v1")
    assert not (tmp_path / "a.yaml").exists()


@pytest.mark.shared
def test_the_woman_at_the_real_rack_is_found_parking_and_leaving(run: Run, shared_dir: Path, tmp_path: Path) -> None:
    ran = run("detect", shared_dir / "data" / "leeds-rack" / "rack.avi", "--out", tmp_path)
    assert ran.status == 0, ran.err
    with (tmp_path / "rack" / "stays.csv").open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["preexisting"] == "no"]
    assert float(row["parked_at_s"]) == pytest.approx(6.5, abs=2)
    assert float(row["left_at_s"]) == pytest.approx(26, abs=2)
    assert row["verdict"] in {"locked", "unsure"}
    assert row["alert"] == ""


@pytest.mark.shared
def test_passers_by_open_no_stay(run: Run, shared_dir: Path, tmp_path: Path) -> None:
    clip = shared_dir / "data" / "intel-person-bicycle-car" / "person-bicycle-car-detection.mp4"
    assert run("detect", clip, "--out", tmp_path).status == 0
    with (tmp_path / clip.stem / "stays.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == []
