"""Messages become what the dashboard's services take; the dashboard knows nothing of what travelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from broker_bridge.messages import AlertMessage, CameraHealth, RackOccupancy, StayMessage, UpMessage, WorkerStatus
from dashboard.alerts.service import AlertReport, attach_snapshot, clear_alert, raise_alert, update_alert
from dashboard.alerts.tables import Alert
from dashboard.health.service import CameraReport, WorkerReport, record_camera, record_worker
from dashboard.media import service as media_store
from dashboard.places.service import OccupancyReport, record_occupancy
from dashboard.stays.service import StayReport, record_stay

FAULTS = ("stalled", "covered", "blurred", "overexposed", "bikes_too_small")
"""Fields of a camera's health that say what is wrong, beside `dark` and `moved`."""


def store_message(session: Session, media: Path, message: UpMessage) -> None:
    match message:
        case AlertMessage():
            _store_alert(session, media, message)
        case StayMessage():
            record_stay(session, _stay_report(message))
        case WorkerStatus():
            record_worker(session, _worker_report(message))
        case CameraHealth():
            record_camera(session, _camera_report(message))
        case RackOccupancy():
            record_occupancy(session, _occupancy_report(message))


def store_snapshot(session: Session, media: Path, alert_id: str, jpeg: bytes, at: datetime) -> None:
    """Keep the picture; it is hung on its alert now, or when the alert arrives."""
    key = media_store.snapshot_key(alert_id)
    media_store.store(media, key, jpeg)
    if session.get(Alert, alert_id) is not None:
        attach_snapshot(session, alert_id, key, at)


def _store_alert(session: Session, media: Path, message: AlertMessage) -> None:
    report = _alert_report(message, session.get(Alert, message.alert_id))
    match message.event:
        case "raised":
            raise_alert(session, report)
        case "updated":
            update_alert(session, report)
        case "cleared":
            clear_alert(session, report, message.clear_reason or "expired")
    _hang_early_picture(session, media, message)


def _hang_early_picture(session: Session, media: Path, message: AlertMessage) -> None:
    """A picture that overtook its alert lies in the folder already."""
    alert = session.get(Alert, message.alert_id)
    key = media_store.snapshot_key(message.alert_id)
    if alert is not None and alert.snapshot_key is None and media_store.exists(media, key):
        attach_snapshot(session, message.alert_id, key, message.at)


def _verdict(message: AlertMessage | StayMessage) -> tuple[str | None, float | None, Mapping[str, float]]:
    if message.verdict is None:
        return None, None, {}
    return message.verdict.state, message.verdict.p_unlocked, message.verdict.reasons


def _alert_report(message: AlertMessage, before: Alert | None) -> AlertReport:
    state, p_unlocked, reasons = _verdict(message)
    if state is None and before is not None:
        state, p_unlocked, reasons = before.verdict_state, before.p_unlocked, before.reasons
    return AlertReport(
        alert_id=message.alert_id,
        stay_id=message.stay_id,
        site_id=message.site,
        camera_id=message.camera,
        rack_id=message.rack,
        building_id=message.building,
        kind=message.kind,
        parked_at=message.parked_at,
        left_at=message.left_at,
        at=message.at,
        expires_at=message.expires_at,
        verdict_state=state or "unsure",
        p_unlocked=p_unlocked,
        reasons=reasons,
        xyxy_norm=message.xyxy_norm,
        has_snapshot=message.snapshot,
        locked_after_s=message.locked_after_s,
    )


def _stay_report(message: StayMessage) -> StayReport:
    state, p_unlocked, reasons = _verdict(message)
    return StayReport(
        stay_id=message.stay_id,
        site_id=message.site,
        building_id=message.building,
        rack_id=message.rack,
        camera_id=message.camera,
        kind=message.kind,
        at=message.at,
        preexisting=message.preexisting,
        visit_certain=message.visit_certain,
        parked_at=message.parked_at,
        left_at=message.left_at,
        gone_at=message.gone_at,
        verdict_state=state,
        p_unlocked=p_unlocked,
        reasons=reasons,
        xyxy_norm=message.xyxy_norm,
    )


def _worker_report(message: WorkerStatus) -> WorkerReport:
    return WorkerReport(
        site_id=message.site,
        worker_id=message.worker,
        state=message.state,
        boot=message.boot,
        at=message.sent_at,
        version=message.version,
        model_id=message.model.id if message.model else None,
        model_sha256=message.model.sha256 if message.model else None,
        verdict_id=message.verdict.id if message.verdict else None,
        verdict_sha256=message.verdict.sha256 if message.verdict else None,
        config_hash=message.config_hash,
        cameras=message.cameras,
    )


def _camera_report(message: CameraHealth) -> CameraReport:
    return CameraReport(
        site_id=message.site,
        worker_id=message.worker,
        camera_id=message.camera,
        at=message.sent_at,
        fps_in=message.fps_in,
        fps_seen=message.fps_seen,
        fps_inferred=message.fps_inferred,
        inference_ms=message.inference_ms,
        dark=message.dark,
        moved=message.moved,
        last_frame_at=message.last_frame_at,
        outbox_depth=message.outbox_depth,
        faults=tuple(name for name in FAULTS if getattr(message, name)),
        bike_width_px=message.bike_width_px,
        model_id=message.model.id if message.model else None,
        model_sha256=message.model.sha256 if message.model else None,
        verdict_id=message.verdict.id if message.verdict else None,
        verdict_sha256=message.verdict.sha256 if message.verdict else None,
        lock_model_id=message.lock_model.id if message.lock_model else None,
        lock_model_sha256=message.lock_model.sha256 if message.lock_model else None,
    )


def _occupancy_report(message: RackOccupancy) -> OccupancyReport:
    return OccupancyReport(
        site_id=message.site,
        rack_id=message.rack,
        at=message.sent_at,
        bikes=message.bikes,
        unlocked=message.unlocked,
        unsure=message.unsure,
    )
