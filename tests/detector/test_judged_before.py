"""Simulated visits that were judged wrongly once, each with what was wrong; seeds that no figure is told of any more."""

from __future__ import annotations

import pytest

from detector.evaluation.outcomes import Said
from sample_videos.simulate.suite import Job, do, outcome

UNLOCKED = {
    "a low camera saw the rider walk up from near by: they stood less tall at the bike than thought, and seemed bent": (
        "plain_low_camera",
        12000,
    ),
    "the rider hid the bike, whose box stood still only when they were gone: they seemed never to be there": (
        "wall_unlocked",
        12000,
    ),
    "people walking past in front of the bike seemed bent at it": ("crowd_passes", 12002),
}
LOCKED = {
    "a friend in front hid the rider at work and was taken for them": ("friend_stands_by_locking", 13004),
    "a friend in front hid the rider at work and was upright": ("friend_holds_the_bike", 13002),
}


def _said(name: str, seed: int) -> Said | None:
    (stay,) = outcome(do(Job(name, seed))).stays
    assert stay.found is not None
    return stay.first.said if stay.first is not None else None


@pytest.mark.parametrize("why", UNLOCKED)
def test_left_unlocked_though(why: str) -> None:
    assert _said(*UNLOCKED[why]) is Said.UNLOCKED


@pytest.mark.parametrize("why", LOCKED)
def test_not_called_unlocked_though(why: str) -> None:
    assert _said(*LOCKED[why]) is not Said.UNLOCKED


def test_who_stands_before_a_rack_is_given_no_bike_that_stood_there() -> None:
    """They had walked for three seconds without one; a box that came to light beside them was taken for theirs."""
    assert not outcome(do(Job("stands_before_the_bikes", 18002))).invented
