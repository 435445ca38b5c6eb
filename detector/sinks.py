"""Step 7: where messages go. Live: outbox and broker. Recorded footage: a file of the same messages."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import structlog
from pydantic import ValidationError

from broker_bridge.messages import (
    Ack,
    AlertMessage,
    CameraHealth,
    StayMessage,
    UpMessage,
    alert_id_of,
    snapshot_message_id,
    topic_of,
)
from broker_bridge.topics import BrokerAddressError, TopicName, parse_broker_address, parse_topic, topic
from detector.broker_connection import MOST_IN_FLIGHT, BrokerConnection, StatusMaker
from detector.errors import CannotWriteError, UsageError
from detector.outbox import Letter, Outbox

RESEND_AFTER_S, LONGEST_RESEND_S = 15.0, 240.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0
HEALTH_HOLDS_S = 15.0
log = structlog.get_logger()


class Sink(Protocol):
    """Takes what the line says; returns only once the message is safe."""

    def send(self, message: UpMessage) -> None: ...

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None: ...


class JsonlSink:
    """One message a line into `events.jsonl`, pictures into `snapshots/<alert_id>.jpg` beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def send(self, message: UpMessage) -> None:
        self._file.write(message.model_dump_json() + "\n")

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:  # noqa: ARG002
        folder = self._path.parent / "snapshots"
        folder.mkdir(exist_ok=True)
        (folder / f"{alert_id}.jpg").write_bytes(jpeg)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass(slots=True)
class _Flight:
    """When a letter was last handed to the broker says when to do so again; each time the wait doubles."""

    again_at: float
    wait_s: float


@dataclass(frozen=True, slots=True)
class _State:
    """What is so until it is said anew; a broker that forgot it is told again."""

    payload: bytes
    qos: int
    retained: bool
    until_s: float = math.inf
    """Not said any more after this moment of the monotonic clock."""


