"""How one camera fares, from its counters, its pictures and its bikes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from broker_bridge.messages import ModelName
from detector.boxes import XyxyPx
from detector.config import CameraConfig
from detector.health import CameraFaring
from detector.live_counts import Counts
from detector.model_folder import ModelIdentity, sha256_of
from detector.model_turns import CameraDetector, SharedModel
from detector.verdict_model import verdict_sha256
from detector.vocabulary import Detection, Frame, Kind
from tests.detector.drawn_footage import DrawnDetector
from tests.detector.lock_folders import lock_model_folder

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
S = timedelta(seconds=1)


def faring(counts: Counts | None = None, **thresholds: float) -> CameraFaring:
    camera = CameraConfig(id="gate", source="0", thresholds={"min_bike_width_px": 40} | thresholds)
    return CameraFaring(camera, counts or Counts(), CameraDetector(SharedModel(DrawnDetector())))


def bike(width: float, score: float = 0.8, kind: Kind = Kind.BICYCLE) -> Detection:
    return Detection(kind, score, XyxyPx(10, 10, 10 + width, 60))


def see(one: CameraFaring, *detections: Detection, seconds: int = 12, level: int = 120) -> None:
    image = np.full((48, 64, 3), level, np.uint8)
    image[::2, ::3] = level // 2
    for second in range(seconds):
        one.see(Frame(image, second, AT + second * S), list(detections), moved=False)


def test_bikes_narrower_than_the_camera_s_own_least_width_are_told() -> None:
    small = faring()
    see(small, bike(31), bike(33))
    told = small.tell(AT)
    assert (told["bike_width_px"], told["bikes_too_small"]) == (32.0, True)
    wide = faring()
    see(wide, bike(31), bike(84), bike(90))
    assert (wide.tell(AT)["bike_width_px"], wide.tell(AT)["bikes_too_small"]) == (84.0, False)


def test_too_few_bikes_faint_ones_and_people_say_nothing_of_the_width() -> None:
    for seen in ([bike(31, score=0.2)], [bike(31, kind=Kind.PERSON)], []):
        one = faring()
        see(one, *seen)
        assert (one.tell(AT)["bike_width_px"], one.tell(AT)["bikes_too_small"]) == (None, False)
    early = faring()
    see(early, bike(31), seconds=9)
    assert early.tell(AT)["bike_width_px"] is None


@pytest.mark.parametrize(("silent_s", "stalled"), [(None, True), (6, False), (7, True)])
def test_a_camera_without_a_picture_for_more_than_six_seconds_is_stalled(
    silent_s: int | None, *, stalled: bool
) -> None:
    counts = Counts(last_frame_at=None if silent_s is None else AT - silent_s * S)
    assert faring(counts).tell(AT)["stalled"] is stalled


def test_rates_are_those_since_it_was_last_asked() -> None:
    counts = Counts()
    one = faring(counts)
    counts.arrived, counts.taken = 50, 10
    first = one.tell(AT)
    assert first["fps_in"] > first["fps_seen"] > 0
    assert one.tell(AT)["fps_in"] == 0


def test_the_verdict_a_camera_is_judged_with_is_named_and_that_no_model_looks_for_locks() -> None:
    verdict = CameraConfig.model_fields["verdict"].default
    told = faring().tell(AT)
    assert told["verdict"] == ModelName(id=verdict, sha256=verdict_sha256(verdict))
    assert told["lock_model"] is None


def test_the_model_that_looks_for_locks_is_named_with_what_its_file_is(tmp_path: Path, project_root: Path) -> None:
    folder = lock_model_folder(tmp_path / "toy-v1", project_root)
    camera = CameraConfig(id="gate", source="0", lock_model=str(folder))
    one = CameraFaring(camera, Counts(), CameraDetector(SharedModel(DrawnDetector())))
    assert one.tell(AT)["lock_model"] == ModelName(id="toy-locks-v1", sha256=sha256_of(folder / "toy.onnx"))


def test_the_model_is_named_with_what_its_file_is_and_a_promoted_one_from_then_on() -> None:
    shared = SharedModel(DrawnDetector(), ModelIdentity("bikepark-v0", "ab" * 32))
    one = CameraFaring(CameraConfig(id="gate", source="0"), Counts(), CameraDetector(shared))
    assert one.tell(AT)["model"] == ModelName(id="bikepark-v0", sha256="ab" * 32)
    shared.identity = ModelIdentity("bikepark-v1", "cd" * 32)
    assert one.tell(AT)["model"] == ModelName(id="bikepark-v1", sha256="cd" * 32)
    assert faring().tell(AT)["model"] is None, "a model that is no file has no sum"


def test_a_dark_picture_is_told_once_it_lasts() -> None:
    one = faring()
    see(one, level=10, seconds=9)
    assert not one.tell(AT)["dark"]
    see(one, level=10, seconds=16)
    assert one.tell(AT)["dark"]
