"""`pleaselock watch`: every camera of one site config through the line, live, until told to stop."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from broker_bridge.messages import ModelName, WorkerStatus, uuid7
from detector.announce import announcing
from detector.broker_connection import State
from detector.camera_watch import CameraWatch, SharedModel, Speech
from detector.config import SiteConfig
from detector.detection import open_detector
from detector.errors import CannotWriteError, UsageError
from detector.home_assistant import HomeAssistant
from detector.live_clock import utc_now
from detector.model_folder import ModelIdentity, ModelRefusedError, identify_model
from detector.outbox import Outbox
from detector.outgoing import Stamper
from detector.sinks import MqttSink
from detector.stay_store import StayStore
from detector.verdict_model import load_verdict_model, verdict_sha256

HEALTH_EVERY_S = 5.0
STOP_WITHIN_S = 5.0
log = structlog.get_logger()


def run_worker(config: SiteConfig, home: Path, stop: threading.Event) -> None:
    """Watch until `stop` is set.

    Raises:
        UsageError: a model, the broker's address or the home folder cannot be used, or another worker uses the home
            or the name.
    """
    models = _open_models(config)
    identity = identify_model(config.cameras[0].model)
    verdict = _identify_verdict(config)
    name = f"{config.site}-{config.worker}.db"
    with Outbox(home / f"outbox-{name}") as outbox, StayStore(home / f"stays-{name}") as store:
        boot = str(uuid7(utc_now(), os.urandom(16)))
        durable, states = (Stamper(config.site, config.worker, boot, os.urandom, utc_now) for _ in range(2))
        status = _status_maker(config, identity, verdict, states)
        with (
            MqttSink(config.mqtt, config.site, config.worker, outbox, status, on_refused=stop.set) as sink,
            announcing(config.announce, _rack_ids(config), sink),
        ):
            HomeAssistant(sink, importlib.metadata.version("pleaselock")).introduce(config)
            speech = Speech(sink, durable, states)
            watches = [
                CameraWatch(camera, models[camera.model], speech, stop, store=store) for camera in config.cameras
            ]
            _watch(watches, stop)
    if sink.refusal is not None:
        raise UsageError(sink.refusal)


def _rack_ids(config: SiteConfig) -> list[str]:
    return [rack.rack_id for camera in config.cameras for rack in camera.rack_list()]


def _watch(watches: list[CameraWatch], stop: threading.Event) -> None:
    threads = [threading.Thread(target=watch.run, name=f"line {watch.config.id}", daemon=True) for watch in watches]
    for thread in threads:
        thread.start()
    log.info("watching", cameras=[watch.config.id for watch in watches])
    while not stop.wait(HEALTH_EVERY_S):
        _tell_health(watches)
    for thread in threads:
        thread.join(STOP_WITHIN_S)


def _tell_health(watches: list[CameraWatch]) -> None:
    try:
        for watch in watches:
            watch.tell_health()
    except CannotWriteError as error:
        log.error("the outbox cannot be read", reason=str(error))  # noqa: TRY400 -- the reason says all


def _open_models(config: SiteConfig) -> dict[str, SharedModel]:
    """One session for each model named, however many cameras share it."""
    try:
        return {name: SharedModel(open_detector(name)) for name in {camera.model for camera in config.cameras}}
    except ModelRefusedError as error:
        raise UsageError(str(error)) from error


def _identify_verdict(config: SiteConfig) -> ModelName:
    """The first camera's, as with the model; every camera's is read, so that a broken one is said before the start."""
    names = {camera.verdict: load_verdict_model(camera.verdict).model_id for camera in config.cameras}
    first = config.cameras[0].verdict
    return ModelName(id=names[first], sha256=verdict_sha256(first))


def _status_maker(
    config: SiteConfig, identity: ModelIdentity, verdict: ModelName, states: Stamper
) -> Callable[[State], WorkerStatus]:
    # The broker's address may hold a password, and says nothing about what is seen.
    told = config.model_dump_json(exclude={"mqtt"}).encode()
    version = importlib.metadata.version("pleaselock")

    def status(state: State) -> WorkerStatus:
        return WorkerStatus(
            **states.stamp(utc_now()),
            state=state,
            version=version,
            model=ModelName(id=identity.model_id, sha256=identity.sha256),
            verdict=verdict,
            config_hash=hashlib.sha256(told).hexdigest()[:16],
            cameras=tuple(camera.id for camera in config.cameras),
        )

    return status
