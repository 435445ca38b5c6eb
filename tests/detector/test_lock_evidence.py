from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from detector.attendance import AtBike, Attendance
from detector.boxes import XyxyNorm, XyxyPx
from detector.lock_evidence import (
    Standing,
    attended_s,
    bends,
    bent_s,
    brightness_around,
    collect,
    head_line_px,
    is_bent,
    left_after_s,
    lost_at_bike_s,
    standing_at,
)
from detector.vocabulary import Kind, LockEvidence
from tests.detector.scenes import START

BIKE = XyxyPx(100, 140, 210, 200)
LINE_PX = 100.0
"""Where the head is when they stand here."""
STANDING = Standing(height_px=100, aspect=0.4)
UPRIGHT = XyxyPx(130, 100, 170, 200)
BENT = XyxyPx(120, 140, 180, 200)
LEGS_HIDDEN = XyxyPx(130, 100, 170, 165)
CURLED_FROM_ABOVE = XyxyPx(110, 120, 190, 210)


def _frames(*boxes: XyxyPx | None, step_s: float = 0.5) -> list[AtBike]:
    return [AtBike(START + timedelta(seconds=index * step_s), step_s, box) for index, box in enumerate(boxes)]


POSTURES = [
    # Upright beside the bike.
    (UPRIGHT, False),
    # Short because the head came down.
    (BENT, True),
    # Short because the bike hides the legs: the head is where it was.
    (LEGS_HIDDEN, False),
    # Hardly shorter, but twice as wide, seen from a high camera.
    (CURLED_FROM_ABOVE, True),
    # A step nearer to the camera: lower in the picture, as tall as before.
    (XyxyPx(130, 115, 170, 215), False),
]


@pytest.mark.parametrize(("box", "bent"), POSTURES)
def test_bent_means_lower_against_ones_own_standing_height(box: XyxyPx, *, bent: bool) -> None:
    assert is_bent(box, STANDING, head_line_px=LINE_PX) is bent


SECONDS: list[tuple[Callable[[list[AtBike]], float | None], list[AtBike], float | None]] = [
    # Every frame stands for its own time.
    (attended_s, _frames(UPRIGHT, BENT, None, UPRIGHT), 2.0),
    (attended_s, [], 0.0),
    (lost_at_bike_s, _frames(UPRIGHT, None, None, UPRIGHT), 1.0),
    (lambda frames: bent_s(frames, STANDING, LINE_PX), _frames(UPRIGHT, BENT, BENT, BENT, UPRIGHT), 1.5),
    # Standing height unknown, or nobody ever seen: not zero but unknown.
    (lambda frames: bent_s(frames, None, None), _frames(UPRIGHT, BENT), None),
    (lambda frames: bent_s(frames, STANDING, LINE_PX), _frames(None, None), None),
    (lambda frames: bent_s(frames, STANDING, LINE_PX), [], None),
    # Seen and never bent: zero, not unknown.
    (lambda frames: bent_s(frames, STANDING, LINE_PX), _frames(UPRIGHT, None), 0.0),
    (lambda frames: left_after_s(START, frames), _frames(UPRIGHT, UPRIGHT, UPRIGHT), 1.0),
    (lambda frames: left_after_s(START + timedelta(seconds=9), frames), _frames(UPRIGHT), 0.0),
    (lambda frames: left_after_s(START, frames), [], None),
]


@pytest.mark.parametrize(("measure", "frames", "seconds"), SECONDS)
def test_seconds_are_counted(
    measure: Callable[[list[AtBike]], float | None], frames: list[AtBike], seconds: float | None
) -> None:
    assert measure(frames) == seconds


@pytest.mark.parametrize("step_s", [0.1, 0.2, 0.5])
def test_seconds_do_not_depend_on_the_frame_rate(step_s: float) -> None:
    count = int(2 / step_s)
    frames = _frames(*[UPRIGHT] * count, *[BENT] * count, *[UPRIGHT] * count, step_s=step_s)
    assert attended_s(frames) == pytest.approx(6)
    assert bent_s(frames, STANDING, LINE_PX) == pytest.approx(2)
    assert bends(frames, STANDING, LINE_PX) == 1


BENDS = [
    # Down once.
    (_frames(UPRIGHT, BENT, BENT, UPRIGHT), 1),
    # A single frame upright between does not make two of one.
    (_frames(BENT, BENT, UPRIGHT, BENT, BENT), 1),
    # Down, up for two seconds, down again.
    (_frames(BENT, BENT, UPRIGHT, UPRIGHT, UPRIGHT, UPRIGHT, BENT, BENT), 2),
    # Never down.
    (_frames(UPRIGHT, UPRIGHT), 0),
]


@pytest.mark.parametrize(("frames", "count"), BENDS)
def test_bends_are_runs_of_being_bent(frames: list[AtBike], count: int) -> None:
    assert bends(frames, STANDING, LINE_PX) == count
    assert bends(frames, None, None) is None


