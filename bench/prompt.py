"""From the rider's leaving to the message on the broker, over the grace time: the real worker, live cameras, a real broker.

`python -m bench.prompt` prints how late each alert came, and where the time went. A sample clip is sent as motion JPEG by
cameras of our own, which know when they sent the picture in which the rider goes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import paho.mqtt.client as mqtt
import yaml
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console
from rich.table import Table

from bench.rows import Row
from broker_bridge.messages import AlertMessage
from detector.config import Thresholds
from detector.frames import read_frames
from tests.brokers import ROOT, Broker, embedded_process, mosquitto_process

CLIP = ROOT / "sample_videos" / "left_unlocked.mp4"
FPS = 10.0
STILL_S = 12.0
"""At the start a worker looks closely at everything; what happens then is not what is measured."""
STAGGER_S = 6.37
"""One camera after the other, and none at the same point between two of the worker's looks."""
ENDS_S = 26.0
ROUNDS, CAMERAS = 5, 4
WANTED_S = 1.0
GRACE = timedelta(seconds=Thresholds().grace_s)


@dataclass(frozen=True, slots=True)
class Delay:
    """One alert. Seconds over the grace time; the first by the truth, the others add up to the second."""

    over_truth_s: float
    over_left_s: float
    to_picture_s: float
    """From the worker's own leaving, and the grace time, to the picture that brought the verdict."""
    to_message_s: float
    to_subscriber_s: float


class Scene:
    """What one camera sees: still at first, then the clip once, then still again."""

    def __init__(self, pictures: Sequence[bytes], waits_s: float) -> None:
        self._pictures, self._waits_s = pictures, waits_s
        self.begins_s: float | None = None
        """When the clip's first picture was sent, by the machine's clock; None: nobody is watching yet."""

    def film(self) -> Iterator[bytes]:
        if self.begins_s is None:
            self.begins_s = time.time() + self._waits_s
        first, number = time.time(), 0
        while True:
            index = int((time.time() - self.begins_s) * FPS)
            yield self._pictures[min(max(index, 0), len(self._pictures) - 1)]
            number += 1
            time.sleep(max(0.0, first + number / FPS - time.time()))


class _Camera(BaseHTTPRequestHandler):
    def __init__(self, scenes: Sequence[Scene], *args: Any) -> None:  # noqa: ANN401 -- as its base has it
        self._scenes = scenes
        super().__init__(*args)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            for jpeg in self._scenes[int(self.path.strip("/"))].film():
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def rows(rounds: int = 1, cameras: int = CAMERAS) -> Iterator[Row]:
    delays = [one for _ in range(rounds) for one in measured(cameras)]
    late_s = quantile([one.over_left_s for one in delays], 0.95)
    what = f"leaving to message on the broker, over the grace time, p95 of {len(delays)} alerts of {rounds * cameras} riders"
    yield Row(what, late_s, "1 s", f"<= {WANTED_S:.0f}", late_s <= WANTED_S)


def measured(cameras: int) -> list[Delay]:
    """One worker, so many cameras, one alert each where all goes well."""
    pictures = [_jpeg(frame.image_bgr) for frame in read_frames(CLIP, fps=FPS) if frame.at.timestamp() < ENDS_S]
    scenes = [Scene(pictures, STILL_S + number * STAGGER_S) for number in range(cameras)]
    with tempfile.TemporaryDirectory() as folder, _broker(Path(folder)) as broker, _sending(scenes) as port:
        with _subscribed(broker.port) as heard, _worker(Path(folder), broker.url, port, cameras):
            deadline = time.time() + 60
            while not all(scene.begins_s for scene in scenes) and time.time() < deadline:
                time.sleep(0.1)
            time.sleep(max(0.0, max(scene.begins_s or 0.0 for scene in scenes) + ENDS_S - time.time()))
        return [_delay(scenes, alert, at_s) for alert, at_s in heard]


