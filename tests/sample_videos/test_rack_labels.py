"""Boxes for the bike detector, from the scenario alone: no Blender."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from detector.training.fine_tune import CLASSES, Purpose
from detector.vocabulary import Kind
from sample_videos.render.camera import camera_of
from sample_videos.render.make_clips import SCENARIOS
from sample_videos.render.rack_labels import NUMBERS, labels_of
from sample_videos.render.rack_pictures import busy_frames, free_scenarios, small, write_description
from sample_videos.render.scenario import scenario_for
from sample_videos.render.timeline import Timeline, build_timeline


def timeline_of(name: str, seed: int = 5) -> Timeline:
    return build_timeline(small(scenario_for(SCENARIOS / f"{name}.toml", seed)))


def told(timeline: Timeline, frame: int) -> list[list[float]]:
    (lines,) = labels_of(timeline, camera_of(timeline.scenario), [frame])
    return [[float(value) for value in line.split()] for line in lines]


@pytest.mark.parametrize("name", ["wheel_bender_full", "small_crowded", "crowded_mixed_bikes"])
def test_a_full_rack_has_a_box_for_nearly_every_bike_in_it(name: str) -> None:
    timeline = timeline_of(name)
    bikes = [row for row in told(timeline, 0) if row[0] != NUMBERS[Kind.PERSON]]
    standing = [bike for bike in timeline.bikes if bike.preexisting]
    assert 0.7 * len(standing) <= len(bikes) <= len(timeline.bikes)


def test_boxes_lie_in_the_picture() -> None:
    timeline = timeline_of("crowded_two_riders")
    for frame in range(0, timeline.frames, 25):
        for _, x, y, w, h in told(timeline, frame):
            assert x - w / 2 >= -1e-4
            assert y - h / 2 >= -1e-4
            assert x + w / 2 <= 1 + 1e-4
            assert y + h / 2 <= 1 + 1e-4


def test_who_is_not_in_the_picture_has_no_box() -> None:
    timeline = timeline_of("plain_empty_rack")
    nobody = next(k for k in range(timeline.frames) if all(one.states[k] is None for one in timeline.people))
    assert not [row for row in told(timeline, nobody) if row[0] == NUMBERS[Kind.PERSON]]


def test_classes_have_the_trainers_names_and_numbers(tmp_path: Path) -> None:
    write_description(tmp_path)
    names = yaml.safe_load((tmp_path / "data.yaml").read_text())["names"]
    assert tuple(names.values()) == CLASSES[Purpose.BIKES]
    assert {names[number]: kind.value for kind, number in NUMBERS.items()} == {name: name for name in names.values()}


def test_committed_clips_are_left_out(project_root: Path) -> None:
    committed = {path.stem for path in (project_root / "sample_videos").glob("*.mp4")}
    assert len(committed) > 10
    assert not committed & set(free_scenarios())


def test_frames_are_apart_and_somebody_is_there() -> None:
    timeline = timeline_of("crowd_passes")
    frames = busy_frames(timeline, 4, np.random.default_rng(1))
    assert len(set(frames)) == 4
    assert all(any(one.states[k] is not None for one in timeline.people) for k in frames)
    assert frames == busy_frames(timeline, 4, np.random.default_rng(1))
