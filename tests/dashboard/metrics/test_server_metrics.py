from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from dashboard.accounts.tables import Role
from dashboard.alerts.service import raise_alert
from dashboard.database import Sessions
from dashboard.health.service import CameraReport, WorkerReport, record_camera, record_worker
from dashboard.intake.service import Count, count, quarantine
from tests.dashboard.builders import NOON, log_in, pages_in, person, report

TOKEN = {"Authorization": "Bearer let-prometheus-in"}


@pytest.fixture
def told(home: Path, sessions: Sessions) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample by its name and the values of its labels, which the page sorts by name."""
    with sessions.begin() as session:
        raise_alert(session, report(expires_at=NOON + timedelta(days=36500)))
        count(session, Count("campus", "edge-1", "boot", 5), NOON)
        quarantine(session, "pleaselock/v1/campus/nonsense", b"?", "no such topic", NOON)
        record_worker(session, WorkerReport("campus", "edge-1", "online", "b", NOON, "1", None, None, "", ("cam-1",)))
        health = CameraReport("campus", "edge-1", "cam-1", NOON, 15, 5, 5, 40, False, False, NOON, 3)
        record_camera(session, health)
    with pages_in(home, metrics_token="let-prometheus-in") as client:
        answer = client.get("/metrics", headers=TOKEN)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return samples


def test_the_figures_are_those_of_the_database(told: dict[str, dict[tuple[str, ...], float]]) -> None:
    assert told["pleaselock_alerts"]["open",] == 1
    assert told["pleaselock_alerts"]["done",] == 0, "what is not there is said to be none"
    assert told["pleaselock_messages_received_total"][()] == 1
    assert told["pleaselock_messages_missing"][()] == 4
    assert told["pleaselock_messages_quarantined_total"][()] == 1
    assert told["pleaselock_camera_last_heard_timestamp_seconds"]["cam-1", "campus"] == NOON.timestamp()
    assert told["pleaselock_camera_outbox_messages"]["cam-1", "campus"] == 3
    assert told["pleaselock_worker_online"]["campus", "edge-1"] == 1
    assert set(told["pleaselock_outages"].values()) <= {0.0, 1.0}


def test_names_follow_prometheus_conventions(told: dict[str, dict[tuple[str, ...], float]]) -> None:
    ours = [name for name in told if name.startswith("pleaselock_")]
    assert len(ours) >= 9
    assert not [name for name in ours if name.endswith(("_ms", "_minutes", "_count", "_percent"))]


DOORS = [
    ({}, "let-prometheus-in", 401),
    ({"Authorization": "Bearer guessed"}, "let-prometheus-in", 401),
    ({"Authorization": "Basic let-prometheus-in"}, "let-prometheus-in", 401),
    # Without a token set, an empty one opens nothing.
    ({"Authorization": "Bearer "}, "", 401),
    (TOKEN, "let-prometheus-in", 200),
]


@pytest.mark.parametrize(("headers", "token", "status"), DOORS)
def test_nobody_reads_it_without_the_token(home: Path, headers: dict[str, str], token: str, status: int) -> None:
    with pages_in(home, metrics_token=token) as client:
        assert client.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize(("role", "status"), [(Role.VOLUNTEER, 403), (Role.SECURITY, 200), (Role.ADMIN, 200)])
def test_staff_may_read_it_and_volunteers_may_not(
    pages: TestClient, sessions: Sessions, role: Role, status: int
) -> None:
    with sessions.begin() as session:
        person(session, "ann", role)
    log_in(pages, "ann")
    assert pages.get("/metrics").status_code == status
