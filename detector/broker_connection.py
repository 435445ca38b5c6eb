"""The edge's connection to the broker: paho, MQTT 3.1.1, last will, reconnecting for ever."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Literal

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker_bridge.messages import WorkerStatus, topic_of, uuid7
from broker_bridge.topics import BrokerAddress, TopicName, rule_of

KEEPALIVE_S = 20
LONGEST_WAIT_S = 30
MOST_IN_FLIGHT = 100
GOODBYE_WITHIN_S = 2.0
log = structlog.get_logger()

State = Literal["online", "offline"]
StatusMaker = Callable[[State], WorkerStatus]


class BrokerConnection:
    """Says `online` when it is connected and listening, and leaves `offline` as its last will.

    `on_ready` and `on_message` are called in paho's thread and must not block.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        listen_on: str,
        *,
        status: StatusMaker | None,
        on_ready: Callable[[], None],
        on_message: Callable[[bytes], None],
    ) -> None:
        self._address, self._listen_on = address, listen_on
        self._status, self._on_ready, self._hand_on = status, on_ready, on_message
        self._online: WorkerStatus | None = None
        self.ready = False
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id)
        self._client.max_inflight_messages_set(MOST_IN_FLIGHT)
        # Whatever is published is on disk or will be said anew, so paho need not pile it up while the broker is away.
        self._client.max_queued_messages_set(4 * MOST_IN_FLIGHT)
        self._client.username_pw_set(address.user, address.password)
        if address.tls:
            self._client.tls_set()
        self._client.on_pre_connect = self._before_connect
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin connecting; returns at once and never gives up."""
        self._wait_differently()
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, qos: int, retained: bool) -> bool:
        """Hand a message to the broker; False where it could not be taken and should be tried again."""
        return self._client.publish(topic, payload, qos, retained).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def stop(self) -> None:
        """Say goodbye where somebody listens, and end."""
        if self.ready and self._status is not None:
            said = self._say(self._status("offline"))
            if said.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                said.wait_for_publish(GOODBYE_WITHIN_S)
        self.ready = False
        self._client.disconnect()
        self._client.loop_stop()

    def _before_connect(self, client: mqtt.Client, _data: object) -> None:
        """A will and the status it follows carry one moment, so that a will of an older connection is known as such."""
        if self._status is None:
            return
        self._online = self._status("online")
        will_id = uuid7(self._online.sent_at, os.urandom(16))
        will = self._online.model_copy(update={"state": "offline", "message_id": will_id})
        rule = rule_of(TopicName.WORKER_STATUS)
        client.will_set(topic_of(will), will.model_dump_json().encode(), rule.qos, rule.retained)

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _more: Properties | None
    ) -> None:
        if code.is_failure:
            log.error("the broker refuses this worker; check user and password", reason=str(code))
            return
        client.subscribe(self._listen_on, rule_of(TopicName.ACK).qos)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _more: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            log.error("the broker lets this worker hear no answers; check its access list", topic=self._listen_on)
        log.info("connected", broker=self._address.host, port=self._address.port)
        self.ready = True
        if self._online is not None:
            self._say(self._online)
        self._on_ready()

    def _say(self, status: WorkerStatus) -> mqtt.MQTTMessageInfo:
        rule = rule_of(TopicName.WORKER_STATUS)
        return self._client.publish(topic_of(status), status.model_dump_json().encode(), rule.qos, rule.retained)

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        log.warning("the broker cannot be reached; trying again", broker=self._address.host, port=self._address.port)

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self.ready = False
        self._wait_differently()
        if code.is_failure:
            log.warning("lost the broker; connecting again", reason=str(code))

    def _wait_differently(self) -> None:
        """Jitter: after a broker's restart not everybody comes back in the same second."""
        self._client.reconnect_delay_set(min_delay=random.randint(1, 2), max_delay=random.randint(15, LONGEST_WAIT_S))  # noqa: S311

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._hand_on(bytes(message.payload))
