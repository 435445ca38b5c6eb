from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from detector.camera_watch import CameraWatch
from detector.config import ConfigError, SiteConfig, parse_config
from detector.config_metrics import MetricsConfig
from detector.errors import CannotWriteError, UsageError
from detector.live_clock import utc_now
from detector.metrics import EdgeCollector, Figures, serving_metrics
from tests.detector.drawn_footage import DrawnDetector, scene, write_video
from tests.detector.watching import camera, hearing_sink, run_until, watch

Samples = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[CameraWatch]:
    clip = write_video(tmp_path / "scene.mp4", scene, count=50)
    with hearing_sink(tmp_path) as sink:
        yield watch(camera(clip), sink, DrawnDetector(), threading.Event())


def figures(*watches: CameraWatch, depth: int = 3) -> Figures:
    return Figures("north", "edge-1", "0.1.0", lambda: watches, lambda: depth, lambda: True)


def read(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return samples


def test_prometheus_reads_what_a_camera_did(watching: CameraWatch, free_port: int) -> None:
    with serving_metrics(MetricsConfig(port=free_port), figures(watching)):
        before = read(free_port)
        run_until(watching, lambda: watching.model_runs >= 3)
        after = read(free_port)
    assert before["pleaselock_camera_frames_arrived_total"]["gate",] == 0
    assert before["pleaselock_camera_trouble"]["gate", "stalled"] == 1, "it has not given a picture yet"
    assert 3 <= after["pleaselock_camera_frames_arrived_total"]["gate",] <= watching.counts.arrived
    assert after["pleaselock_camera_model_runs_total"]["gate",] >= 3
    assert 0 < after["pleaselock_camera_model_seconds_total"]["gate",] < 60
    assert after["pleaselock_camera_trouble"]["gate", "stalled"] == 0
    assert after["pleaselock_outbox_messages"][()] == 3
    assert after["pleaselock_broker_connected"][()] == 1
    assert after["pleaselock_worker_info"]["north", "0.1.0", "edge-1"] == 1
    assert abs(after["pleaselock_camera_last_frame_timestamp_seconds"]["gate",] - utc_now().timestamp()) < 60
    assert "process_resident_memory_bytes" in after


def test_a_camera_that_gives_nothing_for_some_seconds_is_stalled(watching: CameraWatch) -> None:
    watching.counts.last_frame_at = utc_now()
    for seconds, is_stalled in ((5, False), (7, True)):
        later = utc_now() + timedelta(seconds=seconds)
        assert watching.faring.troubles(later)["stalled"] is is_stalled


def test_a_figure_that_cannot_be_had_is_left_out(watching: CameraWatch) -> None:
    def broken() -> int:
        raise CannotWriteError("the disk is gone")

    collector = EdgeCollector(figures(watching)._replace(outbox_depth=broken))
    names = [family.name for family in collector.collect()]
    assert "pleaselock_outbox_messages" not in names
    assert "pleaselock_camera_frames_arrived" in names


def test_it_is_off_unless_asked_for() -> None:
    site = {"site": "north", "worker": "edge-1", "cameras": [{"id": "gate", "source": "0"}]}
    assert parse_config(site, SiteConfig, "site.yaml").metrics is None
    with serving_metrics(None, figures()):
        pass
    with pytest.raises(ConfigError, match=r"metrics\.port"):
        parse_config(site | {"metrics": {"port": 0}}, SiteConfig, "site.yaml")


def test_a_port_in_use_is_said_and_nothing_started(free_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        refused = pytest.raises(UsageError, match=f"metrics: port {free_port} on 127.0.0.1 cannot be used")
        with refused, serving_metrics(MetricsConfig(port=free_port), figures()):
            pass
