"""The whole way on made footage: `detect`, then `evaluate`, on the three sample clips of the first hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.clips import find_clips
from detector.config import ViewConfig
from detector.evaluation.results import pair_up
from detector.evaluation.scores import Scores, score
from detector.offline import Wanted, open_model, run_clip

CLIPS = ("crowded_passer_by", "left_unlocked", "locked")


@pytest.fixture(scope="module")
def scores(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Scores:
    samples, out, view = project_root / "sample_videos", tmp_path_factory.mktemp("results"), ViewConfig()
    model = open_model(view.model)
    clips, missing = find_clips([str(samples / f"{name}.mp4") for name in CLIPS], view.fps)
    assert missing == []
    for clip in clips:
        run_clip(clip, Wanted(out, view), model)
    paired = pair_up(out, samples, only_present=True)
    assert [pair.truth.clip for pair in paired.pairs] == [f"{name}.mp4" for name in CLIPS]
    return score((pair.truth, pair.found) for pair in paired.pairs)


def test_every_bike_that_is_parked_is_found_and_none_is_invented(scores: Scores) -> None:
    stays = scores.overall.stays
    assert (stays.recall.hits, stays.recall.n, stays.invented.count) == (3, 3, 0)
    assert (scores.overall.links.kept.hits, scores.overall.links.kept.n) == (3, 3)


def test_the_one_left_unlocked_is_told_of_in_time_and_nothing_else(scores: Scores) -> None:
    alerts, verdict = scores.overall.alerts, scores.overall.first_verdict
    assert (alerts.right.hits, alerts.right.n, alerts.wanted.hits, alerts.wanted.n) == (1, 1, 1, 1)
    assert alerts.delay_s.median is not None
    assert 0 < alerts.delay_s.median <= 8
    assert (verdict.recall.hits, verdict.recall.n) == (1, 1)
    assert verdict.confusion["locked"]["unlocked"] == 0