HEADS = [
    # Bent all the time: where their head would be is known by their height alone.
    ([BENT] * 6, 100),
    # Seen upright at the bike: where their head was, even for a part of the time.
    ([XyxyPx(130, 92, 170, 200)] * 3 + [BENT] * 7, 92),
    # Not seen.
    ([None] * 3, 100),
]


@pytest.mark.parametrize(("boxes", "line_px"), HEADS)
def test_the_head_line_is_where_they_stood_or_would_stand(boxes: list[XyxyPx | None], line_px: float) -> None:
    assert head_line_px(_frames(*boxes), STANDING, BIKE) == pytest.approx(line_px)


def test_somebody_bent_all_the_time_is_seen_to_be_bent() -> None:
    frames = _frames(*[BENT] * 6)
    assert bent_s(frames, STANDING, head_line_px(frames, STANDING, BIKE)) == 3


def _upright_at(foot_y: float, height: float) -> XyxyPx:
    return XyxyPx(0, foot_y - height, 0.4 * height, foot_y)


def test_standing_height_grows_with_depth() -> None:
    walk = [_upright_at(foot_y, 50 + (foot_y - 200) / 2) for foot_y in range(200, 320, 10)]
    near = standing_at(walk, XyxyPx(0, 240, 100, 300))
    assert near is not None
    assert near.height_px == pytest.approx(100, abs=4)
    assert near.aspect == pytest.approx(0.4)


def test_standing_height_is_the_usual_one_where_they_kept_their_depth() -> None:
    standing = standing_at([_upright_at(200, height) for height in (98, 100, 102, 40)], BIKE)
    assert standing is not None
    assert standing.height_px == 99


def test_standing_height_is_unknown_where_they_were_hardly_seen() -> None:
    assert standing_at([UPRIGHT, UPRIGHT], BIKE) is None


def _attendance(*frames: AtBike, return_visits: int = 0) -> Attendance:
    attendance = Attendance(BIKE, START, {1}, rider_seen=True, return_visits=return_visits)
    attendance.frames, attendance.standing = [*frames], [_upright_at(200, 100)] * 5
    return attendance


def _collected(
    attendance: Attendance, *, merged: bool = False, certain: bool = True, preexisting: bool = False
) -> LockEvidence:
    return collect(
        attendance, merged_boxes=merged, visit_certain=certain, preexisting=preexisting, kind=Kind.MOTORCYCLE
    )


def test_everything_is_collected_with_its_doubts() -> None:
    attendance = _attendance(*_frames(UPRIGHT, BENT, None), return_visits=2)
    attendance.not_watched_s, attendance.left_straight = 7.0, True
    evidence = _collected(attendance, merged=True, certain=False, preexisting=True)
    assert (evidence.attended_s, evidence.bent_s, evidence.bends, evidence.lost_at_bike_s) == (1.5, 0.5, 1, 0.5)
    assert (evidence.return_visits, evidence.rider_seen, evidence.bike_width_px) == (2, True, 110)
    assert (evidence.not_watched_s, evidence.left_straight, evidence.kind) == (7.0, True, Kind.MOTORCYCLE)
    assert (evidence.merged_boxes, evidence.visit_certain, evidence.preexisting) == (True, False, True)


def test_what_nobody_was_seen_doing_is_unknown() -> None:
    evidence = _collected(_attendance())
    assert (evidence.attended_s, evidence.left_after_s, evidence.bent_s, evidence.bends) == (0, None, None, None)
    assert (evidence.return_attended_s, evidence.return_bent_s) == (None, None)


def test_later_visits_are_counted_apart_from_the_first() -> None:
    later = [AtBike(START + timedelta(seconds=60 + index), 1, BENT, visit=1 + index // 3) for index in range(5)]
    evidence = _collected(_attendance(*_frames(UPRIGHT, UPRIGHT), *later, return_visits=2))
    assert (evidence.attended_s, evidence.left_after_s, evidence.bent_s) == (1.0, 0.5, 0.0)
    assert (evidence.return_attended_s, evidence.return_bent_s) == (5.0, 5.0)


BRIGHTNESS = [
    # The bike's surroundings count, not the whole picture.
    (XyxyNorm(0.1, 0.1, 0.2, 0.2), 20),
    (XyxyNorm(0.7, 0.7, 0.8, 0.8), 200),
    # Half of it outside the picture.
    (XyxyNorm(-0.1, -0.1, 0.1, 0.1), 20),
]


@pytest.mark.parametrize(("box", "grey"), BRIGHTNESS)
def test_brightness_is_that_around_the_bike(box: XyxyNorm, grey: float) -> None:
    image = np.full((100, 100, 3), 20, dtype=np.uint8)
    image[50:, 50:] = 200
    assert brightness_around(image, box) == pytest.approx(grey, abs=1)


def test_brightness_weighs_colours_as_eyes_do() -> None:
    green = np.zeros((10, 10, 3), dtype=np.uint8)
    green[..., 1] = 100
    assert brightness_around(green, XyxyNorm(0, 0, 1, 1)) == pytest.approx(58.7)
