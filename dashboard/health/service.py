"""How workers and cameras are, as they last said; reports may come late, and an edge's clock may be set back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dashboard.health.queries import worker_by_code
from dashboard.health.tables import CameraHealth, Worker
from dashboard.places.service import ensure_camera, ensure_site

LATE = timedelta(minutes=1)
"""A report older than the last by less than this came late; by more, the clock of the edge was set back."""


@dataclass(frozen=True)
class WorkerReport:
    """`at` is when the connection it speaks of was made: a last will carries the same one as the status it follows."""

    site_id: str
    worker_id: str
    state: str
    boot: str
    at: datetime
    version: str
    model_id: str | None
    model_sha256: str | None
    config_hash: str
    cameras: tuple[str, ...]
    verdict_id: str | None = None
    verdict_sha256: str | None = None


@dataclass(frozen=True)
class CameraReport:
    site_id: str
    worker_id: str
    camera_id: str
    at: datetime
    fps_in: float
    fps_seen: float
    fps_inferred: float
    inference_ms: float | None
    dark: bool
    moved: bool
    last_frame_at: datetime | None
    outbox_depth: int
    faults: tuple[str, ...] = ()
    bike_width_px: float | None = None
    model_id: str | None = None
    model_sha256: str | None = None
    verdict_id: str | None = None
    verdict_sha256: str | None = None
    lock_model_id: str | None = None
    lock_model_sha256: str | None = None


def record_worker(session: Session, report: WorkerReport) -> None:
    site = ensure_site(session, report.site_id)
    worker = worker_by_code(session, site, report.worker_id)
    if worker is None:
        worker = Worker(site=site, code=report.worker_id)
        session.add(worker)
    elif report.state == "offline" and report.at < worker.reported_at:
        return  # the last will of an older connection: the worker has connected again since
    worker.state, worker.boot, worker.reported_at = report.state, report.boot, report.at
    worker.version, worker.config_hash, worker.cameras = report.version, report.config_hash, list(report.cameras)
    worker.model_id, worker.model_sha256 = report.model_id, report.model_sha256
    worker.verdict_id, worker.verdict_sha256 = report.verdict_id, report.verdict_sha256
    session.flush()


def record_camera(session: Session, report: CameraReport) -> None:
    camera = ensure_camera(session, report.site_id, report.camera_id)
    health = session.get(CameraHealth, camera.id)
    if health is None:
        health = CameraHealth(camera_id=camera.id)
        session.add(health)
    elif health.reported_at - LATE < report.at < health.reported_at:
        return
    health.worker_code, health.reported_at, health.last_frame_at = report.worker_id, report.at, report.last_frame_at
    health.fps_in, health.fps_seen, health.fps_inferred = report.fps_in, report.fps_seen, report.fps_inferred
    health.inference_ms, health.dark, health.moved = report.inference_ms, report.dark, report.moved
    health.outbox_depth, health.faults = report.outbox_depth, list(report.faults)
    health.bike_width_px = report.bike_width_px
    health.model_id, health.model_sha256 = report.model_id, report.model_sha256
    health.verdict_id, health.verdict_sha256 = report.verdict_id, report.verdict_sha256
    health.lock_model_id, health.lock_model_sha256 = report.lock_model_id, report.lock_model_sha256
    session.flush()
