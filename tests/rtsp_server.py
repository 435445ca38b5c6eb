"""A real RTSP camera in a process of its own (GStreamer's server), to be killed, frozen and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.brokers import ROOT, wait_for

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parent / "gst_rtsp.py"
BARS = 16


@dataclass
class CameraProcess(ABC):
    """A camera on a port of its own, in a process of its own."""

    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command(), stdout=quiet, stderr=quiet, cwd=ROOT)
        wait_for(self._answers)

    def kill(self) -> None:
        """Also a frozen one."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Its connections stay open and its port is still listened on, but nothing comes any more."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class RtspCamera(CameraProcess):
    shows: str = "h264"
    """The coding of pictures of the time, `h264` or `h265`; or a clip to be sent as it is."""

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/rack"

    def command(self) -> list[str]:
        return [SYSTEM_PYTHON, str(SCRIPT), str(self.port), self.shows]


def age_s(image_bgr: NDArray[np.uint8], at: datetime) -> float:
    """How long before `at` the camera made this picture, -327 to 327 s; it is drawn into it."""
    bars = np.array_split(image_bgr[:, :, 1], BARS, axis=1)
    made = sum(int(bar[:, 6:-6].mean() > 128) << bit for bit, bar in enumerate(bars))
    cycle = 1 << BARS
    return ((at.timestamp() * 100 - made + cycle / 2) % cycle - cycle / 2) / 100
