"""Which packets are decoded: all, key pictures only, or what can still be kept up with. Packets of real clips, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from detector.live_counts import Counts
from detector.live_decoding import MOST_HELD, Decoding, decoding_of
from tests.brokers import AT
from tests.detector.drawn_footage import number_in, write_video

COUNT, GOP = 36, 9


class Switch:
    """A pace that is told what to want, and remembers what it was told of the stream."""

    def __init__(self) -> None:
        self.keys_only = False
        self.told: list[float | None] = []
        self.wakes_at: int | None = None
        """A key picture with this number or a later one shows that something has begun."""

    def fps_wanted(self) -> float:
        return 25.0

    def keyframes_only(self, key_every_s: float | None) -> bool:
        self.told.append(key_every_s)
        return self.keys_only

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:
        assert within_s == pytest.approx(GOP / 5)
        if self.wakes_at is None or number_in(image_bgr) < self.wakes_at:
            return False
        self.keys_only = False
        return True


class Camera:
    """A clip whose packets are fed one by one; `shown` are the numbers drawn into what came out."""

    def __init__(self, packets: list[Packet[VideoStream]], decoding: Decoding) -> None:
        self._packets, self._decoding = packets, decoding
        self.fed = 0
        self.shown: list[int] = []
        self.past: list[int] = []
        """Of those, what was passed over at first."""

    def feed(self, until: int, *, too_late: bool = False) -> list[int]:
        before = len(self.shown)
        for packet in self._packets[self.fed : until]:
            at = AT + timedelta(seconds=self.fed / 5)
            for frame in self._decoding.feed(packet, at, too_late=too_late):
                self.shown.append(number_of(frame))
                self.past += self.shown[-1:] if self._decoding.is_catching_up else []
            self.fed += 1
        return self.shown[before:]

    def finish(self) -> list[int]:
        self.feed(len(self._packets))
        self.shown += [number_of(frame) for frame in self._decoding.rest()]
        return self.shown


def number_of(frame: VideoFrame) -> int:
    return number_in(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))


def coded(b_frames: int) -> Callable[[VideoStream], None]:
    def set_up(stream: VideoStream) -> None:
        stream.codec_context.gop_size = GOP
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.options = {
            "sc_threshold": "0",
            "x265-params": f"scenecut=0:open-gop=0:bframes={b_frames}:log-level=0",
        }

    return set_up


@pytest.fixture
def pace() -> Switch:
    return Switch()


@pytest.fixture
def counts() -> Counts:
    return Counts()


CODINGS = [("libx264", 0), ("libx264", 2), ("libx265", 0), ("libx265", 2)]


@pytest.fixture(params=CODINGS, ids=lambda one: f"{one[0]} with {one[1]} pictures out of order")
def camera(request: pytest.FixtureRequest, tmp_path: Path, pace: Switch, counts: Counts) -> Iterator[Camera]:
    codec, b_frames = request.param
    path = write_video(tmp_path / "clip.mp4", count=COUNT, codec=codec, set_up=coded(b_frames))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 9, 18, 27]
        yield Camera(packets, decoding_of(stream, pace, counts))


def test_all_pictures_are_shown_in_order(camera: Camera, counts: Counts) -> None:
    assert camera.finish() == list(range(COUNT))
    assert (counts.decoded, counts.damaged, counts.left_out) == (COUNT, 0, 0)


def test_where_key_pictures_will_do_each_is_shown_at_once_and_nothing_else(camera: Camera, pace: Switch) -> None:
    pace.keys_only = True
    assert camera.feed(1) == [0], "not only when the next ones have come"
    assert camera.feed(9) == []
    assert camera.feed(10) == [9]
    assert camera.finish() == [0, 9, 18, 27]


def test_when_all_are_wanted_again_what_was_passed_over_is_caught_up_with(camera: Camera, pace: Switch) -> None:
    pace.keys_only = True
    camera.feed(14)
    assert camera.shown == [0, 9]
    pace.keys_only = False
    caught_up = camera.feed(15)
    assert caught_up[0] == 10, "the key picture itself was shown already"
    assert caught_up[-1] >= 12, "without waiting for the next key picture"
    assert camera.finish() == [0, *range(9, COUNT)]


def test_what_lies_before_a_key_picture_in_which_something_has_begun_is_shown_after_all(
    camera: Camera, pace: Switch
) -> None:
    pace.keys_only, pace.wakes_at = True, 18
    assert camera.feed(18) == [0, 9]
    assert camera.feed(19)[0] == 10, "the key picture before it was shown already"
    assert camera.finish() == [0, *range(9, COUNT)]


def test_what_is_shown_after_all_is_told_from_what_is_shown_at_once(camera: Camera, pace: Switch) -> None:
    pace.keys_only, pace.wakes_at = True, 18
    camera.finish()
    assert camera.past == [number for number in range(10, 19) if number in camera.past]
    assert camera.past[:7] == list(range(10, 17)), "those that a decoder hands out late may come with the next ones"


def test_key_pictures_will_do_only_from_the_next_one_on(camera: Camera, pace: Switch) -> None:
    camera.feed(4)
    pace.keys_only = True
    assert camera.finish() == [*range(10), 18, 27], "or the pictures before it could not be shown after all"


def test_wishes_that_change_all_the_time_never_show_a_picture_twice_or_out_of_order(
    camera: Camera, pace: Switch
) -> None:
    for number in range(COUNT):
        pace.keys_only = number % 5 < 3
        camera.feed(number + 1)
    pace.keys_only = False
    shown = camera.finish()
    assert shown == sorted(set(shown))
    assert {9, 18, 27} <= set(shown)


def test_a_camera_joined_in_the_middle_shows_nothing_before_its_next_key_picture(camera: Camera) -> None:
    camera.fed = 4
    assert camera.finish() == list(range(9, COUNT))


def test_where_decoding_is_too_slow_what_lies_before_the_next_key_picture_is_left_out(
    camera: Camera, counts: Counts
) -> None:
    camera.feed(12)
    camera.feed(16, too_late=True)
    shown = camera.finish()
    assert shown == sorted(shown)
    assert not set(range(12, 18)) & set(shown)
    assert set(range(18, COUNT)) <= set(shown)
    assert counts.left_out == 4


def test_the_pace_is_told_how_far_apart_key_pictures_are(camera: Camera, pace: Switch) -> None:
    camera.feed(GOP)
    assert pace.told == [None] * GOP
    camera.feed(GOP + 1)
    assert pace.told[-1] == pytest.approx(GOP / 5)
    camera.feed(2 * GOP)
    assert pace.told[-1] == pytest.approx(GOP / 5), "until the next one is overdue"


def test_damaged_packets_are_counted_and_end_nothing(camera: Camera, counts: Counts) -> None:
    for number in (5, 6):
        camera._packets[number] = cast("Packet[VideoStream]", Packet(b"\x00\x00\x00\x05garbage"))
    shown = camera.finish()
    assert set(range(18, COUNT)) <= set(shown)
    assert counts.damaged > 0 or counts.decoded < COUNT, "some decoders pass over it in silence"


def test_packets_held_back_do_not_pile_up(camera: Camera, pace: Switch, counts: Counts) -> None:
    pace.keys_only = True
    camera.feed(1)
    still = camera._packets[1]
    camera._packets[1:1] = [still] * (MOST_HELD + 50)
    camera.feed(MOST_HELD + 20)
    assert camera._decoding._held is None
    pace.keys_only = False
    assert camera.feed(MOST_HELD + 30) == [], "it goes on at the next key picture"
    assert set(range(18, COUNT)) <= set(camera.finish())


def test_a_stream_that_names_no_key_pictures_is_shown_after_a_while(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detector.live_decoding.KEY_WITHIN_S", 1.0)
    for packet in camera._packets:
        packet.is_keyframe = False
    assert camera.feed(GOP) == []
    assert camera.finish() == list(range(GOP, COUNT))
