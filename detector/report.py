"""One clip's report: a single page that asks nobody for anything, in both languages, with every picture inside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from detector.config import ViewConfig
from detector.report_overview import overview_jpeg
from detector.report_timeline import Lane, Tick, lane_of, ticks_of
from detector.saved_detections import SavedHeader
from detector.stay_book import Moment, StayBook, StayRecord
from detector.vocabulary import LockState
from detector.words import (
    CLEARED,
    KINDS,
    MOMENTS,
    NOT_JUDGED,
    STOOD_THERE,
    VERDICTS,
    Words,
    clip_time,
    reasons_in_words,
)

PAGE = Path(__file__).parent / "report_page"
BY_URGENCY = (LockState.UNLOCKED, LockState.UNSURE, LockState.LOCKED)
MOST_PICTURED = 300
"""Beyond so many stays the rest are listed without pictures, so that a page still opens."""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a report is made of; `length_s` is the footage looked at."""

    header: SavedHeader
    view: ViewConfig
    start: datetime
    length_s: float
    book: StayBook


@dataclass(frozen=True, slots=True)
class Figure:
    label: Words
    number: int
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    label: Words
    value: str


@dataclass(frozen=True, slots=True)
class PictureView:
    caption: Words
    time: str
    uri: str


@dataclass(frozen=True, slots=True)
class StayView:
    """One stay as the page shows it. `tone` is the verdict's name, `unjudged` where there is none."""

    number: int
    title: Words
    tone: str
    verdict: Words
    percent: int | None
    alert: Words | None
    reasons: list[Words]
    visit_certain: bool
    dwell: Words
    pictures: list[PictureView]


@dataclass(frozen=True, slots=True)
class Page:
    clip: str
    recorded: Words
    summary: Words
    figures: list[Figure]
    overview: str
    overview_time: str
    timeline: list[Lane]
    ticks: list[Tick]
    stays: list[StayView]
    stood_there: list[StayView]
    low_percent: int
    high_percent: int
    settings: list[Setting]
    version: str
    model_id: str
    model_sha256: str


