"""Hidden is not gone: what may stand before a bike, and for how long, without ending its stay or repeating its alert."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from detector.vocabulary import StayEventKind
from tests.detector.scenes import Actor, Scene, Span, Told, bike, parked_bike, person, rider, watch

OPENED, CLOSED = StayEventKind.OPENED, StayEventKind.CLOSED
HALF_AN_HOUR_S = 1800.0


def _is_one_stay_with_one_alert(told: Told) -> bool:
    raised = [one for one in told.actions() if one == "raised"]
    return len(told.of(OPENED)) == 1 and not told.of(CLOSED) and len(raised) == 1 and len(told.open_stays) == 1


@pytest.mark.parametrize("fps", [2.0, 5.0, 12.0])
@pytest.mark.parametrize("dark_s", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("others", [0, 4])
def test_a_jump_of_the_light_that_loses_every_bike_ends_no_stay(fps: float, dark_s: float, others: int) -> None:
    dark = [(30.0, 30.0 + dark_s)]
    neighbours = [
        bike((0, 60 + 110 * number, 440), (90, 60 + 110 * number, 440), unseen=dark) for number in range(others)
    ]
    told = watch(Scene((parked_bike(unseen=dark), rider(10), *neighbours), 80, fps=fps))
    assert len(told.of(OPENED)) == 1
    assert told.actions() == ["raised"]
    assert len(told.open_stays) == 1 + others


@pytest.mark.parametrize("fps", [2.0, 5.0, 12.0])
def test_somebody_before_the_bike_for_30_s_ends_no_stay(fps: float) -> None:
    stands_before = person((30, 0, 340), (36, 400, 340), (66, 400, 340), (72, 0, 340))
    told = watch(Scene((parked_bike(unseen=[(35, 67)]), rider(10), stands_before), 90, fps=fps))
    assert _is_one_stay_with_one_alert(told)


@pytest.mark.parametrize("seed", range(4))
def test_half_an_hour_of_people_before_a_flickering_bike_is_one_stay_and_one_alert(seed: int) -> None:
    """Each stands right before it, hides it, is lost now and then and comes back under another track id."""
    dice, spans = random.Random(seed), _hidden_spans(seed)
    people = [_stands_before(begins, ends, dice) for begins, ends in spans]
    bike_then = parked_bike(until=2 * HALF_AN_HOUR_S, unseen=[*spans, *_flicker(seed)])
    told = watch(Scene((bike_then, rider(10), *people), HALF_AN_HOUR_S, fps=2, noise_px=2, seed=seed))
    assert _is_one_stay_with_one_alert(told)


@pytest.mark.parametrize("seed", range(4))
def test_half_an_hour_of_a_van_coming_and_going_is_one_stay_and_one_alert(seed: int) -> None:
    """The model finds no van, only the bikes: they are gone from the picture together, and back together."""
    spans = [*_hidden_spans(seed), *_flicker(seed)]
    rack = [bike((0, x, 300), (2 * HALF_AN_HOUR_S, x, 300), unseen=spans) for x in (130, 530)]
    bike_then = parked_bike(until=2 * HALF_AN_HOUR_S, unseen=spans)
    told = watch(Scene((bike_then, rider(10), *rack), HALF_AN_HOUR_S, fps=2, noise_px=2, seed=seed))
    assert [stay.preexisting for stay in told.open_stays].count(False) == 1
    assert len(told.of(OPENED)) == 1
    assert told.actions() == ["raised"]


def _hidden_spans(seed: int) -> list[Span]:
    """Again and again from the first minute on, for 10 to 90 s each, with 5 to 40 s between."""
    dice, spans, second = random.Random(seed), [], 40.0
    while second < HALF_AN_HOUR_S - 100:
        ends = second + dice.uniform(10, 90)
        spans.append((second, ends))
        second = ends + dice.uniform(5, 40)
    return spans


def _flicker(seed: int) -> list[Span]:
    """One look in five without the bike's box."""
    dice = random.Random(seed)
    return [(look / 2, look / 2 + 0.5) for look in range(60, int(2 * HALF_AN_HOUR_S)) if dice.random() < 0.2]


def _stands_before(begins: float, ends: float, dice: random.Random) -> Actor:
    x = dice.uniform(380, 420)
    lost = [(second, second + dice.uniform(2, 8)) for second in range(int(begins) + 4, int(ends) - 8, 15)]
    way = ((begins - 5, 0, 345), (begins, x, 345), (ends, x, 345), (ends + 5, 0, 345))
    return replace(person(*way, unseen=lost), width_px=90, height_px=150)
