"""The whole line over a sample clip with a real pose model, which is not part of the project."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from detector.clips import find_clips
from detector.config import ViewConfig
from detector.detection_ultralytics import import_ultralytics
from detector.offline import Wanted, open_model, run_clip
from detector.results import STAYS


@pytest.fixture(scope="module")
def pose_model(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    checkpoint = tmp_path_factory.mktemp("pose") / "pose.pt"
    checkpoint.write_bytes((shared_dir / "weights" / "yolov8n-pose-dequant.pt").read_bytes())
    return str(import_ultralytics().YOLO(str(checkpoint)).export(format="onnx", dynamic=True, imgsz=320))


def reasons_of_the_visit(out: Path, project_root: Path, view: ViewConfig) -> dict[str, float]:
    (clip,), _ = find_clips([str(project_root / "sample_videos/locked.mp4")], 5.0)
    result = run_clip(clip, Wanted(out, view), open_model(view.model))
    rows = csv.DictReader((result.folder / STAYS).read_text(encoding="utf-8").splitlines())
    (reasons,) = [row["reasons"] for row in rows if row["preexisting"] == "no"]
    return {code: float(number) for code, number in (reason.split("=") for reason in reasons.split())}


@pytest.mark.shared
@pytest.mark.train
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_rider_is_bent_for_as_long_as_the_scenario_has_them_lock(
    pose_model: str, project_root: Path, tmp_path: Path
) -> None:
    scenario = tomllib.loads((project_root / "sample_videos/render/scenarios/locked.toml").read_text())
    locks_for_s = scenario["riders"][0]["locks_for_s"]
    reasons = reasons_of_the_visit(tmp_path, project_root, ViewConfig(pose_model=pose_model))
    assert reasons["bent_s"] == pytest.approx(locks_for_s, abs=2)
    assert reasons["hands_low_s"] == pytest.approx(locks_for_s, abs=3)
    assert reasons["bends"] == 1
