from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from dashboard.accounts.tables import Role
from dashboard.alerts import service as alerts
from dashboard.database import Sessions
from dashboard.places.tables import Rack
from dashboard.stays.queries import counted_stays, stays_of_day, unsure_reasons
from dashboard.stays.tables import Stay
from dashboard.stays.tally import by_rack, tally
from tests.dashboard.builders import NOON, log_in, person, rack, report, stay_of

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
    gone_at = None if gone is None else NOON + timedelta(hours=gone)
    row = stay_of(name, where, parked_at=NOON + timedelta(hours=parked), gone_at=gone_at, **more)
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


def test_a_day_is_counted_whole_however_many_bikes_are_listed(session: Session) -> None:
    near, far = rack(session, "r1"), rack(session, "r2")
    for number in range(3):
        stay(session, f"n{number}", near, gone=1, verdict_state="unlocked")
    stay(session, "n4", near)
    stay(session, "f1", far, verdict_state="locked")
    stay(session, "yesterday", far, -20, -13, verdict_state="locked")
    assert len(stays_of_day(session, *DAY, None, 2)) == 2
    tallies = by_rack(counted_stays(session, *DAY, None), [])
    assert {(rack_id, one.found, one.standing, one.unlocked, one.locked) for rack_id, one in tallies.items()} == {
        (near.id, 4, 1, 3, 0),
        (far.id, 1, 1, 0, 1),
    }
    assert list(by_rack(counted_stays(session, *DAY, far.id), [])) == [far.id]


def test_doubts_are_counted_where_the_camera_cannot_tell_only(session: Session) -> None:
    there = rack(session)
    for number, (state, reasons) in enumerate(
        [
            ("unsure", {"shared_bike": 1.0, "left_after_s": 4.0}),
            ("unsure", {"shared_bike": 1.0, "too_dark": 12.0}),
            # Nothing to doubt, but what was seen speaks for neither.
            ("unsure", {"left_after_s": 9.0}),
            ("locked", {"bent_s": 8.0}),
            (None, {}),
        ]
    ):
        stay(session, f"s{number}", there, verdict_state=state, reasons=reasons)
    unsure = unsure_reasons(session, *DAY, None)
    assert {rack_id for rack_id, _ in unsure} == {there.id}
    one = tally(counted_stays(session, *DAY, None), [reasons for _, reasons in unsure])
    assert dict(one.doubts) == {"shared bike": 2, "too dark": 1, "mixed signs": 1}
    assert one.doubts[0] == ("shared bike", 2)
    assert (one.judged, one.unsure, one.unsure_share) == (4, 3, 0.75)


def test_where_nothing_was_judged_no_share_is_told() -> None:
    assert tally([], []).unsure_share is None


SAID = {
    "en": (
        "3 bikes were locked after an alert, half of them within 3 min 20 sec of the rider's leaving.",
        "shared bike 2",
        "too small 1",
        "67%</span>",
        "which of the bikes here is uncertain",
        "Unsure which bike",
    ),
    "zh-CN": (
        "3 辆车在提醒后上锁；从车主离开算起，中位用时不超过3分钟20秒。",
        "共享单车 2",
        "车太小 1",
        "67%</span>",
        "车辆位置不完全确定",
        "位置不确定",
    ),
}


@pytest.mark.parametrize("language", SAID)
def test_the_page_tells_what_the_camera_could_not_and_how_fast_bikes_were_locked(
    pages: TestClient, sessions: Sessions, language: str
) -> None:
    with sessions.begin() as session:
        person(session, "ann", Role.SECURITY, language=language)
        there = rack(session)
        stay(session, "s1", there, verdict_state="unsure", reasons={"shared_bike": 1.0})
        small = {"shared_bike": 1.0, "bike_too_small_px": 31.0}
        stay(session, "s2", there, verdict_state="unsure", reasons=small, visit_certain=False)
        stay(session, "s3", there, verdict_state="locked")
        for number, seconds in enumerate((60, 200, 900)):
            alerts.clear_alert(session, report(f"a{number}", locked_after_s=seconds), "locked")
    log_in(pages, "ann")
    page = pages.get(f"/stays?day={NOON.date().isoformat()}").text
    for words in SAID[language]:
        assert words in page
    assert "3 min" not in pages.get("/stays?day=2020-01-01").text


def test_a_certain_place_is_not_marked(pages: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        person(session, "ann", Role.SECURITY, language="en")
        stay(session, "s1", rack(session), verdict_state="locked")
    log_in(pages, "ann")
    assert "uncertain" not in pages.get(f"/stays?day={NOON.date().isoformat()}").text
