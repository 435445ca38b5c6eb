"""The whole way on made footage: `detect`, then `evaluate`, on three of the sample clips."""

from __future__ import annotations

from pathlib import Path

from detector.clips import find_clips
from detector.config import ViewConfig
from detector.evaluation.results import pair_up
from detector.evaluation.scores import Scores, score
from detector.offline import Wanted, open_model, run_clip

CLIPS = ("crowded_passer_by", "left_unlocked", "locked")


def scores_of_sample_clips(samples: Path, out: Path) -> Scores:
    view = ViewConfig()
    model = open_model(view.model)
    clips, missing = find_clips([str(samples / f"{name}.mp4") for name in CLIPS], view.fps)
    assert missing == []
    for clip in clips:
        run_clip(clip, Wanted(out, view), model)
    paired = pair_up(out, samples, only_present=True)
    assert [pair.truth.clip for pair in paired.pairs] == [f"{name}.mp4" for name in CLIPS]
    return score((pair.truth, pair.found) for pair in paired.pairs)


def test_the_bikes_are_found_the_unlocked_one_is_told_of_and_nothing_else(project_root: Path, tmp_path: Path) -> None:
    overall = scores_of_sample_clips(project_root / "sample_videos", tmp_path).overall
    stays, alerts, verdict = overall.stays, overall.alerts, overall.first_verdict
    assert (stays.recall.hits, stays.recall.n, stays.invented.count) == (3, 3, 0)
    assert (overall.links.kept.hits, overall.links.kept.n) == (3, 3)
    assert (alerts.right.hits, alerts.right.n, alerts.wanted.hits, alerts.wanted.n) == (1, 1, 1, 1)
    assert alerts.delay_s.median is not None
    assert 0 < alerts.delay_s.median <= 8
    assert (verdict.recall.hits, verdict.recall.n) == (1, 1)
    assert verdict.confusion["locked"]["unlocked"] == 0
