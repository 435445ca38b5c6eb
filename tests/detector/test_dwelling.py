"""Who was at a place, and when they put their bike down there."""

from __future__ import annotations

from datetime import timedelta

from detector.dwelling import dwell_of, put_down_at
from tests.detector.films import bike_on, person_on, trail_of

PLACE = bike_on(300, 300)


def test_who_just_walks_by_was_not_there() -> None:
    stays = trail_of([person_on(300, 305)] * 10)
    passes = trail_of([person_on(200 + 60 * step, 305) for step in range(5)])
    assert len(dwell_of(stays, PLACE)) == 10
    assert not dwell_of(passes, PLACE)


def test_a_bike_is_put_down_when_its_rider_came_or_was_last_seen_to_move_it_but_pushing_it_in_takes_three_seconds() -> (
    None
):
    dwell = trail_of([person_on(300, 305)] * 40)
    first = dwell[0].at
    assert put_down_at(dwell, first - timedelta(seconds=5)) == first
    assert put_down_at(dwell, first + timedelta(seconds=1)) == first + timedelta(seconds=1)
    assert put_down_at(dwell, first + timedelta(seconds=30)) == first + timedelta(seconds=3)
