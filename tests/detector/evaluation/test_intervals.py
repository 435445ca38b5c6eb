from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.evaluation.figures import per_stay
from detector.evaluation.intervals import rate_among, rate_of, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, Table I, method 3: the published examples.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval_is_the_published_one(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval_and_the_interval_in_0_to_1(case: tuple[int, int]) -> None:
    rate = rate_of(*case)
    assert rate.rate is not None
    assert rate.low is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.rate <= rate.high <= 1


def test_of_nothing_there_is_no_rate() -> None:
    assert rate_of(0, 0) == rate_among([])
    assert rate_of(0, 0).rate is None


@pytest.mark.parametrize(("hits", "n"), [(2, 1), (-1, 1)])
def test_what_is_no_share_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {n}"):
        rate_of(hits, n)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # The exact Poisson interval as tabled by Garwood 1936.
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_a_count_has_the_tabled_poisson_interval(count: int, low: float, high: float) -> None:
    one = per_stay(count, 100)
    assert one.low is not None
    assert one.high is not None
    assert (100 * one.low, 100 * one.high) == pytest.approx((low, high), abs=1e-3)
