"""Whether somebody is bent or crouched at a bike, from person boxes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from detector.attendance import AtBike
from detector.bending import bending_of, bends, bent_s, longest_bend_s, runs_of
from detector.boxes import XyxyPx
from tests.detector.films import when

ANNA, BEN = 1, 2
BIKE = XyxyPx(100, 140, 210, 200)
UPRIGHT = XyxyPx(130, 100, 170, 200)
BENT = XyxyPx(120, 140, 180, 200)
LEGS_HIDDEN = XyxyPx(130, 100, 170, 165)
WALKING = [XyxyPx(300, 100, 340, 200)] * 5
"""Her boxes elsewhere: a hundred pixels high."""


def _frames(*boxes: XyxyPx | None, step_s: float = 0.5, who: int = ANNA) -> list[AtBike]:
    return [
        AtBike(when(index * step_s), step_s, () if box is None else ((who, box),)) for index, box in enumerate(boxes)
    ]


def _bent_s(frames: Sequence[AtBike], walking: Sequence[XyxyPx] = WALKING) -> float | None:
    return bent_s(frames, bending_of(frames, walking, BIKE))


def _bends(frames: Sequence[AtBike], walking: Sequence[XyxyPx] = WALKING) -> int | None:
    return bends(frames, bending_of(frames, walking, BIKE))


POSTURES = [
    # Upright beside the bike.
    (UPRIGHT, False),
    # The head came down.
    (BENT, True),
    # Short because the bike hides the legs: the head is where it was.
    (LEGS_HIDDEN, False),
    # Crouched: half as high.
    (XyxyPx(115, 150, 165, 200), True),
    # Bent, and the legs hidden: the box ends within the bike's.
    (XyxyPx(110, 140, 190, 180), True),
    # Hardly shorter, but curled up, as seen from a high camera.
    (XyxyPx(110, 120, 190, 210), True),
    # Nods: the head comes down by less than an eighth of their height.
    (XyxyPx(130, 108, 170, 200), False),
    # Ties a shoe a step in front of the bike.
    (XyxyPx(120, 165, 180, 235), False),
    # Ties a shoe beside the bike.
    (XyxyPx(212, 140, 272, 205), False),
]


@pytest.mark.parametrize(("box", "bent"), POSTURES)
def test_bent_means_head_down_at_the_bike(box: XyxyPx, *, bent: bool) -> None:
    frames = _frames(*[UPRIGHT] * 5, *[box] * 3)
    assert _bent_s(frames) == (1.5 if bent else 0)


def test_who_steps_nearer_to_the_camera_and_is_as_tall_as_before_is_not_bent() -> None:
    assert _bent_s(_frames(*[UPRIGHT] * 5, *[XyxyPx(130, 115, 170, 215)] * 3)) == 0


def test_somebody_bent_all_the_time_is_known_by_their_height() -> None:
    assert _bent_s(_frames(*[BENT] * 6)) == 3


UNKNOWN: list[tuple[list[AtBike], list[XyxyPx]]] = [
    # Hardly seen upright anywhere.
    (_frames(UPRIGHT, BENT), WALKING[:2]),
    (_frames(UPRIGHT, BENT), []),
    # Never seen at the bike.
    (_frames(None, None), WALKING),
    ([], WALKING),
]


@pytest.mark.parametrize(("frames", "walking"), UNKNOWN)
def test_what_could_not_be_seen_is_unknown_not_zero(frames: list[AtBike], walking: list[XyxyPx]) -> None:
    assert _bent_s(frames, walking) is None
    assert _bends(frames, walking) is None


def test_seen_and_never_bent_is_zero_not_unknown() -> None:
    assert (_bent_s(_frames(UPRIGHT, None)), _bends(_frames(UPRIGHT, None))) == (0, 0)


@pytest.mark.parametrize("step_s", [0.07, 0.1, 0.2, 0.5])
def test_seconds_and_bends_do_not_depend_on_the_frame_rate(step_s: float) -> None:
    count = round(2 / step_s)
    frames = _frames(*[UPRIGHT] * count, *[BENT] * count, *[UPRIGHT] * count, step_s=step_s)
    assert _bent_s(frames) == pytest.approx(2, abs=0.05)
    assert _bends(frames) == 1


BENDS = [
    # Down once.
    ([UPRIGHT] * 3 + [BENT] * 2 + [UPRIGHT], 1),
    # A single frame upright between does not make two of one.
    ([UPRIGHT] * 3 + [BENT, BENT, UPRIGHT, BENT, BENT], 1),
    # Nor does not being seen for a moment.
    ([UPRIGHT] * 3 + [BENT, BENT, None, BENT, BENT], 1),
    # Down, up for two seconds, down again.
    ([UPRIGHT] * 3 + [BENT, BENT] + [UPRIGHT] * 4 + [BENT, BENT], 2),
    # Never down.
    ([UPRIGHT] * 5, 0),
]


@pytest.mark.parametrize(("boxes", "count"), BENDS)
def test_bends_are_runs_of_being_bent(boxes: list[XyxyPx | None], count: int) -> None:
    assert _bends(_frames(*boxes)) == count


def test_a_single_short_look_is_no_bend() -> None:
    assert runs_of(_frames(BENT, step_s=0.1)) == 0
    assert runs_of(_frames(*[BENT] * 5, step_s=0.1)) == 1
    assert runs_of([]) == 0


def test_of_two_people_each_is_held_against_their_own_height() -> None:
    """Who is a head shorter than the rider is not bent; the rider's bending still counts."""
    shorter = XyxyPx(180, 115, 214, 200)
    both = [AtBike(frame.at, 0.5, (*frame.people, (BEN, shorter))) for frame in _frames(*[UPRIGHT] * 8)]
    assert _bent_s(both) == 0
    bent = [AtBike(frame.at, 0.5, (*frame.people, (BEN, shorter))) for frame in _frames(*[UPRIGHT] * 6, *[BENT] * 4)]
    assert _bent_s(bent) == 2


