"""Which bikes stand here though nobody was seen bringing them."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from detector.found_bikes import stands_alone
from tests.detector.films import film, trails_of, when
from tests.detector.scenes import Actor, bike, person

BIKE, ANNA = 10, 1
FRAME_RATES = [2.0, 5.0, 15.0]
BESIDE, AWAY = person((0, 310, 305), (60, 310, 305)), person((0, 80, 305), (60, 80, 305))


class Found(NamedTuple):
    """A bike, when it is looked at, who else is in view, and whether it stands alone."""

    bike: Actor
    second: float
    alone: bool
    who: Actor | None = None


FROM_START, LATER = bike((0, 300, 300), (60, 300, 300)), bike((20, 300, 300), (60, 300, 300))
FOUND = {
    "there from the start, and seen for a moment": Found(FROM_START, 1.5, alone=False),
    "there from the start": Found(FROM_START, 4, alone=True),
    "there from the start, with somebody at it": Found(FROM_START, 4, alone=True, who=BESIDE),
    "there from the start, and looked at late, with somebody at it": Found(FROM_START, 20, alone=False, who=BESIDE),
    "came up later": Found(LATER, 25, alone=False),
    "came up later, and has stood for long": Found(LATER, 31.5, alone=True),
    "came up later, has stood for long, with somebody at it": Found(LATER, 31.5, alone=False, who=BESIDE),
    "came up later, has stood for long, with somebody elsewhere": Found(LATER, 31.5, alone=True, who=AWAY),
    "still moves": Found(bike((20, 100, 300), (40, 500, 300)), 31.5, alone=False),
    "came to rest only now": Found(bike((20, 100, 300), (27, 300, 300), (60, 300, 300)), 32, alone=False),
    "came to rest long ago": Found(bike((20, 100, 300), (24, 300, 300), (60, 300, 300)), 36, alone=True),
}


@pytest.mark.parametrize("what", FOUND)
@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_nobody_brought_stands_alone_or_does_not(what: str, fps: float) -> None:
    found = FOUND[what]
    actors = {BIKE: found.bike} | ({} if found.who is None else {ANNA: found.who})
    moments = list(film(actors, found.second, fps))
    (track,) = moments[-1].bikes()
    assert stands_alone(track, trails_of(moments).of(BIKE), when(0), moments[-1]) is found.alone


@pytest.mark.parametrize(("score", "alone"), [(0.25, False), (0.35, True)])
def test_a_box_the_model_is_hardly_sure_of_is_no_bike(score: float, *, alone: bool) -> None:
    moments = list(film({BIKE: LATER}, 31.5))
    (track,) = moments[-1].bikes()
    trail = [one._replace(score=score) for one in trails_of(moments).of(BIKE)]
    assert stands_alone(track, trail, when(0), moments[-1]) is alone
