"""Alerts with their pictures that volunteers took and answered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from broker_bridge.storing import store_snapshot
from dashboard.alerts.service import raise_alert, record_outcome, take
from dashboard.alerts.tables import Outcome
from detector.boxes import XyxyPx
from detector.snapshots import bike_picture
from detector.vocabulary import Frame
from tests.dashboard.builders import NOON, person, report

FAR_OFF = NOON + timedelta(days=9999)
BOX = (0.35, 0.4, 0.6, 0.75)


def snapshot(width_px: int = 1280, height_px: int = 720) -> bytes:
    """As an edge cuts it: the bike is white in a grey picture."""
    image = np.full((height_px, width_px, 3), 90, dtype=np.uint8)
    left, top, right, bottom = (round(v * s) for v, s in zip(BOX, (width_px, height_px) * 2, strict=True))
    image[top:bottom, left:right] = 255
    return bike_picture(Frame(image, 0, NOON), XyxyPx(left, top, right, bottom), [])


def answer(
    session: Session,
    media: Path,
    stay: str,
    outcome: Outcome,
    picture: bytes | None = None,
    *,
    note: str = "",
    **changes: object,
) -> str:
    """The id of an alert that somebody took and answered; `changes` are of its report."""
    who = person(session, f"who-{stay}")
    alert = raise_alert(session, report(stay, xyxy_norm=BOX, expires_at=FAR_OFF, **changes))
    store_snapshot(session, media, alert.id, picture or snapshot(), NOON)
    take(session, alert.id, who.id, NOON)
    record_outcome(session, alert.id, who.id, outcome, note, NOON)
    return alert.id
