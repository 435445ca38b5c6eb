from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sample_videos.render.bike import BikeStyle, build_bike
from sample_videos.render.geometry import Floats
from sample_videos.render.lock_views_clutter import extras, looks, painted, stand_at, surroundings
from sample_videos.render.lock_views_places import PlacedLock, place_lock
from sample_videos.render.lock_views_shapes import LOCKS, MAKERS, ViewedLock, coiled, folded
from sample_videos.render.lock_views_truth import LockTruth, ViewTruth, read_views
from sample_videos.render.materials import MATERIALS

STYLES: tuple[BikeStyle, ...] = ("city", "sport", "classic", "ebike", "shared")


def dice(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def surface(style: BikeStyle) -> Floats:
    """Points all along the edges of a bike at rest."""
    bike = build_bike(style, "paint_red")
    turning = [(mesh, bike.rear_axle) for mesh in bike.wheel] + [(mesh, bike.front_axle) for mesh in bike.wheel]
    lines = []
    for mesh, axle in [*((mesh, np.zeros(3)) for mesh in bike.body), *turning]:
        edges = np.array([(a, b) for face in mesh.faces for a, b in pairwise(face)])
        start, end = mesh.vertices[edges[:, 0]], mesh.vertices[edges[:, 1]]
        lines += [start + (end - start) * share + axle for share in np.linspace(0, 1, 9)]
    return np.concatenate(lines)


def corners(lock: PlacedLock) -> Floats:
    return np.concatenate([part.vertices for part in lock.parts])


@pytest.mark.parametrize("kind", LOCKS)
def test_locks_have_the_size_of_locks_and_faces_that_exist(kind: ViewedLock) -> None:
    for seed in range(20):
        parts = MAKERS[kind](dice(seed))
        cloud = np.concatenate([part.vertices for part in parts])
        assert np.isfinite(cloud).all()
        assert 0.08 < float(np.ptp(cloud, axis=0).max()) < 0.75
        for part in parts:
            assert max(index for face in part.faces for index in face) < len(part.vertices)


@pytest.mark.parametrize("kind", ["u_lock", "chain_lock", "cable_lock", "folding_lock"])
def test_a_lock_is_long_enough_for_what_it_has_to_hold(kind: ViewedLock) -> None:
    for seed in range(10):
        cloud = np.concatenate([part.vertices for part in MAKERS[kind](dice(seed), 0.22)])
        assert float(np.ptp(cloud[:, 2])) > 0.2


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_touches_its_bike_or_nearly(kind: ViewedLock, style: BikeStyle) -> None:
    bike = cKDTree(surface(style))
    for seed in range(25):
        lock = place_lock(dice(seed), kind, style)
        near = float(np.min(bike.query(corners(lock))[0]))
        assert near < 0.09, (seed, near)
        assert float(corners(lock)[:, 2].min()) > -0.35


def test_locks_are_carried_locked_to_stands_and_locked_to_themselves() -> None:
    placed = [place_lock(dice(seed), "u_lock", "sport") for seed in range(200)]
    carried = sum(lock.carried for lock in placed)
    to_a_stand = sum(lock.stand_y_m is not None for lock in placed)
    assert 15 < carried < 50
    assert 70 < to_a_stand < 130
    assert not any(lock.carried and lock.stand_y_m is not None for lock in placed)


def test_the_same_dice_make_the_same_scene_and_others_another() -> None:
    first, again, other = (place_lock(dice(seed), "chain_lock", "city") for seed in (4, 4, 5))
    assert np.array_equal(corners(first), corners(again))
    assert not np.array_equal(corners(first)[:20], corners(other)[:20])


@pytest.mark.parametrize("seed", range(12))
def test_everything_in_a_scene_has_a_look(seed: int) -> None:
    made = looks(dice(seed))
    parts = [*extras(dice(seed), STYLES[seed % 5]), *surroundings(dice(seed))]
    parts += stand_at(dice(seed), 0.2, np.array([0.1, 0.0, 0.5]))
    parts += [*painted(folded(dice(seed)), seed), *painted(coiled(dice(seed), "cable_lock"), seed)]
    assert {part.material for part in parts} <= set(made) | set(MATERIALS)


def test_a_lock_to_a_stand_always_gets_something_to_be_locked_to() -> None:
    assert all(stand_at(dice(seed), 0.2, np.zeros(3)) for seed in range(60))


def test_views_whose_picture_is_missing_are_not_read_and_a_later_line_counts(tmp_path: Path) -> None:
    lock = LockTruth(kind="u_lock", xyxy_px=(1, 2, 30, 40), visible_px=90, visible_share=0.5, carried=False)
    views = [
        ViewTruth(picture=name, scene=3, width_px=200, height_px=100, style="city", bike_px=(0, 0, 9, 9), locks=locks)
        for name, locks in (("b.png", ()), ("a.png", (lock,)), ("b.png", (lock,)))
    ]
    (tmp_path / "views.jsonl").write_text("".join(f"{view.model_dump_json()}\n" for view in views))
    (tmp_path / "b.png").write_bytes(b"")
    assert read_views(tmp_path) == [views[2]]