def render_report(facts: ReportFacts) -> str:
    """The page as HTML. The same facts give the same text."""
    environment = Environment(loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined)
    environment.filters["both"] = both
    css, js = (Markup((PAGE / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))  # noqa: S704 -- ours
    return environment.get_template("page.html.j2").render(page=page_of(facts), css=css, js=js) + "\n"


def both(words: Words) -> Markup:
    """Both languages; the page shows the chosen one."""
    return Markup('<span lang="en">{}</span><span lang="zh-CN">{}</span>').format(words.en, words.zh)


def page_of(facts: ReportFacts) -> Page:
    records, thresholds, header = facts.book.records, facts.view.thresholds, facts.header
    new, old = ([one for one in records if one.stay.preexisting is flag] for flag in (False, True))
    overview = facts.book.overview
    return Page(
        clip=header.clip,
        recorded=_recorded(facts),
        summary=summary(new, old),
        figures=_figures(new, old),
        overview=_data_uri(overview_jpeg(overview, facts.book, facts.view.rack_list())) if overview else "",
        overview_time=clip_time((overview.frame.at - facts.start).total_seconds()) if overview else "",
        timeline=[lane_of(record, facts.start, facts.length_s) for record in [*new, *old]],
        ticks=ticks_of(facts.length_s),
        stays=[_stay_view(record, facts) for record in new],
        stood_there=[_stay_view(record, facts) for record in old],
        low_percent=round(100 * thresholds.locked_below),
        high_percent=round(100 * thresholds.unlocked_above),
        settings=_settings(facts),
        version=_version(),
        model_id=header.model.id,
        model_sha256=header.model.sha256,
    )


def summary(new: Sequence[StayRecord], old: Sequence[StayRecord]) -> Words:
    """The clip in one sentence."""
    unlocked = _count(new, LockState.UNLOCKED)
    if not new:
        said = Words("Nobody was seen parking here.", "没有看到有人停车。")
    elif not unlocked:
        said = Words(f"{_bikes(len(new))} parked, none judged unlocked.", f"停放 {len(new)} 辆，均未判为未上锁。")
    else:
        said = Words(
            f"{_bikes(len(new))} parked, {unlocked} left unlocked.", f"停放 {len(new)} 辆，其中 {unlocked} 辆未上锁。"
        )
    if not old:
        return said
    stood = "1 more stood" if len(old) == 1 else f"{len(old)} more stood"
    return Words(f"{said.en} {stood} there before.", f"{said.zh}另有 {len(old)} 辆原已停放。")


def _bikes(number: int) -> str:
    return "1 bike was" if number == 1 else f"{number} bikes were"


def _count(records: Sequence[StayRecord], state: LockState) -> int:
    return sum(record.verdict is not None and record.verdict.state is state for record in records)


def _figures(new: Sequence[StayRecord], old: Sequence[StayRecord]) -> list[Figure]:
    by_verdict = [Figure(VERDICTS[state], _count(new, state), state) for state in BY_URGENCY]
    return [
        Figure(Words("Parked", "停放"), len(new)),
        *(Figure(one.label, one.number, one.tone if one.number else "") for one in by_verdict),
        Figure(Words("Alerts", "提醒"), sum(bool(record.alert) for record in new)),
        Figure(STOOD_THERE, len(old)),
    ]


def _recorded(facts: ReportFacts) -> Words:
    header, length = facts.header, clip_time(facts.length_s)
    size = f"{header.width_px} × {header.height_px}"
    return Words(
        f"{length} long · {size} px · {header.fps:g} looks a second",
        f"时长 {length} · {size} 像素 · 每秒查看 {header.fps:g} 帧",
    )


def _stay_view(record: StayRecord, facts: ReportFacts) -> StayView:
    verdict = record.verdict
    return StayView(
        number=record.number,
        title=_title(record),
        tone=verdict.state if verdict else "unjudged",
        verdict=VERDICTS[verdict.state] if verdict else NOT_JUDGED,
        percent=None if verdict is None or verdict.p_unlocked is None else round(100 * verdict.p_unlocked),
        alert=_alert(record, facts.start),
        reasons=reasons_in_words(verdict) if verdict else [],
        visit_certain=record.stay.visit_certain,
        dwell=_dwell(record, facts),
        pictures=_pictures(record, facts.start) if record.number <= MOST_PICTURED else [],
    )


def _title(record: StayRecord) -> Words:
    kind, rack = KINDS[record.stay.kind], record.stay.rack_id
    if rack == "whole-picture":
        return Words(kind.en.capitalize(), kind.zh)
    return Words(f"{kind.en.capitalize()} at {rack}", f"{rack} 的{kind.zh}")


def _alert(record: StayRecord, start: datetime) -> Words | None:
    if record.alert_at is None:
        return None
    at = clip_time((record.alert_at - start).total_seconds())
    raised = Words(f"Alert at {at}", f"{at} 发出提醒")
    if record.alert != "cleared":
        return raised
    why = CLEARED[record.clear_reason]
    return Words(f"{raised.en}, cleared later: {why.en}", f"{raised.zh}，后已解除：{why.zh}")


def _dwell(record: StayRecord, facts: ReportFacts) -> Words:
    since = (record.stay.parked_at - facts.start).total_seconds()
    if record.stay.gone_at is None:
        return Words("still there at the end", "结束时仍在")
    until = (record.stay.gone_at - facts.start).total_seconds()
    stood = clip_time(until - since)
    return Words(f"taken at {clip_time(until)}, stood {stood} or more", f"{clip_time(until)} 取走，至少停放 {stood}")


def _pictures(record: StayRecord, start: datetime) -> list[PictureView]:
    shown = [(moment, record.pictures[moment]) for moment in Moment if moment in record.pictures]
    shown.sort(key=lambda pair: pair[1].at)
    return [
        PictureView(
            STOOD_THERE if moment is Moment.PARKED and record.stay.preexisting else MOMENTS[moment],
            clip_time((picture.at - start).total_seconds()),
            _data_uri(picture.jpeg),
        )
        for moment, picture in shown
    ]


def _settings(facts: ReportFacts) -> list[Setting]:
    header, view = facts.header, facts.view
    racks = ", ".join(rack.id for rack in view.racks) or "—"
    config_hash = hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:16]
    return [
        Setting(Words("Model", "模型"), header.model.id),
        Setting(Words("Model file, SHA-256", "模型文件 SHA-256"), header.model.sha256),
        Setting(Words("Model's thresholds", "模型阈值"), _pairs(header.settings.model_dump())),
        Setting(Words("Frames looked at per second", "每秒查看帧数"), f"{view.fps:g}"),
        Setting(Words("Racks drawn", "已画车架"), racks),
        Setting(Words("Masked parts", "遮挡区域"), str(len(view.masks))),
        Setting(Words("Thresholds", "判断阈值"), _pairs(view.thresholds.model_dump())),
        Setting(Words("Settings, SHA-256", "设置 SHA-256"), config_hash),
        Setting(Words("Time of the first frame", "首帧时间"), facts.start.isoformat().replace("+00:00", "Z")),
        Setting(Words("Clip, SHA-256 of its ends", "录像首尾 SHA-256"), header.fingerprint),
    ]


def _pairs(numbers: dict[str, float]) -> str:
    return " · ".join(f"{name} {number:g}" for name, number in numbers.items())


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _version() -> str:
    try:
        return version("pleaselock")
    except PackageNotFoundError:
        return "0"
