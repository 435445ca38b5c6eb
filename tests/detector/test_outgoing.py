from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from broker_bridge.messages import UP_MESSAGE, StayMessage, UpMessage, alert_id_of
from detector.boxes import XyxyNorm
from detector.outgoing import Outgoing, Stamper, seeded_entropy
from detector.reminders import Action, Reminder
from detector.vocabulary import (
    Frame,
    Kind,
    LockEvidence,
    LockState,
    LockVerdict,
    ReasonCode,
    Stay,
    StayEvent,
    StayEventKind,
    StayState,
)
from tests.detector.scenes import START

STAY = Stay(
    stay_id="0190-one",
    rack_id="north",
    building_id="library",
    kind=Kind.BICYCLE,
    state=StayState.LEFT,
    xyxy_norm=XyxyNorm(0.4, 0.4, 0.6, 0.6),
    preexisting=False,
    parked_at=START,
    left_at=START + timedelta(seconds=8),
)
UNLOCKED = LockVerdict(LockState.UNLOCKED, 0.9, {ReasonCode.ATTENDED_S: 8.0})
FRAME = Frame(np.full((200, 300, 3), 90, dtype=np.uint8), 0, START)


@dataclass
class ListSink:
    """Keeps what is sent; `order` says in which order messages and pictures came."""

    messages: list[UpMessage] = field(default_factory=list)
    pictures: dict[tuple[str, str], bytes] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def send(self, message: UpMessage) -> None:
        self.messages.append(message)
        self.order.append(message.type)

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:
        self.pictures[camera, alert_id] = jpeg
        self.order.append("picture")


def _stamper(seed: str = "clip") -> Stamper:
    return Stamper("campus", "worker", "boot", seeded_entropy(seed))


def _event(kind: StayEventKind, stay: Stay = STAY) -> StayEvent:
    return StayEvent(kind, stay, LockEvidence(), START + timedelta(seconds=9))


def _reminder(action: Action) -> Reminder:
    at = START + timedelta(seconds=9)
    return Reminder(action, STAY, UNLOCKED, at, at + timedelta(minutes=30), "gone" if action == "cleared" else None)


TELLINGS = [
    (StayEventKind.OPENED, None, "opened"),
    (StayEventKind.LEFT, UNLOCKED, "judged"),
    (StayEventKind.CLOSED, None, "closed"),
    # Somebody coming back changes no verdict yet.
    (StayEventKind.RETURNED, None, None),
]


@pytest.mark.parametrize(("kind", "verdict", "word"), TELLINGS)
def test_a_stays_life_is_told_in_three_words(
    kind: StayEventKind, verdict: LockVerdict | None, word: str | None
) -> None:
    sink = ListSink()
    message = Outgoing("gate", _stamper(), sink).tell_stay(_event(kind), verdict)
    assert (message.event if message else None) == word
    assert sink.messages == ([message] if message else [])


def test_a_stay_message_says_everything_and_survives_the_wire() -> None:
    message = Outgoing("gate", _stamper(), ListSink()).tell_stay(_event(StayEventKind.LEFT), UNLOCKED)
    assert isinstance(message, StayMessage)
    assert (message.camera, message.rack, message.building, message.stay_id) == ("gate", "north", "library", "0190-one")
    assert message.verdict is not None
    assert (message.verdict.state, message.verdict.reasons) == ("unlocked", {"attended_s": 8.0})
    assert UP_MESSAGE.validate_json(message.model_dump_json()) == message


def test_a_box_that_reaches_out_of_the_picture_is_cut_to_it() -> None:
    wide = Stay("x", "r", "b", Kind.MOTORCYCLE, StayState.PARKED, XyxyNorm(-0.1, 0.5, 1.2, 1.0), True, START)
    message = Outgoing("gate", _stamper(), ListSink()).tell_stay(_event(StayEventKind.OPENED, wide), None)
    assert message is not None
    assert message.xyxy_norm == pytest.approx((0, 0.5, 1, 1))
    assert (message.kind, message.preexisting) == ("motorcycle", True)


def test_a_new_alert_is_followed_by_its_picture() -> None:
    sink = ListSink()
    alert = Outgoing("gate", _stamper(), sink).tell_reminder(_reminder("raised"), FRAME)
    assert sink.order == ["alert", "picture"]
    assert alert.snapshot
    assert alert.alert_id == alert_id_of(STAY.stay_id)
    assert sink.pictures["gate", alert.alert_id].startswith(b"\xff\xd8")


@pytest.mark.parametrize("action", ["updated", "cleared"])
def test_later_news_of_an_alert_needs_no_new_picture(action: Action) -> None:
    sink = ListSink()
    alert = Outgoing("gate", _stamper(), sink).tell_reminder(_reminder(action), FRAME)
    assert sink.messages == [alert]
    assert not sink.pictures
    assert (alert.event, alert.snapshot) == (action, False)
    assert alert.clear_reason == ("gone" if action == "cleared" else None)


def test_an_alert_cleared_by_a_lock_says_how_long_that_took() -> None:
    at, left = START + timedelta(seconds=219), START + timedelta(seconds=212)
    locked = Reminder(
        "cleared", replace(STAY, left_at=left), UNLOCKED, at, at, "locked", first_left_at=START + timedelta(seconds=8)
    )
    assert Outgoing("gate", _stamper(), ListSink()).tell_reminder(locked, FRAME).locked_after_s == 204
    for action in ("raised", "updated", "cleared"):
        alert = Outgoing("gate", _stamper(), ListSink()).tell_reminder(_reminder(action), FRAME)
        assert alert.locked_after_s is None


def test_recorded_footage_gives_the_same_bytes_at_every_run_and_others_for_another_clip() -> None:
    def run(clip: str) -> list[str]:
        outgoing = Outgoing("gate", _stamper(clip), ListSink())
        told = [outgoing.tell_stay(_event(kind), None) for kind in (StayEventKind.OPENED, StayEventKind.CLOSED)]
        return [message.model_dump_json() for message in told if message]

    assert run("a.mp4") == run("a.mp4")
    assert run("a.mp4") != run("b.mp4")


def test_recorded_messages_are_sent_when_it_happened_and_live_ones_when_the_clock_says() -> None:
    now = datetime(2026, 9, 2, tzinfo=UTC)
    live = Stamper("campus", "worker", "boot", os.urandom, clock=lambda: now)
    assert _stamper().stamp(START)["sent_at"] == START
    assert live.stamp(START)["sent_at"] == now


def test_cameras_sharing_a_stamper_never_share_a_number_or_an_id() -> None:
    stamper = Stamper("campus", "worker", "boot", os.urandom)
    with ThreadPoolExecutor(8) as pool:
        stamps = list(pool.map(lambda _: stamper.stamp(START), range(400)))
    assert sorted(stamp["seq"] for stamp in stamps) == list(range(400))
    assert len({stamp["message_id"] for stamp in stamps}) == 400


def test_message_ids_are_uuid7_of_their_time() -> None:
    stamp = _stamper().stamp(START)
    assert stamp["message_id"].version == 7
    assert stamp["message_id"].int >> 80 == int(START.timestamp() * 1000)
