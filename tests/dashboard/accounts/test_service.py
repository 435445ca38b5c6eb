from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.accounts import service
from dashboard.accounts.service import CannotAddAccount, LoggedIn, Refused
from dashboard.accounts.tables import LoginFailure, LoginSession, Role, Viewing
from tests.dashboard.builders import NOON, PASSWORD, person

HOME = "10.0.0.7"


def log_in(session: Session, username: str, password: str, *, address: str = HOME, minutes: float = 0) -> object:
    return service.log_in(session, username, password, address, NOON + timedelta(minutes=minutes), hours=24)


def test_neither_password_nor_token_can_be_read_from_the_database(session: Session) -> None:
    ann = person(session, "ann")
    answer = log_in(session, "ann", PASSWORD)
    assert isinstance(answer, LoggedIn)
    assert ann.password_hash.startswith("$argon2id$")
    stored = session.scalars(select(LoginSession)).one()
    assert answer.token not in (stored.token_sha256, stored.csrf_token)


def test_a_login_lasts_its_hours_and_no_longer(session: Session) -> None:
    person(session, "ann")
    answer = log_in(session, "ann", PASSWORD)
    assert isinstance(answer, LoggedIn)
    assert service.login_of(session, answer.token, NOON + timedelta(hours=23)) is not None
    assert service.login_of(session, answer.token, NOON + timedelta(hours=24)) is None


def test_logging_out_ends_the_login(session: Session) -> None:
    person(session, "ann")
    answer = log_in(session, "ann", PASSWORD)
    assert isinstance(answer, LoggedIn)
    service.log_out(session, answer.token)
    assert service.login_of(session, answer.token, NOON) is None


def test_an_account_that_was_closed_neither_logs_in_nor_stays_logged_in(session: Session) -> None:
    ann = person(session, "ann")
    answer = log_in(session, "ann", PASSWORD)
    assert isinstance(answer, LoggedIn)
    ann.active = False
    session.flush()
    assert service.login_of(session, answer.token, NOON) is None
    assert log_in(session, "ann", PASSWORD) == Refused(wait=False)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(session: Session) -> None:
    person(session, "ann")
    assert log_in(session, "ann", "wrong") == log_in(session, "nobody", "wrong") == Refused(wait=False)


def test_after_five_failures_even_the_right_password_has_to_wait(session: Session) -> None:
    person(session, "ann")
    for _ in range(service.FAILURES_PER_NAME):
        assert log_in(session, "ann", "wrong") == Refused(wait=False)
    assert log_in(session, "ann", PASSWORD) == Refused(wait=True)
    assert isinstance(log_in(session, "ann", PASSWORD, minutes=11), LoggedIn)


def test_one_address_cannot_try_many_names(session: Session) -> None:
    person(session, "ann")
    session.add_all(LoginFailure(username=f"n{n}", address=HOME, at=NOON) for n in range(service.FAILURES_PER_ADDRESS))
    session.flush()
    assert log_in(session, "ann", PASSWORD) == Refused(wait=True)
    assert isinstance(log_in(session, "ann", PASSWORD, address="10.0.0.8"), LoggedIn)


def test_a_login_forgets_earlier_failures_and_sessions_that_ran_out(session: Session) -> None:
    person(session, "ann")
    log_in(session, "ann", "wrong")
    log_in(session, "ann", PASSWORD)
    log_in(session, "ann", PASSWORD, minutes=60 * 25)
    assert session.scalar(select(func.count()).select_from(LoginFailure)) == 0
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 1


@pytest.mark.parametrize(
    ("username", "password", "says"),
    [("ann", PASSWORD, "already is an account"), ("bob", "short", "shorter than 8")],
)
def test_an_account_that_cannot_be_is_refused_in_a_sentence(
    session: Session, username: str, password: str, says: str
) -> None:
    person(session, "ann")
    with pytest.raises(CannotAddAccount, match=says):
        service.add_account(session, username, password, Role.VOLUNTEER, NOON)


def test_looking_again_within_minutes_is_the_same_look(session: Session) -> None:
    ann, bob = person(session, "ann"), person(session, "bob")
    for account, minutes in ((ann, 0), (ann, 5), (bob, 5), (ann, 30)):
        service.note_viewing(session, account.id, "alert:a1", NOON + timedelta(minutes=minutes))
    assert session.scalar(select(func.count()).select_from(Viewing)) == 3
