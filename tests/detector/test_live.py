from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from detector.frames_video import Upright
from detector.live import live_frames
from detector.live_counts import Counts
from detector.live_reader import NewestOnly, Turnstile
from detector.pace import ConstantPace
from tests.brokers import AT, wait_for
from tests.detector.drawn_footage import black_picture, number_in, plain, short_clip, write_video


def test_a_file_is_replayed_in_a_loop_as_if_it_were_a_camera(tmp_path: Path) -> None:
    stop = threading.Event()
    frames = live_frames(str(short_clip(tmp_path)), pace=ConstantPace(60), stop=stop, counts=Counts())
    seen = [number_in(frame.image_bgr) for frame in islice(frames, 12)]
    stop.set()
    assert max(seen) == 4
    assert any(after < before for before, after in pairwise(seen)), "it began again"


def test_frames_are_as_far_apart_as_the_file_says_however_they_arrive(tmp_path: Path) -> None:
    stop = threading.Event()
    path = write_video(tmp_path / "clip.mp4", count=35)
    frames = live_frames(str(path), pace=ConstantPace(60), stop=stop, counts=Counts())
    seen = []
    for one, wait_s in zip(frames, (0.0, 0.3, 0.7, 0.1, 0.5, 0.0), strict=False):
        seen.append((one.at, number_in(one.image_bgr)))
        stop.wait(wait_s)  # the line is slow and uneven; the times are the camera's all the same
    stop.set()
    for (at, number), (later_at, later_number) in pairwise(seen):
        assert (later_at - at).total_seconds() == pytest.approx((later_number - number) / 5, abs=0.05)


def test_without_a_clock_given_times_are_aware_utc_of_now(tmp_path: Path) -> None:
    stop = threading.Event()
    before = datetime.now(UTC)
    first = next(live_frames(str(short_clip(tmp_path)), pace=ConstantPace(5), stop=stop, counts=Counts()))
    stop.set()
    assert before <= first.at <= datetime.now(UTC)
    assert first.at.tzinfo is UTC


def test_the_newest_frame_wins_and_the_skipped_are_counted() -> None:
    counts = Counts()
    newest = NewestOnly(counts)
    for number in range(4):
        newest.put(black_picture(number))
    taken = newest.take(1)
    assert taken is not None
    assert taken.index == 3
    assert counts.skipped == 3
    assert newest.take(0.01) is None


def test_pictures_of_a_moment_ago_wait_for_each_other() -> None:
    newest = NewestOnly(Counts())

    def put() -> None:
        for number in range(3):
            newest.put(black_picture(number), 30)

    thread = threading.Thread(target=put)
    thread.start()
    taken = [newest.take(30) for _ in range(3)]
    thread.join()
    assert [one and one.index for one in taken] == [0, 1, 2]


def test_nobody_waits_for_ever_for_a_line_that_takes_nothing() -> None:
    counts = Counts()
    newest = NewestOnly(counts)
    newest.put(black_picture(0))
    newest.put(black_picture(1), 0.05)
    assert counts.skipped == 1


def test_a_slow_line_sees_fewer_frames_but_never_stale_ones(tmp_path: Path) -> None:
    stop, counts = threading.Event(), Counts()
    frames = live_frames(str(short_clip(tmp_path, count=25)), pace=ConstantPace(60), stop=stop, counts=counts)
    next(frames)
    wait_for(lambda: counts.skipped >= 5)
    decoded = counts.decoded
    assert next(frames).index >= decoded - 1
    stop.set()
    assert counts.taken == 2


def test_only_so_many_frames_a_second_are_looked_at(tmp_path: Path) -> None:
    stop, counts = threading.Event(), Counts()
    frames = live_frames(str(short_clip(tmp_path, count=25)), pace=ConstantPace(1), stop=stop, counts=counts)
    indices = [one.index for one in islice(frames, 3)]
    stop.set()
    assert counts.arrived > indices[-1]
    assert min(after - before for before, after in pairwise(indices)) >= 2


def test_masks_are_black_before_anybody_looks(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_video(path, plain, count=3)
    stop = threading.Event()
    mask = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    image = next(live_frames(str(path), pace=ConstantPace(5), stop=stop, counts=Counts(), masks=[mask])).image_bgr
    stop.set()
    half = image.shape[1] // 2
    assert image[:, : half - 2].max() == 0
    assert image[:, half + 2 :].min() > 90


def test_a_generator_that_is_closed_lets_go_of_its_camera(tmp_path: Path) -> None:
    stop, counts = threading.Event(), Counts()
    frames = live_frames(str(short_clip(tmp_path)), pace=ConstantPace(60), stop=stop, counts=counts)
    next(frames)
    frames.close()
    name = f"camera {tmp_path / 'clip.mp4'}"
    wait_for(lambda: not any(thread.name == name for thread in threading.enumerate()))
    assert not stop.is_set()


def test_a_picture_that_is_passed_over_is_never_made_of_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, to_bgr = [], Upright.to_bgr

    def counted(self: Upright, frame: VideoFrame, reformatter: VideoReformatter | None = None) -> NDArray[np.uint8]:
        made.append(1)
        return to_bgr(self, frame, reformatter)

    monkeypatch.setattr(Upright, "to_bgr", counted)
    stop, counts = threading.Event(), Counts()
    frames = live_frames(str(short_clip(tmp_path)), pace=ConstantPace(60), stop=stop, counts=counts)
    next(frames)
    wait_for(lambda: counts.skipped >= 5)
    next(frames)
    stop.set()
    assert len(made) == counts.taken == 2


class Changing:
    fps = 0.5

    def fps_wanted(self) -> float:
        return self.fps

    def keyframes_only(self, _key_every_s: float | None) -> bool:
        return False

    def foresees(self, _image_bgr: NDArray[np.uint8], _within_s: float) -> bool:
        return False


def test_the_rate_follows_the_pace_from_one_picture_to_the_next() -> None:
    pace = Changing()
    gate = Turnstile(pace)

    def let(first: int, last: int) -> list[int]:
        return [number for number in range(first, last) if gate.lets_through(AT + timedelta(seconds=number / 25))]

    assert let(0, 100) == [0, 50]
    pace.fps = 5.0
    assert let(100, 125) == [100, 105, 110, 115, 120], "nothing is waited for that the old pace had planned"
    pace.fps = 25.0
    assert let(125, 130) == [125, 126, 127, 128, 129]


def test_pictures_a_little_late_still_give_the_wanted_rate() -> None:
    gate = Turnstile(ConstantPace(10))
    passed = [number for number in range(250) if gate.lets_through(AT + timedelta(seconds=number / 25))]
    assert len(passed) == pytest.approx(100, abs=1)
