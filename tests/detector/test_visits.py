"""Who came with which bike, and where they put it down."""

from __future__ import annotations

import pytest

from detector.vocabulary import StayEventKind
from tests.detector.scenes import Scene, bike, parked_bike, person, rider, second_of, watch

OPENED = StayEventKind.OPENED


def test_a_rider_who_parks_before_a_standing_bike_gets_their_own_place_not_its() -> None:
    standing = bike((0, 440, 285), (60, 440, 285), unseen=[(5, 6.2)])
    told = watch(Scene((standing, parked_bike(), rider(10)), 30))
    (opened,) = told.of(OPENED)
    assert opened.stay.xyxy_norm.left == pytest.approx(345 / 640, abs=0.02)
    assert second_of(opened.stay.parked_at) == pytest.approx(6, abs=1)


def test_a_friend_who_walks_along_does_not_make_a_second_stay() -> None:
    friend = person((0, 60, 340), (6, 440, 340), (10, 440, 340), (16, 40, 360))
    told = watch(Scene((parked_bike(), rider(10), friend), 30))
    assert len(told.of(OPENED)) == 1
    assert told.actions() == ["raised"]
