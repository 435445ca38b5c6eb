"""A camera's own times on the wall's clock: what the network, the camera and the wall's clock may do to them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.live_clock import RisingTimes, SteadyClock, StreamClock
from tests.brokers import AT


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def taken(pairs: Sequence[tuple[float | None, float]]) -> list[float]:
    """Seconds at which pictures were taken, of pairs of the camera's time and the arrival, both in seconds."""
    clock = StreamClock()
    result = []
    for own_s, arrived_s in pairs:
        clock.hear(own_s, after(arrived_s))
        result.append((clock.taken_at(own_s, after(arrived_s)) - AT).total_seconds())
    return result


def test_pictures_that_come_unevenly_are_as_far_apart_as_the_camera_says() -> None:
    seen = taken([(100.0, 0.0), (100.2, 0.5), (100.4, 0.6), (100.6, 0.61)])
    assert [later - earlier for earlier, later in pairwise(seen)] == pytest.approx([0.2, 0.2, 0.2], abs=0.01)


def test_a_first_picture_that_was_held_back_is_set_right_by_the_second() -> None:
    assert taken([(7.0, 1.0), (8.0, 1.02)]) == pytest.approx([1.0, 1.02])


def test_a_heap_after_a_silence_of_the_network_keeps_its_times() -> None:
    steady = [(number / 5, number / 5) for number in range(10)]
    heap = [(number / 5, 4.0 + number / 1000) for number in range(10, 20)]
    assert taken(steady + heap)[-10:] == pytest.approx([number / 5 for number in range(10, 20)], abs=0.02)


ODD: dict[str, list[tuple[float | None, float]]] = {
    "stand still": [(5.0, number / 5) for number in range(60)],
    "are not there": [(None, number / 5) for number in range(60)],
    "go back an hour": [(5000 + number / 5 - (3600 if number > 20 else 0), number / 5) for number in range(60)],
    "jump ahead an hour": [(number / 5 + (3600 if number > 20 else 0), number / 5) for number in range(60)],
    "lost ten seconds": [(number / 5 - (10 if number > 20 else 0) + 20, number / 5) for number in range(60)],
    "stopped while the wall went on": [(number / 5, number / 5 + (60 if number > 20 else 0)) for number in range(60)],
    "run at half speed": [(number / 10, number / 5) for number in range(300)],
    "run at double speed": [(number / 2.5, number / 5) for number in range(60)],
}


@pytest.mark.parametrize("case", ODD)
def test_times_that_mean_nothing_do_not_bend_the_hours_that_follow(case: str) -> None:
    pairs = ODD[case]
    rising = RisingTimes()
    seen = [rising.after_all(after(one)) for one in taken(pairs)]
    assert all(later > earlier for earlier, later in pairwise(seen))
    last_arrived = after(pairs[-1][1])
    assert abs((seen[-1] - last_arrived).total_seconds()) < 0.2, "in the end it is right again"
    assert max(abs((at - after(arrived)).total_seconds()) for at, (_, arrived) in zip(seen, pairs, strict=True)) < 5


def test_times_that_slip_again_and_again_are_asked_no_more() -> None:
    seen = taken([(number / 10, number / 5) for number in range(1000)])
    steps = [later - earlier for earlier, later in pairwise(seen)]
    assert steps[-500:] == pytest.approx([0.2] * 500)


def test_a_camera_whose_clock_is_a_little_slow_is_followed_for_days() -> None:
    slow = 1 - 2e-4
    seen = taken([(second * slow, float(second)) for second in range(100_000)])
    assert abs(seen[-1] - 99_999) < 0.01
    assert max(abs(later - earlier - 1) for earlier, later in pairwise(seen)) < 0.01


def test_packets_out_of_the_order_of_showing_are_no_slip() -> None:
    clock = StreamClock()
    for number, own_s in enumerate([0.0, 0.12, 0.04, 0.08, 0.24, 0.16, 0.2]):
        assert clock.hear(own_s, after(number / 25)) < 0.2
    earlier = clock.taken_at(0.04, after(0.24))
    assert (clock.taken_at(0.2, after(0.24)) - earlier).total_seconds() == pytest.approx(0.16)


@given(st.lists(st.tuples(st.none() | st.floats(-1e6, 1e6), st.floats(0, 100)), max_size=80))
def test_whatever_a_camera_says_times_rise_and_none_lies_ahead(steps: list[tuple[float | None, float]]) -> None:
    clock, rising, arrived = StreamClock(), RisingTimes(), AT
    last = None
    for own_s, waited_s in steps:
        arrived += timedelta(seconds=waited_s + 0.002)
        assert clock.hear(own_s, arrived) >= 0
        at = rising.after_all(clock.taken_at(own_s, arrived))
        assert at <= arrived
        assert last is None or at > last
        last = at


def steady(walls: list[float]) -> list[float]:
    """What our clock shows each second while the wall's shows `walls`."""
    wall, elapsed = iter(walls), iter(range(len(walls)))
    clock = SteadyClock(lambda: after(next(wall)), lambda: float(next(elapsed)))
    return [(clock() - AT).total_seconds() for _ in walls[1:]]


def test_our_clock_is_the_walls_and_jumps_ahead_with_it() -> None:
    assert steady([0, 1, 2, 3602, 3603]) == [1, 2, 3602, 3603]


def test_where_the_walls_clock_is_set_back_ours_runs_slower_until_they_agree() -> None:
    seen = steady([0, 1, 2, 0, 1, 2, 3, *range(4, 40)])
    assert all(0.85 < later - earlier <= 2 for earlier, later in pairwise(seen))
    assert seen[-1] == 39


def test_our_clock_rises_for_all_who_ask_at_once() -> None:
    clock = SteadyClock(lambda: AT, lambda: 0.0)
    seen: list[datetime] = []
    threads = [threading.Thread(target=lambda: seen.extend(clock() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 2000
