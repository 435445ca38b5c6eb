"""The committed model and the whole line on real footage. Nothing of it is part of the project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detector.vocabulary import LockState, StayEventKind
from tests.end_to_end.footage import Seen, look_at

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def rack(shared_dir: Path) -> Seen:
    return look_at(shared_dir / "data" / "leeds-rack" / "rack.avi", fps=5)


def test_the_one_rider_at_the_real_rack_makes_the_one_stay(rack: Seen, shared_dir: Path) -> None:
    truth = json.loads((shared_dir / "data" / "leeds-rack" / "events.json").read_text())["events"][0]
    (stay,) = rack.visited_stays()
    assert rack.second_of(stay.parked_at) == pytest.approx(truth["bike_in_place_s"], abs=2)
    assert rack.second_of(stay.left_at) == pytest.approx(truth["leaves_bike_s"], abs=2)


def test_the_bending_rider_at_the_real_rack_is_not_said_to_have_left_it_unlocked(rack: Seen) -> None:
    verdicts = [one.verdict for one in rack.judged if one.verdict is not None]
    assert verdicts
    assert all(verdict.state is not LockState.UNLOCKED for verdict in verdicts)
    assert not rack.alerts()


def test_the_other_bikes_at_the_real_rack_were_there_before(rack: Seen) -> None:
    opened = [one.event.stay for one in rack.judged if one.event.kind is StayEventKind.OPENED]
    assert sum(stay.preexisting for stay in opened) >= 3


def test_where_nobody_parks_no_stay_is_opened_and_nobody_is_alerted(shared_dir: Path) -> None:
    clips = sorted((shared_dir / "data" / "intel-person-bicycle-car").glob("*.mp4"))
    assert clips
    for clip in clips:
        seen = look_at(clip, fps=5)
        assert seen.visited_stays() == []
        assert seen.alerts() == []
