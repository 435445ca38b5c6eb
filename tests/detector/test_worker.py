from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from sqlalchemy import select
from typer.testing import CliRunner

from broker_bridge.messages import UP_MESSAGE, RackOccupancy
from dashboard.health.tables import CameraHealth, Worker
from detector.config import CameraConfig, SiteConfig
from detector.errors import CannotWriteError, UsageError
from detector.outbox import Outbox
from detector.stay_store import StayStore
from detector.verdict_model import verdict_sha256
from detector.vocabulary import Detection, Frame
from detector.worker import run_worker
from detector.worker_commands import app
from tests.brokers import ROOT, Server, embedded_process, server, wait_for
from tests.detector.drawn_footage import DrawnDetector, scene, write_video
from tests.detector.watching import NOBODY, QUICK, HearingSink, camera, hearing_sink, run_until, told, watch
from tests.outboxes import letters_in


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[HearingSink]:
    with hearing_sink(tmp_path) as made:
        yield made


def test_a_bike_left_unlocked_before_a_live_camera_becomes_an_alert_with_its_picture(
    sink: HearingSink, tmp_path: Path
) -> None:
    clip = write_video(tmp_path / "scene.mp4", scene, count=60)
    thresholds = QUICK | {"grace_s": 2.0}  # so that opened and left are told in two frames
    watching = watch(camera(clip, thresholds=thresholds), sink, DrawnDetector(), threading.Event())
    run_until(watching, lambda: told(sink, "alert", "raised") and sink.depth() >= 4)
    pictures = [letter for letter in letters_in(sink._outbox) if "/snapshot/" in letter.topic]
    assert [letter.payload[:3] for letter in pictures] == [b"\xff\xd8\xff"]
    numbers = [one.seq for one in sink.heard if one.type in {"stay", "alert"}]
    assert numbers == list(range(len(numbers))), "what must arrive is counted without gaps"
    occupancy = [one for one in sink.heard if isinstance(one, RackOccupancy)]
    assert [(one.bikes, one.unlocked) for one in occupancy][:3] == [(0, 0), (1, 0), (1, 1)]


def test_a_camera_watched_anew_goes_on_with_its_stays_and_what_was_said_of_them(
    sink: HearingSink, tmp_path: Path
) -> None:
    store = StayStore(tmp_path / "stays.db")
    clip = write_video(tmp_path / "scene.mp4", scene, count=60)
    first = watch(camera(clip), sink, DrawnDetector(), threading.Event(), store)
    run_until(first, lambda: told(sink, "alert", "raised"))
    write_video(clip, lambda _number: scene(59), count=60)
    sink.heard.clear()
    detector = DrawnDetector()
    second = watch(camera(clip), sink, detector, threading.Event(), store)
    run_until(second, lambda: detector.looked_at >= 18)
    occupancy = [one for one in sink.heard if isinstance(one, RackOccupancy)]
    assert [(one.bikes, one.unlocked) for one in occupancy] == [(1, 1)]
    assert [one.type for one in sink.heard if one.type in {"stay", "alert"}] == []


def test_health_tells_how_many_frames_came_and_were_looked_at(sink: HearingSink, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "scene.mp4", scene, count=50)
    detector = DrawnDetector()
    watching = watch(camera(clip), sink, detector, threading.Event())
    run_until(watching, lambda: detector.looked_at >= 3)
    health = watching.tell_health()
    assert health.fps_in > 0
    assert health.fps_inferred > 0
    assert health.inference_ms is not None
    assert health.last_frame_at is not None
    assert not health.dark
    assert UP_MESSAGE.validate_json(health.model_dump_json()) == health
    silent = watching.tell_health()
    assert (silent.fps_in, silent.inference_ms) == (0, None)


def test_health_says_that_the_camera_was_turned(sink: HearingSink, tmp_path: Path) -> None:
    def street(number: int) -> NDArray[np.uint8]:
        small = np.random.default_rng(1).integers(40, 220, (15, 20, 1), dtype=np.uint8)
        big = small.repeat(16, axis=0).repeat(16, axis=1).repeat(3, axis=2)
        return np.ascontiguousarray(np.roll(big, 60 if number >= 10 else 0, axis=1))

    clip = write_video(tmp_path / "turned.mp4", street, count=200)
    watching = watch(camera(clip, camera_check_s=0.1), sink, DrawnDetector(), threading.Event())
    assert not watching.tell_health().moved
    run_until(watching, lambda: watching.tell_health().moved)


