"""Stays as the edge reports them; reports may come late, twice or in the wrong order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dashboard.places.service import ensure_place
from dashboard.stays.tables import Stay

XyxyNorm = tuple[float, float, float, float]


@dataclass(frozen=True)
class StayReport:
    """What is known of one stay at one moment. `xyxy_norm` is left, top, right, bottom, 0 to 1."""

    stay_id: str
    site_id: str
    building_id: str
    rack_id: str
    camera_id: str
    kind: str
    at: datetime
    preexisting: bool
    visit_certain: bool
    parked_at: datetime
    left_at: datetime | None
    gone_at: datetime | None
    verdict_state: str | None
    p_unlocked: float | None
    reasons: Mapping[str, float]
    xyxy_norm: XyxyNorm


def record_stay(session: Session, report: StayReport) -> Stay:
    """Write what is new; a late report only fills in what is not known yet."""
    stay = session.get(Stay, report.stay_id)
    if stay is None:
        return _open(session, report)
    newest = report.at >= stay.reported_at
    if newest:
        stay.reported_at = report.at
        stay.xyxy_norm, stay.visit_certain = list(report.xyxy_norm), report.visit_certain
        stay.left_at = report.left_at
    stay.gone_at = stay.gone_at or report.gone_at
    if report.verdict_state is not None and (newest or stay.verdict_state is None):
        _set_verdict(stay, report)
    session.flush()
    return stay


def _open(session: Session, report: StayReport) -> Stay:
    place = ensure_place(session, report.site_id, report.building_id, report.rack_id, report.camera_id)
    stay = Stay(
        id=report.stay_id,
        rack=place.rack,
        camera=place.camera,
        kind=report.kind,
        preexisting=report.preexisting,
        visit_certain=report.visit_certain,
        parked_at=report.parked_at,
        left_at=report.left_at,
        gone_at=report.gone_at,
        xyxy_norm=list(report.xyxy_norm),
        reported_at=report.at,
    )
    _set_verdict(stay, report)
    session.add(stay)
    session.flush()
    return stay


def _set_verdict(stay: Stay, report: StayReport) -> None:
    stay.verdict_state, stay.p_unlocked = report.verdict_state, report.p_unlocked
    stay.reasons = dict(report.reasons)
