"""What the report says to people, in English and 简体中文. Codes travel; words are made here, where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from detector.stay_book import Moment
from detector.vocabulary import Kind, LockState, LockVerdict, ReasonCode


class Words(NamedTuple):
    """One thing said in both languages; `{n}` is the number that comes with it."""

    en: str
    zh: str

    def about(self, number: float) -> Words:
        shown = f"{number:.1f}".removesuffix(".0")
        return Words(self.en.format(n=shown), self.zh.format(n=shown))


REASONS: Mapping[ReasonCode, Words] = {
    ReasonCode.LEFT_AFTER_S: Words("The rider was gone {n} s after parking", "停好 {n} 秒后骑车人离开"),
    ReasonCode.ATTENDED_S: Words("Somebody was at the bike for {n} s", "车旁有人共 {n} 秒"),
    ReasonCode.BENT_S: Words("Bent down at the bike for {n} s", "在车旁弯腰或蹲下 {n} 秒"),
    ReasonCode.BENDS: Words("Times bent down: {n}", "弯腰或蹲下 {n} 次"),
    ReasonCode.LONGEST_BEND_S: Words("The longest bend: {n} s", "最长一次弯腰或蹲下 {n} 秒"),
    ReasonCode.LOST_AT_BIKE_S: Words(
        "Out of sight at the bike for {n} s, so still there", "在车旁被遮挡 {n} 秒，视为未离开"
    ),
    ReasonCode.HANDS_LOW_S: Words("Hands at wheel or frame for {n} s", "双手在车轮或车架高度 {n} 秒"),
    ReasonCode.LEFT_STRAIGHT: Words("Walked straight off", "停好后径直离开"),
    ReasonCode.RETURN_ATTENDED_S: Words("Somebody was back at the bike for {n} s", "之后又有人在车旁共 {n} 秒"),
    ReasonCode.RETURN_BENT_S: Words("Bent down for {n} s after coming back", "返回后弯腰或蹲下 {n} 秒"),
    ReasonCode.LOCK_CARRIED_VIEWS: Words(
        "Views in which the lock hangs unused on the bike: {n}", "{n} 个画面中车锁挂在车上未使用"
    ),
    ReasonCode.RETURN_VISITS: Words("Times come back: {n}", "返回 {n} 次"),
    ReasonCode.LOCK_SEEN_VIEWS: Words("Views in which a lock is seen: {n}", "{n} 个画面中看到车锁"),
    ReasonCode.NO_LOCK_VIEWS: Words("Clear views in which no lock is seen: {n}", "{n} 个清晰画面中未见车锁"),
    ReasonCode.RIDER_NOT_SEEN: Words("The rider was not seen at the bike", "没有看到骑车人在车旁"),
    ReasonCode.NOT_WATCHED_S: Words(
        "Nobody looked for {n} s while the rider was at the bike or just leaving",
        "骑车人在车旁或刚离开时有 {n} 秒没有画面",
    ),
    ReasonCode.BIKE_TOO_SMALL_PX: Words(
        "The bike is only {n} px wide, too small to judge", "车在画面中仅宽 {n} 像素，太小，无法判断"
    ),
    ReasonCode.MERGED_BOXES: Words("The bike cannot be told apart from its neighbours", "与相邻车辆分不开"),
    ReasonCode.TOO_DARK: Words("Too dark to judge (brightness {n} of 255)", "太暗，无法判断（亮度 {n}/255）"),
    ReasonCode.CAMERA_MOVED: Words("The camera moved", "摄像头被移动"),
    ReasonCode.SHARED_BIKE: Words("A shared bike, which locks itself", "共享单车，可自行上锁"),
    ReasonCode.PREEXISTING: Words("It stood here before the recording began", "录像开始前车已停在这里"),
}

NEVER: Mapping[ReasonCode, Words | None] = {
    ReasonCode.BENT_S: Words("Was not seen bending down at the bike", "未见其在车旁弯腰或蹲下"),
    ReasonCode.BENDS: None,
    ReasonCode.LONGEST_BEND_S: None,
    ReasonCode.RETURN_BENT_S: None,
    ReasonCode.HANDS_LOW_S: Words("No hand was seen at wheel or frame", "未见双手在车轮或车架高度"),
    ReasonCode.LEFT_STRAIGHT: Words("Stopped again near the bike before leaving", "离开前又在车旁停留"),
    ReasonCode.ATTENDED_S: Words("Nobody was seen at the bike", "未见有人在车旁"),
}
"""Said instead where the number is 0; None: another reason says it already."""

VERDICTS: Mapping[LockState, Words] = {
    LockState.LOCKED: Words("Locked", "已上锁"),
    LockState.UNLOCKED: Words("Not locked", "未上锁"),
    LockState.UNSURE: Words("Unsure", "不确定"),
}
NOT_JUDGED = Words("Not judged", "未判断")

MOMENTS: Mapping[Moment, Words] = {
    Moment.PARKED: Words("Parked", "停放"),
    Moment.ATTENDED: Words("Attended", "有人在旁"),
    Moment.LEFT: Words("Left", "离开"),
    Moment.GONE: Words("Gone", "取走"),
}
STOOD_THERE = Words("Already there", "原已停放")

KINDS: Mapping[Kind, Words] = {
    Kind.PERSON: Words("person", "行人"),
    Kind.BICYCLE: Words("bicycle", "自行车"),
    Kind.MOTORCYCLE: Words("motorcycle or e-bike", "摩托车或电动车"),
}

CLEARED: Mapping[str, Words] = {
    "locked": Words("the lock was closed", "已上锁"),
    "gone": Words("the bike is gone", "车已取走"),
    "expired": Words("nobody answered in time", "超时无人处理"),
}


def reasons_in_words(verdict: LockVerdict) -> list[Words]:
    """A verdict's reasons, in the order they were given."""
    said = (_in_words(code, number) for code, number in verdict.reasons.items())
    return [words for words in said if words is not None]


def _in_words(code: ReasonCode, number: float) -> Words | None:
    return NEVER[code] if number == 0 and code in NEVER else REASONS[code].about(number)


def clip_time(seconds: float) -> str:
    """Seconds of the clip as a player shows them: 1:05 or 1:02:05."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
