"""One camera watched live, in this process: a drawn detector, a real sink that remembers, and no broker."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from broker_bridge.messages import UpMessage
from detector.camera_watch import CameraWatch, Speech
from detector.config import CameraConfig
from detector.detection import Detector
from detector.model_turns import SharedModel
from detector.orders import Orders
from detector.outbox import Outbox
from detector.outgoing import Stamper
from detector.sinks import MqttSink
from detector.stay_store import StayStore
from tests.brokers import wait_for

NOBODY = "mqtt://127.0.0.1:1"
QUICK = {"park_after_s": 0.5, "grace_s": 1.0, "min_bike_width_px": 10}


@contextmanager
def hearing_sink(folder: Path) -> Iterator[HearingSink]:
    with Outbox(folder / "outbox.db") as outbox, HearingSink(NOBODY, "north", "edge-1", outbox) as made:
        made.heard = []
        yield made


class HearingSink(MqttSink):
    """A real sink that also remembers what it was told."""

    heard: list[UpMessage]

    def send(self, message: UpMessage) -> None:
        self.heard.append(message)
        super().send(message)


def camera(source: Path, **changed: object) -> CameraConfig:
    return CameraConfig.model_validate({"id": "gate", "source": str(source), "thresholds": QUICK} | changed)


def watch(
    config: CameraConfig,
    sink: MqttSink,
    detector: Detector,
    stop: threading.Event,
    store: StayStore | None = None,
    orders: Orders | None = None,
) -> CameraWatch:
    durable, states = (Stamper("north", "edge-1", "boot-1", os.urandom) for _ in range(2))
    return CameraWatch(config, SharedModel(detector), Speech(sink, durable, states), stop, store=store, orders=orders)


def run_until(watching: CameraWatch, condition: Callable[[], object]) -> None:
    thread = threading.Thread(target=watching.run)
    thread.start()
    try:
        wait_for(condition)
    finally:
        watching.stop.set()
        thread.join()


def told(sink: HearingSink, kind: str, event: str) -> list[UpMessage]:
    return [one for one in sink.heard if one.type == kind and getattr(one, "event", None) == event]