class MqttSink:
    """What must arrive goes through the outbox and is sent until the bridge has committed it; states go straight.

    An empty acknowledgement is the bridge's greeting: it is there (again), so everything still held is sent at once.
    """

    def __init__(
        self,
        url: str,
        site: str,
        worker: str,
        outbox: Outbox,
        status: StatusMaker | None = None,
        resend_after_s: float = RESEND_AFTER_S,
        on_refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Start connecting and sending, in threads of its own; the outbox stays the caller's to close.

        `on_refused` is called where another worker carries this one's name; `refusal` says so in one sentence.

        Raises:
            UsageError: the URL is not a broker's address.
        """
        try:
            address = parse_broker_address(url)
        except BrokerAddressError as error:
            raise UsageError(str(error)) from error
        self._site, self._outbox, self._resend_after_s = site, outbox, resend_after_s
        self._flights: dict[str, _Flight] = {}
        self._states: dict[str, _State] = {}
        self._acks: queue.SimpleQueue[Ack] = queue.SimpleQueue()
        self._committed: dict[str, None] = {}
        self._wake, self._stopping = threading.Event(), threading.Event()
        self.refusal: str | None = None
        """Why the broker's other users will not have this worker, once they said so; nothing is sent any more then."""
        self.listeners: list[Callable[[UpMessage], None]] = []
        """Told of every message before it is kept or sent; they must not block nor raise."""
        self._on_refused = on_refused
        # A replay speaks for a worker that may be alive; with its client id it would throw it off the broker.
        role = "replay" if status is None else "worker"
        self._connection = BrokerConnection(
            address,
            f"pleaselock-{role}-{site}-{worker}",
            topic(TopicName.ACK, site, worker=worker),
            status=status,
            on_ready=self._on_ready,
            on_message=self._on_ack,
            on_refused=self._refuse,
        )
        self._sender = threading.Thread(target=self._send_until_stopped, name="outbox sender", daemon=True)
        self._sender.start()
        self._connection.start()

    def send(self, message: UpMessage) -> None:
        for listener in self.listeners:
            listener(message)
        on_topic, payload = topic_of(message), message.model_dump_json().encode()
        rule = parse_topic(on_topic).rule
        if rule.durable and isinstance(message, AlertMessage | StayMessage):
            # A raised alert sends somebody out, a cleared one saves them the way: both before what is only recorded.
            urgent = isinstance(message, AlertMessage)
            self._keep(Letter(str(message.message_id), on_topic, payload, alert_id_of(message.stay_id), urgent))
        else:
            # How a camera is, is said every few seconds; of one that was taken out nothing is said again.
            until_s = time.monotonic() + HEALTH_HOLDS_S if isinstance(message, CameraHealth) else math.inf
            self._states[on_topic] = _State(payload, rule.qos, rule.retained, until_s)
            self._say_state(on_topic)

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:
        on_topic = topic(TopicName.SNAPSHOT, self._site, camera=camera, alert_id=alert_id)
        self._keep(Letter(str(snapshot_message_id(alert_id, jpeg)), on_topic, jpeg, lane=alert_id))

    def say_now(self, on_topic: str, payload: bytes) -> bool:
        """Say what is worth nothing later; False where nobody can hear it now."""
        rule = parse_topic(on_topic).rule
        return self._connection.ready and self._connection.publish(on_topic, payload, qos=rule.qos, retained=False)

    def keep_said(self, on_topic: str, payload: bytes) -> None:
        """Have the broker remember this on a topic, ours or another's: now, and again after it forgot."""
        self._states[on_topic] = _State(payload, qos=1, retained=True)
        self._say_state(on_topic)

    def take_back(self, on_topic: str) -> None:
        """Have the broker forget what it remembers on a topic; where it cannot be reached, nothing happens."""
        self._states.pop(on_topic, None)
        if self._connection.ready:
            self._connection.publish(on_topic, b"", qos=1, retained=True)

    def listen(self, topic_filter: str, heard: Callable[[str, bytes], None]) -> None:
        """Be told, in paho's thread, of what comes on other topics, once this worker has its name."""
        self._connection.listen(topic_filter, heard)

    def tell_status_anew(self) -> None:
        """Say the worker's status again, where it is online: something in it has changed."""
        self._connection.tell_status_anew()

    @property
    def is_connected(self) -> bool:
        return self._connection.ready

    def depth(self) -> int:
        """How many messages wait for the bridge."""
        return self._outbox.depth()

    def close(self) -> None:
        """Say goodbye and stop. What is not acknowledged stays in the outbox for the next start."""
        self._stopping.set()
        self._wake.set()
        self._sender.join()
        self._connection.stop()

    def _keep(self, letter: Letter) -> None:
        """Return once the letter is on disk. A full disk is waited out: the line pauses rather than forget."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                self._outbox.put(letter)
            except CannotWriteError as error:
                log.error("a message cannot be kept; waiting", reason=str(error))  # noqa: TRY400 -- the reason says all
                if self._stopping.wait(wait_s):
                    raise
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            else:
                self._wake.set()
                return

    def _say_state(self, on_topic: str) -> None:
        state = self._states.get(on_topic)
        if state is not None and self._connection.ready and time.monotonic() < state.until_s:
            self._connection.publish(on_topic, state.payload, qos=state.qos, retained=state.retained)

    def _refuse(self, sentence: str) -> None:
        self.refusal = sentence
        self._on_refused()

    def _on_ready(self) -> None:
        self._say_states()
        self._wake.set()

    def _say_states(self) -> None:
        for on_topic in list(self._states):
            self._say_state(on_topic)

    def _on_ack(self, payload: bytes) -> None:
        try:
            self._acks.put(Ack.model_validate_json(payload))
        except ValidationError as error:
            log.warning("an acknowledgement cannot be read", reason=error.errors()[0]["msg"])
        self._wake.set()

    def _send_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self._take_acks()
            # What cannot be forgotten must not hold up what is new.
            in_order = [self._manages(self._forget_committed), self._manages(self._send_what_is_due)]
            self._wake.wait(self._until_next_resend_s() if all(in_order) else LONGEST_WAIT_S)
            self._wake.clear()

    def _manages(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except CannotWriteError as error:
            log.error("the outbox is out of order; trying again", reason=str(error))  # noqa: TRY400
            return False
        return True

    def _take_acks(self) -> None:
        while not self._acks.empty():
            ack = self._acks.get()
            self._committed.update((str(message_id), None) for message_id in ack.message_ids)
            if not ack.message_ids:
                self._flights.clear()
                # How this machine's clock stands is told by its states, and must be known before what is sent now.
                self._say_states()

    def _forget_committed(self) -> None:
        """Said once by the bridge and known from then on, also where the disk takes no part in it yet."""
        if self._committed:
            self._outbox.acknowledge(self._committed)
            for message_id in self._committed:
                self._flights.pop(message_id, None)
            self._committed.clear()

    def _send_what_is_due(self) -> None:
        if not self._connection.ready:
            return
        now = time.monotonic()
        waiting = {message_id for message_id, flight in self._flights.items() if flight.again_at > now}
        for letter in self._outbox.next_letters(MOST_IN_FLIGHT, waiting, self._committed):
            if not self._connection.publish(letter.topic, letter.payload, qos=1, retained=False):
                break
            before = self._flights.get(letter.message_id)
            wait_s = min(2 * before.wait_s, LONGEST_RESEND_S) if before else self._resend_after_s
            self._flights[letter.message_id] = _Flight(now + wait_s, wait_s)

    def _until_next_resend_s(self) -> float | None:
        """None: nothing is on its way or nobody listens, so only an event wakes the sender."""
        if not self._connection.ready:
            return None
        soonest = min((flight.again_at for flight in self._flights.values()), default=None)
        if soonest is None:
            return FIRST_WAIT_S if self._outbox.depth() else None
        return max(FIRST_WAIT_S, soonest - time.monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
