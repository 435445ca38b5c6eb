from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.live import live_frames
from detector.live_counts import Counts
from detector.live_reader import NewestOnly, Picture
from detector.pace import ConstantPace
from detector.vocabulary import Frame
from tests.brokers import AT, wait_for
from tests.detector.drawn_footage import number_in, numbered, plain, write_video


def picture(number: int) -> Picture:
    return Picture(lambda: np.zeros((2, 2, 3), np.uint8), number, AT)


def clip(folder: Path, count: int = 5) -> Path:
    path = folder / "clip.mp4"
    write_video(path, count=count)
    return path


def test_a_file_is_replayed_in_a_loop_as_if_it_were_a_camera(tmp_path: Path) -> None:
    stop = threading.Event()
    frames = live_frames(str(clip(tmp_path)), pace=ConstantPace(60), stop=stop, counts=Counts())
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
    first = next(live_frames(str(clip(tmp_path)), pace=ConstantPace(5), stop=stop, counts=Counts()))
    stop.set()
    assert before <= first.at <= datetime.now(UTC)
    assert first.at.tzinfo is UTC


def test_the_newest_frame_wins_and_the_skipped_are_counted() -> None:
    counts = Counts()
    newest = NewestOnly(counts)
    for number in range(4):
        newest.put(picture(number))
    taken = newest.take(1)
    assert taken is not None
    assert taken.index == 3
    assert counts.skipped == 3
    assert newest.take(0.01) is None


def test_a_slow_line_sees_fewer_frames_but_never_stale_ones(tmp_path: Path) -> None:
    stop, counts = threading.Event(), Counts()
    frames = live_frames(str(clip(tmp_path, count=25)), pace=ConstantPace(60), stop=stop, counts=counts)
    next(frames)
    wait_for(lambda: counts.skipped >= 5)
    decoded = counts.decoded
    assert next(frames).index >= decoded - 1
    stop.set()
    assert counts.taken == 2


def test_only_so_many_frames_a_second_are_looked_at(tmp_path: Path) -> None:
    stop, counts = threading.Event(), Counts()
    frames = live_frames(str(clip(tmp_path, count=25)), pace=ConstantPace(1), stop=stop, counts=counts)
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


def test_a_source_that_is_not_there_yet_is_tried_until_it_is(tmp_path: Path) -> None:
    path, stop, counts = tmp_path / "later.mp4", threading.Event(), Counts()
    frames = live_frames(str(path), pace=ConstantPace(5), stop=stop, counts=counts)
    got: list[Frame] = []
    thread = threading.Thread(target=lambda: got.append(next(frames)))
    thread.start()
    shutil.move(clip(tmp_path), path)
    thread.join()
    stop.set()
    assert got[0].index == 0


def test_stopping_ends_the_frames_even_when_none_ever_came(tmp_path: Path) -> None:
    stop = threading.Event()
    got: list[Frame] = []
    source = str(tmp_path / "never.mp4")
    thread = threading.Thread(
        target=lambda: got.extend(live_frames(source, pace=ConstantPace(5), stop=stop, counts=Counts()))
    )
    thread.start()
    stop.set()
    thread.join()
    assert got == []


def test_a_stream_that_cannot_be_reached_is_tried_again_and_its_password_not_told(
    free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    stop, counts = threading.Event(), Counts()
    source = f"rtsp://admin:secret@127.0.0.1:{free_port}/stream"
    thread = threading.Thread(target=lambda: list(live_frames(source, pace=ConstantPace(5), stop=stop, counts=counts)))
    thread.start()
    said = ""
    while said.count("camera lost") < 2:
        stop.wait(0.1)
        said += "".join(capsys.readouterr())
    stop.set()
    thread.join()
    assert counts.arrived == 0
    assert f"rtsp://127.0.0.1:{free_port}" in said
    assert "secret" not in said


class MotionJpeg(BaseHTTPRequestHandler):
    """A camera over HTTP that hangs up after twenty pictures."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        _, encoded = cv2.imencode(".jpg", numbered(3))
        for _ in range(20):
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n")
            self.wfile.write(f"Content-Length: {encoded.size}\r\n\r\n".encode() + encoded.tobytes() + b"\r\n")
            self.server.pause.wait(0.04)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


def test_a_network_camera_that_hangs_up_is_connected_again() -> None:
    camera = ThreadingHTTPServer(("127.0.0.1", 0), MotionJpeg)
    camera.pause = threading.Event()  # type: ignore[attr-defined]
    serving = threading.Thread(target=camera.serve_forever)
    serving.start()
    stop, counts = threading.Event(), Counts()
    try:
        source = f"http://127.0.0.1:{camera.server_port}/video"
        for frame in live_frames(source, pace=ConstantPace(50), stop=stop, counts=counts):
            assert number_in(frame.image_bgr) == 3
            if counts.arrived > 25:
                stop.set()
    finally:
        camera.shutdown()
        serving.join()
        camera.server_close()
    assert counts.arrived > 25, "more than one connection gave"
    assert counts.last_frame_at is not None
