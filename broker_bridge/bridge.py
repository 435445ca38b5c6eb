"""The bridge's loop: what the broker brings is committed in batches, and only then acknowledged to the edge."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog

from broker_bridge.client import Connection
from broker_bridge.ingest import Arrival, Receipt
from broker_bridge.messages import Ack
from broker_bridge.topics import TOPICS, Direction, TopicName, is_durable, rule_of, subscription, topic
from broker_bridge.transactions import OUTAGE, Taker, short
from dashboard.database import Sessions
from dashboard.intake.service import forget_before

MOST_IN_ONE_BATCH = 50
MOST_WAITING = 2000
"""More than this is turned away unacknowledged: the edge keeps it and sends it again."""
SILENCE_S = 0.5
REMEMBERED_WITHIN_S = 0.1
"""A broker hands over the states it remembers within this time; what else it brings meanwhile waits for them."""
REMEMBER_IDS, SWEEP_EVERY = timedelta(days=30), timedelta(hours=1)
log = structlog.get_logger()


def now() -> datetime:
    return datetime.now(UTC)


class WorkersHeard:
    """Which worker speaks for which camera: a picture comes as a bare JPEG and does not say whose it is."""

    def __init__(self) -> None:
        self._by_camera: dict[tuple[str, str], str] = {}
        self._by_site: defaultdict[str, set[str]] = defaultdict(set)

    def hear(self, receipt: Receipt) -> None:
        if receipt.site is None or receipt.worker is None:
            return
        self._by_site[receipt.site].add(receipt.worker)
        for camera in (receipt.camera, *receipt.cameras):
            if camera is not None:
                self._by_camera[receipt.site, camera] = receipt.worker

    def speakers(self, receipt: Receipt) -> Iterable[tuple[str, str]]:
        """Site and worker of everybody who may be waiting for this receipt; a stranger ignores it."""
        if receipt.site is None:
            return []
        if receipt.worker is not None:
            return [(receipt.site, receipt.worker)]
        known = self._by_camera.get((receipt.site, receipt.camera or ""))
        return [(receipt.site, known)] if known else [(receipt.site, one) for one in self._by_site[receipt.site]]


class Bridge:
    """Takes in what every site's edge says. Any number may run side by side: each message is stored once."""

    def __init__(self, url: str, sessions: Sessions, media: Path, clock: Callable[[], datetime] = now) -> None:
        """Prepare, without connecting yet.

        Raises:
            BrokerError: the URL is not a broker's address.
        """
        self._sessions, self._media, self._clock = sessions, media, clock
        self._arrivals: queue.Queue[Arrival] = queue.Queue(MOST_WAITING)
        self._heard = WorkersHeard()
        self._next_sweep = clock()
        filters = tuple(subscription(rule.name) for rule in TOPICS if rule.direction is Direction.UP)
        self._connection = Connection(url, filters, self._arrive, self._begin_anew)
        self._begins_s = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. Outages of the broker and of the database are waited out."""
        taker = Taker(self._sessions, self._media, stop)
        self._connection.start()
        try:
            while not stop.is_set():
                batch = self._next_batch()
                if batch:
                    self._answer(taker.take_in(batch))
                self._sweep_when_due()
        finally:
            self._connection.stop()

    def _begin_anew(self) -> None:
        self._begins_s = time.monotonic() + REMEMBERED_WITHIN_S

    def _arrive(self, on_topic: str, payload: bytes, remembered: bool) -> None:
        try:
            self._arrivals.put_nowait(Arrival(on_topic, payload, self._clock(), remembered))
        except queue.Full:
            log.warning("too much at once: turned away; the edge will send it again", topic=on_topic)

    def _next_batch(self) -> list[Arrival]:
        """What is waiting, at most one transaction's worth; empty after half a second of silence.

        States first: they tell how a worker's clock stands, and what else it says is read by that.
        """
        batch: list[Arrival] = []
        try:
            batch.append(self._arrivals.get(timeout=SILENCE_S))
            time.sleep(max(0.0, self._begins_s - time.monotonic()))
            while len(batch) < MOST_IN_ONE_BATCH:
                batch.append(self._arrivals.get_nowait())
        except queue.Empty:
            pass
        return sorted(batch, key=lambda arrival: is_durable(arrival.topic))

    def _answer(self, receipts: Iterable[Receipt]) -> None:
        """Say what is committed; greet who came back with an empty answer, so that it sends what it still holds."""
        committed: defaultdict[tuple[str, str], list[UUID]] = defaultdict(list)
        for receipt in receipts:
            self._heard.hear(receipt)
            if receipt.problem is not None:
                log.warning("put aside", reason=receipt.problem, message=str(receipt.message_id))
            for speaker in self._heard.speakers(receipt):
                if receipt.worker_is_back:
                    self._acknowledge(*speaker, [])
                elif receipt.message_id is not None:
                    committed[speaker].append(receipt.message_id)
        for (site, worker), message_ids in committed.items():
            self._acknowledge(site, worker, message_ids)

    def _acknowledge(self, site: str, worker: str, message_ids: list[UUID]) -> None:
        ack = Ack(sent_at=self._clock(), message_ids=tuple(message_ids))
        to = topic(TopicName.ACK, site, worker=worker)
        self._connection.publish(to, ack.model_dump_json().encode(), rule_of(TopicName.ACK).qos)

    def _sweep_when_due(self) -> None:
        if self._clock() < self._next_sweep:
            return
        self._next_sweep = self._clock() + SWEEP_EVERY
        try:
            with self._sessions.begin() as session:
                forget_before(session, self._clock() - REMEMBER_IDS)
        except OUTAGE as error:
            log.warning("old ids stay until the next sweep", reason=short(error))
