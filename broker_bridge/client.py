"""The bridge's connection: paho, MQTT 3.1.1, a clean session, reconnecting for ever."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker_bridge.embedded import BrokerError
from broker_bridge.topics import BrokerAddressError, parse_broker_address

KEEPALIVE_S = 20
FIRST_WAIT_S, LONGEST_WAIT_S = (1.0, 2.0), (15.0, 30.0)
"""Before connecting again: between these at first and at last. After a broker's restart not all come in one second."""
log = structlog.get_logger()

OnMessage = Callable[[str, bytes, bool], None]
"""Topic, payload, and whether the broker remembered it from before."""


class Connection:
    """Subscribed whenever connected. `on_message` is called in paho's thread and must not block.

    The session is clean on purpose: what a broker would keep for an absent bridge, each edge keeps already.
    """

    def __init__(
        self,
        url: str,
        filters: tuple[str, ...],
        on_message: OnMessage,
        on_connected: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare, without connecting yet.

        Raises:
            BrokerError: the URL is not a broker's address.
        """
        try:
            self._address = parse_broker_address(url)
        except BrokerAddressError as error:
            raise BrokerError(str(error)) from error
        self._filters = filters
        self._hand_on, self._on_connected = on_message, on_connected
        # A name of its own for every bridge: two with one name would throw each other off the broker for ever.
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, f"pleaselock-bridge-{uuid.uuid4().hex[:8]}")
        self._client.max_inflight_messages_set(100)
        self._client.username_pw_set(self._address.user, self._address.password)
        if self._address.tls:
            self._client.tls_set()
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin connecting; returns at once and never gives up."""
        self._wait_differently()
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        self._client.publish(topic, payload, qos)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _wait_differently(self) -> None:
        first_s, longest_s = random.uniform(*FIRST_WAIT_S), random.uniform(*LONGEST_WAIT_S)  # noqa: S311
        # Seconds need not be whole, whatever paho's annotation says.
        self._client.reconnect_delay_set(first_s, longest_s)  # type: ignore[arg-type]

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _more: Properties | None
    ) -> None:
        if code.is_failure:
            log.error("the broker refuses the bridge", reason=str(code), broker=self._address.host)
            return
        log.info("connected", broker=self._address.host, port=self._address.port)
        self._on_connected()
        client.subscribe([(one, 1) for one in self._filters])

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
        self._wait_differently()
        if code.is_failure:
            log.warning("lost the broker; connecting again", reason=str(code))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._hand_on(message.topic, bytes(message.payload), message.retain)
