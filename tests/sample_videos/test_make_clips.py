"""Which clips are made and where they go. Nothing is rendered: that needs Blender."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from detector.evaluation.truth import read_truth
from sample_videos.render import make_clips
from sample_videos.render.make_clips import COMMITTED, SCENARIOS, is_there, main
from sample_videos.render.scenario import read_scenario


def ran(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["make_clips", *arguments])
    return main()


def test_truth_alone_is_written_for_every_scenario_that_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran(monkeypatch, "--truth-only", "--out", str(tmp_path / "new")) == 0
    rendered = {path.stem for path in SCENARIOS.glob("*.toml") if read_scenario(path).render}
    written = {path.name.removesuffix(".truth.json"): read_truth(path) for path in (tmp_path / "new").iterdir()}
    assert set(written) == rendered
    assert all(truth.clip == f"{name}.mp4" and truth.rendered for name, truth in written.items())


def test_a_scenario_may_be_named_though_no_clip_of_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran(monkeypatch, "--truth-only", "--out", str(tmp_path), "small_unlocked") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["small_unlocked.truth.json"]


def test_another_seed_draws_the_same_scenario_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, anew, again = (tmp_path / name for name in ("own", "anew", "again"))
    assert ran(monkeypatch, "--truth-only", "--out", str(own), "small_unlocked") == 0
    for out in (anew, again):
        assert ran(monkeypatch, "--truth-only", "--out", str(out), "--seed", "3000", "small_unlocked") == 0
    told, told_anew = (read_truth(out / "small_unlocked.truth.json") for out in (own, anew))
    assert (told_anew.seed, told_anew.scenario) == (3000, told.scenario)
    assert told_anew.stays != told.stays
    assert (anew / "small_unlocked.truth.json").read_bytes() == (again / "small_unlocked.truth.json").read_bytes()


def test_a_name_that_is_none_writes_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(monkeypatch, "--truth-only", "--out", str(tmp_path / "new"), "locked", "no_such") == 2
    assert "no_such.toml" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_committed_clip_is_copied_and_not_rendered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran(monkeypatch, "--out", str(tmp_path), "locked") == 0
    assert (tmp_path / "locked.mp4").read_bytes() == (COMMITTED / "locked.mp4").read_bytes()
    assert (tmp_path / "locked.truth.json").read_bytes() == (COMMITTED / "locked.truth.json").read_bytes()


def test_a_clip_is_not_there_once_its_scenario_says_something_else(tmp_path: Path) -> None:
    scenario = read_scenario(SCENARIOS / "locked.toml")
    assert is_there("locked", scenario, COMMITTED)
    assert not is_there("locked", scenario.model_copy(update={"seed": 24}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_must_be_rendered_is_rendered_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(name: str, _scenario: object, out: Path, *, samples: int, threads: int) -> None:
        assert (samples, threads) == (2, 1)
        (out / f"{name}.mp4").write_bytes(b"frames")

    monkeypatch.setattr(make_clips, "render_clip", render)
    assert ran(monkeypatch, "--anew", "--samples", "2", "--threads", "1", "--out", str(tmp_path), "locked") == 0
    assert (tmp_path / "locked.mp4").read_bytes() == b"frames"
    assert read_truth(tmp_path / "locked.truth.json").scenario == "locked.toml"
