"""When a moving bike has come to rest, where, and since when."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from detector.boxes import XyxyPx
from detector.rest import resting_box, resting_since
from tests.detector.films import bike_on, trail_of, when

STEPS_S = [0.07, 0.2, 0.5]
REST_S = 2.0


def _rolls_then_stands(step_s: float, rolls_s: float = 2.0, stands_s: float = 4.0) -> list[XyxyPx]:
    rolling, standing = int(rolls_s / step_s), int(stands_s / step_s)
    return [bike_on(100 + 50 * step_s * step, 300) for step in range(rolling)] + [
        bike_on(100 + 50 * step_s * rolling, 300)
    ] * standing


@pytest.mark.parametrize("step_s", STEPS_S)
def test_rest_begins_when_the_wheels_stand(step_s: float) -> None:
    boxes = _rolls_then_stands(step_s)
    trail = trail_of(boxes, step_s)
    rest = resting_box(trail, REST_S)
    assert rest == boxes[-1]
    assert (resting_since(trail, rest) - when(0)).total_seconds() == pytest.approx(2, abs=0.75)


@pytest.mark.parametrize("step_s", STEPS_S)
@pytest.mark.parametrize("stands_s", [0.5, 1.0, 1.4])
def test_a_bike_that_stopped_a_moment_ago_is_not_yet_at_rest(step_s: float, stands_s: float) -> None:
    assert resting_box(trail_of(_rolls_then_stands(step_s, stands_s=stands_s), step_s), REST_S) is None


def _creeping(px_per_look: float) -> list[XyxyPx]:
    return [bike_on(100 + px_per_look * look, 300) for look in range(24)]


def _sinking(px_per_look: float) -> list[XyxyPx]:
    """Only the lower edge moves: the wheels are still being lifted in."""
    return [XyxyPx(100, 200, 210, 265 + px_per_look * look) for look in range(24)]


def _jittering(px: float) -> list[XyxyPx]:
    dice = random.Random(1)
    return [XyxyPx(*(side + dice.gauss(0, px) for side in bike_on(100, 300))) for _ in range(24)]


def _out_of_place(looks: Sequence[int]) -> list[XyxyPx]:
    """Standing, with a box around a neighbour, too, in some looks."""
    usual, grown = bike_on(100, 300), XyxyPx(45, 235, 225, 300)
    return [grown if look in looks else usual for look in range(24)]


AT_REST = [
    # A look every 0.2 s; 12 pixels a second are still being pushed.
    (_creeping(2.4), False),
    # Seven pixels a second are, too.
    (_creeping(1.4), False),
    # Three pixels in a second are the model's doubt.
    (_creeping(0.3), True),
    (_sinking(1.5), False),
    # A lower edge that wavers by a few pixels is the model's doubt.
    (_sinking(0.8), True),
    (_jittering(1.5), True),
    # Boxes that jump all over the place belong to nothing that stands.
    (_jittering(25), False),
    # One look out of place.
    (_out_of_place([18]), True),
    # One look around two neighbours: too far out to be doubt.
    ([XyxyPx(45, 235, 285, 300) if look == 18 else bike_on(100, 300) for look in range(24)], False),
    # Every other look out of place.
    (_out_of_place(range(0, 24, 2)), False),
]


@pytest.mark.parametrize(("boxes", "rests"), AT_REST)
def test_a_bike_rests_or_does_not(boxes: list[XyxyPx], *, rests: bool) -> None:
    assert (resting_box(trail_of(boxes), REST_S) is not None) is rests


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_too_few_looks_show_no_rest(looks: int) -> None:
    assert resting_box(trail_of([bike_on(100, 300)] * looks, 1.5), REST_S) is None


def test_one_look_out_of_place_does_not_end_the_rest_but_a_bike_that_was_elsewhere_does() -> None:
    still = bike_on(100, 300)
    assert resting_since(trail_of(_out_of_place([12])), still) <= when(0.75)
    elsewhere = [bike_on(400, 300)] * 8 + [still] * 16
    assert when(1.4) <= resting_since(trail_of(elsewhere), still) <= when(2.2)
