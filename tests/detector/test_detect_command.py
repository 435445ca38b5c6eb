"""`pleaselock detect` as a person types it: what is said, the exit status, what is left behind."""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broker_bridge.messages import UP_MESSAGE
from detector.clips import Clip
from detector.config import ViewConfig
from detector.offline import Wanted, run_clip
from detector.results import DETECTIONS
from tests.detector.drawn_footage import drawn_model, plain, scene, write_stills, write_video
from tests.detector.running import Run, made, names, one_sentence, written


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


def test_one_bad_file_among_many_does_not_stop_the_others(run: Run, tmp_path: Path, video: Path, out: Path) -> None:
    bad = written(tmp_path / "bad.mp4", b"broken")
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
        write_video(made(tmp_path / folder) / "gate.avi", plain, count=2, fps=1, codec="mpeg4")
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
    config = written(tmp_path / "slow.yaml", b"fps: 0.5")
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
