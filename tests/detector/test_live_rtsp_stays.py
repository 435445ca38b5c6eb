"""A whole camera watched over RTSP whose server dies in mid-stay: the stay outlasts it, and nobody is told twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.brokers import wait_for
from tests.detector.drawn_footage import DrawnDetector, scene, write_video
from tests.detector.watching import camera, hearing_sink, told, watch
from tests.rtsp_server import RtspCamera

pytestmark = pytest.mark.service("gst_rtsp_server")


def test_a_stay_outlasts_a_server_that_is_killed_and_started_again(tmp_path: Path, free_port: int) -> None:
    server = RtspCamera(free_port, str(write_video(tmp_path / "scene.mp4", scene, count=60)))
    server.start()
    with hearing_sink(tmp_path) as sink:
        watching = watch(
            camera(Path()).model_copy(update={"source": server.url}), sink, DrawnDetector(), threading.Event()
        )
        thread = threading.Thread(target=watching.run)
        thread.start()
        try:
            wait_for(lambda: told(sink, "alert", "raised"))
            server.kill()
            wait_for(lambda: watching.counts.lost_because)
            server.shows = str(write_video(tmp_path / "standing.mp4", lambda _number: scene(59), count=60))
            server.start()
            seen = watching.counts.taken
            wait_for(lambda: watching.counts.taken >= seen + 40)
        finally:
            watching.stop.set()
            thread.join()
            server.kill()
    assert watching.counts.connections >= 2
    assert len(told(sink, "stay", "opened")) == 1
    assert len(told(sink, "alert", "raised")) == 1
    assert not told(sink, "stay", "closed")
    assert not told(sink, "alert", "cleared")
