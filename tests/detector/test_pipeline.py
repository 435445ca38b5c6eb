"""The whole loop, steps 1 to 7, with boxes drawn by a simulator instead of a model and a real file as the sink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broker_bridge.messages import UP_MESSAGE, AlertMessage, StayMessage, UpMessage
from detector import pipeline
from detector.config import FleetConfig, Thresholds, ViewConfig
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, Step, run_line
from detector.sinks import JsonlSink
from detector.vocabulary import Detection, Frame, Kind, LockState, ReasonCode, StayEventKind
from tests.detector.drawn_bikes import draw_bike, pavement
from tests.detector.scenes import HEIGHT_PX, WIDTH_PX, Actor, Scene, parked_bike, person, rider

IMAGE = np.full((HEIGHT_PX, WIDTH_PX, 3), 120, dtype=np.uint8)
DARK = np.full((HEIGHT_PX, WIDTH_PX, 3), 8, dtype=np.uint8)
YELLOW = (25, 180, 217)
BLUE_FLEET = FleetConfig(name="blue", hue_from_deg=192, hue_to_deg=210)


class SceneDetector:
    """A detector that knows the answer: a scene's own boxes for each frame."""

    def __init__(self, scene: Scene) -> None:
        self._found = [detections for _, detections in scene.frames()]

    def detect(self, frame: Frame) -> list[Detection]:
        return self._found[frame.index]


def _run(
    scene: Scene, out: Path, picture: Callable[[int], np.ndarray] = lambda _: IMAGE, view: ViewConfig | None = None
) -> list[Step]:
    view = view or ViewConfig()
    frames: Iterator[Frame] = (Frame(picture(index), index, at) for index, (at, _) in enumerate(scene.frames()))
    with JsonlSink(out / "events.jsonl") as sink:
        stamper = Stamper("campus", "worker", "boot", seeded_entropy("clip"))
        return list(run_line(frames, Line(view, "gate", SceneDetector(scene), sink, stamper)))


def _messages(out: Path) -> list[UpMessage]:
    return [UP_MESSAGE.validate_json(line) for line in (out / "events.jsonl").read_text().splitlines()]


FETCHED = (rider(10), person((28, 90, 330), (29.5, 390, 305), (29.6, 390, 305), (31, 90, 330)))
"""Brought by one, and fetched by somebody who is not there long enough for a visit of its own."""
UNLOCKED_THEN_GONE = Scene((parked_bike(until=30), *FETCHED), 45)


def test_a_bike_left_unlocked_and_taken_is_told_from_first_to_last(tmp_path: Path) -> None:
    steps = _run(UNLOCKED_THEN_GONE, tmp_path)
    words = [
        (message.type, message.event)
        for message in _messages(tmp_path)
        if isinstance(message, StayMessage | AlertMessage)
    ]
    assert words == [
        ("stay", "opened"),
        ("stay", "judged"),
        ("alert", "raised"),
        ("stay", "closed"),
        ("alert", "cleared"),
    ]
    judged = [one for step in steps for one in step.judged]
    assert [one.event.kind for one in judged] == [StayEventKind.OPENED, StayEventKind.LEFT, StayEventKind.CLOSED]
    assert [one.alert.event if one.alert else None for one in judged] == [None, "raised", "cleared"]
    (picture,) = (tmp_path / "snapshots").glob("*.jpg")
    assert [picture.stem] == [one.alert.alert_id for one in judged if one.alert and one.alert.event == "raised"]


def test_a_second_run_writes_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for out in (one, two):
        out.mkdir()
        _run(UNLOCKED_THEN_GONE, out)
    assert (one / "events.jsonl").read_bytes() == (two / "events.jsonl").read_bytes()


def test_messages_are_numbered_without_a_gap(tmp_path: Path) -> None:
    _run(UNLOCKED_THEN_GONE, tmp_path)
    assert [message.seq for message in _messages(tmp_path)] == list(range(5))


def test_in_the_dark_the_verdict_is_unsure_and_nobody_is_alerted(tmp_path: Path) -> None:
    steps = _run(UNLOCKED_THEN_GONE, tmp_path, lambda _: DARK)
    (verdict,) = [one.verdict for step in steps for one in step.judged if one.verdict]
    assert verdict.state is LockState.UNSURE
    assert not any(isinstance(message, AlertMessage) for message in _messages(tmp_path))