def test_who_walks_up_from_the_cameras_side_is_not_bent() -> None:
    """Their head is low in the picture because their feet are; their box is as high as it should be there."""
    coming = [XyxyPx(130, 100 + 2 * y / 3, 170, 200 + y) for y in (60, 50, 40, 30)]
    grows = [XyxyPx(300, 100 + 2 * y / 3, 340, 200 + y) for y in range(0, 60, 5)]
    assert _bent_s(_frames(*coming, *[UPRIGHT] * 5), grows) == 0


def test_who_is_seen_in_part_only_where_they_walk_is_known_by_how_tall_they_were_at_the_bike() -> None:
    """Bikes hide their legs on the way; bent they are no shorter than those boxes."""
    parts = [XyxyPx(300, 120, 340, 180)] * 5
    assert _bent_s(_frames(*[UPRIGHT] * 5, *[BENT] * 3), parts) == 1.5


def test_while_one_of_them_cannot_be_seen_nobody_knows_whether_they_are_bent() -> None:
    """A friend stands in front of who locks."""
    hidden = [replace(frame, somebody_hidden=True) for frame in _frames(*[UPRIGHT] * 4)]
    seen = _frames(*[BENT] * 2, *[UPRIGHT] * 4)
    bending = bending_of([*seen, *hidden], WALKING, BIKE)
    assert bending is not None
    assert [bending.is_bent(one) for one in hidden] == [None] * 4
    assert bent_s([*seen, *hidden], bending) == 1
    assert bending.is_bent(replace(seen[0], somebody_hidden=True)) is True


LONGEST: list[tuple[list[AtBike], float]] = [
    (_frames(UPRIGHT, UPRIGHT, BENT, BENT, UPRIGHT, BENT), 1.0),
    # Out of sight in between: neither counted nor an end.
    (_frames(UPRIGHT, UPRIGHT, BENT, None, BENT), 1.0),
    (_frames(UPRIGHT, UPRIGHT, UPRIGHT), 0.0),
]


@pytest.mark.parametrize(("frames", "seconds"), LONGEST)
def test_the_longest_bend_is_the_longest_row_of_bent_looks(frames: list[AtBike], seconds: float) -> None:
    bike = bending_of(frames, WALKING, BIKE)
    assert longest_bend_s(frames, bike) == pytest.approx(seconds)


def test_of_nobody_the_longest_bend_is_not_known() -> None:
    frames = _frames(UPRIGHT, BENT)
    assert longest_bend_s(frames, None) is None
