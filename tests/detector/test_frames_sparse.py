"""Recordings read by their key pictures: what is left out, what is gone back for, and that nothing comes twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray

from detector import frames_sparse
from detector.frames import read_frames
from detector.frames_video import read_video
from tests.detector.drawn_footage import number_in, numbered, write_video

KEYS, COUNT, FPS = 5, 30, 5
"""A key picture a second, for six seconds."""


@pytest.fixture(autouse=True)
def no_key_picture_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_sparse, "KEYS_APART_S", 1.0)


@pytest.fixture
def every_other_key_picture_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_sparse, "KEYS_APART_S", 2.0)


@dataclass
class Pace:
    """Content with key pictures while they come often enough and `wakes_at` was not yet foreseen."""

    wakes_at: int | None = None
    fps: float = 5.0
    often_enough_s: float = 2.0
    foreseen: list[tuple[int, float]] = field(default_factory=list)
    is_awake: bool = False

    def fps_wanted(self) -> float:
        return self.fps

    def keyframes_only(self, key_every_s: float | None) -> bool:
        return not self.is_awake and key_every_s is not None and key_every_s <= self.often_enough_s

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:
        self.foreseen.append((number_in(image_bgr), within_s))
        self.is_awake = self.wakes_at is not None and number_in(image_bgr) >= self.wakes_at
        return self.is_awake


def film(folder: Path, *, b_frames: int = 0, key_every: int = KEYS) -> Path:
    def set_up(stream: VideoStream) -> None:
        stream.codec_context.gop_size = key_every
        stream.codec_context.max_b_frames = b_frames
        stream.options = {"sc_threshold": "0"}

    return write_video(folder / "numbers.mp4", count=COUNT, fps=FPS, set_up=set_up)


def shown(path: Path, pace: Pace, warn: Callable[[str], None] = lambda _sentence: None) -> list[tuple[int, float]]:
    """The number drawn in each picture, and its time in seconds."""
    return [(number_in(one.to_bgr()), round(float(one.elapsed_s), 3)) for one in read_video(path, warn, pace)]


def at_their_times(numbers: range | list[int]) -> list[tuple[int, float]]:
    return [(number, number / FPS) for number in numbers]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_while_nothing_moves_only_key_pictures_come_at_their_own_times(tmp_path: Path, b_frames: int) -> None:
    numbers = shown(film(tmp_path, b_frames=b_frames), Pace())
    # How far key pictures lie apart is known from the second on; the rest of the last stretch is read through.
    assert numbers == at_their_times([*range(6), 10, 15, 20, *range(25, 30)])


@pytest.mark.parametrize("b_frames", [0, 2])
def test_where_a_key_picture_shows_that_something_began_the_pictures_before_it_come_too(
    tmp_path: Path, b_frames: int
) -> None:
    numbers = shown(film(tmp_path, b_frames=b_frames), Pace(wakes_at=20))
    assert numbers == at_their_times([*range(6), 10, *range(15, 30)])


def test_it_is_said_how_far_ahead_a_picture_lies(tmp_path: Path) -> None:
    pace = Pace()
    shown(film(tmp_path), pace)
    assert pace.foreseen == [(10, 1.0), (15, 1.0), (20, 1.0), (25, 1.0)]


@pytest.mark.usefixtures("every_other_key_picture_is_passed_over")
def test_key_pictures_that_come_more_often_than_needed_are_passed_over(tmp_path: Path) -> None:
    pace = Pace()
    assert shown(film(tmp_path), pace) == at_their_times([*range(6), 15, *range(25, 30)])
    assert pace.foreseen == [(15, 2.0), (25, 2.0)]


@pytest.mark.usefixtures("every_other_key_picture_is_passed_over")
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize(("wakes_at", "all_since"), [(11, 10), (10, 5), (16, 15), (21, 20)])
def test_what_began_is_sought_in_the_key_pictures_that_were_passed_over(
    tmp_path: Path, b_frames: int, wakes_at: int, all_since: int
) -> None:
    numbers = [number for number, _ in shown(film(tmp_path, b_frames=b_frames), Pace(wakes_at=wakes_at))]
    assert numbers == sorted({*range(6), 15, *range(all_since, 30)})


def test_whoever_wakes_for_a_moment_only_is_content_with_key_pictures_again(tmp_path: Path) -> None:
    pace, numbers = Pace(), []
    for one in read_video(film(tmp_path), lambda _sentence: None, pace):
        numbers.append(number_in(one.to_bgr()))
        pace.is_awake = numbers[-1] == 5
    assert numbers == [*range(16), 20, *range(25, 30)]  # it was six pictures ahead


def test_whoever_wakes_by_itself_gets_everything_since_the_last_key_picture(tmp_path: Path) -> None:
    pace, numbers = Pace(), []
    for one in read_video(film(tmp_path), lambda _sentence: None, pace):
        numbers.append(number_in(one.to_bgr()))
        pace.is_awake = numbers[-1] >= 10
    assert numbers == [*range(6), *range(10, 30)]


def test_where_key_pictures_are_too_rare_every_picture_comes(tmp_path: Path) -> None:
    assert shown(film(tmp_path), Pace(often_enough_s=0.5)) == at_their_times(range(30))


def test_a_recording_with_one_key_picture_is_read_through(tmp_path: Path) -> None:
    assert shown(film(tmp_path, key_every=100), Pace()) == at_their_times(range(30))


def test_of_a_recording_of_key_pictures_only_those_wanted_are_decoded(tmp_path: Path) -> None:
    pace = Pace(fps=1.0)
    numbers = shown(film(tmp_path, key_every=1), pace)
    assert numbers == at_their_times([0, 1, 6, 11, 16, 21, *range(26, 30)])
    assert [number for number, _ in pace.foreseen] == [6, 11, 16, 21, 26]


def test_masked_parts_are_not_looked_at_ahead_either(tmp_path: Path) -> None:
    pace = Pace()
    everything = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    list(read_frames(film(tmp_path), fps=5, masks=[everything], pace=pace))
    assert {number for number, _ in pace.foreseen} == {0}


def test_the_number_of_frames_wanted_is_asked_anew_for_every_frame(tmp_path: Path) -> None:
    pace, times = Pace(often_enough_s=0.0, fps=1.0), []
    for frame in read_frames(film(tmp_path), fps=5, pace=pace):
        times.append(frame.at.timestamp())
        pace.fps = 5.0 if times[-1] >= 2 else 1.0
    assert times == pytest.approx([0, 1, *(2 + step / 5 for step in range(20))])


def test_a_damaged_stretch_is_left_out_and_said(tmp_path: Path) -> None:
    path, sentences = film(tmp_path), list[str]()
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 400] = bytes(400)
    path.write_bytes(raw)
    numbers = [number for number, _ in shown(path, Pace(), sentences.append)]
    assert len(numbers) >= 8
    assert numbers == sorted(set(numbers)) or sentences


def test_numbers_can_be_told(tmp_path: Path) -> None:
    assert number_in(numbered(17)) == 17
