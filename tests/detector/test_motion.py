"""The gate: what moves or has changed wakes it; light, noise and what it was told is nothing do not."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.motion import MotionGate
from tests.detector.scenes import START

Image = NDArray[np.uint8]
SIZE = (640, 360)
WALKER = (300, 120, 340, 240)


@cache
def ground(seed: int = 1) -> Image:
    """A paved place: patches of many greys. Not to be drawn on."""
    dice = np.random.default_rng(seed)
    patches = dice.integers(60, 190, (18, 32), dtype=np.uint8)
    grey = cv2.resize(patches, SIZE, interpolation=cv2.INTER_NEAREST)
    return np.repeat(grey[:, :, None], 3, axis=2)


def with_box(image: Image, box: tuple[int, int, int, int], colour: tuple[int, int, int] = (20, 30, 40)) -> Image:
    left, top, right, bottom = box
    drawn = image.copy()
    drawn[top:bottom, left:right] = colour
    return drawn


@cache
def noise_of(seed: int) -> NDArray[np.int16]:
    return np.random.default_rng(seed).normal(0, 3, (*SIZE[::-1], 3)).astype(np.int16)


def noisy(image: Image, seed: int) -> Image:
    return np.asarray(np.clip(image + noise_of(seed % 12), 0, 255), dtype=np.uint8)


class Watch:
    """A gate that is shown pictures, a fifth of a second apart unless told otherwise."""

    def __init__(self) -> None:
        self.gate, self.at = MotionGate(), START

    def shows_motion(self, image: Image, after_s: float = 0.2) -> bool:
        self.at += timedelta(seconds=after_s)
        return bool(self.gate.update(image, self.at))

    def settle(self, image: Image, pictures: int = 10) -> None:
        for seed in range(pictures):
            self.shows_motion(noisy(image, seed))


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    watch.settle(ground())
    return watch


def test_sensor_noise_is_no_motion(watch: Watch) -> None:
    assert not any(watch.shows_motion(noisy(ground(), seed)) for seed in range(100, 130))


def lit(light: float) -> Image:
    return np.asarray(np.clip(ground() * light, 0, 255), dtype=np.uint8)


@pytest.mark.parametrize("light", [0.75, 1.3])
def test_light_that_jumps_is_no_motion(watch: Watch, light: float) -> None:
    assert not watch.shows_motion(lit(light))


def test_dusk_is_no_motion(watch: Watch) -> None:
    assert not any(watch.shows_motion(noisy(lit(1 - step / 150), step), after_s=2) for step in range(100))


def test_somebody_who_comes_into_view_is_motion_where_they_are(watch: Watch) -> None:
    watch.at += timedelta(seconds=0.2)
    motion = watch.gate.update(with_box(ground(), WALKER), watch.at)
    (box,) = motion.boxes()
    assert motion
    assert box.left == pytest.approx(300 / 640, abs=0.08)
    assert box.right == pytest.approx(340 / 640, abs=0.08)
    assert box.bottom == pytest.approx(240 / 360, abs=0.12)


def test_somebody_as_small_as_a_bike_of_forty_pixels_is_motion(watch: Watch) -> None:
    assert watch.shows_motion(with_box(ground(), (300, 120, 318, 165)))


def test_a_change_between_two_pictures_far_apart_is_seen(watch: Watch) -> None:
    assert watch.shows_motion(with_box(ground(), WALKER), after_s=8)


def test_what_stands_still_for_three_seconds_belongs_to_the_scene(watch: Watch) -> None:
    parked = with_box(ground(), (200, 150, 300, 210))
    seen = [watch.shows_motion(parked) for _ in range(25)]
    assert all(seen[:14])
    assert not any(seen[16:])


def test_what_belongs_to_the_scene_wakes_the_gate_when_it_goes(watch: Watch) -> None:
    watch.settle(with_box(ground(), WALKER), 30)
    assert watch.shows_motion(ground())


def test_who_goes_on_moving_is_motion_all_the_time(watch: Watch) -> None:
    steps = [with_box(ground(), (100 + 6 * step, 120, 140 + 6 * step, 240)) for step in range(60)]
    assert all(watch.shows_motion(step) for step in steps)


def rain(seed: int) -> Image:
    """Bright streaks all over, elsewhere in each picture."""
    dice, image = np.random.default_rng(seed), ground()
    for x, y in zip(dice.integers(0, SIZE[0], 150), dice.integers(0, SIZE[1] - 20, 150), strict=True):
        image[y : y + 18, x : x + 2] = 235
    return image


def test_rain_that_was_called_noise_is_no_motion_any_more_and_a_walker_in_it_is(watch: Watch) -> None:
    woken = 0
    for seed in range(30):
        woken += watch.shows_motion(rain(seed))
        watch.gate.call_noise()
    assert woken > 3
    assert sum(watch.shows_motion(rain(seed)) for seed in range(100, 120)) <= 4
    walking = [with_box(rain(200 + step), (300 + 3 * step, 120, 345 + 3 * step, 250)) for step in range(10)]
    assert sum(watch.shows_motion(step) for step in walking) >= 9


def test_looking_ahead_tells_motion_and_learns_nothing(watch: Watch) -> None:
    ahead = with_box(ground(), WALKER)
    assert all(watch.gate.foresees(ahead) for _ in range(40))
    assert not watch.gate.foresees(noisy(ground(), 5))
    assert not watch.shows_motion(ground())


def test_a_picture_of_another_size_begins_anew(watch: Watch) -> None:
    small = cv2.resize(ground(), (400, 300)).astype(np.uint8)
    assert watch.gate.foresees(small)
    assert not watch.shows_motion(small)
    assert not watch.shows_motion(small)


def test_an_accepted_view_is_what_is_compared_with(watch: Watch) -> None:
    watch.gate.accept(ground(seed=9), watch.at)
    assert not watch.shows_motion(ground(seed=9))
    assert watch.shows_motion(ground())
