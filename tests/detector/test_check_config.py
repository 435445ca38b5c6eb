"""`pleaselock check-config`: every mistake in a sentence, and what a camera is good for, measured through its live picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from typer.testing import CliRunner

from detector.boxes import XyxyPx
from detector.check_config import lines_of
from detector.config import CameraConfig
from detector.probe import Probe, RackProbe, Sight, probe_camera, sight_of
from detector.vocabulary import Detection, Kind
from detector.worker_commands import app
from tests.detector.drawn_footage import DrawnDetector, scene, write_video

EAST = {"id": "east", "outline": [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]}


def config(folder: Path, *cameras: Mapping[str, object], **changed: object) -> Path:
    path = folder / "site.yaml"
    site = {"site": "north", "worker": "edge-1", "cameras": list(cameras)} | changed
    path.write_text(yaml.safe_dump(site, sort_keys=False), encoding="utf-8")
    return path


def check(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["check-config", *(str(one) for one in arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A bike that stands still, 90 pixels wide."""
    return write_video(tmp_path / "scene.mp4", lambda _number: scene(30), count=30)


def test_a_configuration_in_order_is_told_as_such(tmp_path: Path, clip: Path) -> None:
    code, said, complaints = check("--config", config(tmp_path, {"id": "gate", "source": str(clip), "racks": [EAST]}))
    assert (code, complaints) == (0, "")
    assert "in order; 1 camera(s), 1 rack(s)" in said


def test_what_is_to_be_announced_needs_its_racks_and_its_player(tmp_path: Path, clip: Path) -> None:
    announce = {"player": ["no-such-player", "{file}"], "racks": ["west"]}
    gate = {"id": "gate", "source": str(clip), "racks": [EAST]}
    code, _, said = check("--config", config(tmp_path, gate, announce=announce))
    assert code == 2
    assert "announce.racks names west, which no camera has; its racks are east" in said
    assert "announce.player: there is no program no-such-player here" in said


def test_every_mistake_is_a_sentence_with_its_line(tmp_path: Path, clip: Path) -> None:
    wrong = {"id": "gate", "source": str(clip), "fsp": 4, "thresholds": {"grace_s": -1}}
    code, _, said = check("--config", config(tmp_path, wrong, worker="edge 1"))
    assert code == 2
    lines = said.strip().splitlines()
    assert len(lines) == 3
    assert all(f"{tmp_path / 'site.yaml'}, line " in line for line in lines)
    assert [what for what in ("worker", "cameras.0.fsp", "thresholds.grace_s") if what in said] == [
        "worker",
        "cameras.0.fsp",
        "thresholds.grace_s",
    ]


def test_what_only_the_machine_knows_is_checked_too(tmp_path: Path) -> None:
    cameras = [
        {"id": "gate", "source": str(tmp_path / "absent.mp4"), "model": "no-such-model"},
        {"id": "yard", "source": "rtsp://127.0.0.1/rack", "verdict": "no-such-verdict", "pose_model": "absent.onnx"},
    ]
    code, _, said = check("--config", config(tmp_path, *cameras, mqtt="http://broker"))
    assert code == 2
    for what in ("mqtt: ", "absent.mp4", "no-such-model", "no-such-verdict", "absent.onnx"):
        assert sum(what in line for line in said.splitlines()) == 1, what


def test_two_cameras_of_one_id_are_refused(tmp_path: Path, clip: Path) -> None:
    code, _, said = check("--config", config(tmp_path, *2 * [{"id": "gate", "source": str(clip)}]))
    assert code == 2
    assert "two cameras have the id gate" in said


def test_a_rack_of_two_cameras_is_allowed_and_noted(tmp_path: Path, clip: Path) -> None:
    gate, yard = ({"id": name, "source": str(clip), "racks": [EAST]} for name in ("gate", "yard"))
    code, said, _ = check("--config", config(tmp_path, gate, yard))
    assert code == 0
    assert "note: rack east is in the pictures of gate and yard" in said
    _, said, _ = check("--config", config(tmp_path, gate, {"id": "yard", "source": str(clip)}))
    assert "note" not in said


class WithFaces(DrawnDetector):
    """Also finds, at a closer look, a person whom it passed over."""

    def look_closer(self, _image_bgr: NDArray[np.uint8], _least_score: float) -> list[Detection]:
        return [Detection(Kind.PERSON, 0.04, XyxyPx(240, 0, 280, 120))]


def striped(_number: int) -> NDArray[np.uint8]:
    image_bgr = scene(30)
    image_bgr[:60:4, 240:280] = (255, 255, 255)
    image_bgr[2:60:4, 240:280] = (0, 0, 0)
    return image_bgr


