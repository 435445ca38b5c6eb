"""Which bikes in one frame do not stand, and with whom they go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from detector.bikes_along import bikes_along, bikes_at_hand, loose_bikes
from detector.boxes import XyxyPx
from detector.trails import TWO_WHEELERS, Moment
from detector.vocabulary import Detection, Kind
from tests.detector.films import bike_on, film, followed, moment_of, person_on, trails_of
from tests.detector.scenes import Actor, bike

ANNA = 1


def _found(*boxes: XyxyPx) -> list[Detection]:
    return [Detection(Kind.BICYCLE, 0.8, box) for box in boxes]


def _loose(moments: Sequence[Moment], known: Collection[XyxyPx] = ()) -> list[Detection]:
    bikes = [one for one in moments[-1].boxes(TWO_WHEELERS) if one.xyxy_px not in known]
    return loose_bikes(bikes, moments[-1], trails_of(moments))


ONE_BETWEEN = ([person_on(100, 305), person_on(128, 305)], [bike_on(112, 300)])
PAIRS: list[tuple[list[XyxyPx], list[XyxyPx], dict[int, XyxyPx], dict[int, int]]] = [
    # One bike between two people: the one whose feet are at it has it.
    (*ONE_BETWEEN, {}, {0: 0}),
    # The other one had it a moment ago: it does not change hands.
    (*ONE_BETWEEN, {1: bike_on(108, 300)}, {1: 0}),
    # What the other one had was another bike, elsewhere.
    (*ONE_BETWEEN, {1: bike_on(500, 300)}, {0: 0}),
    # Two people side by side with a bike each: not both the same one.
    ([person_on(130, 305), person_on(160, 305)], [bike_on(110, 300), bike_on(180, 300)], {}, {0: 0, 1: 1}),
    # Nobody near.
    ([person_on(500, 305)], [bike_on(110, 300)], {}, {}),
    # On the saddle: feet above the ground, body over the bike.
    ([person_on(110, 285)], [bike_on(110, 300)], {}, {0: 0}),
    # Before the bike, and over a good part of it.
    ([person_on(110, 345)], [bike_on(110, 300)], {}, {0: 0}),
    # Before it, and only their head is over it.
    ([person_on(110, 392)], [bike_on(110, 300)], {}, {}),
    ([], [bike_on(110, 300)], {}, {}),
    ([person_on(110, 285)], [], {}, {}),
]


@pytest.mark.parametrize(("people", "bikes", "before", "pairs"), PAIRS)
def test_one_bike_a_person_and_one_person_a_bike(
    people: list[XyxyPx], bikes: list[XyxyPx], before: dict[int, XyxyPx], pairs: dict[int, int]
) -> None:
    found = bikes_along([followed(who, box, 0) for who, box in enumerate(people)], _found(*bikes), before)
    assert {who: bikes.index(bike.xyxy_px) for who, bike in found.items()} == pairs


LOOSE: dict[str, tuple[Actor, tuple[XyxyPx, ...], int]] = {
    "came just now": (bike((4.6, 100, 300), (5, 100, 300)), (), 1),
    "came just now, but its box is known to be that of a bike that stands there": (
        bike((4.6, 100, 300), (5, 100, 300)),
        (bike_on(100, 300),),
        0,
    ),
    "has stood there since the beginning": (bike((0, 100, 300), (5, 100, 300)), (), 0),
    "has stood there, but was never followed": (replace(bike((0, 100, 300), (5, 100, 300)), faint=((0, 5),)), (), 0),
    "has stood there and was lost a moment ago": (bike((0, 100, 300), (5, 100, 300), unseen=[(4.0, 4.7)]), (), 0),
    "moves": (bike((0, 100, 300), (5, 500, 300)), (), 1),
    "moves slowly, a third of its size a second": (bike((0, 100, 300), (5, 275, 300)), (), 1),
    "came to rest more than a second ago": (bike((0, 40, 300), (3.6, 400, 300), (5, 400, 300)), (), 0),
    "passes a place that is half a bike off from where it was": (
        bike((0, 100, 300), (3, 100, 300), (4, 152, 300), (5, 152, 300), unseen=[(2, 4.7)]),
        (),
        1,
    ),
}


@pytest.mark.parametrize("what", LOOSE)
def test_a_loose_bike_has_not_stood_where_it_is(what: str) -> None:
    actor, known, count = LOOSE[what]
    moments = list(film({10: actor}, 5))
    assert len(_loose(moments, known)) == count


def test_a_stray_box_some_seconds_ago_does_not_make_a_bike_stand() -> None:
    stray = moment_of(1.0, faint=_found(bike_on(100, 300)))
    came = list(film({10: bike((4.6, 100, 300), (5, 100, 300))}, 5, begins_s=4))
    assert len(_loose([stray, *came])) == 1


def test_no_bike_is_loose_where_there_is_none() -> None:
    moment = moment_of(0, followed(ANNA, person_on(100, 300), 0))
    assert _loose([moment]) == []


def test_only_bikes_that_somebody_is_at_can_be_at_hand() -> None:
    at_anna, elsewhere, standing = bike_on(110, 300), bike_on(400, 300), bike_on(95, 300)
    moment = moment_of(0, followed(ANNA, person_on(100, 305), 0), faint=_found(at_anna, elsewhere, standing))
    assert [one.xyxy_px for one in bikes_at_hand(moment, {standing})] == [at_anna]
    assert bikes_at_hand(moment_of(0, faint=_found(at_anna)), ()) == []
