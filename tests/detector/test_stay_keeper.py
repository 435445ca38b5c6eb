"""Stays over restarts and gaps, through the whole line: what is told must be as if nothing had happened, or say so."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from detector.config import RackConfig, Thresholds, ViewConfig
from detector.errors import CannotWriteError
from detector.stay_memory import remembered_from
from detector.stay_store import StayStore
from detector.vocabulary import LockState, ReasonCode, StayState
from tests.detector.restarts import GREEN, NOTHING_THERE, STANDS, Camera, Ear, Spell
from tests.detector.scenes import START, Actor, Scene, bike, parked_bike, person, rider, second_of

LEAVES_IT = Scene((parked_bike(until=4000), rider(10)), 4000)
HIDDEN_LATER = Scene(
    (parked_bike(until=4000, unseen=[(31, 61)]), rider(10), person((30, 400, 330), (62, 400, 330))), 90
)
LOCKS_IT = Scene((parked_bike(until=4000), rider(28, bent=[(9, 26)])), 60)


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    return Camera(tmp_path / "stays.db")


KILLS = {
    "while the rider stands at it": (LEAVES_IT, 9.0),
    "while he bends over it": (LOCKS_IT, 18.0),
    "while he walks off": (LEAVES_IT, 12.0),
    "right after the alert": (LEAVES_IT, 16.0),
    "long after the alert": (LEAVES_IT, 40.0),
    "while it is hidden": (HIDDEN_LATER, 45.0),
}


@pytest.mark.parametrize("unseen_s", [0.0, 3.0])
@pytest.mark.parametrize("moment", KILLS)
def test_a_worker_killed_and_soon_back_tells_the_same_story(tmp_path: Path, moment: str, unseen_s: float) -> None:
    scene, killed_s = KILLS[moment]
    whole = Camera(tmp_path / "whole.db").run(Spell(scene, 0, 60))
    broken = Camera(tmp_path / "broken.db").run(Spell(scene, 0, killed_s)).run(Spell(scene, killed_s + unseen_s, 60))
    assert broken.story() == whole.story()
    assert broken.ear.alerts() == whole.ear.alerts()
    assert len(broken.ear.stays("opened")) == 1
    assert [stay.stay_id for stay in broken.open_stays] == [stay.stay_id for stay in whole.open_stays]
    assert broken.open_stays[0].left_at == pytest.approx(
        whole.open_stays[0].left_at, abs=timedelta(seconds=max(0.5, unseen_s))
    )


def test_a_worker_killed_again_and_again_still_knows_one_stay_and_one_alert(camera: Camera) -> None:
    for begins_s in range(0, 100, 4):
        camera.run(Spell(LEAVES_IT, begins_s, begins_s + 4))
    (opened,) = camera.ear.stays("opened")
    assert [stay.stay_id for stay in camera.open_stays] == [opened.stay_id]
    assert camera.ear.alerts() in (["raised"], [])


@pytest.mark.parametrize("seed", range(6))
def test_whenever_workers_die_and_however_long_nobody_looks_there_is_one_stay_and_at_most_one_alert(
    camera: Camera, seed: int
) -> None:
    dice, second = random.Random(seed), 0.0
    while second < 150:
        ends = second + (dice.uniform(9, 30) if second == 0 else dice.uniform(0.4, 30))
        camera.run(Spell(LEAVES_IT, second, ends))
        second = ends + dice.choice([0.0, 0.0, dice.uniform(0, 20), dice.uniform(0, 60)])
    camera.run(Spell(LEAVES_IT, second, second + 30))
    (opened,) = camera.ear.stays("opened")
    assert [stay.stay_id for stay in camera.open_stays] == [opened.stay_id]
    assert camera.open_stays[0].parked_at == opened.parked_at
    assert camera.open_stays[0].state is StayState.LEFT
    assert camera.ear.alerts() in ([], ["raised"])


@pytest.fixture(params=["a restart", "a gap in the frames"])
def look_away(request: pytest.FixtureRequest, camera: Camera) -> Camera:
    """A camera whose `run` of several spells has either a restart or only a gap between them."""
    whole_run = camera.run
    if request.param == "a restart":
        camera.run = lambda *spells: [whole_run(spell) for spell in spells][-1]  # type: ignore[method-assign]
    return camera


def test_a_rider_who_left_while_nobody_looked_leaves_an_unsure_stay(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 9), Spell(LEAVES_IT, 60, 80))
    (verdict,) = look_away.verdicts()
    assert verdict.state is LockState.UNSURE
    assert verdict.reasons[ReasonCode.NOT_WATCHED_S] == pytest.approx(51, abs=2)
    assert look_away.ear.alerts() == []
    (stay,) = look_away.open_stays
    assert second_of(stay.left_at) == pytest.approx(9, abs=1.5)


def test_a_rider_who_may_have_come_back_unseen_leaves_an_unsure_stay(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 13), Spell(LEAVES_IT, 60, 80))
    (verdict,) = look_away.verdicts()
    assert ReasonCode.NOT_WATCHED_S in verdict.reasons
    assert verdict.state is LockState.UNSURE


def test_a_rider_still_there_after_a_gap_is_attending_but_the_gap_is_not_counted(look_away: Camera) -> None:
    stays_long = Scene((parked_bike(until=4000), rider(70)), 4000)
    look_away.run(Spell(stays_long, 0, 10), Spell(stays_long, 60, 90))
    (verdict,) = look_away.verdicts()
    assert verdict.reasons[ReasonCode.ATTENDED_S] == pytest.approx(4 + 10, abs=2)
    assert verdict.state is LockState.UNSURE
    (stay,) = look_away.open_stays
    assert second_of(stay.left_at) == pytest.approx(70.8, abs=1.5)


def test_a_bike_alerted_before_a_gap_and_still_there_goes_on_as_it_was(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 30), Spell(LEAVES_IT, 600, 640))
    (opened,) = look_away.ear.stays("opened")
    (stay,) = look_away.open_stays
    assert stay.stay_id == opened.stay_id
    assert second_of(stay.parked_at) == pytest.approx(6, abs=1)
    assert look_away.ear.alerts() == ["raised"]


def test_a_bike_gone_after_a_gap_was_taken_unseen_and_its_alert_ends(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 30), Spell(NOTHING_THERE, 600, 615))
    (closed,) = look_away.ear.stays("closed")
    assert look_away.ear.alerts() == ["raised", "gone"]
    assert 14 <= second_of(closed.gone_at) <= 30, "when it was last known to be there"
    assert look_away.open_stays == ()


def test_a_place_not_seen_empty_often_enough_keeps_its_stay(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 30), Spell(NOTHING_THERE, 600, 603))
    assert not look_away.ear.stays("closed")
    assert len(look_away.open_stays) == 1


def test_another_bike_in_the_place_ends_the_stay_and_is_nobodys_alert(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 30), Spell(STANDS, 600, 640, GREEN))
    (closed,) = look_away.ear.stays("closed")
    assert look_away.ear.alerts() == ["raised", "gone"]
    assert 14 <= second_of(closed.gone_at) <= 30
    (stay,) = look_away.open_stays
    assert stay.preexisting
    assert stay.stay_id != closed.stay_id


def test_the_same_bike_in_other_light_is_known_again(look_away: Camera) -> None:
    look_away.run(Spell(LEAVES_IT, 0, 30), Spell(STANDS, 600, 640))
    assert not look_away.ear.stays("closed")


def test_bikes_that_stood_there_are_not_opened_a_second_time(look_away: Camera) -> None:
    rack = Scene(tuple(bike((0, x, 300), (4000, x, 300), score=0.6) for x in (100, 230, 360, 490)), 4000)
    look_away.run(Spell(rack, 0, 20), Spell(rack, 60, 100), Spell(rack, 900, 930))
    opened = [one.stay_id for one in look_away.ear.stays("opened")]
    assert len(opened) == 4
    assert {stay.stay_id for stay in look_away.open_stays} == set(opened)
    assert all(stay.preexisting and stay.state is StayState.PARKED for stay in look_away.open_stays)


def test_an_alert_that_ran_out_during_a_gap_is_ended_once(look_away: Camera) -> None:
    look_away.view = ViewConfig(thresholds=Thresholds(alert_expires_s=300))
    look_away.run(Spell(LEAVES_IT, 0, 30), Spell(LEAVES_IT, 600, 620), Spell(LEAVES_IT, 700, 720))
    assert look_away.ear.alerts() == ["raised", "expired"]
    assert len(look_away.open_stays) == 1


def test_an_owner_who_comes_back_after_a_restart_and_locks_ends_the_alert(camera: Camera) -> None:
    locks: tuple[Actor, ...] = (
        bike((0, 400, 300), (4000, 400, 300)),
        person((100, 0, 330), (105, 390, 305), (120, 390, 305), (126, 60, 330), bent=[(106, 119)]),
    )
    camera.run(Spell(LEAVES_IT, 0, 30)).run(Spell(Scene(locks, 200), 90, 140))
    assert camera.ear.alerts() == ["raised", "locked"]
    assert len(camera.ear.stays("opened")) == 1


def test_an_alert_decided_on_but_not_told_is_told_by_the_next_worker_once(camera: Camera) -> None:
    camera.ear.dies_of_alert = True
    with pytest.raises(ConnectionAbortedError):
        camera.run(Spell(LEAVES_IT, 0, 30))
    camera.ear.dies_of_alert = False
    camera.run(Spell(LEAVES_IT, 600, 620)).run(Spell(LEAVES_IT, 630, 650))
    assert camera.ear.alerts() == ["raised"]


def test_a_rack_drawn_anew_elsewhere_ends_its_stays(camera: Camera) -> None:
    def drawn(left: float, right: float) -> ViewConfig:
        return ViewConfig(racks=(RackConfig(id="r", outline=((left, 0.1), (right, 0.1), (right, 0.9), (left, 0.9))),))

    camera.view = drawn(0.3, 0.9)
    camera.run(Spell(LEAVES_IT, 0, 30))
    camera.view = drawn(0.32, 0.95)
    camera.run(Spell(LEAVES_IT, 60, 70))
    assert [stay.stay_id for stay in camera.open_stays] == [one.stay_id for one in camera.ear.stays("opened")]
    camera.view = drawn(0.0, 0.3)
    camera.run(Spell(LEAVES_IT, 90, 100))
    assert not camera.open_stays
    assert camera.ear.alerts() == ["raised", "gone"]


def test_a_store_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    camera = Camera(tmp_path / "file" / "stays.db", ear=Ear())
    with structlog.testing.capture_logs() as logs:
        camera.run(Spell(LEAVES_IT, 0, 60))
    assert camera.ear.alerts() == ["raised"]
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["open stays are not kept"]


class FullForAWhile(StayStore):
    """The disk is full from the third write on, until somebody makes room."""

    writes = 0
    is_full = True

    def save(self, camera: str, bodies: Mapping[str, str], gone: Collection[str]) -> None:
        self.writes += 1
        if self.is_full and self.writes >= 3:
            raise CannotWriteError("the disk is full")
        super().save(camera, bodies, gone)


def test_after_a_full_disk_everything_is_written_anew(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FullForAWhile(camera.file)
    monkeypatch.setattr(camera, "store", lambda: store)
    with structlog.testing.capture_logs() as logs:
        camera.run(Spell(LEAVES_IT, 0, 40))
        assert store.writes < 8, "a full disk is not tried at every frame"
        store.is_full = False
        camera.run(Spell(LEAVES_IT, 40, 60)).run(Spell(LEAVES_IT, 60, 80))
    assert len(logs) == 1
    assert camera.ear.alerts() == ["raised"]
    (text,) = store.load("gate").values()
    assert remembered_from(text).place.stay_id == camera.open_stays[0].stay_id


def test_a_stay_that_cannot_be_read_back_is_forgotten_and_said(camera: Camera) -> None:
    camera.run(Spell(LEAVES_IT, 0, 30))
    store = camera.store()
    (stay_id,) = store.load("gate")
    store.save("gate", {stay_id: '{"version": 1}'}, ())
    with structlog.testing.capture_logs() as logs:
        camera.run(Spell(LEAVES_IT, 60, 70))
    assert [line["stay"] for line in logs if line["log_level"] == "error"] == [stay_id]
    assert [stay.preexisting for stay in camera.open_stays] == [True]
    assert stay_id not in store.load("gate")


def test_what_is_over_is_forgotten_on_disk(camera: Camera) -> None:
    camera.run(Spell(LEAVES_IT, 0, 30)).run(Spell(NOTHING_THERE, 60, 80))
    assert camera.store().load("gate") == {}


def test_a_clock_set_back_between_two_workers_does_no_harm(camera: Camera) -> None:
    camera.run(Spell(LEAVES_IT, 0, 9))
    earlier = Scene(LEAVES_IT.actors, 60, start=START - timedelta(hours=1))
    camera.run(Spell(earlier, 10, 40))
    assert len(camera.open_stays) == 1
    assert all(number >= 0 for verdict in camera.verdicts() for number in verdict.reasons.values())
