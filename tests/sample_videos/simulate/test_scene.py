from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.vocabulary import Kind
from sample_videos.render.camera import camera_of
from sample_videos.render.geometry import moved, standing_at
from sample_videos.render.person import bone_matrices, build_person
from sample_videos.render.poses import (
    REFERENCE_HEIGHT_M,
    SHIN_M,
    THIGH_M,
    UPPER_ARM_M,
    Pose,
    bending,
    crouching,
    pushing,
    riding,
    standing,
    walking,
)
from sample_videos.render.scenario import Scenario
from sample_videos.render.timeline import Timeline, build_timeline
from sample_videos.render.truth import parked_vertices
from sample_videos.simulate.bodies import person_joints
from sample_videos.simulate.scene import Scene, frames_at, observe

POSES = {
    "standing": standing(),
    "walking": walking(1.3),
    "pushing": pushing(0.4, 1),
    "riding": riding(2.0),
    "bending": bending(0.7),
    "crouching": crouching(0.2),
}


def scenario(**changes: object) -> Scenario:
    place: dict[str, Any] = {"position_m": (3.6, -8.6, 5.0), "look_at_m": (0.0, -0.9, 0.5), "view_deg": 53}
    rack: dict[str, Any] = {"id": "rack", "stands": 4, "filled": (0, 4, 5)}
    rider = {"arrives_at_s": 1, "comes_from": "left", "goes_to": "right", "slot": 7, "lock": "chain", "locks_for_s": 6}
    whole: dict[str, Any] = {"title": "t", "seed": 5, "duration_s": 36, "camera": place, "rack": rack}
    return Scenario.model_validate(whole | {"riders": (rider,)} | changes)


def seen(asked: Scenario, fps: float = 5) -> tuple[Timeline, Scene]:
    timeline = build_timeline(asked)
    return timeline, observe(timeline, camera_of(asked), frames_at(timeline, fps))


@pytest.mark.parametrize("name", POSES)
def test_joints_are_where_the_rendered_body_has_its_bones(name: str) -> None:
    pose: Pose = POSES[name]
    bones = bone_matrices(pose, REFERENCE_HEIGHT_M)
    joints = person_joints([pose])[0]
    expected = {
        0: bones["trunk"][:3, 3],
        3: bones["left_thigh"][:3, 3],
        6: bones["right_shin"] @ (0, 0, 0, 1),
        7: bones["left_shin"] @ (0, 0, SHIN_M, 1),
        5: bones["left_thigh"] @ (0, 0, THIGH_M, 1),
        11: bones["left_upper_arm"][:3, 3],
        14: bones["right_upper_arm"] @ (0, 0, UPPER_ARM_M, 1),
    }
    for joint, place in expected.items():
        assert joints[joint] == pytest.approx(place[:3], abs=1e-6), joint


def test_a_persons_box_is_that_of_the_rendered_body_to_a_few_pixels() -> None:
    asked = scenario()
    timeline, scene = seen(asked)
    camera, person = camera_of(asked), timeline.people[0]
    meshes = build_person(person.looks)
    for index, frame in enumerate(frames_at(timeline, 5)):
        state = person.states[frame]
        if state is None or not scene.present[index, -1]:
            continue
        bones = bone_matrices(state.pose, person.looks.height_m)
        body = np.concatenate([moved(mesh.vertices, bones[bone]) for bone, parts in meshes.items() for mesh in parts])
        box = camera.extent_px(moved(body, standing_at(state.x, state.y, state.yaw)))
        assert box is not None
        assert scene.whole[index, -1] == pytest.approx(box, abs=9), state.doing


def test_a_standing_bikes_box_is_that_of_all_its_vertices() -> None:
    asked = scenario(rack={"id": "rack", "kind": "wall", "stands": 4, "spacing_m": 2.0, "filled": (0, 1)}, riders=())
    timeline, scene = seen(asked)
    for actor, bike in enumerate(timeline.bikes):
        box = camera_of(asked).extent_px(parked_vertices(bike))
        assert scene.whole[0, actor] == pytest.approx(box, abs=0.5)


def test_somebody_in_front_of_a_bike_lowers_its_visible_share_and_nothing_else_does() -> None:
    passer = {"arrives_at_s": 1, "comes_from": "left", "goes_to": "right", "lane_y_m": -1.6}
    alone = {"id": "rack", "stands": 4, "filled": (3,)}
    _, scene = seen(scenario(rack=alone, riders=(), passers=(passer,)))
    share = scene.share[:, 0]
    before = share[0]
    assert before == pytest.approx(1.0, abs=0.01)
    assert share.min() < 0.75
    assert share[-1] == pytest.approx(before)
    boxes = scene.whole
    apart = (boxes[:, 1, 2] < boxes[:, 0, 0]) | (boxes[:, 1, 0] > boxes[:, 0, 2]) | ~scene.present[:, 1]
    assert share[apart] == pytest.approx(before)
    assert scene.share[scene.present[:, 1], 1].max() == pytest.approx(1.0, abs=0.01)


def test_a_bike_in_front_hides_part_of_one_behind_but_never_all_of_it() -> None:
    _, scene = seen(scenario(rack={"id": "rack", "stands": 4, "filled": (2, 3)}, riders=()))
    nearer, farther = sorted(scene.share[0], reverse=True)
    assert nearer == pytest.approx(1.0, abs=0.01)
    assert 0.4 < farther < 0.95


def test_what_shows_lies_inside_the_whole_and_shares_are_shares() -> None:
    _, scene = seen(scenario())
    there = scene.present
    assert (scene.shown[there][:, :2] >= scene.whole[there][:, :2] - 1e-6).all()
    assert (scene.shown[there][:, 2:] <= scene.whole[there][:, 2:] + 1e-6).all()
    assert ((scene.share[there] >= 0) & (scene.share[there] <= 1 + 1e-6)).all()
    assert ((scene.crowd >= 0) & (scene.crowd <= 1)).all()


def test_only_somebody_who_bends_down_has_a_stoop() -> None:
    locking, walking_by = seen(scenario())[1], seen(scenario(riders=(), passers=(PASSER,)))[1]
    assert locking.stoop[:, -1].max() > 0.9
    assert walking_by.stoop[:, -1].max() < 0.3
    assert (locking.stoop[:, locking.is_bike] == 0).all()


PASSER = {"arrives_at_s": 1, "comes_from": "left", "goes_to": "right"}


def test_who_is_not_there_yet_or_outside_the_picture_is_not_in_the_scene() -> None:
    _, scene = seen(scenario(riders=(), passers=({**PASSER, "arrives_at_s": 6},)))
    assert not scene.present[:30, -1].any()
    assert scene.present[:, -1].any()
    assert scene.kinds[-1] is Kind.PERSON


@pytest.mark.parametrize(("fps", "expected"), [(5, 180), (2, 72), (10, 360), (3, 108)])
def test_a_slower_look_takes_the_frames_it_would_have_taken(fps: int, expected: int) -> None:
    timeline = build_timeline(scenario())
    frames = frames_at(timeline, fps)
    assert len(frames) == expected
    assert frames == sorted(set(frames))
    for index, frame in enumerate(frames):
        assert frame / 10 <= index / fps + 1e-9 < (frame + 1) / 10, "the latest picture there is by then"


def test_a_body_of_which_no_frame_is_looked_at_is_nowhere() -> None:
    asked = scenario()
    timeline = build_timeline(asked)
    scene = observe(timeline, camera_of(asked), [0, 1])
    assert not scene.present[:, -1].any()
    assert scene.present[:, :3].all()