def test_a_camera_is_measured_through_its_live_picture(tmp_path: Path) -> None:
    source = write_video(tmp_path / "scene.mp4", striped, count=30)
    camera = CameraConfig.model_validate({"id": "gate", "source": str(source), "racks": [EAST]})
    probe = probe_camera(camera, WithFaces(), look_for_s=2.5)
    assert probe.size_px == (320, 240)
    assert probe.fps == pytest.approx(5, abs=1.5)
    assert probe.brightness == pytest.approx(125, abs=25)
    (rack,) = probe.racks
    assert rack.rack_id == "east"
    assert rack.widths_px == pytest.approx([90], abs=6)
    outline = np.all(np.abs(probe.still_bgr.astype(int) - (214, 178, 92)) < 40, axis=2)
    assert outline[probe.still_bgr.shape[0] // 2].mean() > 0.8, "the rack's upper edge is drawn"
    scale = probe.still_bgr.shape[1] // 320
    head = probe.still_bgr[: 25 * scale, 244 * scale : 276 * scale].astype(float)
    assert head.std(axis=0).max() < 30, "whoever was found faintly has no head on the still"


@pytest.mark.parametrize(
    ("widths", "sight"),
    [
        ((), Sight.NO_BIKE),
        ((30.0, 35.0, 200.0), Sight.TOO_SMALL),
        ((60.0, 70.0, 20.0), Sight.BEHAVIOUR),
        ((130.0,), Sight.LOCKS),
    ],
)
def test_the_middle_width_says_what_a_camera_can_tell(widths: tuple[float, ...], sight: Sight) -> None:
    assert sight_of(widths, CameraConfig(id="gate", source="0")) is sight


def probe(**changed: object) -> Probe:
    fields: dict[str, object] = {
        "size_px": (640, 360),
        "fps": 25.0,
        "key_every_s": 2.0,
        "brightness": 120.0,
        "racks": (RackProbe("east", (30.0, 32.0)), RackProbe("west", ()), RackProbe(None, (70.0,))),
        "still_bgr": np.zeros((2, 2, 3), np.uint8),
    }
    return Probe(**(fields | changed))  # type: ignore[arg-type]


def test_what_was_measured_is_told_with_what_it_means() -> None:
    said = "\n".join(lines_of(CameraConfig(id="gate", source="0"), probe()))
    assert "gate: 640x360, 25.0 pictures a second, a key picture every 2.0 s, light 120 of 255" in said
    assert "rack east: 2 bike(s), 31 px wide (30 to 32): too small to judge, 40 px are needed" in said
    assert "rack west: no bike seen" in said
    assert "in no rack: 1 bike(s)" in said
    assert "too dark" not in said
    assert "too slow" not in said


def test_a_dark_and_slow_camera_is_told_so() -> None:
    said = "\n".join(lines_of(CameraConfig(id="gate", source="0"), probe(brightness=12.0, fps=2.0)))
    assert "too dark to judge: light of 25 is needed" in said
    assert "too slow: 5 pictures a second are wanted" in said


def test_the_real_model_looks_through_every_camera_and_the_stills_are_kept(
    tmp_path: Path, project_root: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detector.probe.FIRST_WITHIN_S", 3.0)
    monkeypatch.setattr("detector.probe.LOOK_FOR_S", 2.0)
    source = project_root / "sample_videos" / "left_unlocked.mp4"
    cameras: list[dict[str, object]] = [
        {"id": "gate", "source": str(source), "racks": [{"id": "all", "outline": [[0, 0], [1, 0], [1, 1], [0, 1]]}]},
        {"id": "gone", "source": f"rtsp://user:secret@127.0.0.1:{free_port}/rack"},
    ]
    out = tmp_path / "stills"
    code, said, _ = check("--config", config(tmp_path, *cameras), "--probe", "--out", out)
    assert code == 1, "one camera could not be looked through"
    assert "gone: gives no picture" in said
    assert "secret" not in said
    assert "rack all: " in said
    assert "px wide" in said
    still = cv2.imread(str(out / "gate.jpg"))
    assert still is not None
    assert still.shape[1] >= 854
    assert sorted(one.name for one in out.iterdir()) == ["gate.jpg"]


def test_a_still_that_cannot_be_written_is_said(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stills").write_text("a file", encoding="utf-8")
    monkeypatch.setattr("detector.probe.LOOK_FOR_S", 0.5)
    path = config(tmp_path, {"id": "gate", "source": str(clip)})
    result = CliRunner().invoke(
        app, ["check-config", "--config", str(path), "--probe", "--out", str(tmp_path / "stills")]
    )
    assert "cannot be written" in str(result.exception)
