from __future__ import annotations

from pathlib import Path

import pytest

from models.fit_verdict_runs import LOOKS, Judgement, Look, gather

NAMES = ("locked", "left_unlocked", "returns_and_closes_the_ring", "shared_locked")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def judgements(cache: Path) -> list[Judgement]:
    return gather([0], processes=1, cache=cache, names=NAMES)


def of(judgements: list[Judgement], scenario: str) -> list[Judgement]:
    return [one for one in judgements if one.scenario == scenario]


def test_a_verdict_moment_is_labelled_with_what_was_true_then(judgements: list[Judgement]) -> None:
    assert [one.unlocked for one in of(judgements, "locked")] == [False]
    assert [one.unlocked for one in of(judgements, "left_unlocked")] == [True]


def test_after_the_rider_came_back_to_lock_the_same_stay_is_locked(judgements: list[Judgement]) -> None:
    first, second = of(judgements, "returns_and_closes_the_ring")
    assert (first.turn, first.unlocked) == (0, True)
    assert (second.turn, second.unlocked) == (1, False)
    assert first.stay == second.stay


def test_shared_bikes_teach_nothing(judgements: list[Judgement]) -> None:
    assert of(judgements, "shared_locked") == []


def test_a_seed_decides_how_a_clip_is_looked_at(judgements: list[Judgement]) -> None:
    assert {one.look for one in judgements} == {LOOKS[0]} == {Look("usual", 5)}


def test_remembered_judgements_and_remembered_boxes_give_the_same_again(
    cache: Path, judgements: list[Judgement]
) -> None:
    assert gather([0], processes=1, cache=cache, names=NAMES) == judgements
    for file in cache.glob("judged-*/*.pickle"):
        file.unlink()
    assert gather([0], processes=1, cache=cache, names=NAMES) == judgements


def test_what_older_sources_made_is_dropped(cache: Path, judgements: list[Judgement]) -> None:
    old = cache / "boxes-000000000000"
    old.mkdir()
    gather([0], processes=1, cache=cache, names=NAMES[:1])
    assert not old.exists()
    assert len(list(cache.glob("boxes-*"))) == 1
