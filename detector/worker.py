"""`pleaselock watch`: every camera of one site config through the line, live, until told to stop."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

import structlog

from broker_bridge.messages import ModelName, WorkerStatus, uuid7
from broker_bridge.topics import TopicName, topic
from detector.announce import AtTheRack, check_racks
from detector.broker_connection import State
from detector.camera_watch import CameraWatch, Speech
from detector.config import SiteConfig
from detector.crew import Crew
from detector.errors import CannotWriteError, UsageError
from detector.home_assistant import HomeAssistant
from detector.live_clock import SteadyClock, utc_now
from detector.memory import give_back_now, give_back_pictures
from detector.metrics import Figures, serving_metrics
from detector.model_folder import identify_model
from detector.orders import Orders
from detector.outbox import Outbox
from detector.outgoing import Stamper
from detector.retention import sweeping
from detector.shared_models import Models
from detector.sinks import MqttSink
from detector.stay_store import StayStore
from detector.steering import Helm, Inbox, Steering, read_command
from detector.verdict_model import load_verdict_model, verdict_sha256

VERSION = importlib.metadata.version("pleaselock")
HEALTH_EVERY_S = 5.0
LOOK_UP_S = 0.5
"""How soon an order is acted on."""
log = structlog.get_logger()


def run_worker(
    config: SiteConfig,
    home: Path,
    stop: threading.Event,
    *,
    reread: Callable[[], SiteConfig] | None = None,
    inbox: Inbox | None = None,
) -> None:
    """Watch until `stop` is set.

    Args:
        config: what to watch at first.
        home: the folder for all that outlasts a restart.
        stop: set it to end.
        reread: reads the configuration anew, when that is ordered; None: it stays `config`.
        inbox: orders from this machine; those from the broker are added to it.

    Raises:
        UsageError: a model, the broker's address or the home folder cannot be used, or another worker uses the home
            or the name.
    """
    give_back_pictures()
    models, name = Models(config), f"{config.site}-{config.worker}"
    orders, inbox = Orders(home / f"orders-{name}.json"), inbox or queue.SimpleQueue()
    _check_verdicts(config)
    with Outbox(home / f"outbox-{name}.db") as outbox, StayStore(home / f"stays-{name}.db") as store:
        clock = SteadyClock()
        boot = str(uuid7(clock(), os.urandom(16)))
        durable, states = (Stamper(config.site, config.worker, boot, os.urandom, clock) for _ in range(2))
        now = StatusMaker(orders.applied_to(config), states)
        with (
            MqttSink(config.mqtt, config.site, config.worker, outbox, now.status, on_refused=stop.set) as sink,
            closing(AtTheRack(sink, home / f"announcement-{name}.wav")) as at_the_rack,
            sweeping(outbox, home, config.retention_days),
        ):
            sink.listen(topic(TopicName.COMMAND, config.site, worker=config.worker), partial(read_command, inbox))
            speech = Speech(sink, durable, states, clock)
            crew = Crew(
                lambda camera, end: CameraWatch(
                    camera, models.of(camera.model, camera.runtime), speech, end, store=store, orders=orders
                )
            )
            worker = _Worker(models, crew, HomeAssistant(sink, VERSION), at_the_rack, now, sink)
            helm = Helm(reread or (lambda: config), orders, worker.apply, lambda: crew.watches)
            try:
                worker.apply(orders.applied_to(config))
                with serving_metrics(config.metrics, worker.figures(config)):
                    _steer(Steering(config, helm), inbox, crew, stop)
            finally:
                crew.stop()
    if sink.refusal is not None:
        raise UsageError(sink.refusal)


@dataclass(frozen=True, slots=True)
class _Worker:
    """What a change of the configuration reaches."""

    models: Models
    crew: Crew
    home_assistant: HomeAssistant
    at_the_rack: AtTheRack
    now: StatusMaker
    sink: MqttSink

    def apply(self, site: SiteConfig) -> None:
        """Go by this configuration from now on.

        Raises:
            UsageError: something it names cannot be used; all is as before then.
        """
        _check_verdicts(site)
        check_racks(site)
        promoted = self.models.promoted()
        self.crew.apply(site.cameras)
        self.models.take(promoted)
        self.models.keep_only((camera.model, camera.runtime) for camera in site.cameras)
        self.home_assistant.introduce(site)
        self.at_the_rack.take(site.announce)
        self.now.take(site)
        self.sink.tell_status_anew()

    def figures(self, site: SiteConfig) -> Figures:
        crew, sink = self.crew, self.sink
        return Figures(site.site, site.worker, VERSION, lambda: crew.watches, sink.depth, lambda: sink.is_connected)


def _steer(steering: Steering, inbox: Inbox, crew: Crew, stop: threading.Event) -> None:
    health_at_s = time.monotonic() + HEALTH_EVERY_S
    while not stop.wait(LOOK_UP_S):
        while not inbox.empty():
            steering.act(inbox.get())
        give_back_now()  # 2 ms; between pictures of several cameras 30 MiB are left that nobody uses, more every hour
        if time.monotonic() >= health_at_s:
            _tell_health(crew.watches)
            health_at_s = time.monotonic() + HEALTH_EVERY_S


def _tell_health(watches: Iterable[CameraWatch]) -> None:
    try:
        for watch in watches:
            watch.tell_health()
    except CannotWriteError as error:
        log.error("the outbox cannot be read", reason=str(error))  # noqa: TRY400 -- the reason says all


def _check_verdicts(config: SiteConfig) -> None:
    """Every camera's is read, so that a broken one is said before anything starts."""
    for camera in config.cameras:
        load_verdict_model(camera.verdict)


class StatusMaker:
    """What this worker says of itself, asked for in the broker's thread: what is slow or may fail is done before."""

    def __init__(self, config: SiteConfig, states: Stamper) -> None:
        self._states = states
        self.take(config)

    def take(self, config: SiteConfig) -> None:
        """Speak of this configuration from now on; of the models, the first camera's are told.

        Raises:
            UsageError: they cannot be read.
        """
        first = config.cameras[0]
        identity, verdict = identify_model(first.model), load_verdict_model(first.verdict)
        # The broker's address may hold a password, and says nothing about what is seen.
        told = config.model_dump_json(exclude={"mqtt"}).encode()
        self._fields = _StatusFields(
            model=ModelName(id=identity.model_id, sha256=identity.sha256),
            verdict=ModelName(id=verdict.model_id, sha256=verdict_sha256(first.verdict)),
            config_hash=hashlib.sha256(told).hexdigest()[:16],
            cameras=tuple(camera.id for camera in config.cameras),
        )

    def status(self, state: State) -> WorkerStatus:
        return WorkerStatus(**self._states.stamp(utc_now()), state=state, version=VERSION, **self._fields)


class _StatusFields(TypedDict):
    model: ModelName
    verdict: ModelName
    config_hash: str
    cameras: tuple[str, ...]
