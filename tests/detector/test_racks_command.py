"""`pleaselock racks` as a person types it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from detector.config import ViewConfig, load_config
from tests.detector.running import Run, one_sentence, written


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
    config = written(tmp_path / "yard.yaml", b"racks: []  # drawn by hand")
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
