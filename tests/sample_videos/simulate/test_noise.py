from __future__ import annotations

import numpy as np
import pytest

from sample_videos.render.geometry import Floats
from sample_videos.simulate.noise import Chance

LONG_S = 4000.0


def chance(fps: float, seconds: float = LONG_S, seed: int = 3) -> Chance:
    return Chance(seed, np.arange(int(seconds * fps)) / fps, seconds)


def runs_s(happening: Floats, fps: float) -> Floats:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], happening.astype(int), [0]])))
    return np.asarray((edges[1::2] - edges[::2]) / fps)


@pytest.mark.parametrize("fps", [2, 5, 15])
@pytest.mark.parametrize("memory_s", [0.2, 2.0])
def test_what_wanders_has_the_same_spread_and_forgets_as_fast_at_every_frame_rate(fps: int, memory_s: float) -> None:
    walk = chance(fps).wander((8,), memory_s)
    assert walk.mean() == pytest.approx(0, abs=0.1)
    assert walk.std() == pytest.approx(1, abs=0.05)
    lag = max(1, round(memory_s * fps))
    kept = np.mean([np.corrcoef(walk[:-lag, one], walk[lag:, one])[0, 1] for one in range(8)])
    assert kept == pytest.approx(np.exp(-lag / fps / memory_s), abs=0.05)


@pytest.mark.parametrize("fps", [2, 5, 15])
def test_spells_are_spread_evenly_so_that_a_share_is_a_share_of_the_time(fps: int) -> None:
    spells = chance(fps).spells((8,), 1.0)
    for share in (0.02, 0.3, 0.8):
        assert (spells < share).mean() == pytest.approx(share, abs=0.03)


def test_spells_last_as_long_whatever_the_frame_rate() -> None:
    slow, fast = (
        np.mean([runs_s(column < 0.3, fps).mean() for column in chance(fps).spells((8,), 2.0).T]) for fps in (5, 15)
    )
    assert slow == pytest.approx(fast, rel=0.15)
    assert 0.7 < fast < 4


def test_the_same_moment_has_the_same_chance_at_every_frame_rate() -> None:
    slow, fast = (chance(fps, 60).wander((2,), 1.0) for fps in (5, 15))
    assert slow == pytest.approx(fast[::3])


def test_rare_things_happen_as_often_as_asked() -> None:
    assert len(chance(5).moments(6)) == pytest.approx(6 * LONG_S / 60, rel=0.2)
    assert len(chance(5).moments(0)) == 0
