"""The committed model and the whole line on the rendered sample clips, against their truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from detector.boxes import XyxyNorm, iou
from tests.end_to_end.footage import ROOT, Seen, look_at

TRUTHS = sorted((ROOT / "sample_videos").glob("*.truth.json"))
CLIPS = [path for path in TRUTHS if path.with_name(path.name.replace(".truth.json", ".mp4")).exists()]
TOLERANCE_S = 2.0
ALERT_WITHIN_S = 8.0


@dataclass
class Clip:
    seen: Seen
    visits: list[dict[str, Any]]
    """The true stays that somebody makes in the clip, in order."""


@pytest.fixture(scope="module", params=CLIPS, ids=lambda path: path.name.removesuffix(".truth.json"))
def clip(request: pytest.FixtureRequest) -> Clip:
    path: Path = request.param
    truth = json.loads(path.read_text())
    visits = [stay for stay in truth["stays"] if not stay["preexisting"]]
    return Clip(look_at(path.with_name(truth["clip"]), fps=5), visits)


def test_there_are_clips() -> None:
    assert "left_unlocked.truth.json" in [path.name for path in CLIPS]


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
