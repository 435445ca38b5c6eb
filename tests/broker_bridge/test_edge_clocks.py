from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from broker_bridge.edge_clocks import EdgeClocks
from broker_bridge.ingest import Arrival, handle_message
from broker_bridge.messages import CameraHealth, UpMessage, WorkerStatus, topic_of
from dashboard.alerts.tables import Alert
from dashboard.health.tables import CameraHealth as HealthRow
from tests.brokers import AT, Server, alert, header, status, stay

SERVER = AT + timedelta(days=3)
"""What the server's clock says in these tests; the edge's says AT, or nearly."""


def health(sent_at: datetime, **changed: Any) -> CameraHealth:  # noqa: ANN401 -- any field
    fields = {"camera": "gate", "fps_in": 5, "fps_seen": 5, "fps_inferred": 5, "last_frame_at": sent_at} | changed
    return CameraHealth(**header(0, sent_at=sent_at), **fields)


def standing(behind: timedelta) -> EdgeClocks:
    """The edge's clock is that much behind."""
    clocks = EdgeClocks()
    clocks.hear(health(SERVER - behind), SERVER, remembered=False)
    return clocks


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("behind", [HOUR, -HOUR, timedelta(days=20000)])
def test_an_alert_said_now_is_raised_now_and_ends_as_long_after_it_as_the_edge_said(behind: timedelta) -> None:
    edge = SERVER - behind
    said = alert(1, at=edge, sent_at=edge, parked_at=edge - timedelta(seconds=50), expires_at=edge + HOUR / 2)
    read = standing(behind).corrected(said, SERVER)
    assert (read.at, read.parked_at, read.expires_at) == (SERVER, SERVER - timedelta(seconds=50), SERVER + HOUR / 2)
    assert read.message_id == said.message_id


def test_clocks_that_nearly_agree_are_left_as_they_are() -> None:
    said = alert(1, at=SERVER - HOUR, sent_at=SERVER - HOUR)
    assert standing(timedelta(seconds=30)).corrected(said, SERVER) == said


def test_what_waited_in_an_outbox_of_a_right_clock_stays_as_old_as_it_is() -> None:
    said = alert(1, at=SERVER - HOUR, sent_at=SERVER - HOUR, expires_at=SERVER - HOUR / 2)
    assert standing(timedelta(seconds=1)).corrected(said, SERVER) == said


def test_nothing_comes_from_the_future() -> None:
    said = alert(1, at=SERVER + HOUR, sent_at=SERVER + HOUR, expires_at=SERVER + HOUR * 2, left_at=SERVER + HOUR)
    read = EdgeClocks().corrected(said, SERVER)
    assert (read.at, read.left_at, read.expires_at) == (SERVER, SERVER, SERVER + HOUR)


def test_pictures_that_go_on_while_their_clock_is_set_back_are_read_by_that_clock() -> None:
    """The clock was an hour ahead and is right now; the camera's times are led back to it slowly."""
    said = stay(1, at=SERVER + HOUR, sent_at=SERVER, parked_at=SERVER + HOUR / 2, gone_at=SERVER + HOUR)
    read = standing(timedelta()).corrected(said, SERVER + timedelta(minutes=5))
    assert (read.at, read.parked_at, read.gone_at) == (SERVER, SERVER - HOUR / 2, SERVER)


def test_a_clock_set_back_by_mistake_does_not_age_pictures_that_go_on() -> None:
    said = stay(1, at=SERVER, sent_at=SERVER - HOUR, parked_at=SERVER - HOUR / 2)
    assert standing(HOUR).corrected(said, SERVER) == said


def test_each_worker_has_a_clock_of_its_own() -> None:
    clocks = standing(HOUR)
    for other in (alert(1, worker="edge-2"), alert(1, site="south")):
        assert clocks.corrected(other, SERVER) == other


def test_a_state_is_as_old_as_it_is_here_and_a_status_keeps_the_moment_its_will_carries() -> None:
    clocks = standing(HOUR)
    read = clocks.corrected(health(SERVER - HOUR), SERVER)
    assert (read.sent_at, read.last_frame_at) == (SERVER, SERVER)
    assert clocks.corrected(health(SERVER - HOUR, last_frame_at=None), SERVER).last_frame_at is None
    said: WorkerStatus = status()
    assert clocks.corrected(said, SERVER) == said
    assert clocks.corrected(status(sent_at=SERVER + HOUR), SERVER).sent_at == SERVER, "else its silence is noticed late"


def take(host: Server, clocks: EdgeClocks, message: UpMessage) -> None:
    arrival = Arrival(topic_of(message), message.model_dump_json().encode(), SERVER)
    with host.sessions.begin() as session:
        assert handle_message(session, host.media, arrival, clocks).problem is None


def test_rows_have_the_servers_time(host: Server) -> None:
    clocks, edge = EdgeClocks(), SERVER - HOUR
    take(host, clocks, health(edge))
    take(host, clocks, alert(1, at=edge, sent_at=edge, expires_at=edge + HOUR / 2))
    with host.sessions() as session:
        (row,) = session.scalars(select(Alert))
        assert (row.raised_at, row.expires_at) == (SERVER, SERVER + HOUR / 2)
        assert session.scalar(select(HealthRow.reported_at)) == SERVER


def behind(clocks: EdgeClocks) -> timedelta:
    """By how much what a worker says now is moved."""
    edge = SERVER - 1000 * HOUR  # so old that nothing of it comes from the future
    return clocks.corrected(alert(1, at=edge, sent_at=edge), SERVER).at - edge


def test_a_bridge_that_has_just_started_takes_what_the_broker_remembers_until_it_hears_something_new() -> None:
    clocks = EdgeClocks()
    clocks.hear(health(SERVER - 3 * HOUR), SERVER, remembered=True)  # of a camera that was taken out two hours ago
    clocks.hear(health(SERVER - HOUR), SERVER, remembered=True)
    clocks.hear(health(SERVER - 4 * HOUR), SERVER, remembered=True)
    assert behind(clocks) == HOUR
    clocks.hear(health(SERVER - 2 * HOUR), SERVER, remembered=False)
    assert behind(clocks) == 2 * HOUR
    clocks.hear(health(SERVER - HOUR), SERVER, remembered=True)
    assert behind(clocks) == 2 * HOUR


@pytest.mark.parametrize("first", ["status", "health"])
def test_what_the_broker_remembers_of_a_worker_that_died_says_nothing_of_its_successors_clock(first: str) -> None:
    """Else an alert of the hours between would be taken for a new one."""
    clocks = EdgeClocks()
    said = [status(boot="boot-2"), health(SERVER - HOUR)]
    for one in said if first == "status" else reversed(said):
        clocks.hear(one, SERVER, remembered=True)
    assert behind(clocks) == timedelta()


def test_the_will_of_a_worker_changes_nothing() -> None:
    clocks = standing(HOUR)
    clocks.hear(status(boot="boot-2", state="offline"), SERVER, remembered=False)
    assert behind(clocks) == HOUR
