"""`pleaselock evaluate` as a person types it: what is said, the exit status, what is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detector.evaluation.truth import StayTruth
from tests.detector.evaluation.cases import parked, said, stay, stood, told, truth
from tests.detector.evaluation.result_files import write_result, write_truth
from tests.detector.running import Run, runner


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "evaluate")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """One clip in which all is right, and one in which nobody parks."""
    seen = stay(verdicts=(said("unlocked", 24.0, 0.9),), alerts=(told(24.0, 64.0, "gone"),), gone_at_s=63.0)
    write_result(tmp_path / "results" / "good", seen)
    write_result(tmp_path / "results" / "quiet", stay(2, 1, preexisting=True, parked_at_s=0.0, left_at_s=None))
    return tmp_path / "results"


@pytest.fixture
def truths(tmp_path: Path) -> Path:
    write_truth(tmp_path / "truth", truth(parked(gone_at_s=60.0), clip="good.mp4", group="plain"))
    write_truth(tmp_path / "truth", truth(stood(2), clip="quiet.mp4", group="[red]quiet"))
    return tmp_path / "truth"


def add_truth(truths: Path, name: str, *stays: StayTruth) -> None:
    write_truth(truths, truth(*stays, clip=f"{name}.mp4"))


def test_a_run_that_reaches_every_target_is_told_and_passes_the_check(run: Run, results: Path, truths: Path) -> None:
    ran = run(results, "--truth", truths, "--check")
    assert (ran.status, ran.err) == (0, "")
    targets = ran.out.split("\n\n", 1)[0].splitlines()
    assert len([line for line in targets if line.rstrip().endswith(" yes")]) == 9
    assert "[red]quiet" in ran.out
    assert "\x1b" not in ran.out, "piped output is plain"


def test_a_target_that_is_missed_fails_the_check_and_is_named(run: Run, results: Path, truths: Path) -> None:
    add_truth(truths, "late", parked(1))
    ran = run(results, "--truth", truths, "--check")
    assert ran.status == 1
    assert "No result for 1 clip(s): late; their stays count as missed\n" in ran.err
    assert ran.err.splitlines()[-1] == "Not reached: stays found; unlocked: recall, bikes >= 60 px"
    assert run(results, "--truth", truths).status == 0, "without --check the figures are the answer"


def test_a_target_that_nothing_could_be_measured_on_fails_the_check(run: Run, results: Path, truths: Path) -> None:
    (truths / "quiet.truth.json").unlink()
    ran = run(results, "--truth", truths, "--check")
    assert ran.status == 1
    assert ran.err.splitlines()[-1] == "Not reached: alerts where nobody parks (not measured)"


def test_clips_without_a_result_may_be_left_out(run: Run, results: Path, truths: Path) -> None:
    add_truth(truths, "late", parked(1))
    ran = run(results, "--truth", truths, "--only-present", "--check")
    assert ran.status == 0
    assert ran.err == "No result for 1 clip(s): late; are left out\n"


def test_a_result_without_truth_is_named_and_not_scored(run: Run, results: Path, truths: Path) -> None:
    write_result(results / "stranger", stay())
    ran = run(results, "--truth", truths, "--check")
    assert (ran.status, ran.err) == (0, "No truth for 1 clip(s): stranger; not scored\n")


def test_the_figures_are_written_as_json_and_as_a_page(run: Run, results: Path, truths: Path, tmp_path: Path) -> None:
    page, figures = tmp_path / "page.html", tmp_path / "scores.json"
    assert run(results, "--truth", truths, "--html", page, "--json", figures).status == 0
    held = json.loads(figures.read_text(encoding="utf-8"))
    assert held["overall"]["stays"]["recall"]["hits"] == 1
    assert [one["name"] for one in held["targets"] if not one["reached"]] == []
    assert "<h1>results</h1>" in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "results", "scores.json", "truth"]


def test_the_same_run_gives_the_same_page(run: Run, results: Path, truths: Path, tmp_path: Path) -> None:
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        run(results, "--truth", truths, "--html", page)
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_only_one_split_is_scored_where_asked(run: Run, results: Path, truths: Path, tmp_path: Path) -> None:
    write_truth(truths, truth(stood(2), clip="quiet.mp4", split="fit"))
    figures = tmp_path / "scores.json"
    assert run(results, "--truth", truths, "--split", "fit", "--json", figures).status == 0
    assert json.loads(figures.read_text(encoding="utf-8"))["overall"]["clips"] == 1


@pytest.mark.parametrize(
    ("arguments", "said_so"),
    [
        (("nowhere", "--truth", "truth"), "nowhere: cannot look into this folder"),
        (("results", "--truth", "nowhere"), "nowhere: cannot look into this folder"),
        (("results", "--truth", "results"), "results: holds no file named <clip>.truth.json"),
        (("results", "--truth", "truth", "--json", "no/such/file.json"), "no/such/file.json: cannot be written"),
        (("results", "--truth", "truth", "--html", "results"), "results: cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    run: Run, results: Path, truths: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said_so: str
) -> None:
    assert results.is_dir()
    assert truths.is_dir()
    monkeypatch.chdir(results.parent)
    ran = run(*arguments)
    assert ran.status == 2
    assert said_so in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert "Traceback" not in ran.err
    assert sorted(path.name for path in results.parent.iterdir()) == ["results", "truth"]
