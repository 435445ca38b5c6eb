from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from detector.attendance import AtBike, Attendance
from detector.boxes import XyxyPx
from detector.keypoint_evidence import most_telling, with_keypoints
from detector.lock_evidence import collect
from detector.posture import PoseAtBike
from detector.vocabulary import Kind, LockEvidence
from tests.detector.skeletons import standing_in

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
BIKE = XyxyPx(300, 235, 420, 300)
TALL, LOW = XyxyPx(340, 195, 380, 305), XyxyPx(335, 240, 391, 305)
WALKING = [XyxyPx(100 + 5 * step, 195, 140 + 5 * step, 305) for step in range(8)]


def at_bike(boxes: str, visit: int = 0, begins_s: float = 0.0) -> list[AtBike]:
    """One second a letter: `u` an upright box, `b` a bent one, `.` nobody seen."""
    shown = {"u": ((1, TALL),), "b": ((1, LOW),), ".": ()}
    return [
        AtBike(START + timedelta(seconds=begins_s + second), 1.0, shown[letter], visit)
        for second, letter in enumerate(boxes)
    ]


def poses(skeletons: str, begins_s: float = 0.0) -> list[PoseAtBike]:
    """One second a letter: `u` upright, `b` bent, `?` not made out, `.` not looked for."""
    shown = {"u": standing_in(TALL, bent=False), "b": standing_in(TALL, bent=True), "?": None}
    return [
        PoseAtBike(START + timedelta(seconds=begins_s + second), 1.0, shown[letter], BIKE)
        for second, letter in enumerate(skeletons)
        if letter != "."
    ]


def told(frames: list[AtBike], seen: Sequence[PoseAtBike], standing: Sequence[XyxyPx] = WALKING) -> LockEvidence:
    attendance = Attendance(BIKE, START, {1}, rider_seen=True, frames=frames, standing=list(standing))
    boxes = collect(attendance, merged_boxes=False, visit_certain=True, preexisting=False, kind=Kind.BICYCLE)
    return with_keypoints(boxes, attendance, seen)


@pytest.mark.parametrize(
    ("boxes", "skeletons", "bent_s", "bends", "hands_low_s"),
    [
        pytest.param("uuuuuu", "uubbbu", 3, 1, 3, id="skeletons bend, the box does not"),
        pytest.param("ubbbbu", "uuuuuu", 0, 0, 0, id="the box bends, the skeletons do not"),
        pytest.param("uubbbb", "....bb", 4, 1, 2, id="before the stay was known the box tells"),
        pytest.param("uubbuu", "ub?bbu", 4, 1, 3, id="a second not made out is told by the box"),
        pytest.param("uubbuu", "b?b???", 2, 1, None, id="hardly anything made out: boxes alone"),
        pytest.param("uubbuu", "??????", 2, 1, None, id="nothing made out: boxes alone"),
        pytest.param("uubbuu", "......", 2, 1, None, id="nobody was looked at: boxes alone"),
        pytest.param("ub..bu", "ub..bu", 2, 2, 2, id="lost at the bike is not bent"),
        pytest.param("uuuuuuuu", "ubbuuubb", 4, 2, 4, id="two bends"),
    ],
)
def test_skeletons_tell_where_they_can_and_boxes_elsewhere(
    boxes: str, skeletons: str, bent_s: float, bends: int, hands_low_s: float | None
) -> None:
    evidence = told(at_bike(boxes), poses(skeletons))
    assert (evidence.bent_s, evidence.bends, evidence.hands_low_s) == (bent_s, bends, hands_low_s)


@pytest.mark.parametrize(
    ("skeletons", "bent_s"),
    [
        pytest.param("uubbbu", 3, id="skeletons need no standing height"),
        pytest.param("....bb", None, id="most of the visit was told by neither"),
    ],
)
def test_where_nobody_was_seen_walking_skeletons_must_tell_most_of_the_visit(
    skeletons: str, bent_s: float | None
) -> None:
    assert told(at_bike("uuuuuu"), poses(skeletons), standing=()).bent_s == bent_s


def test_a_later_visit_has_bent_seconds_of_its_own() -> None:
    frames = [*at_bike("uuu"), *at_bike("uuuu", visit=1, begins_s=60)]
    evidence = told(frames, [*poses("ubu"), *poses("bbbu", begins_s=60)])
    assert (evidence.bent_s, evidence.return_bent_s) == (1, 3)


def test_seconds_after_the_rider_left_are_not_counted() -> None:
    assert told(at_bike("uub"), poses("uubbbb")).bent_s == 1


def test_of_two_people_whoever_bends_tells() -> None:
    bent, upright = standing_in(TALL, bent=True), standing_in(TALL, bent=False)
    assert most_telling([upright, bent], BIKE) is bent
    assert most_telling([None, upright], BIKE) is upright
    assert most_telling([standing_in(TALL, bent=False, confidence=0.1), upright], BIKE) is upright
    assert most_telling([None], BIKE) is None
