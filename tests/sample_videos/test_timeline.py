from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sample_videos.render.camera import camera_of
from sample_videos.render.layout import WALL_FROM_BIKES_M, slot_spot
from sample_videos.render.picture_parts import brighter, changing_parts, with_rain
from sample_videos.render.scenario import Scenario, ScenarioError, read_scenario
from sample_videos.render.timeline import REACH_M, BikeActor, PersonActor, Timeline, build_timeline
from sample_videos.render.truth import parked_vertices

CROWDED = Path(__file__).parents[2] / "sample_videos" / "render" / "scenarios" / "crowded_passer_by.toml"


def scenario(**rider: object) -> Scenario:
    who: dict[str, Any] = {"arrives_at_s": 1, "comes_from": "left", "goes_to": "right", "slot": 3} | rider
    place: dict[str, Any] = {"position_m": (3.6, -8.6, 5.0), "look_at_m": (0.0, -0.9, 0.5), "view_deg": 53}
    rack: dict[str, Any] = {"id": "rack", "stands": 4, "filled": (0,)}
    whole: dict[str, Any] = {"title": "t", "seed": 5, "duration_s": 60, "camera": place, "rack": rack, "riders": (who,)}
    return Scenario.model_validate(whole)


def signature(timeline: Timeline) -> list[object]:
    """Everything that a timeline says, in a form that compares."""
    people = [
        None if state is None else (state.x, state.y, state.yaw, state.doing, state.pose.hands.tobytes())
        for person in timeline.people
        for state in person.states
    ]
    return [*people, *((bike.style, bike.paint, bike.lock, bike.states) for bike in timeline.bikes)]


def rider_and_bike(timeline: Timeline) -> tuple[PersonActor, BikeActor]:
    return timeline.people[0], next(bike for bike in timeline.bikes if not bike.preexisting)


def doings(person: PersonActor) -> set[str]:
    return {state.doing for state in person.states if state is not None}


def test_the_same_seed_gives_the_same_timeline_and_another_seed_another() -> None:
    one = scenario()
    other = one.model_copy(update={"seed": 6})
    assert signature(build_timeline(one)) == signature(build_timeline(one))
    assert signature(build_timeline(one)) != signature(build_timeline(other))


def test_adding_a_passer_by_changes_nobody_else() -> None:
    alone = scenario()
    passer = {"arrives_at_s": 3, "comes_from": "right", "goes_to": "left"}
    both = Scenario.model_validate(alone.model_dump() | {"passers": (passer,)})
    first, second = build_timeline(alone), build_timeline(both)
    assert signature(Timeline(both, second.bikes, second.people[:1])) == signature(first)
    assert len(second.people) == 2


@pytest.mark.parametrize("slot", range(1, 8))
@pytest.mark.parametrize("enters", ["riding", "pushing"])
def test_the_bike_comes_to_rest_in_its_slot_and_stays_there(slot: int, enters: str) -> None:
    asked = scenario(slot=slot, enters=enters)
    _, bike = rider_and_bike(build_timeline(asked))
    spot = slot_spot(asked.rack, slot)
    assert bike.parked_frame is not None
    standing = bike.states[bike.parked_frame :]
    assert all(state is not None and (state.x, state.y, state.yaw) == (spot.x, spot.y, spot.yaw) for state in standing)


def test_nobody_and_no_bike_jumps_between_two_frames() -> None:
    timeline = build_timeline(scenario(lock="chain", locks_for_s=6, takes_at_s=32))
    actors: list[PersonActor | BikeActor] = [*timeline.people, *timeline.bikes]
    for actor in actors:
        seen = np.array([(s.x, s.y) if s is not None else (np.nan, np.nan) for s in actor.states])
        steps = np.linalg.norm(np.diff(seen, axis=0), axis=1) * timeline.scenario.fps
        assert np.nanmax(steps) < 5.0, "metres per second"


def test_only_somebody_who_locks_goes_down_at_the_bike() -> None:
    quick, _ = rider_and_bike(build_timeline(scenario()))
    careful, bike = rider_and_bike(build_timeline(scenario(lock="u_lock", locks_for_s=9, posture="crouch")))
    assert "crouching" not in doings(quick)
    down = [k for k, state in enumerate(careful.states) if state is not None and state.doing == "crouching"]
    assert len(down) == 90
    locked = [state.locked for state in bike.states if state is not None]
    assert (locked[0], locked[-1]) == (False, True)


def test_left_is_the_first_frame_in_which_the_rider_is_out_of_reach() -> None:
    timeline = build_timeline(scenario())
    person, bike = rider_and_bike(timeline)
    assert bike.left_frame is not None
    before, after = person.states[bike.left_frame - 1], person.states[bike.left_frame]
    assert before is not None
    assert after is not None
    assert np.hypot(before.x - bike.spot.x, before.y - bike.spot.y) <= REACH_M
    assert np.hypot(after.x - bike.spot.x, after.y - bike.spot.y) > REACH_M


def test_a_bike_that_is_fetched_is_gone_after_it_was_left() -> None:
    _, kept = rider_and_bike(build_timeline(scenario()))
    _, taken = rider_and_bike(build_timeline(scenario(takes_at_s=28)))
    assert kept.gone_frame is None
    assert taken.left_frame is not None
    assert taken.gone_frame is not None
    assert taken.left_frame < 280 < taken.gone_frame
    assert taken.states[-1] is None


