from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Role
from dashboard.database import Sessions
from dashboard.places.tables import Rack
from dashboard.stays.queries import stays_of_day
from dashboard.stays.tables import Stay
from tests.dashboard.builders import NOON, log_in, person, rack

DAY = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))


def stay(
    session: Session,
    name: str,
    where: Rack,
    parked: float = 0,
    gone: float | None = None,
    **more: Any,  # noqa: ANN401
) -> Stay:
    """Hours from noon."""
    assert where.camera is not None
    row = Stay(
        id=name,
        rack=where,
        camera=where.camera,
        kind="bicycle",
        parked_at=NOON + timedelta(hours=parked),
        gone_at=None if gone is None else NOON + timedelta(hours=gone),
        xyxy_norm=[0.1, 0.1, 0.2, 0.2],
        reported_at=NOON,
        **more,
    )
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize(
    ("parked", "gone", "shown"),
    [
        # Came and went that day.
        (0, 1, True),
        # Stood there since the day before, still stands.
        (-20, None, True),
        # Left in the first minutes of the day.
        (-20, -11.9, True),
        # Left before midnight.
        (-20, -12.1, False),
        # Came after midnight.
        (12.1, None, False),
    ],
)
def test_a_day_shows_every_bike_that_stood_in_it(
    session: Session, parked: float, gone: float | None, shown: bool
) -> None:
    stay(session, "s1", rack(session), parked, gone)
    assert bool(stays_of_day(session, *DAY, None, 10)) is shown


def test_one_rack_can_be_chosen(session: Session) -> None:
    near, far = rack(session, "r1"), rack(session, "r2")
    stay(session, "s1", near)
    stay(session, "s2", far)
    assert [row.id for row in stays_of_day(session, *DAY, far.id, 10)] == ["s2"]


def test_the_page_counts_and_explains(pages: TestClient, sessions: Sessions, home: Path) -> None:
    with sessions.begin() as session:
        person(session, "ann", Role.SECURITY, language="en")
        there = rack(session)
        since_now = (datetime.now(UTC) - NOON).total_seconds() / 3600
        more: dict[str, Any] = {"verdict_state": "unlocked", "p_unlocked": 0.95, "reasons": {"left_after_s": 4.0}}
        stay(session, "s1", there, since_now - 0.01, **more)
        stay(session, "s2", there, since_now - 0.02, since_now)
    log_in(pages, "ann")
    page = pages.get("/stays").text
    for words in (
        "Almost certainly not locked",
        "The rider walked off after 4 seconds.",
        "Not judged yet",
        "still here",
    ):
        assert words in page
    assert "No bike stood here" in pages.get("/stays?day=2020-01-01").text
    assert pages.get("/stays?day=never").status_code == 400
    assert pages.get("/stays?rack=x").status_code == 200
