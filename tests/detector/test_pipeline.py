"""The whole loop, steps 1 to 7, with boxes drawn by a simulator instead of a model and a real file as the sink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from broker_bridge.messages import UP_MESSAGE, AlertMessage, StayMessage, UpMessage
from detector import pipeline
from detector.config import Thresholds, ViewConfig
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, Step, run_line
from detector.sinks import JsonlSink
from detector.vocabulary import Detection, Frame, LockState, StayEventKind
from tests.detector.scenes import HEIGHT_PX, WIDTH_PX, Scene, parked_bike, rider

IMAGE = np.full((HEIGHT_PX, WIDTH_PX, 3), 120, dtype=np.uint8)
DARK = np.full((HEIGHT_PX, WIDTH_PX, 3), 8, dtype=np.uint8)


class SceneDetector:
    """A detector that knows the answer: a scene's own boxes for each frame."""

    def __init__(self, scene: Scene) -> None:
        self._found = [detections for _, detections in scene.frames()]

    def detect(self, frame: Frame) -> list[Detection]:
        return self._found[frame.index]


def _run(scene: Scene, out: Path, image: np.ndarray = IMAGE, thresholds: Thresholds | None = None) -> list[Step]:
    view = ViewConfig(thresholds=thresholds or Thresholds())
    frames: Iterator[Frame] = (Frame(image, index, at) for index, (at, _) in enumerate(scene.frames()))
    with JsonlSink(out / "events.jsonl") as sink:
        stamper = Stamper("campus", "worker", "boot", seeded_entropy("clip"))
        return list(run_line(frames, Line(view, "gate", SceneDetector(scene), sink, stamper)))


def _messages(out: Path) -> list[UpMessage]:
    return [UP_MESSAGE.validate_json(line) for line in (out / "events.jsonl").read_text().splitlines()]


UNLOCKED_THEN_GONE = Scene((parked_bike(until=30), rider(10)), 45)


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
    steps = _run(UNLOCKED_THEN_GONE, tmp_path, image=DARK)
    (verdict,) = [one.verdict for step in steps for one in step.judged if one.verdict]
    assert verdict.state is LockState.UNSURE
    assert not any(isinstance(message, AlertMessage) for message in _messages(tmp_path))


def test_an_alert_nobody_answered_expires_on_the_wire(tmp_path: Path) -> None:
    scene = Scene((parked_bike(), rider(10)), 40)
    steps = _run(scene, tmp_path, thresholds=Thresholds(alert_expires_s=15))
    (expired,) = [alert for step in steps for alert in step.expired]
    assert (expired.event, expired.clear_reason) == ("cleared", "expired")
    assert _messages(tmp_path)[-1] == expired


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
