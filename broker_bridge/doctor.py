"""Is the broker there, and does a bridge answer? Asked without leaving anything behind.

A worker that says it is online is greeted by the bridge. Its last such words, which the broker remembers, are said once more:
everybody takes them for what they already know, and the bridge greets again.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import ValidationError

from broker_bridge.messages import Ack, WorkerStatus
from broker_bridge.topics import BrokerAddressError, TopicName, parse_broker_address, rule_of, subscription, topic

Say = Callable[[str, bool | None, str, str], None]
"""What was looked at, whether it is fine (None: not checked), what was found, what to do."""
CONNECT_WITHIN_S, REMEMBERED_WITHIN_S, ANSWER_WITHIN_S = 5.0, 1.5, 6.0
CLOCKS_APART = timedelta(seconds=5)


class _Heard(NamedTuple):
    topic: str
    payload: bytes


def examine_broker(url: str, site: str | None, worker: str | None, say: Say) -> None:
    """Look at one broker and the bridge behind it; without a worker's name, by way of whichever is online."""
    try:
        asker = _Asker(url)
    except BrokerAddressError as error:
        say("broker", False, str(error), "mend the address")
        return
    with suppress(_NotThere), asker.connected(say):
        status = asker.last_words(site, worker)
        if status is None:
            who = f"worker {worker}" if worker else "any worker"
            say(
                "bridge", None, f"the broker remembers no words of {who} being online", "start the worker and ask again"
            )
        else:
            _examine_bridge(asker, status, say)


def _examine_bridge(asker: _Asker, status: WorkerStatus, say: Say) -> None:
    before = datetime.now(UTC)
    ack = asker.greeting_for(status)
    if ack is None:
        advice = "start `pleaselock bridge`, and see that it names this broker"
        say("bridge", False, f"nobody acknowledges within {ANSWER_WITHIN_S:.0f} s", advice)
        return
    say("bridge", True, f"acknowledges (asked as worker {status.worker})", "")
    apart = max(before - ack.sent_at, ack.sent_at - datetime.now(UTC), timedelta(0))
    if apart > CLOCKS_APART:
        found = f"this machine's and the bridge's are {apart.total_seconds():.0f} s apart"
        say("clock", False, found, "set both by NTP: `timedatectl set-ntp true`")
    else:
        say("clock", True, "agrees with the bridge's", "")


class _NotThere(Exception):  # noqa: N818 -- said already, no error
    pass


class _Asker:
    """One short connection under a name that nobody else has."""

    def __init__(self, url: str) -> None:
        """Raises BrokerAddressError: the URL is no broker's address."""
        self._address = parse_broker_address(url)
        self._heard: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        self._answered, self._refusal = threading.Event(), ""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, f"pleaselock-doctor-{uuid.uuid4().hex[:8]}")
        self._client.username_pw_set(self._address.user, self._address.password)
        if self._address.tls:
            self._client.tls_set()
        self._client.on_connect, self._client.on_message = self._on_connect, self._on_message

    @contextmanager
    def connected(self, say: Say) -> Iterator[None]:
        try:
            self._open(say)
            yield
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def last_words(self, site: str | None, worker: str | None) -> WorkerStatus | None:
        """What the broker remembers a worker to have said last, where that was `online`; the newest of several."""
        self._client.subscribe(subscription(TopicName.WORKER_STATUS, site or "+"), 1)
        found = []
        for heard in self._until(REMEMBERED_WITHIN_S):
            with suppress(ValidationError):
                status = WorkerStatus.model_validate_json(heard.payload)
                if status.state == "online" and worker in {None, status.worker}:
                    found.append(status)
        return max(found, key=lambda one: one.sent_at, default=None)

    def greeting_for(self, status: WorkerStatus) -> Ack | None:
        on = topic(TopicName.ACK, status.site, worker=status.worker)
        self._client.subscribe(on, 1)
        rule = rule_of(TopicName.WORKER_STATUS)
        again = topic(TopicName.WORKER_STATUS, status.site, worker=status.worker)
        self._client.publish(again, status.model_dump_json().encode(), rule.qos, rule.retained)
        for heard in self._until(ANSWER_WITHIN_S):
            with suppress(ValidationError):
                if heard.topic == on:
                    return Ack.model_validate_json(heard.payload)
        return None

    def _open(self, say: Say) -> None:
        host, port = self._address.host, self._address.port
        advice = "start it, or mend the address (`mqtt`, PLEASELOCK_MQTT_URL)"
        try:
            self._client.connect(host, port)
        except OSError as error:
            say("broker", False, f"{host}:{port} cannot be reached ({error.strerror or error})", advice)
            raise _NotThere from error
        self._client.loop_start()
        if not self._answered.wait(CONNECT_WITHIN_S):
            say("broker", False, f"{host}:{port} does not answer as an MQTT broker", advice)
            raise _NotThere
        if self._refusal:
            say("broker", False, f"{host}:{port} refuses us ({self._refusal})", "mend user and password")
            raise _NotThere
        say("broker", True, f"{host}:{port} answers", "")

    def _until(self, seconds: float) -> Iterator[_Heard]:
        """Whatever comes until then."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            with suppress(queue.Empty):
                yield self._heard.get(timeout=left)

    def _on_connect(
        self, _client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _more: Properties | None
    ) -> None:
        self._refusal = str(code) if code.is_failure else ""
        self._answered.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._heard.put(_Heard(message.topic, bytes(message.payload)))
