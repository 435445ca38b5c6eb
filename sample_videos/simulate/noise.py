"""Chance that wanders through time. It is drawn on a fixed grid of seconds, so that the frame rate changes nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import ndtr

from sample_videos.render.geometry import Floats

GRID_PER_S = 15
"""Moments a second at which chance is drawn; frames take the latest."""


class Chance:
    """Everything that is left to chance in one clip, for `count` things, at the given frame times (seconds)."""

    def __init__(self, seed: int, times_s: Floats, duration_s: float) -> None:
        self.dice = np.random.default_rng([seed, 77])
        self.duration_s = duration_s
        self._length = int(duration_s * GRID_PER_S) + 2
        self._at = np.minimum((times_s * GRID_PER_S + 1e-6).astype(int), self._length - 1)

    def wander(self, shape: tuple[int, ...], memory_s: float) -> Floats:
        """Independent processes of mean 0 and deviation 1, shape (f, *shape); correlation exp(-lag / memory_s)."""
        return _sampled(_walk(self.dice.standard_normal((self._length, *shape)), memory_s), self._at)

    def spells(self, shape: tuple[int, ...], lasts_s: float) -> Floats:
        """Numbers spread evenly over 0 to 1, shape (f, *shape), that hold still for some `lasts_s`.

        Where one is below p, something with chance p is happening; it goes on for about that long.
        """
        # Twice through the filter: a walk once through it crosses any line many times within an instant.
        once = _walk(self.dice.standard_normal((self._length, *shape)), lasts_s / 2)
        smooth = lfilter([1.0], [1.0, -_keeps(lasts_s / 2)], once, axis=0)
        return np.asarray(ndtr(_sampled(smooth / _twice_sd(_keeps(lasts_s / 2)), self._at)))

    def moments(self, per_min: float) -> Floats:
        """Times (seconds) at which something rare happens."""
        count = int(self.dice.poisson(per_min * self.duration_s / 60))
        return np.sort(self.dice.uniform(0, self.duration_s, count))


def _keeps(memory_s: float) -> float:
    return float(np.exp(-1 / (GRID_PER_S * memory_s)))


def _walk(steps: Floats, memory_s: float) -> Floats:
    keeps = _keeps(memory_s)
    steps[1:] *= np.sqrt(1 - keeps**2)
    return np.asarray(lfilter([1.0], [1.0, -keeps], steps, axis=0))


def _twice_sd(keeps: float) -> float:
    """The long-run deviation of a unit walk that went through the same filter again."""
    return float(np.sqrt((1 + keeps**2) / (1 - keeps**2)) / np.sqrt(1 - keeps**2))


def _sampled(process: Floats, at: NDArray[np.int64]) -> Floats:
    return np.asarray(process[at])
