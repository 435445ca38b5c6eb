"""Two volunteers tap in the same moment, or an alert ends while the list is read. A real SQLite file, a connection and a thread each."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import event, select

from dashboard.accounts.tables import Account
from dashboard.alerts import service
from dashboard.alerts.queries import board
from dashboard.alerts.service import AlreadyTaken, Answer, Done, Over
from dashboard.alerts.tables import Alert, AlertChange, AlertState, Change
from dashboard.database import Sessions
from tests.dashboard.builders import NOON, person, report

ROUNDS = 20
PEOPLE = 4


def test_of_several_people_who_tap_at_once_exactly_one_has_it(sessions: Sessions) -> None:
    with sessions.begin() as session:
        people = [person(session, f"person-{number}").id for number in range(PEOPLE)]
        for number in range(ROUNDS):
            service.raise_alert(session, report(f"stay-{number}"))
    line = threading.Barrier(PEOPLE)

    def tap(account_id: int) -> list[Answer]:
        answers: list[Answer] = []
        for number in range(ROUNDS):
            line.wait()
            with sessions.begin() as session:
                answers.append(service.take(session, f"alert-stay-{number}", account_id, NOON))
        return answers

    with ThreadPoolExecutor(PEOPLE) as pool:
        by_person = list(pool.map(tap, people))
    for answers in zip(*by_person, strict=True):
        winners = [answer for answer in answers if isinstance(answer, Done)]
        losers = [answer for answer in answers if isinstance(answer, AlreadyTaken)]
        assert (len(winners), len(losers)) == (1, PEOPLE - 1)
        assert {loser.by.id for loser in losers} == {winners[0].alert.taken_by_id}
    with sessions() as session:
        assert len(session.scalars(select(AlertChange).where(AlertChange.change == Change.TAKEN)).all()) == ROUNDS


def test_an_alert_taken_and_cleared_at_once_ends_cleared_and_never_lives_again(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = person(session, "ann").id
        for number in range(ROUNDS):
            service.raise_alert(session, report(f"stay-{number}"))
    line = threading.Barrier(2)

    def tap() -> None:
        for number in range(ROUNDS):
            line.wait()
            with sessions.begin() as session:
                answer = service.take(session, f"alert-stay-{number}", ann, NOON)
                assert isinstance(answer, Done | Over)

    def camera() -> None:
        for number in range(ROUNDS):
            line.wait()
            with sessions.begin() as session:
                service.clear_alert(session, report(f"stay-{number}"), "locked")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(tap), pool.submit(camera)]:
            done.result()
    with sessions() as session:
        assert {alert.state for alert in session.scalars(select(Alert))} == {AlertState.CLEARED}
        assert session.scalars(select(Account)).one().id == ann


def test_an_alert_that_ends_while_the_board_is_read_is_told_once_and_whole(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = person(session, "ann").id
        service.raise_alert(session, report())
    with sessions() as session:

        @event.listens_for(session.connection(), "after_cursor_execute")
        def it_ends_in_between(*_: object) -> None:
            with sessions.begin() as another:
                service.expire_due(another, NOON + timedelta(days=1))

        seen = board(session, ann, day_begins=NOON)
    assert [[alert.ended_at for alert in part] for part in (seen.waiting, seen.ended)] == [[None], []]
    with sessions() as session:
        after = board(session, ann, day_begins=NOON)
    assert (after.waiting, [alert.stay_id for alert in after.ended]) == ([], ["stay-1"])
