"""The other end of a broker, by hand: hears everything, says what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from broker_bridge.messages import Ack
from tests.brokers import AT, Broker

ACK = "pleaselock/v1/north/worker/edge-1/ack"


class Listener:
    def __init__(self, port: int, on: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _data, one: self.heard.append((one.topic, bytes(one.payload)))
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(on, 1)
        self._client.loop_start()
        assert subscribed.wait(30)

    def on(self, end: str) -> list[bytes]:
        return [payload for topic, payload in self.heard if topic.endswith(end)]

    def told(self, end: str) -> list[Any]:
        return [json.loads(payload) for payload in self.on(end)]

    def answer(self, *message_ids: UUID) -> None:
        ack = Ack(sent_at=AT, message_ids=message_ids)
        self.say(ack.model_dump_json().encode())

    def say(self, payload: bytes, topic: str = ACK, *, retained: bool = False) -> None:
        self._client.publish(topic, payload, 1, retained).wait_for_publish(30)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(broker: Broker, on: str = "pleaselock/#") -> Iterator[Listener]:
    listener = Listener(broker.port, on)
    try:
        yield listener
    finally:
        listener.close()
