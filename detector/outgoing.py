"""What the line says, as messages: headers stamped in order, stays and alerts put into the words of the wire."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, TypedDict

from broker_bridge.messages import AlertMessage, StayMessage, Verdict, alert_id_of, uuid7
from detector.boxes import XyxyNorm
from detector.bystanders import Bystanders
from detector.reminders import Reminder
from detector.sinks import Sink
from detector.snapshots import Shown, alert_picture
from detector.vocabulary import Detection, Frame, Kind, LockVerdict, Stay, StayEvent, StayEventKind, StayState, Track

ONE_PICTURE = threading.Lock()
"""Of all cameras one at a time makes an alert's picture: it takes several copies of the frame, 25 MB, for a moment."""
Entropy = Callable[[int], bytes]
"""Gives that many bytes, new ones at every call: `os.urandom` live, `seeded_entropy` for recorded footage."""


class HeaderFields(TypedDict):
    """The header of a message, ready for `SomeMessage(**fields, ...)`; `schema_version` and `type` fill themselves."""

    message_id: uuid.UUID
    sent_at: datetime
    site: str
    worker: str
    boot: str
    seq: int


def seeded_entropy(seed: str) -> Entropy:
    """Bytes that are the same at every run with this seed, so that a file analysed twice gives equal messages."""
    calls = 0

    def draw(size: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_256(f"{seed}:{calls}".encode()).digest(size)

    return draw


class Stamper:
    """Stamps one worker's messages; `seq` counts up over all its cameras, so it may be shared between threads.

    `clock` None: a message is sent when what it tells happened (recorded footage). Live the caller gives the real one.
    """

    def __init__(
        self, site: str, worker: str, boot: str, entropy: Entropy, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._site, self._worker, self._boot = site, worker, boot
        self._entropy, self._clock = entropy, clock
        self._lock = threading.Lock()
        self._next_seq = 0

    def stamp(self, at: datetime) -> HeaderFields:
        """The header for a message about the moment `at`."""
        with self._lock:
            seq, self._next_seq = self._next_seq, self._next_seq + 1
            sent_at = at if self._clock is None else self._clock()
            message_id = uuid7(sent_at, self._entropy(16))
        return HeaderFields(
            message_id=message_id, sent_at=sent_at, site=self._site, worker=self._worker, boot=self._boot, seq=seq
        )


class Outgoing:
    """One camera's mouth: makes the messages and hands them to the sink."""

    def __init__(self, camera: str, stamper: Stamper, sink: Sink, detector: object = None) -> None:
        """`detector` looks for people once more before a picture leaves, where it can look closer."""
        self._camera, self._stamper, self._sink = camera, stamper, sink
        self._bystanders = Bystanders(detector)

    def see(self, frame: Frame, found: Iterable[Detection | Track]) -> None:
        """One frame on: whoever is in it, too faint to follow or not, has a head to hide."""
        self._bystanders.see(frame, found)

    def tell_stay(self, event: StayEvent, verdict: LockVerdict | None) -> StayMessage | None:
        """Send what this event means to the server; comings and goings that change no verdict are not told."""
        what = _stay_word(event.kind, verdict)
        if what is None:
            return None
        stay = event.stay
        message = StayMessage(
            **self._stamper.stamp(event.at),
            event=what,
            at=event.at,
            camera=self._camera,
            rack=stay.rack_id,
            building=stay.building_id,
            stay_id=stay.stay_id,
            kind=_wire_kind(stay),
            xyxy_norm=_wire_box(stay.xyxy_norm),
            parked_at=stay.parked_at,
            left_at=stay.left_at,
            gone_at=stay.gone_at,
            verdict=_wire_verdict(verdict),
            preexisting=stay.preexisting,
            visit_certain=stay.visit_certain,
        )
        self._sink.send(message)
        return message

    def tell_reminder(self, reminder: Reminder, frame: Frame) -> AlertMessage:
        """Send an alert, and after a new one the picture of its bike in this frame, nobody recognisable."""
        stay = reminder.stay
        message = AlertMessage(
            **self._stamper.stamp(reminder.at),
            event=reminder.action,
            at=reminder.at,
            alert_id=alert_id_of(stay.stay_id),
            expires_at=reminder.expires_at,
            clear_reason=reminder.clear_reason,
            snapshot=reminder.action == "raised",
            locked_after_s=reminder.locked_after_s,
            camera=self._camera,
            rack=stay.rack_id,
            building=stay.building_id,
            stay_id=stay.stay_id,
            kind=_wire_kind(stay),
            xyxy_norm=_wire_box(stay.xyxy_norm),
            parked_at=stay.parked_at,
            left_at=stay.left_at,
            verdict=_wire_verdict(reminder.verdict),
        )
        self._sink.send(message)
        if message.snapshot:
            self._sink.send_snapshot(self._camera, message.alert_id, self._picture(stay, frame))
        return message

    def show_again(self, stay: Stay, frame: Frame) -> None:
        """Send a new picture of a bike that was told of before."""
        self._sink.send_snapshot(self._camera, alert_id_of(stay.stay_id), self._picture(stay, frame))

    def _picture(self, stay: Stay, frame: Frame) -> bytes:
        bike_px = stay.xyxy_norm.to_px(frame.width_px, frame.height_px)
        # Who is bent over a bike is often not found for seconds, but the stay knows that they have not left.
        shown = Shown(attended=stay.state is StayState.ATTENDED, certain=stay.visit_certain)
        with ONE_PICTURE:
            return alert_picture(frame, bike_px, self._bystanders, shown)


def _stay_word(kind: StayEventKind, verdict: LockVerdict | None) -> Literal["opened", "judged", "closed"] | None:
    if kind is StayEventKind.OPENED:
        return "opened"
    if kind is StayEventKind.CLOSED:
        return "closed"
    return "judged" if verdict is not None else None


def _wire_kind(stay: Stay) -> Literal["bicycle", "motorcycle"]:
    return "motorcycle" if stay.kind is Kind.MOTORCYCLE else "bicycle"


def _wire_box(xyxy_norm: XyxyNorm) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(side, 5) for side in xyxy_norm.clipped())
    return left, top, right, bottom


def _wire_verdict(verdict: LockVerdict | None) -> Verdict | None:
    if verdict is None:
        return None
    reasons = {code.value: number for code, number in verdict.reasons.items()}
    return Verdict(state=verdict.state.value, p_unlocked=verdict.p_unlocked, reasons=reasons)
