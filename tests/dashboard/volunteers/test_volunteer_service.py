from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.accounts.service import LoggedIn, log_in
from dashboard.accounts.tables import LoginSession, Role
from dashboard.volunteers import service
from dashboard.volunteers.queries import branches, volunteers
from dashboard.volunteers.service import CannotChangeVolunteer, WayIn

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def take_in(session: Session, username: str = "xiaolin", name: str = "小林", branch_id: int | None = None) -> WayIn:
    return service.add_volunteer(session, username, name, branch_id, NOON)


def can_log_in(session: Session, username: str, password: str) -> bool:
    return isinstance(log_in(session, username, password, "127.0.0.1", NOON, 24), LoggedIn)


def test_a_new_volunteer_can_log_in_with_the_password_handed_over(session: Session) -> None:
    way_in = take_in(session)
    assert can_log_in(session, "xiaolin", way_in.password)
    assert way_in.password not in way_in.volunteer.account.password_hash


def test_every_password_is_another_and_can_be_read_aloud() -> None:
    passwords = {service.new_password() for _ in range(200)}
    assert len(passwords) == 200
    assert set("".join(passwords)) <= set(service.EASY_TO_READ) | {"-"}


@pytest.mark.parametrize(
    ("username", "name", "branch_id", "sentence"),
    [
        ("taken", "小林", None, "login name is taken"),
        ("Xiao Lin", "小林", None, "2 to 40 small letters"),
        ("小林", "小林", None, "2 to 40 small letters"),
        ("x", "小林", None, "2 to 40 small letters"),
        ("xiaolin", "", None, "no name"),
        ("xiaolin", "小林", 99, "branch is not known"),
    ],
)
def test_who_cannot_be_taken_in_is_refused_in_one_sentence(
    session: Session, username: str, name: str, branch_id: int | None, sentence: str
) -> None:
    take_in(session, "taken")
    with pytest.raises(CannotChangeVolunteer, match=sentence):
        take_in(session, username, name, branch_id)
    assert len(volunteers(session)) == 1


def test_a_new_password_replaces_the_old_one_and_ends_open_logins(session: Session) -> None:
    first = take_in(session)
    assert can_log_in(session, "xiaolin", first.password)
    second = service.renew_password(session, first.volunteer)
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 0
    assert not can_log_in(session, "xiaolin", first.password)
    assert can_log_in(session, "xiaolin", second.password)


def test_who_has_left_cannot_log_in_and_can_come_back(session: Session) -> None:
    way_in = take_in(session)
    service.set_active(session, way_in.volunteer, active=False)
    assert not can_log_in(session, "xiaolin", way_in.password)
    assert volunteers(session, active_only=True) == []
    service.set_active(session, way_in.volunteer, active=True)
    assert can_log_in(session, "xiaolin", way_in.password)


def test_a_coordinator_gets_into_no_account_that_may_do_more(session: Session) -> None:
    volunteer = take_in(session).volunteer
    volunteer.account.role = Role.ADMIN
    before = volunteer.account.password_hash
    with pytest.raises(CannotChangeVolunteer, match="another role"):
        service.renew_password(session, volunteer)
    with pytest.raises(CannotChangeVolunteer, match="another role"):
        service.set_active(session, volunteer, active=False)
    assert (volunteer.account.password_hash, volunteer.account.active) == (before, True)


def test_a_branch_has_a_name_of_its_own(session: Session) -> None:
    service.add_branch(session, "自行车社", "")
    for name_zh, name_en in (("", ""), ("自行车社", "Cyclists")):
        with pytest.raises(CannotChangeVolunteer):
            service.add_branch(session, name_zh, name_en)
    assert [(branch.name_zh, branch.name_en) for branch in branches(session)] == [("自行车社", "自行车社")]
