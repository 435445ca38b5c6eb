"""A real camera over HTTP (motion JPEG) in a process of its own: python -m tests.http_camera PORT FPS."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import cv2
import numpy as np

from tests.rtsp_server import BARS, CameraProcess

WIDTH, HEIGHT = 320, 240


@dataclass
class HttpCamera(CameraProcess):
    fps: float = 10.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.http_camera", str(self.port), str(self.fps)]


def picture() -> bytes:
    """The bars that `rtsp_server.age_s` reads."""
    now = int(time.time() * 100) % 2**BARS
    row = np.repeat([235 if now >> bit & 1 else 16 for bit in range(BARS)], WIDTH // BARS).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", np.tile(row, (HEIGHT, 1)))[1])


class Film(BaseHTTPRequestHandler):
    fps: ClassVar[float]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        while True:
            jpeg = picture()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            time.sleep(1 / self.fps)

    def log_message(self, *_: object) -> None:
        pass


def main(port: str, fps: str) -> None:
    Film.fps = float(fps)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Film).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
