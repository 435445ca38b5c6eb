from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.intake.queries import quarantined
from dashboard.intake.service import forget_before, quarantine, take_in
from tests.brokers import AT, Server, server


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as ready:
        yield ready


def test_an_id_is_taken_in_once_until_it_is_forgotten(host: Server) -> None:
    with host.sessions.begin() as session:
        assert take_in(session, "id-1", AT)
        assert not take_in(session, "id-1", AT)
        take_in(session, "id-2", AT + timedelta(days=2))
        forget_before(session, AT + timedelta(days=1))
    with host.sessions.begin() as session:
        assert take_in(session, "id-1", AT)
        assert not take_in(session, "id-2", AT)


def test_an_id_whose_transaction_failed_was_never_taken_in(host: Server) -> None:
    with host.sessions() as session:
        take_in(session, "id-1", AT)
        session.rollback()
    with host.sessions.begin() as session:
        assert take_in(session, "id-1", AT)


def test_what_is_put_aside_comes_back_newest_first_and_each_only_once(host: Server) -> None:
    with host.sessions.begin() as session:
        for payload in (b"one", b"two", b"one"):
            quarantine(session, "a/topic", payload, "not readable", AT)
        assert [row.payload for row in quarantined(session)] == [b"two", b"one"]
