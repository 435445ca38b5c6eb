"""The committed model and the whole line on the rendered sample clips, against their truth.

Three clips are held to everything, looked at picture by picture; all of them together to figures, looked at as
`pleaselock detect` does, with the clips that are known to fail named.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from detector.boxes import XyxyNorm, iou
from detector.config_looking import LookingConfig
from detector.evaluation.found import FoundClip, found_in_messages
from detector.evaluation.matching import Tolerances
from detector.evaluation.mistakes import MistakeKind, mistakes_of
from detector.evaluation.outcomes import ClipOutcome, outcome_of
from detector.evaluation.scores import scores_of
from detector.evaluation.truth import ClipTruth, read_truth
from detector.frames import EPOCH
from tests.end_to_end.footage import ROOT, Seen, look_at

CLIPS = sorted((ROOT / "sample_videos").glob("*.truth.json"))
EXACT = [path for path in CLIPS if path.name.split(".")[0] in {"left_unlocked", "locked", "crowded_passer_by"}]
TOO_HARD = {"ebike_left", "ring_lock_close"}
"""An e-bike that the model takes for a bicycle, and a ring lock closed in two seconds: both are alerted of, wrongly."""
LEAST_FOUND = 0.9
MOST_INVENTED = 1
TOLERANCE_S = 2.0
ALERT_WITHIN_S = 8.0


@dataclass
class Clip:
    seen: Seen
    visits: list[dict[str, Any]]
    """The true stays that somebody makes in the clip, in order."""


@pytest.fixture(scope="module", params=EXACT, ids=lambda path: path.name.removesuffix(".truth.json"))
def clip(request: pytest.FixtureRequest) -> Clip:
    path: Path = request.param
    truth = json.loads(path.read_text())
    visits = [stay for stay in truth["stays"] if not stay["preexisting"]]
    return Clip(look_at(path.with_name(truth["clip"]), fps=5), visits)


def test_there_are_clips() -> None:
    assert len(EXACT) == 3
    assert len(CLIPS) >= 12


@pytest.fixture(scope="module")
def outcomes() -> list[ClipOutcome]:
    truths = [(path, read_truth(path)) for path in CLIPS]
    return [outcome_of(truth, _found(path, truth), Tolerances()) for path, truth in truths]


def _found(path: Path, truth: ClipTruth) -> FoundClip:
    seen = look_at(path.with_name(truth.clip), fps=5, looking=LookingConfig())
    return found_in_messages(truth.clip, seen.sink.messages, EPOCH)


def test_of_all_clips_nearly_every_visit_is_found_and_hardly_one_invented(outcomes: list[ClipOutcome]) -> None:
    stays = scores_of(outcomes, Tolerances()).overall.stays
    assert stays.recall.hits >= LEAST_FOUND * stays.recall.n
    assert stays.invented.count <= MOST_INVENTED


def test_of_all_clips_only_the_ones_known_to_be_too_hard_are_alerted_of_wrongly(outcomes: list[ClipOutcome]) -> None:
    wrong = {one.clip for one in mistakes_of(outcomes) if one.kind is MistakeKind.WRONG_ALERT}
    assert {clip.removesuffix(".mp4") for clip in wrong} <= TOO_HARD


def test_every_true_stay_is_found_in_its_place_and_none_is_invented(clip: Clip) -> None:
    stays = clip.seen.visited_stays()
    assert len(stays) == len(clip.visits)
    for stay, true in zip(stays, clip.visits, strict=True):
        here, there = (XyxyNorm(*box).to_px(1000, 1000) for box in (stay.xyxy_norm, true["xyxy_norm"]))
        assert iou(here, there) > 0.4
        assert clip.seen.second_of(stay.parked_at) == pytest.approx(true["parked_at_s"], abs=TOLERANCE_S)
        assert clip.seen.second_of(stay.left_at) == pytest.approx(true["left_at_s"], abs=TOLERANCE_S)


def test_who_leaves_a_bike_unlocked_is_told_of_in_time_and_nobody_else(clip: Clip) -> None:
    alerts = clip.seen.alerts()
    unlocked = [visit for visit in clip.visits if not visit["locked"]]
    assert len(alerts) == len(unlocked)
    for alert, true in zip(alerts, unlocked, strict=True):
        assert 0 < clip.seen.second_of(alert.at) - true["left_at_s"] <= ALERT_WITHIN_S
    assert clip.seen.sink.pictures == [alert.alert_id for alert in alerts]
