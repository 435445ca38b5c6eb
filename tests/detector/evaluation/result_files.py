"""Writes result folders and truth files as they lie on disk, with the project's own writers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from broker_bridge.messages import AlertMessage, StayMessage, UpMessage, Verdict, alert_id_of
from detector.evaluation.found import FoundAlert, FoundStay, FoundVerdict
from detector.evaluation.truth import ClipTruth
from detector.frames import EPOCH
from detector.results import EVENTS, STAYS
from detector.stay_book import StayRecord
from detector.stays_csv import write_stays_csv
from detector.vocabulary import Kind, LockState, LockVerdict, ReasonCode, Stay, StayState


def write_truth(folder: Path, truth: ClipTruth) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(truth.clip).stem}.truth.json"
    path.write_text(truth.model_dump_json(), encoding="utf-8")
    return path


def write_result(folder: Path, *stays: FoundStay, start: datetime = EPOCH) -> Path:
    """A result folder with these stays, the first frame taken at `start`."""
    folder.mkdir(parents=True)
    records = [_record(one, start) for one in stays]
    write_stays_csv(folder / STAYS, records, folder.name, start)
    messages = sorted((message for one in stays for message in _messages(one, start)), key=lambda one: one.sent_at)
    lines = [message.model_dump_json() for message in messages]
    (folder / EVENTS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def _record(one: FoundStay, start: datetime) -> StayRecord:
    last = one.verdicts[-1] if one.verdicts else None
    return StayRecord(one.number, _stay(one, start), _verdict(last) if last else None)


def _stay(one: FoundStay, start: datetime) -> Stay:
    return Stay(
        stay_id=f"stay-{one.number}",
        rack_id="east",
        building_id="library",
        kind=Kind(one.kind),
        state=StayState.LEFT,
        xyxy_norm=one.xyxy_norm,
        preexisting=one.preexisting,
        parked_at=start + timedelta(seconds=one.parked_at_s),
        left_at=None if one.left_at_s is None else start + timedelta(seconds=one.left_at_s),
        gone_at=None if one.gone_at_s is None else start + timedelta(seconds=one.gone_at_s),
        visit_certain=one.visit_certain,
    )


def _verdict(one: FoundVerdict) -> LockVerdict:
    return LockVerdict(LockState(one.state), one.p_unlocked, {ReasonCode(code): n for code, n in one.reasons.items()})


def _messages(one: FoundStay, start: datetime) -> Iterator[UpMessage]:
    stay = _stay(one, start)
    told = {"preexisting": stay.preexisting, "visit_certain": stay.visit_certain}
    opened = _fields(stay, stay.parked_at)
    yield StayMessage(event="opened", **(opened | {"left_at": None}), **told)
    for verdict in one.verdicts:
        yield StayMessage(event="judged", verdict=_wire(verdict), **_fields(stay, _at(verdict.at_s, start)), **told)
    for alert in one.alerts:
        yield from _alerts(stay, alert, start)
    if stay.gone_at is not None:
        yield StayMessage(event="closed", gone_at=stay.gone_at, **_fields(stay, stay.gone_at), **told)


def _alerts(stay: Stay, alert: FoundAlert, start: datetime) -> Iterator[AlertMessage]:
    more = {"alert_id": alert_id_of(stay.stay_id), "expires_at": start + timedelta(hours=1)}
    yield AlertMessage(event="raised", **_fields(stay, _at(alert.raised_at_s, start)), **more)
    if alert.cleared_at_s is not None:
        about = _fields(stay, _at(alert.cleared_at_s, start))
        yield AlertMessage(event="cleared", clear_reason=alert.clear_reason, **about, **more)


def _at(second: float, start: datetime) -> datetime:
    return start + timedelta(seconds=second)


def _wire(one: FoundVerdict) -> Verdict:
    return Verdict(state=one.state, p_unlocked=one.p_unlocked, reasons=dict(one.reasons))


def _fields(stay: Stay, at: datetime) -> dict[str, Any]:
    return {
        "message_id": uuid.uuid4(),
        "sent_at": at,
        "site": "recorded",
        "worker": "test",
        "boot": "test",
        "seq": 0,
        "at": at,
        "camera": "yard",
        "rack": stay.rack_id,
        "building": stay.building_id,
        "stay_id": stay.stay_id,
        "kind": stay.kind.value,
        "xyxy_norm": stay.xyxy_norm,
        "parked_at": stay.parked_at,
        "left_at": stay.left_at,
    }