def test_an_alert_nobody_answered_expires_on_the_wire(tmp_path: Path) -> None:
    scene = Scene((parked_bike(), rider(10)), 40)
    steps = _run(scene, tmp_path, view=ViewConfig(thresholds=Thresholds(alert_expires_s=15)))
    (expired,) = [alert for step in steps for alert in step.expired]
    assert (expired.event, expired.clear_reason) == ("cleared", "expired")
    assert _messages(tmp_path)[-1] == expired


def _painted(scene: Scene) -> Callable[[int], np.ndarray]:
    """Pictures of a scene whose bike has the yellow of a fleet all over."""
    found = [detections for _, detections in scene.frames()]

    def paint(index: int) -> np.ndarray:
        image = pavement(WIDTH_PX, HEIGHT_PX)
        for one in found[index]:
            if one.kind is Kind.BICYCLE:
                draw_bike(image, one.xyxy_px, YELLOW, fenders=True, basket=True)
        return image

    return paint


@pytest.mark.parametrize(
    ("fleets", "state", "alerts"),
    [
        pytest.param(None, LockState.UNSURE, 0, id="of a built-in fleet"),
        pytest.param((), LockState.UNLOCKED, 2, id="where nobody rents bikes"),
        pytest.param((BLUE_FLEET,), LockState.UNLOCKED, 2, id="where another fleet stands about"),
    ],
)
def test_a_shared_bike_is_never_alerted_about(
    tmp_path: Path, fleets: tuple[FleetConfig, ...] | None, state: LockState, alerts: int
) -> None:
    steps = _run(UNLOCKED_THEN_GONE, tmp_path, _painted(UNLOCKED_THEN_GONE), ViewConfig(fleets=fleets))
    (verdict,) = [one.verdict for step in steps for one in step.judged if one.verdict]
    assert (verdict.state, ReasonCode.SHARED_BIKE in verdict.reasons) == (state, fleets is None)
    assert sum(isinstance(message, AlertMessage) for message in _messages(tmp_path)) == alerts


def later(actor: Actor, seconds: float) -> Actor:
    return replace(actor, path=tuple((second + seconds, x, y) for second, x, y in actor.path))


def street(seed: int) -> np.ndarray:
    """A scene with something to see in it: houses, windows and poles of many greys."""
    dice = np.random.default_rng(seed)
    small = dice.integers(40, 220, (HEIGHT_PX // 16, WIDTH_PX // 16, 1), dtype=np.uint8)
    return np.ascontiguousarray(small.repeat(16, axis=0).repeat(16, axis=1).repeat(3, axis=2))


def test_after_the_camera_was_turned_nobody_is_alerted(tmp_path: Path) -> None:
    scene = replace(UNLOCKED_THEN_GONE, actors=tuple(later(one, 30) for one in UNLOCKED_THEN_GONE.actors), seconds=75)
    before, after = street(1), np.roll(street(1), (40, 90), axis=(0, 1))
    steps = _run(scene, tmp_path, lambda index: before if index < 50 else after)
    (verdict,) = [one.verdict for step in steps for one in step.judged if one.verdict]
    assert (verdict.state, ReasonCode.CAMERA_MOVED in verdict.reasons) == (LockState.UNSURE, True)
    assert not any(isinstance(message, AlertMessage) for message in _messages(tmp_path))


def test_every_frame_gives_one_step_with_what_is_known_then(tmp_path: Path) -> None:
    steps = _run(UNLOCKED_THEN_GONE, tmp_path)
    assert len(steps) == 225
    middle = steps[100]
    assert middle.frame.index == 100
    assert [stay.kind for stay in middle.stays] == ["bicycle"]
    assert {track.kind for track in middle.tracks} >= {detection.kind for detection in middle.detections}
    assert steps[-1].stays == ()


@pytest.mark.parametrize("budget", [80])
def test_the_loop_stays_short_enough_to_be_read_first(budget: int) -> None:
    text = Path(str(pipeline.__file__)).read_text(encoding="utf-8")
    loop = text[text.index("class Line") :]
    assert len(loop.splitlines()) <= budget
