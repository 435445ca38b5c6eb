"""The edge's connection to the broker: paho, MQTT 3.1.1, last will, one worker a name, reconnecting for ever."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import ValidationError

from broker_bridge.messages import Claim, WorkerStatus, topic_of, uuid7
from broker_bridge.topics import BrokerAddress, TopicName, rule_of, topic
from detector.name_claim import Move, NameClaim

ANSWER_WITHIN_S = 3.0
"""Whoever carries a name answers within this time, or has crashed."""
KEEPALIVE_S = 20
FIRST_WAIT_S, LONGEST_WAIT_S = (1.0, 2.0), (15.0, 30.0)
"""Before connecting again: between these at first and at last. After a broker's restart not all come in one second."""
MOST_IN_FLIGHT = 100
GOODBYE_WITHIN_S = 2.0
log = structlog.get_logger()

State = Literal["online", "offline"]
StatusMaker = Callable[[State], WorkerStatus]
Listener = Callable[[str, bytes], None]


class BrokerConnection:
    """Says `online` when it is connected and listening, and leaves `offline` as its last will.

    A worker asks first whether another one carries its name; `on_refused` is told in one sentence where one does, and
    nothing was said then. All callbacks are called in paho's thread and must not block.
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
        on_refused: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """`status` None: this connection speaks for a worker elsewhere, and has no status and no name of its own."""
        self._address, self._listen_on = address, listen_on
        self._status, self._on_ready, self._hand_on, self._on_refused = status, on_ready, on_message, on_refused
        self._online: WorkerStatus | None = None
        self.ready = False
        self._listeners: dict[str, Listener] = {}
        self._first_subscription: int | None = None
        self._lock = threading.RLock()
        self._patience: threading.Timer | None = None
        self._name: NameClaim | None = None
        self._filters: list[tuple[str, int]] = [(listen_on, rule_of(TopicName.ACK).qos)]
        if status is not None:
            me = status("online")
            self._name, self._me = NameClaim(me.boot), me
            self._status_topic, self._claim_topic = topic_of(me), topic(TopicName.CLAIM, me.site, worker=me.worker)
            self._filters += [(self._status_topic, 1), (self._claim_topic, 1)]
            # A namesake must not be thrown off the broker before it could be asked.
            client_id = f"{client_id}-{me.boot[-12:]}"
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

    def listen(self, topic_filter: str, heard: Listener) -> None:
        """Be told of what comes on other topics, from when this worker is online."""
        with self._lock:
            self._listeners[topic_filter] = heard
            if self.ready:
                self._client.subscribe(topic_filter, 1)

    def tell_status_anew(self) -> None:
        """Where this worker is online, say what has become of it."""
        with self._lock:
            if self.ready and self._status is not None and self._online is not None:
                # The moment stays that of the connection: its will carries it, and must not look older than this.
                moment = {"sent_at": self._online.sent_at}
                self._online = self._status("online").model_copy(update=moment)
                self._say(self._online)

    def stop(self) -> None:
        """Say goodbye where somebody listens, and end."""
        with self._lock:
            self._name = None
        self._stop_waiting()
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
        _, self._first_subscription = client.subscribe(self._filters)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, mid: int, codes: list[ReasonCode], _more: Properties | None
    ) -> None:
        if mid != self._first_subscription:
            return
        if codes[0].is_failure:
            log.error("the broker lets this worker hear no answers; check its access list", topic=self._listen_on)
        log.info("connected", broker=self._address.host, port=self._address.port)
        with self._lock:
            if self._name is None or self._name.is_held:
                self._be_online()
            elif any(code.is_failure for code in codes[1:]):
                log.warning("the broker does not let this worker ask for its name; check its access list")
                self._take_name()
            else:
                self._ask_for_name(self._name)

    def _ask_for_name(self, name: NameClaim) -> None:
        name.connected()
        self._say_claim(held=False)
        self._patience = threading.Timer(ANSWER_WITHIN_S, self._take_name)
        self._patience.daemon = True
        self._patience.start()

    def _take_name(self) -> None:
        """Nobody else carries it."""
        self._stop_waiting()
        with self._lock:
            if self._name is not None and not self._name.is_held and self._client.is_connected():
                self._name.take_up()
                self._be_online()

    def _be_online(self) -> None:
        self.ready = True
        self._say_online()
        if self._name is not None:
            self._say_claim(held=True)
        self._on_ready()
        for topic_filter in self._listeners:
            self._client.subscribe(topic_filter, 1)

    def _say_online(self) -> None:
        if self._online is not None:
            self._say(self._online)

    def _say_claim(self, *, held: bool) -> None:
        me, rule = self._me, rule_of(TopicName.CLAIM)
        claim = Claim(
            sent_at=datetime.now(UTC),
            site=me.site,
            worker=me.worker,
            boot=me.boot,
            held=held,
            host=socket.gethostname()[:255],
        )
        self._client.publish(self._claim_topic, claim.model_dump_json().encode(), rule.qos, rule.retained)

    def _give_up(self, rival: Claim) -> None:
        self.ready, self._name = False, None
        self._stop_waiting()
        self._client.disconnect()  # in order, so that the will stays unsaid
        where = f" on the machine {rival.host}" if rival.host else ""
        self._on_refused(
            f"another worker called {rival.worker} already watches the site {rival.site}{where}; stop that one, or give "
            "this one a name of its own with `worker:` in its configuration"
        )

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

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
        self._stop_waiting()
        self._wait_differently()
        if code.is_failure:
            log.warning("lost the broker; connecting again", reason=str(code))

    def _wait_differently(self) -> None:
        first_s, longest_s = random.uniform(*FIRST_WAIT_S), random.uniform(*LONGEST_WAIT_S)  # noqa: S311
        # Seconds need not be whole, whatever paho's annotation says.
        self._client.reconnect_delay_set(first_s, longest_s)  # type: ignore[arg-type]

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == self._listen_on:
            self._hand_on(bytes(message.payload))
            return
        for topic_filter, heard in list(self._listeners.items()):
            if mqtt.topic_matches_sub(topic_filter, message.topic):
                heard(message.topic, bytes(message.payload))
                return
        with self._lock:
            # The embedded broker also hands over what nobody asked for.
            if self._name is None or message.topic not in (self._status_topic, self._claim_topic):
                return
            try:
                self._do(self._move(self._name, message), self._name)
            except ValidationError as error:
                log.warning("what came about this worker's name cannot be read", reason=error.errors()[0]["msg"])

    def _move(self, name: NameClaim, message: mqtt.MQTTMessage) -> Move:
        if message.topic == self._claim_topic:
            return name.on_claim(Claim.model_validate_json(message.payload))
        # An empty status is how a retained one is taken away.
        return name.on_status(WorkerStatus.model_validate_json(message.payload)) if message.payload else Move.NOTHING

    def _do(self, move: Move, name: NameClaim) -> None:
        match move:
            case Move.TAKE_UP:
                self._take_name()
            case Move.ANSWER:
                self._say_claim(held=True)
            case Move.SAY_ONLINE:
                self._say_online()
            case Move.GIVE_UP if name.rival is not None:
                self._give_up(name.rival)
            case _:
                pass