def test_moving_parts_of_a_picture_never_overlap_and_a_quiet_picture_has_none() -> None:
    asked = read_scenario(CROWDED)
    timeline, camera = build_timeline(asked), camera_of(asked)
    assert changing_parts(timeline, camera, 0) == []
    for frame in range(30, timeline.frames, 20):
        borders = [part.border for part in changing_parts(timeline, camera, frame)]
        pairs = [(a, b) for index, a in enumerate(borders) for b in borders[index + 1 :]]
        assert all(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a, b in pairs)


def with_passer(asked: Scenario, **passer: object) -> Scenario:
    who = {"arrives_at_s": 1, "comes_from": "left", "goes_to": "left", "does": "take", "stops_near_slot": 0} | passer
    return Scenario.model_validate(asked.model_dump() | {"passers": (who,)})


def wanting_slot(asked: Scenario, slot: int) -> Scenario:
    riders = [rider.model_copy(update={"slot": slot}) for rider in asked.riders]
    return asked.model_copy(update={"riders": tuple(riders)})


def test_somebody_who_takes_a_bike_needs_one_to_stand_there() -> None:
    with pytest.raises(ScenarioError, match="nothing stands in slot 6 at 20"):
        build_timeline(with_passer(scenario(), arrives_at_s=20, stops_near_slot=6))


def test_a_bike_may_not_come_to_a_place_that_is_not_empty_yet() -> None:
    with pytest.raises(ScenarioError, match="slot 0 before the one there is gone"):
        build_timeline(wanting_slot(with_passer(scenario(arrives_at_s=2)), 0))


def test_a_taken_bike_moves_with_whoever_takes_it_and_is_gone_at_the_end() -> None:
    timeline = build_timeline(with_passer(scenario(arrives_at_s=30)))
    taken, taker = timeline.bikes[0], timeline.people[1]
    moving = [
        (bike, person)
        for bike, person in zip(taken.states, taker.states, strict=True)
        if bike is not None and bike.moving and person is not None
    ]
    assert moving
    assert all(np.hypot(bike.x - person.x, bike.y - person.y) < 1 for bike, person in moving)
    assert taken.states[-1] is None
    assert (taken.preexisting, taken.parked_frame, taken.taken_by) == (True, None, 1)


def test_a_bike_at_a_wall_leans_against_it_and_its_rider_works_on_the_open_side() -> None:
    wall = {"id": "w", "kind": "wall", "stands": 3, "spacing_m": 2.0, "filled": (0,)}
    for comes_from in ("left", "right"):
        asked = scenario(slot=1, comes_from=comes_from, lock="cable", locks_for_s=5, posture="crouch")
        person, bike = rider_and_bike(build_timeline(Scenario.model_validate(asked.model_dump() | {"rack": wall})))
        top = parked_vertices(bike)[:, 1].max()
        assert 0.2 < top < WALL_FROM_BIKES_M + 0.03
        assert all(state.y < -0.4 for state in person.states if state is not None and state.doing == "crouching")


def test_in_wheel_benders_the_rider_works_from_behind_and_not_inside_the_next_bike() -> None:
    rack = {"id": "b", "kind": "wheel_bender", "stands": 9, "spacing_m": 0.5, "heading_deg": 90}
    asked = scenario(slot=4, lock="chain", locks_for_s=6)
    person, bike = rider_and_bike(build_timeline(Scenario.model_validate(asked.model_dump() | {"rack": rack})))
    down = [state for state in person.states if state is not None and state.doing == "bending"]
    assert down
    assert all(abs(state.x - bike.spot.x) < 0.25 and state.y < bike.spot.y - 0.9 for state in down)


def test_a_ring_lock_takes_a_short_bend() -> None:
    person, bike = rider_and_bike(build_timeline(scenario(lock="ring_lock", locks_for_s=2)))
    assert sum(state is not None and state.doing == "bending" for state in person.states) == 20
    assert bike.locked_when_left


def test_somebody_in_front_stands_between_the_camera_and_the_bike() -> None:
    asked = with_passer(scenario(), does="stand_in_front", stops_near_slot=3, stops_for_s=10)
    timeline = build_timeline(asked)
    bike, camera = timeline.bikes[1], camera_of(asked)
    still = [s for s in timeline.people[1].states if s is not None and s.doing == "standing"]
    assert len(still) == 100
    left, top, right, bottom = camera.extent_px(parked_vertices(bike)) or (0, 0, 0, 0)
    waist = camera.project(np.array([[still[0].x, still[0].y, 1.0]]))[0]
    assert left < waist[0] < right
    assert top < waist[1] < bottom


def test_rain_and_a_jump_of_light_change_the_picture_and_leave_its_size() -> None:
    grey = np.full((90, 160, 3), 120, np.uint8)
    wet, dim = with_rain(grey, np.random.default_rng(1)), brighter(grey, 0.5)
    assert wet.shape == dim.shape == grey.shape
    assert wet.std() > 1
    assert dim.mean() < 80 < brighter(grey, 2.0).mean()
    assert brighter(np.full((9, 9, 3), 250, np.uint8), 3.0).max() == 255
