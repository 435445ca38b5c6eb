from __future__ import annotations

import numpy as np
import pytest

from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats, moved, vec
from sample_videos.render.person import Looks, bone_matrices, build_person, reach
from sample_videos.render.picture_parts import laid_over
from sample_videos.render.poses import Pose, bending, blend, crouching, pushing, riding, standing, walking

POSES = {
    "standing": standing(),
    "walking": walking(1.1),
    "pushing": pushing(2.0, 1),
    "riding": riding(0.7),
    "bending": bending(0.3),
    "crouching": crouching(2.2),
    "half bent": blend(standing(), bending(0.0), 0.5),
}
PLAIN = Looks("skin_0", "hair_0", "top_0", "trousers_0", "shoes_0", True, False, False)


def body(pose: Pose) -> Floats:
    bones = bone_matrices(pose, PLAIN.height_m)
    parts = [moved(mesh.vertices, bones[bone]) for bone, meshes in build_person(PLAIN).items() for mesh in meshes]
    return np.concatenate(parts)


@pytest.mark.parametrize("name", POSES)
def test_bones_are_rigid_in_every_posture(name: str) -> None:
    for matrix in bone_matrices(POSES[name], PLAIN.height_m).values():
        assert np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1)


@pytest.mark.parametrize("name", [name for name in POSES if name != "riding"])
def test_the_shoes_are_on_the_ground_and_not_in_it(name: str) -> None:
    assert -0.06 < body(POSES[name])[:, 2].min() < 0.06


def test_somebody_bent_or_crouching_is_far_lower_than_standing() -> None:
    upright = body(POSES["standing"])[:, 2].max()
    assert upright == pytest.approx(1.72, abs=0.08)
    assert body(POSES["bending"])[:, 2].max() < 0.75 * upright
    assert body(POSES["crouching"])[:, 2].max() < 0.75 * upright


def test_a_hand_out_of_reach_stops_short_and_keeps_the_arm_whole() -> None:
    elbow, wrist = reach(vec(0, 0, 0), vec(5, 0, 0), 0.3, 0.25, vec(0, 0, -1))
    assert np.linalg.norm(elbow) == pytest.approx(0.3)
    assert np.linalg.norm(wrist - elbow) == pytest.approx(0.25)
    assert wrist[0] < 0.56


def looking_along_y() -> Camera:
    rotation = np.stack([vec(1, 0, 0), vec(0, 0, 1), vec(0, -1, 0)], axis=1)
    return Camera(vec(0, 0, 0), rotation, focal_px=500.0, width_px=800, height_px=400)


def test_the_camera_projects_as_a_pinhole() -> None:
    pixels = looking_along_y().project(np.array([[0, 10, 0], [1, 10, 0], [0, 10, 1], [0, -1, 0]], dtype=float))
    assert np.allclose(pixels[:3], [[400, 200], [450, 200], [400, 150]])
    assert np.isnan(pixels[3]).all()


def test_an_extent_is_clipped_to_the_picture_and_nothing_in_view_is_none() -> None:
    camera = looking_along_y()
    assert camera.extent_px(np.array([[-20, 10, 0], [1, 10, 1]], dtype=float)) == (0, 150, 450, 200)
    assert camera.extent_px(np.array([[-30, 10, 0], [-20, 10, 1]], dtype=float)) is None
    assert camera.extent_px(np.array([[0, -10, 0], [1, -5, 1]], dtype=float)) is None


def test_a_part_laid_over_a_still_changes_only_its_own_pixels() -> None:
    still, part = np.full((60, 80, 3), 100, np.uint8), np.full((30, 40, 3), 200, np.uint8)
    result = laid_over(still, part, (20, 10, 60, 40))
    assert (result[25, 40] == 200).all()
    outside = np.ones((60, 80), bool)
    outside[10:40, 20:60] = False
    assert (result[outside] == 100).all()
    assert (still == 100).all()
