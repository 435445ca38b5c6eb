"""Evidence: what was seen of one stay, each with its unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from detector.attendance import AtBike, Attendance
from detector.boxes import XyxyNorm, XyxyPx
from detector.lock_evidence import attended_s, brightness_around, collect, left_after_s, lost_at_bike_s
from detector.vocabulary import Kind, LockEvidence
from tests.detector.scenes import START

BIKE = XyxyPx(100, 140, 210, 200)
UPRIGHT = XyxyPx(130, 100, 170, 200)
BENT = XyxyPx(120, 140, 180, 200)


def _frames(*boxes: XyxyPx | None, step_s: float = 0.5) -> list[AtBike]:
    return [
        AtBike(START + timedelta(seconds=index * step_s), step_s, () if box is None else ((1, box),))
        for index, box in enumerate(boxes)
    ]


SECONDS: list[tuple[Callable[[list[AtBike]], float | None], list[AtBike], float | None]] = [
    # Every frame stands for its own time.
    (attended_s, _frames(UPRIGHT, BENT, None, UPRIGHT), 2.0),
    (attended_s, [], 0.0),
    (lost_at_bike_s, _frames(UPRIGHT, None, None, UPRIGHT), 1.0),
    (lost_at_bike_s, _frames(UPRIGHT, BENT), 0.0),
    (lambda frames: left_after_s(START, frames), _frames(UPRIGHT, UPRIGHT, UPRIGHT), 1.0),
    # Parking was known late: nobody leaves before they parked.
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
    frames = _frames(*[UPRIGHT] * int(4 / step_s), *[None] * int(2 / step_s), step_s=step_s)
    assert attended_s(frames) == pytest.approx(6)
    assert lost_at_bike_s(frames) == pytest.approx(2)


def _attendance(*frames: AtBike, return_visits: int = 0) -> Attendance:
    attendance = Attendance(BIKE, START, {1}, rider_seen=True, return_visits=return_visits)
    attendance.frames, attendance.standing = [*frames], [UPRIGHT] * 5
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


def test_who_was_seen_bringing_it_but_never_at_it_was_not_seen_as_far_as_the_lock_goes() -> None:
    assert not _collected(_attendance()).rider_seen
    before = _attendance(*_frames(UPRIGHT))
    assert _collected(before).rider_seen
    before.parked_at = START + timedelta(seconds=60)
    assert not _collected(before).rider_seen, "only before it was parked"


def test_what_nobody_was_seen_doing_is_unknown() -> None:
    evidence = _collected(_attendance())
    assert (evidence.attended_s, evidence.left_after_s, evidence.bent_s, evidence.bends) == (0, None, None, None)
    assert (evidence.return_attended_s, evidence.return_bent_s) == (None, None)


def test_later_visits_are_counted_apart_from_the_first() -> None:
    later = [AtBike(START + timedelta(seconds=60 + index), 1, ((1, BENT),), visit=1 + index // 3) for index in range(5)]
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


@pytest.mark.parametrize(("unseen", "known"), [(2, True), (8, False)])
def test_of_who_is_mostly_out_of_sight_the_longest_bend_is_not_known(unseen: int, *, known: bool) -> None:
    attendance = Attendance(BIKE, START, {1}, rider_seen=True, frames=_frames(UPRIGHT, UPRIGHT, BENT, *[None] * unseen))
    attendance.standing = [XyxyPx(300, 100, 340, 200)] * 5
    told = collect(attendance, merged_boxes=False, visit_certain=True, preexisting=False, kind=Kind.BICYCLE)
    assert (told.longest_bend_s is not None) is known
