"""The timeline of a report: one lane per stay, 1000 units wide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detector.stay_book import StayRecord
from detector.words import NOT_JUDGED, VERDICTS, Words, clip_time

UNITS = 1000
NARROWEST = 3.0
"""A bar thinner than this would not be seen."""
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    tone: str
    x: float
    width: float
    said: Words


@dataclass(frozen=True, slots=True)
class Lane:
    number: int
    bars: list[Bar]
    alert_x: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    text: str
    percent: float


def lane_of(record: StayRecord, start: datetime, length_s: float) -> Lane:
    """First the rider's time at the bike, then the bike's time alone in its verdict's tone."""
    stay, verdict = record.stay, record.verdict
    parked_s = (stay.parked_at - start).total_seconds()
    left_s = None if stay.left_at is None else (stay.left_at - start).total_seconds()
    gone_s = length_s if stay.gone_at is None else (stay.gone_at - start).total_seconds()
    tone, said = (verdict.state.value, VERDICTS[verdict.state]) if verdict else ("unjudged", NOT_JUDGED)
    at_bike = Words("Rider at the bike", "有人在车旁")
    if stay.preexisting:
        bars = [_bar(tone, parked_s, gone_s, length_s, said)]
    elif left_s is None:
        bars = [_bar("attended", parked_s, gone_s, length_s, at_bike)]
    else:
        bars = [_bar("attended", parked_s, left_s, length_s, at_bike), _bar(tone, left_s, gone_s, length_s, said)]
    alert_s = None if record.alert_at is None else (record.alert_at - start).total_seconds()
    return Lane(record.number, bars, None if alert_s is None else _units(alert_s, length_s))


def ticks_of(length_s: float) -> list[Tick]:
    """Round times along the axis, the last of them the clip's end."""
    step_s = next((step for step in STEPS_S if length_s / step <= MOST_TICKS), STEPS_S[-1])
    times = [float(second) for second in range(0, int(length_s - step_s / 2) + 1, step_s)] or [0.0]
    return [Tick(clip_time(second), round(100 * second / length_s, 2)) for second in times] + [
        Tick(clip_time(length_s), 100.0)
    ]


def _bar(tone: str, from_s: float, to_s: float, length_s: float, said: Words) -> Bar:
    x = _units(from_s, length_s)
    times = f"{clip_time(from_s)}–{clip_time(to_s)}"
    width = max(NARROWEST, round(_units(to_s, length_s) - x, 1))
    return Bar(tone, x, width, Words(f"{said.en} {times}", f"{said.zh} {times}"))


def _units(second: float, length_s: float) -> float:
    return round(min(1.0, max(0.0, second / length_s)) * UNITS, 1)
