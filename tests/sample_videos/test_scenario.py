from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sample_videos.render.drawing import drawn
from sample_videos.render.scenario import Scenario, ScenarioError, read_scenario, scenario_for, split_of

GOOD = """
title = "One rider"
seed = 5
duration_s = 30
[camera]
position_m = [3.6, -8.6, 5.0]
look_at_m = [0.0, -0.9, 0.5]
view_deg = 53
[rack]
id = "rack"
stands = 4
filled = [0]
[[riders]]
arrives_at_s = 1
comes_from = "left"
goes_to = "right"
slot = 3
"""
OPEN = (
    GOOD.replace("filled = [0]", "filled_count = [1, 4]")
    .replace("arrives_at_s = 1", "arrives_at_s = [1, 6]")
    .replace('comes_from = "left"', 'comes_from = ["left", "right"]')
    .replace("slot = 3", "slot = [2, 3, 4]")
    .replace("view_deg = 53", "view_deg = [40, 60]\njitter_m = 0.3")
)
PASSER = """
[[passers]]
arrives_at_s = 20
comes_from = "left"
goes_to = "left"
"""
SECOND = """
[[riders]]
arrives_at_s = 25
comes_from = "left"
goes_to = "right"
slot = 0
"""

BROKEN = [
    ("an unknown key at the top", GOOD.replace("seed = 5", "seed = 5\nweather = 1"), "weather"),
    ("an unknown key of a rider", GOOD + "wears = 'hat'\n", "riders.0.wears"),
    ("a slot that the rack lacks", GOOD.replace("slot = 3", "slot = 8"), "slots 0 to 7"),
    ("a stop at a slot that the rack lacks", GOOD + PASSER + "stops_near_slot = 9\n", "slots 0 to 7"),
    ("a slot too many along a wall", GOOD.replace("stands = 4", "kind = 'wall'\nstands = 3"), "slots 0 to 2"),
    ("two bikes in one slot", GOOD.replace("slot = 3", "slot = 0"), "same slot"),
    (
        "two bikes in one slot, the first taken too late",
        GOOD + SECOND + PASSER.replace("20", "26") + "does = 'take'\nstops_near_slot = 0\n",
        "same slot",
    ),
    ("a lock that takes no time", GOOD + "lock = 'chain'\n", "belong together"),
    ("time spent on no lock", GOOD + "locks_for_s = 5\n", "belong together"),
    ("fuss that takes no time", GOOD + "fusses = 'bag'\n", "belong together"),
    ("a return to lock without a lock", GOOD + "returns_at_s = 9\nreturns_to = 'lock'\n", "needs returns_at_s"),
    (
        "a lock carried that is not the one used",
        GOOD + "lock = 'cable'\nlocks_for_s = 5\ncarries = 'chain'\n",
        "two different",
    ),
    ("a deed without a place", GOOD + PASSER + "does = 'take'\n", "do not fit"),
    ("a walker who stops", GOOD + PASSER + "does = 'walk'\nstops_near_slot = 1\n", "do not fit"),
    ("a pair in the wrong order", GOOD.replace("arrives_at_s = 1", "arrives_at_s = [6, 1]"), "riders.0.arrives_at_s"),
    ("a pair of words", GOOD.replace("arrives_at_s = 1", "arrives_at_s = ['a', 'b']"), "riders.0.arrives_at_s"),
    ("more filled slots than are free", GOOD.replace("filled = [0]", "filled_count = [1, 8]"), "at most the 7 slots"),
    ("no seed", GOOD.replace("seed = 5", ""), "seed"),
    ("a seed that is no number", GOOD.replace("seed = 5", "seed = 'a'"), "seed"),
    ("text that is not TOML", "title = ", "scenario"),
]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_scenario_is_read_with_its_defaults(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, GOOD))
    assert (scenario.fps, scenario.width, scenario.riders[0].lock) == (10, 854, "none")
    assert (scenario.group, scenario.render) == ("ungrouped", False)


@pytest.mark.parametrize(("what", "text", "says"), BROKEN, ids=[what for what, _, _ in BROKEN])
def test_a_broken_scenario_is_refused_with_the_place_and_the_reason(
    tmp_path: Path, what: str, text: str, says: str
) -> None:
    with pytest.raises(ScenarioError, match=says):
        read_scenario(written(tmp_path, text))


def test_a_missing_scenario_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot read the scenario .*none\.toml"):
        read_scenario(tmp_path / "none.toml")


def test_a_place_that_somebody_frees_in_time_may_be_used_again(tmp_path: Path) -> None:
    freed = GOOD + SECOND + PASSER.replace("20", "2") + "does = 'take'\nstops_near_slot = 0\n"
    assert [rider.slot for rider in read_scenario(written(tmp_path, freed)).riders] == [3, 0]


def test_what_a_file_leaves_open_is_settled_by_the_seed_and_always_alike(tmp_path: Path) -> None:
    path = written(tmp_path, OPEN)
    many = [scenario_for(path, seed) for seed in range(40)]
    assert many == [scenario_for(path, seed) for seed in range(40)]
    assert all(1 <= scenario.riders[0].arrives_at_s <= 6 for scenario in many)
    assert all(40 <= scenario.camera.view_deg <= 60 for scenario in many)
    assert {scenario.riders[0].comes_from for scenario in many} == {"left", "right"}
    assert {scenario.riders[0].slot for scenario in many} == {2, 3, 4}
    assert {len(scenario.rack.filled) for scenario in many} == {1, 2, 3, 4}
    assert len({scenario.camera.position_m for scenario in many}) == 40
    assert len({scenario.riders[0].arrives_at_s for scenario in many}) > 30


def test_a_bike_that_stands_there_never_takes_a_place_that_a_rider_wants(tmp_path: Path) -> None:
    path = written(tmp_path, OPEN)
    assert all(s.riders[0].slot not in s.rack.filled for s in (scenario_for(path, seed) for seed in range(60)))


def test_the_seed_in_the_file_is_the_one_it_is_read_with(tmp_path: Path) -> None:
    path = written(tmp_path, OPEN)
    assert read_scenario(path) == scenario_for(path, 5)
    assert scenario_for(path, 6).seed == 6


def test_a_file_that_leaves_nothing_open_says_the_same_for_every_seed(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    told = [scenario_for(path, seed).model_dump(exclude={"seed"}) for seed in (1, 2, 3)]
    assert told[0] == told[1] == told[2]


def test_a_key_more_leaves_what_the_seed_settled_elsewhere_as_it_was() -> None:
    less, more = tomllib.loads(OPEN), tomllib.loads(OPEN + "lingers_s = [1, 9]\n")
    first, second = drawn(less, 3), drawn(more, 3)
    assert 1 <= second["riders"][0].pop("lingers_s") <= 9
    assert first == second
    assert less == tomllib.loads(OPEN), "the file's own content is not changed"


@pytest.mark.parametrize(("seed", "split"), [(0, "fit"), (999, "fit"), (1000, "test"), (4000, "test")])
def test_the_seed_says_which_part_of_the_suite_a_scenario_belongs_to(seed: int, split: str) -> None:
    assert split_of(seed) == split


def test_a_scenario_can_be_made_without_a_file() -> None:
    raw = tomllib.loads(GOOD)
    assert Scenario.model_validate(raw).rack.slots == 8
