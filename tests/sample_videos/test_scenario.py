from __future__ import annotations

from pathlib import Path

import pytest

from sample_videos.render.scenario import ScenarioError, read_scenario

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

BROKEN = [
    ("an unknown key at the top", GOOD.replace("seed = 5", "seed = 5\nweather = 1"), "weather"),
    ("an unknown key of a rider", GOOD + "wears = 'hat'\n", "riders.0.wears"),
    ("a slot that the rack lacks", GOOD.replace("slot = 3", "slot = 8"), "slots 0 to 7"),
    ("two bikes in one slot", GOOD.replace("slot = 3", "slot = 0"), "same slot"),
    ("a lock that takes no time", GOOD + "lock = 'chain'\n", "belong together"),
    ("time spent on no lock", GOOD + "locks_for_s = 5\n", "belong together"),
    ("no seed", GOOD.replace("seed = 5", ""), "seed"),
    ("text that is not TOML", "title = ", "scenario"),
]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_scenario_is_read_with_its_defaults(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, GOOD))
    assert (scenario.fps, scenario.width, scenario.riders[0].lock) == (10, 854, "none")


@pytest.mark.parametrize(("what", "text", "says"), BROKEN, ids=[what for what, _, _ in BROKEN])
def test_a_broken_scenario_is_refused_with_the_place_and_the_reason(
    tmp_path: Path, what: str, text: str, says: str
) -> None:
    with pytest.raises(ScenarioError, match=says):
        read_scenario(written(tmp_path, text))


def test_a_missing_scenario_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot read the scenario .*none\.toml"):
        read_scenario(tmp_path / "none.toml")
