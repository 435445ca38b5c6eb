"""What a camera's and a worker's last words mean now, in words. Silence is told from the moment of the last words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.alerts.words import Word
from dashboard.health.tables import CameraHealth, Worker
from dashboard.health.troubles import (
    SILENT_AFTER,
    LastWords,
    Trouble,
    contact_trouble,
    view_trouble,
    worker_trouble,
)
from dashboard.places.tables import Camera
from dashboard.web.i18n import N_

__all__ = ["SILENT_AFTER"]

ONLINE = Word(N_("Online"), "check", "ok")
OFFLINE = Word(N_("Offline"), "alarm", "danger")
SILENT = Word(N_("Silent"), "alarm", "danger")
NEVER = Word(N_("Never heard of"), "question", "")
NO_PICTURE = Word(N_("No picture"), "alarm", "danger")
MOVED = Word(N_("Camera moved"), "alarm", "warn")
COVERED = Word(N_("Lens covered"), "alarm", "danger")
DARK = Word(N_("Too dark"), "moon", "warn")
OVEREXPOSED = Word(N_("Too bright"), "sun", "warn")
BLURRED = Word(N_("Out of focus"), "alarm", "warn")
TOO_SMALL = Word(N_("Bikes too small"), "alarm", "warn")
FINE = Word(N_("Fine"), "check", "ok")
WORDS = {
    Trouble.OFFLINE: OFFLINE,
    Trouble.SILENT: SILENT,
    Trouble.NO_PICTURE: NO_PICTURE,
    Trouble.MOVED: MOVED,
    Trouble.COVERED: COVERED,
    Trouble.DARK: DARK,
    Trouble.OVEREXPOSED: OVEREXPOSED,
    Trouble.BLURRED: BLURRED,
    Trouble.BIKES_TOO_SMALL: TOO_SMALL,
}


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
    if health is None:
        return CameraView(camera, health, NEVER)
    said = last_words(health)
    trouble = contact_trouble(said, at) or view_trouble(said)
    return CameraView(camera, health, WORDS[trouble] if trouble else FINE)


def last_words(health: CameraHealth) -> LastWords:
    named = {"dark": health.dark, "moved": health.moved}
    faults = frozenset([*(health.faults or []), *(name for name, is_so in named.items() if is_so)])
    return LastWords(health.reported_at, health.last_frame_at, faults)


def last_heard(worker: Worker, cameras: Iterable[tuple[Camera, CameraHealth | None]], at: datetime) -> datetime:
    """When a worker last said anything. Its cameras' words carry the server's time, its status the edge's own.

    An edge whose clock is ahead would never be silent: what it says to come from the future does not count beside its cameras.
    """
    said = [
        health.reported_at
        for camera, health in cameras
        if health is not None and health.worker_code == worker.code and camera.site_id == worker.site_id
    ]
    return max(said) if said and worker.reported_at > at else max([worker.reported_at, *said])


def worker_view(worker: Worker, cameras: Iterable[CameraView], at: datetime) -> WorkerView:
    last = last_heard(worker, [(view.camera, view.health) for view in cameras], at)
    trouble = worker_trouble(worker.state, last, at)
    return WorkerView(worker, WORDS[trouble] if trouble else ONLINE, last)


def troubles(cameras: Sequence[CameraView], workers: Sequence[WorkerView]) -> int:
    return sum(view.wrong for view in cameras) + sum(view.word.tone == "danger" for view in workers)
