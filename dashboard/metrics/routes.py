"""`/metrics` of the server. Staff who are logged in may read it, and whoever carries the token that the operator has set."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from dashboard.accounts.guard import STAFF, NotAllowed, NotLoggedIn
from dashboard.accounts.visitor import visitor_of
from dashboard.alerts.tables import AlertState
from dashboard.dispatch.tables import DeliveryState
from dashboard.health.troubles import Trouble
from dashboard.metrics import queries
from dashboard.settings import Settings
from dashboard.web.deps import AppSettings, DbSession

router = APIRouter()


@router.get("/metrics")
def metrics(request: Request, session: DbSession, settings: AppSettings) -> Response:
    _let_in(request, settings)
    registry = CollectorRegistry()
    registry.register(ServerCollector(session))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=content_type, headers={"Cache-Control": "no-store"})


def _let_in(request: Request, settings: Settings) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    wanted = settings.metrics_token.get_secret_value()
    if wanted and scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), wanted.encode()):
        return
    account = visitor_of(request).account
    if account is None:
        raise NotLoggedIn(page=False)
    if account.role not in STAFF:
        raise NotAllowed


class ServerCollector(Collector):
    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> Iterator[Metric]:
        session = self._session
        taken_in, missing = queries.messages(session)
        yield CounterMetricFamily("pleaselock_messages_received", "Messages from the edge taken in.", taken_in)
        yield GaugeMetricFamily("pleaselock_messages_missing", "Messages that were counted and never came.", missing)
        aside = queries.quarantined(session)
        yield CounterMetricFamily("pleaselock_messages_quarantined", "Messages that could not be used.", aside)
        states = queries.alerts_by_state(session)
        yield _by("pleaselock_alerts", "Alerts by where they stand.", "state", AlertState, states)
        deliveries = queries.deliveries_by_state(session)
        yield _by("pleaselock_deliveries", "Attempts to reach people.", "state", DeliveryState, deliveries)
        lasting = queries.outages_by_trouble(session)
        yield _by("pleaselock_outages", "Outages that last, by what is wrong.", "trouble", Trouble, lasting)
        yield from self._edges()

    def _edges(self) -> Iterator[Metric]:
        online = GaugeMetricFamily("pleaselock_worker_online", "1 where it last said so.", labels=("site", "worker"))
        for site, worker, is_online in queries.workers_online(self._session):
            online.add_metric([site, worker], float(is_online))
        labels = ("site", "camera")
        heard = GaugeMetricFamily(
            "pleaselock_camera_last_heard_timestamp_seconds", "When its health last came.", labels=labels
        )
        held = GaugeMetricFamily("pleaselock_camera_outbox_messages", "Messages its worker holds.", labels=labels)
        for site, camera, at, depth in queries.cameras_heard(self._session):
            heard.add_metric([site, camera], at.timestamp())
            held.add_metric([site, camera], depth)
        yield from (online, heard, held)


def _by(name: str, about: str, label: str, values: Iterable[str], counted: queries.Counted) -> GaugeMetricFamily:
    """Every possible value is told, zero too: a series that is missing raises no alarm."""
    family = GaugeMetricFamily(name, about, labels=(label,))
    for value in values:
        family.add_metric([str(value)], counted.get(str(value), 0))
    return family
