from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.vocabulary import Detection, Kind
from sample_videos.simulate.calibrate import joined, looks_of, table
from sample_videos.simulate.eye import USUAL
from sample_videos.simulate.scene import Scene
from sample_videos.simulate.seeing import see

BIKE, SOMEBODY = (100.0, 100.0, 180.0, 160.0), (300.0, 60.0, 340.0, 160.0)


def scene(seconds: int = 10) -> Scene:
    times_s = np.arange(seconds * 5) / 5
    whole = np.broadcast_to(np.array([BIKE, SOMEBODY]), (len(times_s), 2, 4)).copy()
    shape = whole.shape[:2]
    kinds = (Kind.BICYCLE, Kind.PERSON)
    return Scene(
        times_s, kinds, whole, whole.copy(), np.ones(shape), np.zeros(shape), np.zeros(shape), 640, 360, seconds
    )


def box(kind: Kind, xyxy: tuple[float, float, float, float], score: float = 0.8) -> Detection:
    return Detection(kind, score, XyxyPx(*xyxy))


def test_what_is_found_where_it_is_is_found_and_not_off() -> None:
    frames = [[box(Kind.BICYCLE, BIKE), box(Kind.PERSON, SOMEBODY, 0.6)]] * 50
    looks = looks_of(scene(), frames, 5)
    assert looks.found.all()
    assert looks.off == pytest.approx(0)
    assert set(looks.score[looks.person > 0]) == {0.6}
    assert looks.extra.sum() == 0


def test_a_box_of_another_kind_finds_nothing_and_is_extra() -> None:
    looks = looks_of(scene(), [[box(Kind.PERSON, BIKE)]] * 50, 5)
    assert not looks.found.any()
    assert looks.extra[looks.person > 0] == pytest.approx(1.0)


def test_sides_are_off_by_shares_of_the_things_size() -> None:
    left, top, right, bottom = BIKE
    looks = looks_of(scene(), [[box(Kind.BICYCLE, (left - 8, top, right, bottom + 6))]] * 50, 5)
    assert looks.off[looks.found][0] == pytest.approx([-0.1, 0, 0, 0.1])


def test_a_miss_lasts_from_the_first_frame_without_a_box_to_the_next_with_one() -> None:
    frames = [[] if 10 <= index < 25 else [box(Kind.BICYCLE, BIKE)] for index in range(50)]
    looks = looks_of(scene(), frames, 5)
    bike = looks.where(looks.person == 0)
    assert bike.missed_s[np.isfinite(bike.missed_s)] == pytest.approx([3.0])
    assert bike.found.mean() == pytest.approx(0.7)


def test_the_table_sets_both_side_by_side() -> None:
    real = looks_of(scene(), see(scene(), USUAL, 1), 5)
    fake = joined(looks_of(scene(), see(scene(), replace(USUAL, light=-9.0), seed), 5) for seed in range(2))
    rows = table(real, fake).splitlines()
    at = next(index for index, row in enumerate(rows) if row.startswith("bike alone"))
    assert rows[at].split()[2:5] == ["real", "50", "1.00"]
    assert rows[at + 1].split()[:3] == ["sim", "100", "0.00"]
