"""Live reading against real cameras: GStreamer's RTSP server, killed, frozen and started again, and one that is silent."""

from __future__ import annotations

import socket
import threading
import time
from itertools import pairwise

import pytest
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from detector.live_decoding import Decoding
from detector.pace import ConstantPace
from tests.brokers import wait_for
from tests.detector.live_watching import (
    NOTICED_WITHIN_S,
    noticed_after_s,
    see_it_die_and_come_back,
    see_it_freeze,
    watching,
)
from tests.rtsp_server import RtspCamera

pytestmark = pytest.mark.service("gst_rtsp_server")


@pytest.mark.parametrize("coding", ["h264", "h265"])
def test_pictures_come_with_the_time_they_were_taken(free_port: int, coding: str) -> None:
    with watching(RtspCamera(free_port, coding)) as seen:
        seen.sees_more(30)
    assert all(later > earlier for earlier, later in pairwise(seen.at))
    later_errors = seen.error_s[10:]
    assert max(abs(one) for one in later_errors) < 1.0
    assert max(later_errors) - min(later_errors) < 0.5, "steps between pictures are true"


@pytest.mark.parametrize("coding", ["h264", "h265"])
def test_a_camera_that_dies_and_comes_back_is_seen_again(free_port: int, coding: str) -> None:
    seen = see_it_die_and_come_back(RtspCamera(free_port, coding))
    assert seen.counts.connections == 2
    assert all(later > earlier for earlier, later in pairwise(seen.at))


@pytest.mark.parametrize("again", ["thawed", "killed and started anew"])
def test_a_frozen_camera_is_noticed_in_time_and_seen_again(free_port: int, again: str) -> None:
    seen = see_it_freeze(RtspCamera(free_port), thawed=again == "thawed")
    assert all(later > earlier for earlier, later in pairwise(seen.at))
    assert abs(seen.error_s[-1]) < 1.0, "times are true after it, too"


def test_a_camera_that_takes_the_call_and_says_nothing_is_noticed_in_time(free_port: int) -> None:
    camera = RtspCamera(free_port)
    began_s = time.monotonic()
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", free_port))
        silent.listen()
        with watching(camera, on=False) as seen:
            assert noticed_after_s(seen.counts, began_s) < NOTICED_WITHIN_S
            silent.close()
            camera.start()
            seen.sees_more()
    assert seen.counts.connections == 1


def test_a_line_slower_than_its_camera_sees_fresh_pictures_only(free_port: int) -> None:
    with watching(RtspCamera(free_port), ConstantPace(25), slow_s=0.5) as seen:
        seen.sees_more(12)
        assert seen.counts.skipped > 3 * seen.counts.taken
    assert max(seen.seen_after_s[2:]) < 1.0, "however long it lasts, nothing queues up"


class SwitchedPace(ConstantPace):
    """Key pictures only until it is told otherwise."""

    every = threading.Event()

    def keyframes_only(self, _key_every_s: float | None) -> bool:
        return not self.every.is_set()


def test_while_key_pictures_will_do_only_they_are_decoded(free_port: int) -> None:
    camera, pace = RtspCamera(free_port), SwitchedPace(25)
    with watching(camera, pace) as seen:
        wait_for(lambda: seen.counts.arrived > 110)
        assert 3 <= seen.counts.decoded <= seen.counts.arrived / 25 + 2
        assert seen.counts.key_every_s == pytest.approx(1.0, abs=0.5)
        pace.every.set()
        seen.sees_more(20)
    assert max(seen.error_s[3:]) < 1.0


def test_a_machine_too_slow_to_decode_it_all_leaves_out_and_falls_behind_no_further(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = Decoding._decoded

    def slowly(self: Decoding, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        time.sleep(0.1)  # ten a second, of twenty-five
        return decoded(self, packet)

    monkeypatch.setattr(Decoding, "_decoded", slowly)
    with watching(RtspCamera(free_port), ConstantPace(25)) as seen:
        wait_for(lambda: seen.counts.left_out >= 30)
        half = len(seen.seen_after_s)
        seen.sees_more(40)
    assert max(seen.seen_after_s[half:]) < 5.0, "without leaving out it would be 9 s by now, and rising"
    assert all(later > earlier for earlier, later in pairwise(seen.at))
    assert max(abs(one) for one in seen.error_s[3:]) < 1.0, "times are true all the same"
