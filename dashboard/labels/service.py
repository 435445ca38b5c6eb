"""Labels for the next model: what people found at a bike, with the picture that was taken of it.

The picture left the edge with every head unrecognisable; nothing else of the footage is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dashboard.alerts.tables import Alert, Outcome
from dashboard.labels.picture import box_in_picture, jpeg_size
from dashboard.labels.queries import answered
from dashboard.labels.tables import LabelCorrection, Saying
from dashboard.media.service import path_of

CLASSES = ("unlocked_bike", "locked_bike")
FOUND: dict[str, Saying] = {
    Outcome.OWNER_LOCKED: Saying.UNLOCKED,
    Outcome.TAGGED: Saying.UNLOCKED,
    Outcome.WAS_LOCKED: Saying.LOCKED,
}
"""What an outcome says of the bike when its picture was taken; the others say nothing of its lock."""
VAL_SHARE = 0.2
Split = Literal["train", "val"]


class NoSuchAlertError(Exception):
    """There is no alert of that id to correct."""


@dataclass(frozen=True, slots=True)
class Label:
    """One bike in one picture; `xyxy_px` in its pixels."""

    alert_id: str
    locked: bool
    by: Literal["volunteer", "analyst"]
    outcome: str | None
    rack: str
    camera: str
    raised_at: datetime
    p_unlocked: float | None
    picture: Path
    width_px: int
    height_px: int
    xyxy_px: tuple[float, float, float, float]
    split: Split

    @property
    def name(self) -> str:
        return CLASSES[self.locked]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The labels there are, and how many answers gave none, by why."""

    labels: tuple[Label, ...]
    left_out: dict[str, int]


def gather(session: Session, media: Path, since: datetime | None = None) -> Gathered:
    """Every label whose picture is still there. Reads the pictures' sizes."""
    labels: list[Label] = []
    left_out: dict[str, int] = {}
    for alert, correction in answered(session, since):
        label = _label(alert, correction, media)
        if isinstance(label, Label):
            labels.append(label)
        else:
            left_out[label] = left_out.get(label, 0) + 1
    return Gathered(tuple(labels), left_out)


def correct(session: Session, alert_id: str, says: Saying, at: datetime, by_id: int | None = None) -> None:
    """Set what an analyst says of an alert's picture; the last word counts.

    Raises:
        NoSuchAlertError: there is no such alert.
    """
    _check(session, alert_id)
    session.merge(LabelCorrection(alert_id=alert_id, says=says.value, at=at, by_id=by_id))
    session.flush()


def take_back(session: Session, alert_id: str) -> None:
    """Forget what an analyst said, if anything: the volunteer's answer counts again.

    Raises:
        NoSuchAlertError: there is no such alert.
    """
    _check(session, alert_id)
    session.execute(delete(LabelCorrection).where(LabelCorrection.alert_id == alert_id))


def _check(session: Session, alert_id: str) -> None:
    if session.get(Alert, alert_id) is None:
        raise NoSuchAlertError(f"There is no alert {alert_id!r}; its id is the last part of its page's address.")


def _label(alert: Alert, correction: LabelCorrection | None, media: Path) -> Label | str:
    says = Saying(correction.says) if correction else FOUND.get(alert.outcome or "")
    if says is None:
        return "the answer says nothing of the lock"
    if says is Saying.LEAVE_OUT:
        return "an analyst left it out"
    if says is Saying.NOT_A_BIKE:
        return "an analyst saw no bike in it"
    assert alert.snapshot_key is not None
    picture = path_of(media, alert.snapshot_key)
    size = jpeg_size(picture)
    if size is None:
        return "its picture is gone"
    box = box_in_picture((alert.xyxy_norm[0], alert.xyxy_norm[1], alert.xyxy_norm[2], alert.xyxy_norm[3]), *size)
    if box is None:
        return "where the bike is in its picture cannot be told"
    return Label(
        alert.id,
        says is Saying.LOCKED,
        "analyst" if correction else "volunteer",
        alert.outcome,
        alert.rack.code,
        alert.camera.code,
        alert.raised_at,
        alert.p_unlocked,
        picture,
        *size,
        box,
        split_of(alert.rack.code, alert.raised_at),
    )


def split_of(rack: str, raised_at: datetime) -> Split:
    """The same for a whole day at one rack: one bike's pictures are never on both sides."""
    digest = hashlib.sha256(f"{rack} {raised_at.date().isoformat()}".encode()).digest()
    return "val" if digest[0] < 256 * VAL_SHARE else "train"
