from __future__ import annotations

import shutil
import sys
import threading
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

import pytest

from detector.live import live_frames
from detector.live_counts import Counts
from detector.live_reader import MOST_STUCK
from detector.live_sources import DEVICES, Connection, connect
from detector.pace import ConstantPace
from detector.vocabulary import Frame
from tests.brokers import wait_for
from tests.detector.drawn_footage import short_clip


def test_a_source_that_is_not_there_yet_is_tried_until_it_is(tmp_path: Path) -> None:
    path, stop, counts = tmp_path / "later.mp4", threading.Event(), Counts()
    frames = live_frames(str(path), pace=ConstantPace(5), stop=stop, counts=counts)
    got: list[Frame] = []
    thread = threading.Thread(target=lambda: got.append(next(frames)))
    thread.start()
    shutil.move(short_clip(tmp_path), path)
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


def test_a_camera_whose_driver_hangs_is_left_alone_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("detector.live_reader.SILENT_S", 0.2)
    clip_path, hanging, calls = short_clip(tmp_path), threading.Event(), []

    def hang_twice(_source: str, over: threading.Event) -> AbstractContextManager[Connection]:
        calls.append(1)
        if len(calls) <= 2:
            hanging.wait()
        return connect(str(clip_path), over)

    monkeypatch.setattr("detector.live_reader.connect", hang_twice)
    stop, counts = threading.Event(), Counts()
    frames = live_frames("7", pace=ConstantPace(5), stop=stop, counts=counts)
    assert next(frames).index == 0
    assert counts.stalls == 2
    hanging.set()
    stop.set()


def test_connections_that_hang_are_not_heaped_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.live_reader.SILENT_S", 0.1)
    monkeypatch.setattr("detector.live_reader.LONGEST_WAIT_S", 0.1)
    monkeypatch.setattr("detector.live_reader.FIRST_WAIT_S", 0.1)
    hanging, calls = threading.Event(), []

    def hang(_source: str, _over: threading.Event) -> AbstractContextManager[Connection]:
        calls.append(1)
        hanging.wait()
        raise OSError("at last")

    monkeypatch.setattr("detector.live_reader.connect", hang)
    stop, counts = threading.Event(), Counts()
    thread = threading.Thread(target=lambda: list(live_frames("7", pace=ConstantPace(5), stop=stop, counts=counts)))
    thread.start()
    wait_for(lambda: counts.lost_because and "hang" in counts.lost_because)
    stop.wait(1)
    assert len(calls) == MOST_STUCK
    hanging.set()
    stop.set()
    thread.join()


def test_a_reader_outlives_whatever_a_camera_does_to_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clip_path, calls = short_clip(tmp_path), []

    def stumble(_source: str, over: threading.Event) -> AbstractContextManager[Connection]:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the driver is confused")
        return connect(str(clip_path), over)

    monkeypatch.setattr("detector.live_reader.connect", stumble)
    stop = threading.Event()
    assert next(live_frames("0", pace=ConstantPace(5), stop=stop, counts=Counts())).index == 0
    stop.set()


def test_a_camera_plugged_in_is_read_through_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    # No such camera is here; FFmpeg's own test device is opened and read the same way, but names no key pictures.
    monkeypatch.setattr("detector.live_decoding.KEY_WITHIN_S", 0.5)
    monkeypatch.setitem(DEVICES, sys.platform, ("lavfi", "color=c=0x404040:size=160x120:rate={},realtime"))
    stop, counts = threading.Event(), Counts()
    frames = live_frames("10", pace=ConstantPace(10), stop=stop, counts=counts)
    seen = list(islice(frames, 8))
    stop.set()
    assert {(one.width_px, one.height_px) for one in seen} == {(160, 120)}
    assert seen[-1].image_bgr.mean() == pytest.approx(0x40, abs=3)
    assert (seen[-1].at - seen[0].at).total_seconds() > 0.4


def test_a_camera_that_is_not_plugged_in_is_said() -> None:
    stop, counts = threading.Event(), Counts()
    thread = threading.Thread(target=lambda: list(live_frames("97", pace=ConstantPace(5), stop=stop, counts=counts)))
    thread.start()
    wait_for(lambda: counts.lost_because)
    stop.set()
    thread.join()
    assert counts.lost_because is not None
    assert counts.lost_because.startswith("camera 97: gives no picture")
    assert counts.lost_because.endswith("is it plugged in and free?")
