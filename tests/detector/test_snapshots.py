from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from broker_bridge.messages import UpMessage
from detector.boxes import XyxyPx
from detector.config import ViewConfig
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, run_line
from detector.snapshots import bike_picture, without_heads
from detector.vocabulary import Detection, Frame, Kind, Track
from tests.detector.drawn_footage import DrawnDetector, scene

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
Image = NDArray[np.uint8]


def noise(width: int = 640, height: int = 480) -> Image:
    """Every pixel differs from its neighbours, so that whatever stays unaltered can be told."""
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def frame(image: Image) -> Frame:
    return Frame(image, 0, AT)


def person(left: float, top: float, right: float, bottom: float, score: float = 0.9) -> Detection:
    return Detection(Kind.PERSON, score, XyxyPx(left, top, right, bottom))


def decoded(jpeg: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def flat_share(image: Image) -> float:
    """Share of pixels equal to their right neighbour: near 0 in noise, near 1 in large blocks."""
    return float((image[:, 1:] == image[:, :-1]).all(axis=2).mean())


HEADS = {
    "in the middle of the picture": (person(200, 100, 260, 280), (200, 100, 260, 154)),
    "cut off by the left edge": (person(-30, 100, 30, 280), (0, 100, 30, 154)),
    "cut off by the upper edge": (person(300, -40, 360, 140), (300, 0, 360, 14)),
    "at the right lower corner": (person(600, 400, 700, 640), (600, 400, 640, 472)),
    "found with the lowest score": (person(200, 100, 260, 280, score=0.05), (200, 100, 260, 154)),
    "bent over, wider than high: head at either end": (person(200, 300, 320, 380), (200, 300, 320, 348)),
    "only a few pixels high": (person(200, 100, 206, 112), (200, 100, 206, 103)),
}


@pytest.mark.parametrize("case", HEADS)
def test_no_pixel_of_a_head_stays_as_it_was(case: str) -> None:
    somebody, (left, top, right, bottom) = HEADS[case]
    image = noise()
    result = without_heads(image, [somebody])
    before, after = image[top:bottom, left:right], result[top:bottom, left:right]
    assert (before == after).all(axis=2).mean() < 0.01
    colours = {tuple(pixel) for pixel in after.reshape(-1, 3).tolist()}
    assert len(colours) <= 36


def test_a_head_becomes_at_most_four_blocks_across() -> None:
    head = without_heads(noise(), [person(100, 50, 300, 450)])[50:170, 100:300]
    assert flat_share(head) > 0.9


def test_what_is_no_head_stays_as_it_was() -> None:
    image = noise()
    bike = Detection(Kind.BICYCLE, 0.9, XyxyPx(300, 300, 500, 420))
    result = without_heads(image, [person(200, 100, 260, 280), bike])
    assert (result[160:, :] == image[160:, :]).all()
    assert (result[:, 300:] == image[:, 300:]).all()


def test_the_frame_itself_is_left_alone() -> None:
    image = noise()
    untouched = image.copy()
    without_heads(image, [person(200, 100, 260, 280)])
    bike_picture(frame(image), XyxyPx(100, 100, 300, 250), [person(200, 100, 260, 280)])
    assert (image == untouched).all()


def test_the_picture_shows_the_bike_with_some_room_around_it_in_native_resolution() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[200:260, 300:400] = (0, 0, 255)
    picture = decoded(bike_picture(frame(image), XyxyPx(300, 200, 400, 260), []))
    assert picture.shape[:2] == (130, 170)
    red = picture[..., 2] > 128
    assert abs(int(red.sum()) - 100 * 60) < 400


def test_a_bike_larger_than_640_px_is_made_smaller_and_keeps_its_shape() -> None:
    picture = decoded(bike_picture(frame(noise(1920, 1080)), XyxyPx(200, 100, 1200, 850), []))
    assert max(picture.shape[:2]) == 640
    assert picture.shape[1] / picture.shape[0] == pytest.approx(1550 / 1080, rel=0.01)


def test_a_bike_at_the_edge_gives_the_part_that_is_inside() -> None:
    picture = decoded(bike_picture(frame(noise()), XyxyPx(600, 440, 700, 520), []))
    assert 0 < picture.shape[0] <= 96
    assert 0 < picture.shape[1] <= 96


def test_a_person_partly_in_the_crop_has_no_head_in_it() -> None:
    image = noise()
    # The crop around the bike begins at x 260: only the right half of this person is in it.
    picture = decoded(bike_picture(frame(image), XyxyPx(300, 200, 400, 300), [person(230, 150, 290, 330)]))
    left, top = 265, 165
    head = picture[: 204 - top, : 290 - left]
    plain = decoded(bike_picture(frame(image), XyxyPx(300, 200, 400, 300), []))[: 204 - top, : 290 - left]
    assert head.astype(int).std() < 0.6 * plain.astype(int).std()


def test_a_track_counts_like_a_detection() -> None:
    track = Track(1, Kind.PERSON, 0.5, XyxyPx(200, 100, 260, 280), seen=False, first_seen_at=AT, last_seen_at=AT)
    expected = without_heads(noise(), [person(200, 100, 260, 280)])
    assert (without_heads(noise(), [track]) == expected).all()


def test_a_bike_outside_of_the_picture_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside of the 640x480 picture"):
        bike_picture(frame(noise()), XyxyPx(700, 100, 800, 200), [])


def test_the_blocks_cannot_be_told_from_those_of_another_face() -> None:
    """Two different faces of the same overall light give nearly the same few blocks."""
    rows, columns = np.mgrid[0:180, 0:60]
    one, other = (
        np.repeat((127 + 60 * np.sin(columns * a + rows * b))[..., None], 3, axis=2).astype(np.uint8)
        for a, b in ((1.1, 0.9), (0.8, 1.3))
    )
    blocks = [without_heads(image, [person(0, 0, 60, 180)])[:54].astype(int) for image in (one, other)]
    assert np.abs(one[:54].astype(int) - other[:54]).mean() > 30
    assert np.abs(blocks[0] - blocks[1]).mean() < 12


FAINT = person(215, 120, 240, 200, score=0.12)


class SeesSomebodyFaint(DrawnDetector):
    """Finds one more person, with a score far too low to be followed."""

    def detect(self, frame: Frame) -> list[Detection]:
        return [*super().detect(frame), FAINT]


class Pictures:
    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def send(self, message: UpMessage) -> None:
        pass

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:  # noqa: ARG002
        self.taken.append(jpeg)


def test_the_head_of_somebody_too_faint_to_be_followed_leaves_the_edge_unrecognisable() -> None:
    def with_stripes(number: int) -> Image:
        image = scene(number)
        image[120:140, 215:240:4] = image[120:140, 216:240:4] = 0
        return image

    frames = [Frame(with_stripes(number), number, AT + timedelta(seconds=number / 5)) for number in range(75)]
    pictures = Pictures()
    line = Line(
        ViewConfig(), "gate", SeesSomebodyFaint(), pictures, Stamper("north", "edge-1", "b", seeded_entropy("s"))
    )
    for _ in run_line(frames, line):
        pass
    (jpeg,) = pictures.taken
    # The bike stands at 120,150; its picture begins 0.35 of its width to the left of and above it.
    head = decoded(jpeg)[120 - 118 : 140 - 118, 217 - 88 : 238 - 88]
    assert np.ptp(head.astype(int).mean(axis=2)) < 60, "black stripes on grey have become a few grey blocks"
