from __future__ import annotations

import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.training.compare import compare
from detector.training.precision import Found, FoundBox, Truth

THERE = XyxyPx(10, 10, 30, 30)
ELSEWHERE = XyxyPx(60, 60, 80, 80)


def photos(found_share: float, count: int = 60, seed: int = 1, kind: str = "bicycle") -> list[Found]:
    """Photos of one bike each, of which a model finds about that share."""
    dice = np.random.default_rng(seed)
    places = [THERE if dice.random() < found_share else ELSEWHERE for _ in range(count)]
    return [Found([FoundBox(kind, 0.5 + 0.4 * float(dice.random()), place)], [Truth(kind, THERE)]) for place in places]


def test_a_much_better_model_wins() -> None:
    comparison = compare(photos(0.4), photos(0.9, seed=2), resamples=200)
    assert comparison.b_wins
    assert comparison.mean.b > comparison.mean.a
    assert comparison.mean.low < comparison.mean.more < comparison.mean.high


def test_the_same_boxes_differ_by_nothing_and_win_nothing() -> None:
    comparison = compare(photos(0.6), photos(0.6), resamples=50)
    assert (comparison.mean.more, comparison.mean.low, comparison.mean.high) == (0.0, 0.0, 0.0)
    assert not comparison.b_wins


def test_a_little_better_on_few_pictures_may_be_chance() -> None:
    better = photos(0.5, count=12)
    one_more = [Found([FoundBox("bicycle", 0.9, THERE)], better[0].truths), *better[1:]]
    worse = [Found([FoundBox("bicycle", 0.9, ELSEWHERE)], better[0].truths), *better[1:]]
    comparison = compare(worse, one_more, resamples=200)
    assert comparison.mean.more > 0
    assert not comparison.b_wins


def test_who_loses_a_kind_does_not_win_by_another() -> None:
    a = [*photos(0.2), *photos(0.9, kind="person")]
    b = [*photos(0.95, seed=3), *photos(0.5, seed=4, kind="person")]
    comparison = compare(a, b, resamples=200)
    assert comparison.mean.low > 0
    assert comparison.kinds["person"].high < 0
    assert not comparison.b_wins


def test_the_same_seed_gives_the_same_interval() -> None:
    first, again = (compare(photos(0.4), photos(0.6, seed=5), resamples=50) for _ in range(2))
    assert first == again


def test_other_pictures_are_not_compared() -> None:
    with pytest.raises(ValueError, match="not shown the same pictures"):
        compare(photos(0.5), photos(0.5, count=59))
    with pytest.raises(ValueError, match="none of the pictures has a labelled box"):
        compare([Found([], [])], [Found([], [])])


def test_a_kind_with_few_boxes_is_told_but_does_not_count_in_the_mean() -> None:
    a, b = (
        [*photos(share, seed=seed), *photos(1.0, count=2, kind="motorcycle")] for share, seed in ((0.3, 1), (0.8, 2))
    )
    comparison = compare(a, b, resamples=100)
    assert comparison.kinds["motorcycle"].boxes == 2
    assert comparison.mean.more == comparison.kinds["bicycle"].more
