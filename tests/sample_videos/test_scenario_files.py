"""The scenario files: every one builds for any seed, and tells the truth that its name promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.evaluation.truth import ClipTruth, StayTruth
from sample_videos.render.camera import camera_of
from sample_videos.render.picture_parts import person_vertices
from sample_videos.render.scenario import Scenario, read_scenario, scenario_for
from sample_videos.render.timeline import BikeActor, PersonActor, build_timeline
from sample_videos.render.truth import tell_truth

FOLDER = Path(__file__).parents[2] / "sample_videos" / "render" / "scenarios"
FILES = sorted(FOLDER.glob("*.toml"))
NAMES = [path.stem for path in FILES]
SEEDS = (3, 1004, 1005)
GROUPS = {
    "plain", "locks", "crowded", "together", "returns", "bystanders", "fuss", "takes", "occlusion",
    "light", "racks", "kinds", "nobody_parks", "small", "low_rate",
}  # fmt: skip


def truths(name: str) -> list[ClipTruth]:
    return [tell_truth(name, scenario_for(FOLDER / f"{name}.toml", seed)) for seed in SEEDS]


def new_stays(truth: ClipTruth) -> list[StayTruth]:
    return [stay for stay in truth.stays if not stay.preexisting]


def only_stays(name: str) -> list[StayTruth]:
    """The one stay that begins within the clip, for several seeds."""
    found = [new_stays(truth) for truth in truths(name)]
    assert all(len(stays) == 1 for stays in found)
    return [stays[0] for stays in found]


def test_there_are_scenarios_of_every_group_and_enough_of_them() -> None:
    scenarios = [read_scenario(path) for path in FILES]
    assert {scenario.group for scenario in scenarios} == GROUPS
    assert len(scenarios) >= 64
    assert sum(scenario.render for scenario in scenarios) >= 24


def test_the_clips_that_are_rendered_show_most_of_what_a_campus_has() -> None:
    clips = [scenario for path in FILES if (scenario := read_scenario(path)).render]
    assert {round(clip.camera.position_m[2] / 2.6) for clip in clips} >= {1, 2, 3}
    assert {clip.light.kind for clip in clips} == {"sun", "overcast", "dusk", "rain"}
    assert {clip.rack.kind for clip in clips} == {"sheffield", "wheel_bender", "wall"}
    assert {rider.lock for clip in clips for rider in clip.riders} == {"none", "u_lock", "chain", "cable", "ring_lock"}
    assert {rider.bike for clip in clips for rider in clip.riders} >= {"ebike", "shared"}
    tests = sum(clip.seed >= 1000 for clip in clips)
    assert len(clips) / 2 < tests < len(clips)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_parks_goes_and_leaves_quiet_time_behind_whatever_the_seed(name: str) -> None:
    for seed in SEEDS:
        scenario = scenario_for(FOLDER / f"{name}.toml", seed)
        truth = tell_truth(name, scenario)
        assert (truth.group, truth.seed, truth.split) == (scenario.group, seed, "fit" if seed < 1000 else "test")
        stays = new_stays(truth)
        assert sorted(stay.rider for stay in stays if stay.rider is not None) == list(range(len(scenario.riders)))
        for stay in stays:
            assert stay.parked_at_s is not None
            assert stay.left_at_s is not None
            assert stay.parked_at_s < stay.left_at_s < truth.duration_s - 8


def _seen(scenario: Scenario, person: PersonActor, frame: int) -> bool:
    cloud = person_vertices(person, frame)
    return cloud is not None and camera_of(scenario).extent_px(cloud) is not None


@pytest.mark.parametrize("name", NAMES)
def test_people_enter_and_leave_outside_the_picture(name: str) -> None:
    scenario = scenario_for(FOLDER / f"{name}.toml", 1006)
    timeline = build_timeline(scenario)
    for person in timeline.people:
        there = [frame for frame, state in enumerate(person.states) if state is not None]
        assert 0 < there[0] < there[-1] < timeline.frames - 1
        assert not _seen(scenario, person, there[0])
        assert not _seen(scenario, person, there[-1])


@pytest.mark.parametrize("name", NAMES)
def test_nobody_and_no_bike_jumps_between_two_frames(name: str) -> None:
    timeline = build_timeline(scenario_for(FOLDER / f"{name}.toml", 1007))
    actors: list[PersonActor | BikeActor] = [*timeline.people, *timeline.bikes]
    for actor in actors:
        seen = np.array([(s.x, s.y) if s is not None else (np.nan, np.nan) for s in actor.states])
        steps = np.linalg.norm(np.diff(seen, axis=0), axis=1) * timeline.scenario.fps
        assert not (steps > 5.0).any(), "metres per second"


UNLOCKED = [
    "plain_after_a_moment", "plain_lingers_long", "crowded_unlocked", "reaches_into_the_basket", "pumps_the_tyre",
    "ties_a_shoe", "rummages_in_a_bag", "chain_left_on_the_frame", "friend_stands_by", "friend_stays_on",
    "other_bike_locked_beside", "phones_near_the_new_bike", "stranger_at_the_new_bike", "stands_in_front_unlocked",
    "returns_for_a_thing", "ebike_left", "shared_left_open", "light_jump_unlocked", "wall_unlocked", "low_rate_unlocked",
]  # fmt: skip
LOCKED = {
    "u_lock_bending": "u_lock", "chain_crouching": "chain", "cable_quick": "cable", "ring_lock_bending": "ring_lock",
    "friend_holds_the_bike": "u_lock", "basket_then_lock": "u_lock", "shoe_then_ring_lock": "ring_lock",
    "stands_in_front_while_locking": "chain", "wheel_bender_chain": "chain", "wall_cable": "cable",
    "ebike_u_lock": "u_lock", "shared_locked": "ring_lock", "low_rate_ring_lock": "ring_lock", "rain_chain": "chain",
}  # fmt: skip


@pytest.mark.parametrize("name", UNLOCKED)
def test_a_bike_that_nobody_locks_is_unlocked_however_busy_people_are_around_it(name: str) -> None:
    assert {(stay.locked, stay.locked_at_s, stay.lock) for stay in only_stays(name)} == {(False, None, "none")}


@pytest.mark.parametrize("name", LOCKED)
def test_a_bike_locked_before_its_rider_leaves_is_locked_then(name: str) -> None:
    for stay in only_stays(name):
        assert (stay.locked, stay.lock) == (True, LOCKED[name])
        assert stay.parked_at_s is not None
        assert stay.locked_at_s is not None
        assert stay.left_at_s is not None
        assert stay.parked_at_s < stay.locked_at_s < stay.left_at_s


@pytest.mark.parametrize("name", ["returns_and_locks", "returns_and_locks_late", "returns_and_closes_the_ring"])
def test_a_rider_who_comes_back_to_lock_left_the_bike_unlocked(name: str) -> None:
    for stay in only_stays(name):
        assert not stay.locked
        assert stay.locked_at_s is not None
        assert stay.left_at_s is not None
        assert stay.locked_at_s > stay.left_at_s + 5


@pytest.mark.parametrize(
    ("name", "riders", "locked"),
    [
        ("together_both_lock", 2, 2),
        ("together_one_locks", 2, 1),
        ("together_none_locks", 2, 0),
        ("together_three_riders", 3, 1),
    ],
)
def test_riders_who_arrive_together_are_different_riders_with_a_stay_each(name: str, riders: int, locked: int) -> None:
    for truth in truths(name):
        stays = new_stays(truth)
        assert {stay.rider for stay in stays} == set(range(riders))
        assert sum(stay.locked for stay in stays) == locked


@pytest.mark.parametrize("name", [path.stem for path in FILES if read_scenario(path).group == "nobody_parks"])
def test_where_nobody_parks_there_is_no_stay_but_of_bikes_that_stood_there(name: str) -> None:
    assert all(stay.preexisting and stay.gone_at_s is None for truth in truths(name) for stay in truth.stays)


@pytest.mark.parametrize("name", ["rider_takes_it_again", "rider_unlocks_and_takes_it"])
def test_a_rider_who_takes_the_bike_again_is_the_one_who_took_it(name: str) -> None:
    for stay in only_stays(name):
        assert stay.taken_by == stay.rider == 0
        assert stay.gone_at_s is not None
        assert stay.left_at_s is not None
        assert stay.gone_at_s > stay.left_at_s


@pytest.mark.parametrize(("name", "locked"), [("stranger_takes_it", False), ("stranger_takes_a_locked_one", True)])
def test_somebody_else_who_takes_a_bike_is_another_person(name: str, locked: bool) -> None:
    for stay in only_stays(name):
        assert (stay.rider, stay.taken_by, stay.locked) == (0, 1, locked)
        assert stay.gone_at_s is not None


def test_a_bike_that_stood_there_before_and_is_taken_has_no_rider() -> None:
    for truth in truths("bike_there_before_is_taken"):
        taken = [stay for stay in truth.stays if stay.gone_at_s is not None]
        assert [(stay.preexisting, stay.rider, stay.taken_by) for stay in taken] == [(True, None, 0)]


def test_a_place_that_is_freed_is_used_again_only_once_it_is_empty() -> None:
    for truth in truths("freed_place_is_used_again"):
        taken = next(stay for stay in truth.stays if stay.gone_at_s is not None)
        new = new_stays(truth)[0]
        assert taken.gone_at_s is not None
        assert new.parked_at_s is not None
        assert taken.gone_at_s < new.parked_at_s
        assert taken.xyxy_norm[0] == pytest.approx(new.xyxy_norm[0], abs=0.06)


def test_kinds_of_bikes_are_told() -> None:
    assert {stay.kind for stay in only_stays("ebike_left")} == {"motorcycle"}
    assert {(stay.kind, stay.shared) for stay in only_stays("shared_locked")} == {("bicycle", True)}
    assert {(stay.kind, stay.shared) for stay in only_stays("locked")} == {("bicycle", False)}


def test_bikes_far_away_are_small_and_near_ones_large() -> None:
    assert all(30 < (stay.width_px or 0) < 60 for stay in only_stays("small_unlocked"))
    assert all(180 < (stay.width_px or 0) < 260 for stay in only_stays("u_lock_close"))
