"""Cameras of a running worker come and go; those that stay notice nothing, and one that fails is alone with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from broker_bridge.messages import AlertMessage
from detector.camera_watch import CameraWatch
from detector.config import CameraConfig
from detector.crew import Crew
from detector.errors import UsageError
from detector.orders import Mute, Orders
from detector.stay_store import StayStore
from detector.vocabulary import Detection, Frame
from tests.brokers import AT, wait_for
from tests.detector.drawn_footage import DrawnDetector, Image, scene, write_video
from tests.detector.watching import HearingSink, camera, hearing_sink, run_until, told, watch
from tests.outboxes import letters_in


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[HearingSink]:
    with hearing_sink(tmp_path) as made:
        yield made


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "scene.mp4", scene, count=60)


@pytest.fixture
def crew(sink: HearingSink, tmp_path: Path) -> Iterator[Crew]:
    store, detector = StayStore(tmp_path / "stays.db"), DrawnDetector()

    def watch_of(config: CameraConfig, stop: threading.Event) -> CameraWatch:
        return watch(config, sink, detector, stop, store)

    crew = Crew(watch_of)
    yield crew
    crew.stop()


def sees(watching: CameraWatch) -> None:
    before = watching.counts.taken
    wait_for(lambda: watching.counts.taken >= before + 3)


def test_unchanged_cameras_go_on_undisturbed_while_others_come_change_and_leave(crew: Crew, clip: Path) -> None:
    crew.apply([camera(clip, id=name) for name in ("stays", "changes", "leaves")])
    stays, changes, leaves = crew.watches
    for one in crew.watches:
        sees(one)
    crew.apply([camera(clip, id="new"), camera(clip, id="changes", fps=4), camera(clip, id="stays")])
    assert [one.config.id for one in crew.watches] == ["new", "changes", "stays"]
    assert crew.watches[2] is stays
    assert crew.watches[1] is not changes
    assert (changes.stop.is_set(), leaves.stop.is_set(), stays.stop.is_set()) == (True, True, False)
    for one in crew.watches:
        sees(one)
    assert stays.counts.connections > 0


def test_a_changed_camera_goes_on_with_its_stays(crew: Crew, clip: Path, sink: HearingSink) -> None:
    crew.apply([camera(clip)])
    wait_for(lambda: told(sink, "alert", "raised"))
    write_video(clip, lambda _number: scene(59), count=60)
    crew.apply([camera(clip, fps=4)])
    (changed,) = crew.watches
    wait_for(lambda: changed.counts.taken >= 20)
    assert len(told(sink, "stay", "opened")) == 1
    assert len(told(sink, "alert", "raised")) == 1
    assert not told(sink, "stay", "closed")


def test_where_one_camera_cannot_be_watched_all_stays_as_it_is(crew: Crew, clip: Path, tmp_path: Path) -> None:
    crew.apply([camera(clip)])
    (before,) = crew.watches
    with pytest.raises(UsageError, match=r"absent\.onnx"):
        crew.apply([camera(clip, fps=4), camera(clip, id="new", pose_model=str(tmp_path / "absent.onnx"))])
    assert crew.watches == [before]
    sees(before)


class Stumbling(DrawnDetector):
    """Cannot bear the pictures of one size."""

    def detect(self, frame: Frame) -> list[Detection]:
        if frame.width_px != 320:
            raise RuntimeError("the model stumbled")
        return super().detect(frame)


def test_cameras_that_fail_in_their_own_ways_stop_no_other(
    sink: HearingSink, clip: Path, tmp_path: Path, free_port: int
) -> None:
    odd = write_video(tmp_path / "odd.mp4", lambda number: scene(number)[:, :160], count=20)
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(bytes(range(256)) * 100)
    detector = Stumbling()
    crew = Crew(lambda config, stop: watch(config, sink, detector, stop))
    crew.apply(
        [
            camera(odd, id="breaks-the-model"),
            camera(tmp_path / "never.mp4", id="is-not-there"),
            camera(garbage, id="sends-garbage"),
            CameraConfig(id="refuses", source=f"rtsp://127.0.0.1:{free_port}/rack"),
            camera(clip, id="works"),
        ]
    )
    try:
        wait_for(lambda: told(sink, "alert", "raised"))
        works = crew.watches[-1]
        sees(works)
        assert [one.counts.taken > 0 for one in crew.watches] == [True, False, False, False, True]
        assert all(one.counts.lost_because for one in crew.watches[1:4])
    finally:
        crew.stop()


def test_nobody_is_reminded_of_a_rack_that_is_mute(sink: HearingSink, clip: Path, tmp_path: Path) -> None:
    orders = Orders(tmp_path / "orders.json")
    orders.mute(Mute(rack="whole-picture"))
    watching = watch(camera(clip), sink, DrawnDetector(), threading.Event(), orders=orders)
    run_until(watching, lambda: told(sink, "stay", "judged"))
    assert not told(sink, "alert", "raised")


def test_a_mute_that_is_over_or_for_another_camera_keeps_nobody_quiet(
    sink: HearingSink, clip: Path, tmp_path: Path
) -> None:
    orders = Orders(tmp_path / "orders.json")
    orders.mute(Mute(camera="yard"))
    orders.mute(Mute(camera="gate", until=AT))
    watching = watch(camera(clip), sink, DrawnDetector(), threading.Event(), orders=orders)
    run_until(watching, lambda: told(sink, "alert", "raised"))


def fading(number: int) -> Image:
    """No two pictures of the bike are the same, or the second one would be known already."""
    image_bgr = scene(number)
    image_bgr[image_bgr[:, :, 0] > 210] -= np.array([number, 0, 0], np.uint8)
    return image_bgr


def test_a_new_picture_of_a_bike_is_sent_when_it_is_asked_for(sink: HearingSink, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "fading.mp4", fading, count=60)

    def pictures() -> list[str]:
        return [letter.topic for letter in letters_in(sink._outbox) if "/snapshot/" in letter.topic]

    watching = watch(camera(clip), sink, DrawnDetector(), threading.Event())
    thread = threading.Thread(target=watching.run)
    thread.start()
    try:
        wait_for(lambda: len(pictures()) == 1)
        watching.show_again("another-rack")
        watching.show_again("whole-picture")
        wait_for(lambda: len(pictures()) == 2)
    finally:
        watching.stop.set()
        thread.join()
    assert len(set(pictures())) == 1, "of the same alert"


def test_a_camera_goes_by_the_clock_of_its_worker(sink: HearingSink, clip: Path) -> None:
    """Else an alert's time and the time it is sent would part where the machine's clock is set back."""
    ahead, detector = timedelta(hours=1), DrawnDetector()
    watching = watch(camera(clip), sink, detector, threading.Event())
    watching.speech = replace(watching.speech, clock=lambda: datetime.now(UTC) + ahead)
    run_until(watching, lambda: told(sink, "alert", "raised"))
    (raised,) = told(sink, "alert", "raised")
    assert isinstance(raised, AlertMessage)
    health = watching.tell_health()
    for at in (raised.at, health.last_frame_at):
        assert at is not None
        assert abs(at - datetime.now(UTC) - ahead) < timedelta(minutes=1)
