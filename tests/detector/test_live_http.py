"""Live reading of motion JPEG from a real HTTP server, killed, frozen and slow. Its pictures have no times of their own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from detector.pace import ConstantPace
from tests.detector.live_watching import see_it_die_and_come_back, see_it_freeze, watching
from tests.http_camera import HttpCamera


def test_pictures_come_with_the_time_they_arrived(free_port: int) -> None:
    with watching(HttpCamera(free_port)) as seen:
        seen.sees_more(30)
    assert all(later > earlier for earlier, later in pairwise(seen.at))
    assert max(abs(one) for one in seen.error_s[10:]) < 1.0


def test_a_camera_of_one_picture_a_second_is_seen_in_good_time(free_port: int) -> None:
    with watching(HttpCamera(free_port, fps=1.0), ConstantPace(5)) as seen:
        seen.sees_more(5)
    assert seen.counts.connections == 1
    assert max(abs(one) for one in seen.error_s[2:]) < 1.0
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(seen.at)]
    assert steps[-2:] == pytest.approx([1.0, 1.0], abs=0.6)


def test_a_camera_that_dies_and_comes_back_is_seen_again(free_port: int) -> None:
    seen = see_it_die_and_come_back(HttpCamera(free_port))
    assert seen.counts.connections == 2


def test_a_frozen_camera_is_noticed_in_time_and_seen_again(free_port: int) -> None:
    seen = see_it_freeze(HttpCamera(free_port))
    assert all(later > earlier for earlier, later in pairwise(seen.at))


def test_a_line_slower_than_its_camera_sees_fresh_pictures_only(free_port: int) -> None:
    with watching(HttpCamera(free_port, fps=25.0), ConstantPace(25), slow_s=0.5) as seen:
        seen.sees_more(10)
        assert seen.counts.skipped > 2 * seen.counts.taken
    assert max(seen.seen_after_s[2:]) < 1.0
