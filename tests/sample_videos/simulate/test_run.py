from __future__ import annotations

import json
from pathlib import Path

import pytest

from detector.evaluation.outcomes import Said
from detector.evaluation.results import pair_up
from detector.evaluation.scores import score, scores_of
from detector.vocabulary import Kind
from sample_videos.render.scenario import split_of
from sample_videos.simulate import __main__ as command
from sample_videos.simulate.explain import explain
from sample_videos.simulate.run import moves_per_s
from sample_videos.simulate.suite import (
    AS_THEY_ARE,
    SCENARIOS,
    Job,
    do,
    names_of_scenarios,
    outcome,
    run_suite,
    scenario_of,
    seeds_of,
    write,
)

UNLOCKED = Job("left_unlocked", 11, "clear")


def test_a_clear_eye_and_the_line_find_the_stay_and_the_bike_left_unlocked() -> None:
    run = do(UNLOCKED)
    said = outcome(run)
    (stay,) = said.stays
    assert stay.found is not None
    assert stay.first is not None
    assert stay.first.said is Said.UNLOCKED
    assert stay.told
    assert not said.invented
    assert all(one.found is not None for one in said.standing)


def test_the_line_gets_the_boxes_of_the_simulated_eye_and_tells_every_stay() -> None:
    run = do(UNLOCKED)
    assert len(run.frames) == pytest.approx(run.truth.duration_s * run.fps, abs=1)
    assert {one.kind for frame in run.frames for one in frame} == {Kind.PERSON, Kind.BICYCLE}
    assert [record.number for record in run.ledger.records] == list(range(1, len(run.ledger.records) + 1))
    assert len([record for record in run.ledger.records if record.alert]) == 1


@pytest.mark.parametrize("job", [Job("locked", 1, "usual"), Job("crowded_chain", 1003, "poor", 7)])
def test_the_same_job_gives_the_same_messages(job: Job) -> None:
    first, second = ([one.model_dump_json() for one in do(job).ledger.messages] for _ in range(2))
    assert first == second
    assert first


def test_runs_on_disk_are_scored_by_the_evaluation_as_runs_in_memory_are(tmp_path: Path) -> None:
    jobs = [Job("left_unlocked", 0), Job("locked", 1000)]
    runs = [do(job) for job in jobs]
    for run in runs:
        write(run, tmp_path)
    paired = pair_up(tmp_path / "results", tmp_path / "truth")
    assert not paired.without_result
    assert not paired.without_truth
    on_disk = score((pair.truth, pair.found) for pair in paired.pairs)
    in_memory = scores_of([outcome(run) for run in runs], AS_THEY_ARE)
    assert on_disk.overall.stays.recall.n == 2
    assert on_disk.overall.first_verdict == in_memory.overall.first_verdict
    assert on_disk.overall.stays.standing == in_memory.overall.stays.standing
    assert on_disk.overall.alerts == in_memory.overall.alerts


def test_several_processes_do_what_one_does() -> None:
    jobs = [Job("left_unlocked", seed) for seed in range(3)]
    assert list(run_suite(jobs, 2)) == list(run_suite(jobs, 1))


@pytest.mark.parametrize(("split", "first"), [("fit", 0), ("test", 1000)])
def test_seeds_of_a_split_are_of_that_split(split: str, first: int) -> None:
    seeds = seeds_of(split, 3)  # type: ignore[arg-type]
    assert list(seeds) == [first, first + 1, first + 2]
    assert {split_of(seed) for seed in seeds} == {split}


@pytest.mark.parametrize(("fps", "moves"), [(2, 10), (3, 12), (5, 10), (7, 14), (10, 10), (15, 15)])
def test_things_move_often_enough_at_every_frame_rate(fps: int, moves: int) -> None:
    assert moves_per_s(fps) == moves


def test_the_suite_names_its_scenarios_after_their_files_and_has_at_least_sixty() -> None:
    assert all((SCENARIOS / f"{name}.toml").is_file() for name in names_of_scenarios())
    assert len(names_of_scenarios()) >= 60


def test_seeds_that_were_used_up_can_be_skipped() -> None:
    assert list(seeds_of("test", 2, skip=2000)) == [3000, 3001]


def test_every_scenario_can_be_drawn_for_seeds_of_both_splits() -> None:
    for name in names_of_scenarios():
        assert {scenario_of(name, seed).seed for seed in (0, 1, 1000)} == {0, 1, 1000}


def test_a_run_is_explained_with_truth_findings_and_events() -> None:
    text = explain(do(UNLOCKED))
    assert "parked" in text
    assert "UNLOCKED" in text
    assert "ALERT raised" in text
    assert "MISSED" not in text


def test_the_command_prints_figures_and_writes_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--only",
        "left_unlocked",
        "--seeds",
        "1",
        "--processes",
        "1",
        "--out",
        str(tmp_path),
        "--eye",
        "clear",
    ]
    monkeypatch.setattr("sys.argv", ["simulate", *arguments])
    assert command.main() == 0
    assert "stays found" in capsys.readouterr().out
    events = (tmp_path / "results" / "left_unlocked-0" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["type"] for line in events} >= {"stay", "alert"}
    assert (tmp_path / "truth" / "left_unlocked-0.truth.json").is_file()


def test_an_unknown_scenario_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulate", "--only", "no_such_thing"])
    assert command.main() == 2
    assert "no_such_thing: no such scenario" in capsys.readouterr().err
