"""One run told in words: what is true, what was found, and what the line said when and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from detector.evaluation.mistakes import mistakes_of
from detector.evaluation.outcomes import ClipOutcome, StandingOutcome, StayOutcome
from detector.evaluation.truth import StayTruth
from detector.frames import EPOCH
from detector.pipeline import Judged
from detector.stay_book import StayRecord
from detector.vocabulary import LockEvidence, LockVerdict
from sample_videos.simulate.run import Run
from sample_videos.simulate.suite import outcome


def explain(run: Run) -> str:
    return "\n".join(_lines(run))


def _lines(run: Run) -> Iterator[str]:
    truth, records, said = run.truth, run.ledger.records, outcome(run)
    yield f"{run.name}: {truth.duration_s:g} s at {run.fps:g} fps, {truth.width}x{truth.height}"
    yield "TRUTH | FOUND"
    pairs = _pairs(said)
    for row, stay in enumerate(truth.stays):
        yield f"  {_true(stay, truth.width)} | {_found(records[pairs[row] - 1]) if row in pairs else 'MISSED'}"
    for record in records:
        if record.number not in pairs.values():
            yield f"  {'-':70} | INVENTED {_found(record)}"
    yield "EVENTS"
    numbers = {record.stay.stay_id: record.number for record in records}
    for judged in run.ledger.judged:
        if not judged.event.stay.preexisting:
            yield f"  {_event(judged, numbers[judged.event.stay.stay_id])}"
    yield "MISTAKES"
    for one in mistakes_of([said]):
        yield f"  {one.at_s:6.1f} {one.kind} {one.why} true {one.true_index} found #{one.found_number}"


def _pairs(said: ClipOutcome) -> dict[int, int]:
    """True stays, by their place in the truth, to the numbers of the found ones."""
    both: tuple[StayOutcome | StandingOutcome, ...] = (*said.stays, *said.standing)
    return {one.index: one.found.number for one in both if one.found is not None}


def _true(stay: StayTruth, width_px: int) -> str:
    left, top, right, bottom = stay.xyxy_norm
    wide = (right - left) * width_px
    times = "standing" if stay.preexisting else f"parked {_s(stay.parked_at_s)} left {_s(stay.left_at_s)}"
    words = f"{times} gone {_s(stay.gone_at_s)} {'locked' if stay.locked else 'UNLOCKED'}"
    return f"{words:44} {wide:4.0f} px at {(left + right) / 2:.2f},{(top + bottom) / 2:.2f}"


def _found(record: StayRecord) -> str:
    stay = record.stay
    left, top, right, bottom = stay.xyxy_norm
    times = "standing" if stay.preexisting else f"parked {_at(stay.parked_at)} left {_at(stay.left_at)}"
    sure = "" if stay.visit_certain else " (which box: unsure)"
    verdict = f" {_verdict(record.verdict)}" if record.verdict else ""
    alert = f" ALERT {_at(record.alert_at)} {record.clear_reason}" if record.alert else ""
    where = f"at {(left + right) / 2:.2f},{(top + bottom) / 2:.2f}"
    return f"#{record.number} {times} gone {_at(stay.gone_at)} {where}{sure}{verdict}{alert}"


def _event(judged: Judged, number: int) -> str:
    event = judged.event
    verdict = f" -> {_verdict(judged.verdict)}" if judged.verdict else ""
    alert = f" ALERT {judged.alert.event}" if judged.alert else ""
    return f"{_at(event.at):>6} #{number} {event.kind}: {_evidence(event.evidence)}{verdict}{alert}"


def _evidence(evidence: LockEvidence) -> str:
    told = [(one.name, getattr(evidence, one.name)) for one in fields(evidence)]
    return " ".join(f"{name}={_plain(value)}" for name, value in told if value not in (None, 0, False))


def _plain(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _verdict(verdict: LockVerdict) -> str:
    p = "?" if verdict.p_unlocked is None else f"{verdict.p_unlocked:.2f}"
    return f"{verdict.state} p={p}"


def _at(moment: datetime | None) -> str:
    return "-" if moment is None else f"{(moment - EPOCH).total_seconds():.1f}"


def _s(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f}"
