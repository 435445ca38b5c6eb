from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sample_videos.render.camera import camera_of
from sample_videos.render.layout import slot_spot
from sample_videos.render.picture_parts import changing_parts
from sample_videos.render.scenario import Scenario, read_scenario
from sample_videos.render.timeline import REACH_M, BikeActor, PersonActor, Timeline, build_timeline

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