def _delay(scenes: Sequence[Scene], alert: AlertMessage, heard_s: float) -> Delay:
    begins_s = scenes[int(alert.camera.removeprefix("camera-"))].begins_s
    assert begins_s is not None
    assert alert.left_at is not None
    due_s, grace_s = (alert.left_at + GRACE).timestamp(), GRACE.total_seconds()
    at_s, sent_s = alert.at.timestamp(), alert.sent_at.timestamp()
    return Delay(
        heard_s - begins_s - _left_s() - grace_s, heard_s - due_s, at_s - due_s, sent_s - at_s, heard_s - sent_s
    )


def _left_s() -> float:
    truth = json.loads(CLIP.with_suffix(".truth.json").read_text(encoding="utf-8"))
    (left_s,) = (stay["left_at_s"] for stay in truth["stays"] if stay["left_at_s"] is not None)
    return float(left_s)


def _jpeg(image_bgr: Any) -> bytes:  # noqa: ANN401 -- an array of OpenCV's
    return bytes(cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


@contextmanager
def _sending(scenes: Sequence[Scene]) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Camera, scenes)) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def _broker(folder: Path) -> Iterator[Broker]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    broker = mosquitto_process(port, program, folder) if program else embedded_process(port)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@contextmanager
def _subscribed(port: int) -> Iterator[list[tuple[AlertMessage, float]]]:
    """Raised alerts, each with the moment it arrived."""
    heard: list[tuple[AlertMessage, float]] = []

    def hear(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        at_s, alert = time.time(), AlertMessage.model_validate_json(message.payload)
        if alert.event == "raised" and alert.message_id not in {one.message_id for one, _ in heard}:
            heard.append((alert, at_s))

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = hear
    client.connect("127.0.0.1", port)
    client.subscribe("pleaselock/v1/+/camera/+/alert", 1)
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def _worker(folder: Path, broker_url: str, port: int, cameras: int) -> Iterator[None]:
    racks = json.loads(CLIP.with_suffix(".truth.json").read_text(encoding="utf-8"))["racks"]
    outlines = [{"id": rack["id"], "outline": rack["outline_norm"]} for rack in racks]
    ids = range(cameras)
    sources = [{"id": f"camera-{n}", "source": f"http://127.0.0.1:{port}/{n}", "racks": outlines} for n in ids]
    site = {"site": "bench", "worker": "prompt", "mqtt": broker_url, "cameras": sources}
    (folder / "site.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pleaselock",
        "watch",
        "--config",
        str(folder / "site.yaml"),
        "--home",
        str(folder),
    ]
    with (folder / "worker.log").open("wb") as log, subprocess.Popen(command, cwd=ROOT, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many are not above; of none at all, endless."""
    if not values:
        return math.inf
    return sorted(values)[max(0, -(-len(values) * round(share * 100) // 100) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--cameras", type=int, default=CAMERAS, help="of one worker, in each round")
    wanted = parser.parse_args()
    delays = [one for _ in range(wanted.rounds) for one in measured(wanted.cameras)]
    cpus, load = os.cpu_count(), os.getloadavg()[0]
    title = f"{len(delays)} alerts of {wanted.rounds * wanted.cameras} riders; {cpus} cores, load {load:.1f}"
    table = Table("seconds", "median", "p95", "most", title=title, title_justify="left")
    for what, name in (
        ("arrival at a subscriber, over true leaving + grace", "over_truth_s"),
        ("arrival at a subscriber, over the worker's own leaving + grace", "over_left_s"),
        ("  of that until the picture that brings the verdict", "to_picture_s"),
        ("  from that picture to the message", "to_message_s"),
        ("  from the message to the subscriber", "to_subscriber_s"),
    ):
        values = [getattr(one, name) for one in delays]
        table.add_row(what, *(f"{quantile(values, share):.2f}" for share in (0.5, 0.95, 1.0)))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
