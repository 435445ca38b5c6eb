from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.picture_quality import Fault, Image, PictureQuality, sharpness
from tests.detector.heads_truth import CLIPS, images

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
CLIP_NAMES = sorted(path.stem for path in CLIPS.glob("*.mp4"))


@cache
def street() -> Image:
    return next(iter(images(CLIPS / "left_unlocked.mp4")))


def after(*parts: tuple[int, Callable[[Image], Image]]) -> frozenset[Fault]:
    """What is believed after so many looks at the street, each part changed in its way."""
    quality, at = PictureQuality(min_brightness=25), START
    noise = np.random.default_rng(1)
    for count, change in parts:
        for _ in range(count):
            grain = noise.integers(-2, 3, street().shape)
            quality.see(np.clip(change(street()).astype(int) + grain, 0, 255).astype(np.uint8), at)
            at += timedelta(seconds=5)
    return quality.faults


def as_it_is(image: Image) -> Image:
    return image


def night(image: Image) -> Image:
    return np.asarray(image * 0.1, np.uint8)


def hand_on_the_lens(image: Image) -> Image:
    return np.full_like(image, (90, 110, 150))


def fogged(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 4), np.uint8)


def dazzled(image: Image) -> Image:
    return np.asarray(np.clip(image.astype(int) + 150, 0, 255), np.uint8)


def evening(image: Image) -> Image:
    return np.asarray(image * 0.45, np.uint8)


Change = Callable[[Image], Image]
BAD: dict[Change, Fault] = {
    night: Fault.DARK,
    hand_on_the_lens: Fault.COVERED,
    fogged: Fault.BLURRED,
    dazzled: Fault.OVEREXPOSED,
}


@pytest.mark.parametrize("change", BAD, ids=lambda change: change.__name__)
def test_a_bad_picture_is_told_by_its_fault_and_a_good_one_again_is_not(change: Callable[[Image], Image]) -> None:
    assert after((15, as_it_is), (3, change)) == {BAD[change]}
    assert after((15, as_it_is), (3, change), (3, as_it_is)) == frozenset()


@pytest.mark.parametrize("change", BAD, ids=lambda change: change.__name__)
def test_what_lasts_for_two_looks_is_no_fault_and_what_comes_back_once_is_not_over(
    change: Callable[[Image], Image],
) -> None:
    assert after((15, as_it_is), (2, change), (1, as_it_is)) == frozenset()
    assert after((15, as_it_is), (5, change), (2, as_it_is), (1, change)) == {BAD[change]}


def test_evening_light_is_neither_dark_nor_out_of_focus() -> None:
    assert after((15, as_it_is), (20, evening)) == frozenset()


def test_a_camera_that_starts_in_the_dark_learns_what_is_sharp_in_the_light() -> None:
    assert after((10, night), (15, as_it_is), (3, fogged)) == {Fault.BLURRED}


def test_it_looks_every_few_seconds_only_and_a_clock_set_back_stops_nothing() -> None:
    quality = PictureQuality(min_brightness=25)
    for at in (START, START + timedelta(seconds=1), START + timedelta(seconds=2)):
        quality.see(night(street()), at)
    assert quality.faults == frozenset()
    for hours in (1, 2, 3):
        quality.see(night(street()), START - timedelta(hours=hours))
    assert quality.faults == {Fault.DARK}


def test_sharpness_is_of_the_lens_and_not_of_the_light() -> None:
    sharp, dull = sharpness(street()), sharpness(evening(street()))
    assert sharpness(fogged(street())) < 0.4 * sharp
    assert dull == pytest.approx(sharp, rel=0.1)


def faults_of(pictures: Iterable[Image], step: int) -> set[Fault]:
    """Everything ever believed, of a clip looked at as if its pictures lay five seconds apart."""
    quality = PictureQuality(min_brightness=25)
    ever: set[Fault] = set()
    for number, image in enumerate(pictures):
        if number % step == 0:
            quality.see(image, START + timedelta(seconds=5 * number / step))
            ever |= quality.faults
    return ever


@pytest.mark.parametrize("clip", CLIP_NAMES)
def test_no_made_clip_is_called_bad_dusk_and_rain_among_them(clip: str) -> None:
    assert faults_of(images(CLIPS / f"{clip}.mp4"), 7) == set()


@pytest.mark.shared
@pytest.mark.parametrize("file", ["leeds-rack/rack.avi", "intel-person-bicycle-car/person-bicycle-car-detection.mp4"])
def test_no_real_clip_is_called_bad(shared_dir: Path, file: str) -> None:
    assert faults_of(images(shared_dir / "data" / file), 20) == set()
