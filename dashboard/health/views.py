"""What a camera's and a worker's last words mean now. Silence is told from the moment of the last words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.alerts.words import Word
from dashboard.health.tables import CameraHealth, Worker
from dashboard.places.tables import Camera
from dashboard.web.i18n import N_

SILENT_AFTER = timedelta(seconds=60)
"""Workers speak every few seconds; after this long something is wrong."""

ONLINE = Word(N_("Online"), "check", "ok")
OFFLINE = Word(N_("Offline"), "alarm", "danger")
SILENT = Word(N_("Silent"), "alarm", "danger")
NEVER = Word(N_("Never heard of"), "question", "")
NO_PICTURE = Word(N_("No picture"), "alarm", "danger")
MOVED = Word(N_("Camera moved"), "alarm", "warn")
DARK = Word(N_("Too dark"), "moon", "warn")
FINE = Word(N_("Fine"), "check", "ok")


@dataclass(frozen=True)
class CameraView:
    camera: Camera
    health: CameraHealth | None
    word: Word

    @property
    def wrong(self) -> bool:
        return self.word.tone in ("danger", "warn")


@dataclass(frozen=True)
class WorkerView:
    worker: Worker
    word: Word
    last_heard: datetime


def camera_view(camera: Camera, health: CameraHealth | None, at: datetime) -> CameraView:
    return CameraView(camera, health, _camera_word(health, at))


def _camera_word(health: CameraHealth | None, at: datetime) -> Word:
    if health is None:
        return NEVER
    if at - health.reported_at > SILENT_AFTER:
        return SILENT
    if health.last_frame_at is None or health.reported_at - health.last_frame_at > SILENT_AFTER:
        return NO_PICTURE
    if health.moved:
        return MOVED
    return DARK if health.dark else FINE


def worker_view(worker: Worker, cameras: Iterable[CameraView], at: datetime) -> WorkerView:
    """A worker that calls itself online and says nothing any more is silent."""
    said = [view.health.reported_at for view in cameras if view.health and view.health.worker_code == worker.code]
    last = max([worker.reported_at, *said])
    if worker.state != "online":
        return WorkerView(worker, OFFLINE, last)
    return WorkerView(worker, SILENT if at - last > SILENT_AFTER else ONLINE, last)


def troubles(cameras: Sequence[CameraView], workers: Sequence[WorkerView]) -> int:
    return sum(view.wrong for view in cameras) + sum(view.word.tone == "danger" for view in workers)