def test_a_camera_whose_pose_model_is_missing_is_refused_before_it_runs(sink: HearingSink, tmp_path: Path) -> None:
    config = camera(tmp_path / "any.mp4", pose_model=str(tmp_path / "absent.onnx"))
    with pytest.raises(UsageError, match=r"no pose model file .*absent\.onnx"):
        watch(config, sink, DrawnDetector(), threading.Event())


class BrokenDetector(DrawnDetector):
    def detect(self, frame: Frame) -> list[Detection]:
        if self.looked_at == 0:
            self.looked_at += 1
            raise RuntimeError("the model stumbled")
        return super().detect(frame)


def test_a_camera_whose_line_breaks_starts_afresh(
    sink: HearingSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detector.camera_watch.START_AGAIN_AFTER_S", 0.1)
    clip = write_video(tmp_path / "scene.mp4", scene, count=50)
    detector = BrokenDetector()
    watching = watch(camera(clip), sink, detector, threading.Event())
    run_until(watching, lambda: detector.looked_at >= 4)


def site(folder: Path, url: str, **changed: object) -> Path:
    clip = write_video(folder / "scene.mp4", scene, count=60)
    cameras = [
        {"id": "gone", "source": str(folder / "never.mp4")},
        {"id": "gate", "source": str(clip), "thresholds": QUICK},
    ]
    path = folder / "site.yaml"
    path.write_text(
        yaml.safe_dump({"site": "north", "worker": "edge-1", "mqtt": url, "cameras": cameras} | changed),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as ready:
        yield ready


def state_of(host: Server) -> str | None:
    with host.sessions() as session:
        return session.scalar(select(Worker.state))


def verdict_of(host: Server) -> tuple[str | None, str | None]:
    with host.sessions() as session:
        worker = session.scalars(select(Worker)).one()
        return worker.verdict_id, worker.verdict_sha256


def cameras_seen(host: Server) -> int:
    with host.sessions() as session:
        return len(session.scalars(select(CameraHealth.camera_id)).all())


WATCH = "from detector.worker_commands import app; app()"


def test_the_worker_process_is_seen_with_all_its_cameras_and_says_goodbye_on_a_signal(
    host: Server, tmp_path: Path, free_port: int
) -> None:
    broker = embedded_process(free_port)
    broker.start()
    config = site(tmp_path, broker.url)
    command = [sys.executable, "-c", WATCH, "watch", "--config", str(config), "--home", str(tmp_path / "home")]
    try:
        with host.bridge(broker.url), subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            wait_for(lambda: state_of(host) == "online" and cameras_seen(host) == 2)
            verdict = CameraConfig.model_fields["verdict"].default
            assert verdict_of(host) == (verdict, verdict_sha256(verdict))
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            wait_for(lambda: state_of(host) == "offline")
    finally:
        broker.kill()


def config_of(folder: Path, **changed: object) -> SiteConfig:
    return SiteConfig.model_validate(yaml.safe_load(site(folder, NOBODY, **changed).read_text(encoding="utf-8")))


def test_a_second_worker_of_the_same_name_in_the_same_home_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with (
        Outbox(home / "outbox-north-edge-1.db"),
        pytest.raises(CannotWriteError, match="another worker uses this outbox"),
    ):
        run_worker(config_of(tmp_path), home, threading.Event())


@pytest.mark.parametrize("what", ["model", "verdict"])
def test_an_unknown_model_or_verdict_is_said_before_anything_starts(tmp_path: Path, what: str) -> None:
    cameras = [{"id": "gate", "source": "x.mp4"}, {"id": "yard", "source": "y.mp4", what: "no-such-model"}]
    with pytest.raises(UsageError, match="no-such-model"):
        run_worker(config_of(tmp_path, cameras=cameras), tmp_path / "home", threading.Event())
    assert not (tmp_path / "home").exists()


BAD = {
    "not there": (None, "cannot be read"),
    "not YAML": ("cameras: [", "not valid YAML"),
    "a mistyped key": ("site: n\nworker: w\ncameras: [{id: a, source: b, fsp: 3}]", "fsp"),
    "no cameras": ("site: n\nworker: w\ncameras: []", "cameras"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_broken_site_config_is_said_in_one_sentence(tmp_path: Path, case: str) -> None:
    text, sentence = BAD[case]
    path = tmp_path / "site.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["watch", "--config", str(path), "--home", str(tmp_path / "home")])
    assert isinstance(result.exception, UsageError)
    assert sentence in str(result.exception)
    assert str(path) in str(result.exception)
