from __future__ import annotations

import pytest

from broker_bridge.messages import Claim
from detector.name_claim import Move, NameClaim
from tests.brokers import AT, status

ME, OLDER, YOUNGER = "boot-5", "boot-1", "boot-9"


def claim(boot: str, *, held: bool = False) -> Claim:
    return Claim(sent_at=AT, site="north", worker="edge-1", boot=boot, held=held)


def newcomer() -> NameClaim:
    return NameClaim(ME)


def holder() -> NameClaim:
    return NameClaim(ME, is_held=True)


def test_a_name_nobody_carries_is_taken_up_at_once() -> None:
    assert newcomer().on_claim(claim(ME)) is Move.TAKE_UP


@pytest.mark.parametrize("boot", [OLDER, YOUNGER])
def test_a_name_whose_last_carrier_went_is_taken_up_at_once(boot: str) -> None:
    name = newcomer()
    assert name.on_status(status(boot=boot, state="offline")) is Move.NOTHING
    assert name.on_claim(claim(ME)) is Move.TAKE_UP


def test_a_name_that_seems_carried_is_waited_for_and_taken_when_nobody_answers() -> None:
    name = newcomer()
    name.on_status(status(boot=OLDER))
    assert name.on_claim(claim(ME)) is Move.WAIT
    name.take_up()
    assert name.is_held


def test_a_will_that_comes_while_waiting_frees_the_name() -> None:
    name = newcomer()
    name.on_status(status(boot=OLDER))
    name.on_status(status(boot=OLDER, state="offline"))
    assert name.on_claim(claim(ME)) is Move.TAKE_UP


@pytest.mark.parametrize("boot", [OLDER, YOUNGER])
def test_a_newcomer_gives_way_to_whoever_carries_the_name(boot: str) -> None:
    """A machine without a clock of its own may think that it started first."""
    name = newcomer()
    assert name.on_claim(claim(boot, held=True)) is Move.GIVE_UP
    assert name.rival == claim(boot, held=True)


@pytest.mark.parametrize("boot", [OLDER, YOUNGER])
def test_who_carries_the_name_answers_who_asks_for_it(boot: str) -> None:
    assert holder().on_claim(claim(boot)) is Move.ANSWER


def test_of_two_that_ask_at_once_the_younger_gives_way() -> None:
    assert newcomer().on_claim(claim(OLDER)) is Move.GIVE_UP
    assert newcomer().on_claim(claim(YOUNGER)) is Move.NOTHING


def test_of_two_that_both_carry_it_after_a_parted_network_the_younger_gives_way() -> None:
    assert holder().on_claim(claim(OLDER, held=True)) is Move.GIVE_UP
    assert holder().on_claim(claim(YOUNGER, held=True)) is Move.ANSWER


@pytest.mark.parametrize("boot", [ME, OLDER, YOUNGER])
def test_a_late_will_does_not_leave_a_living_worker_offline(boot: str) -> None:
    assert holder().on_status(status(boot=boot, state="offline")) is Move.SAY_ONLINE


def test_ones_own_words_mean_nothing() -> None:
    name = holder()
    assert name.on_status(status(boot=ME)) is Move.NOTHING
    assert name.on_claim(claim(ME)) is Move.NOTHING
    assert name.on_claim(claim(ME, held=True)) is Move.NOTHING


def test_another_that_says_online_is_told_that_the_name_is_carried() -> None:
    assert holder().on_status(status(boot=YOUNGER)) is Move.ANSWER


def test_every_connection_asks_anew() -> None:
    name = newcomer()
    name.on_status(status(boot=OLDER))
    name.connected()
    assert name.on_claim(claim(ME)) is Move.TAKE_UP
