"""What the evaluation's page says, in English and 简体中文."""

from __future__ import annotations

from collections.abc import Mapping

from detector.evaluation.alert_outcomes import Clearing, Wrong
from detector.evaluation.mistakes import MistakeKind
from detector.evaluation.outcomes import Link, Said
from detector.evaluation.targets import Name
from detector.words import Words

TARGETS: Mapping[Name, Words] = {
    "stay_recall": Words("Parked bikes found", "找到停放车辆"),
    "stays_invented": Words("Invented visits per parked bike", "每次停放的虚构次数"),
    "links": Words("Parked and taken, rightly linked", "停放与取走正确对应"),
    "unlocked_precision": Words("Not-locked verdicts that are right", "判为未上锁且正确"),
    "unlocked_recall": Words("Unlocked bikes called so", "未上锁车辆被判出"),
    "abstention": Words("Unsure or not judged", "不确定或未判断"),
    "alert_delay_s": Words("Leaving to alert, median", "离开到提醒（中位数）"),
    "second_alerts": Words("Second alerts for a bike", "同一辆车重复提醒"),
    "alerts_where_nobody_parks": Words("Alerts where nobody parks", "无人停车时的提醒"),
}
WIDE_ONLY = Words("bikes of 60 px and more", "宽 60 像素及以上")
NOT_MEASURED = Words("not measured", "未测量")

KINDS: Mapping[MistakeKind, Words] = {
    MistakeKind.WRONG_ALERT: Words("Wrong alerts", "错误提醒"),
    MistakeKind.SECOND_ALERT: Words("Second alerts", "重复提醒"),
    MistakeKind.LATE_ALERT: Words("Late alerts", "提醒过晚"),
    MistakeKind.MISSED_ALERT: Words("Missing alerts", "漏发提醒"),
    MistakeKind.WRONG_VERDICT: Words("Wrong verdicts", "错误判断"),
    MistakeKind.INVENTED_STAY: Words("Invented visits", "虚构停放"),
    MistakeKind.MISSED_STAY: Words("Missed bikes", "漏检车辆"),
    MistakeKind.WRONG_LINK: Words("Wrong links", "错误对应"),
    MistakeKind.WRONG_CLEARING: Words("Wrongly cleared alerts", "错误解除"),
    MistakeKind.ABSTAINED: Words("Not judged, or unsure", "未判断或不确定"),
}

WHAT_HAPPENED: Mapping[tuple[MistakeKind, str], Words] = {
    (MistakeKind.WRONG_ALERT, Wrong.INVENTED): Words(
        "Alert for a visit that did not happen", "为并未发生的停放发出提醒"
    ),
    (MistakeKind.WRONG_ALERT, Wrong.PREEXISTING): Words(
        "Alert for a bike that stood there before", "为原已停放的车发出提醒"
    ),
    (MistakeKind.WRONG_ALERT, Wrong.SHARED): Words(
        "Alert for a shared bike, which locks itself", "为自带锁的共享单车发出提醒"
    ),
    (MistakeKind.WRONG_ALERT, Wrong.MOTORCYCLE): Words("Alert for an e-bike or motorcycle", "为电动车或摩托车发出提醒"),
    (MistakeKind.WRONG_ALERT, Wrong.RIDER_STILL_THERE): Words(
        "Alert while the rider was still there", "骑车人尚在车旁时发出提醒"
    ),
    (MistakeKind.WRONG_ALERT, Wrong.LOCKED): Words("Alert for a bike that was locked", "为已上锁的车发出提醒"),
    (MistakeKind.WRONG_ALERT, Wrong.GONE): Words("Alert for a bike that was gone", "为已取走的车发出提醒"),
    (MistakeKind.SECOND_ALERT, Wrong.SECOND): Words("Told of the same bike again", "同一辆车再次提醒"),
    (MistakeKind.LATE_ALERT, ""): Words("Alert only {n} s after the rider left", "离开 {n} 秒后才提醒"),
    (MistakeKind.MISSED_ALERT, ""): Words("Called not locked, but nobody was told", "判为未上锁，但没有提醒"),
    (MistakeKind.WRONG_VERDICT, Said.LOCKED): Words("Called locked, but it was not", "判为已上锁，实际未上锁"),
    (MistakeKind.WRONG_VERDICT, Said.UNLOCKED): Words("Called not locked, but it was", "判为未上锁，实际已上锁"),
    (MistakeKind.INVENTED_STAY, ""): Words("Nobody parked here then", "当时无人在此停车"),
    (MistakeKind.MISSED_STAY, ""): Words("Somebody parked here and it was not found", "有人在此停车，但未找到"),
    (MistakeKind.WRONG_LINK, Link.NOT_CLOSED): Words("Taken, but never seen gone", "已取走，但未发现"),
    (MistakeKind.WRONG_LINK, Link.CLOSED_AT_OTHER_TIME): Words(
        "Seen gone at another time than it was taken", "发现取走的时间不对"
    ),
    (MistakeKind.WRONG_LINK, Link.CLOSED_BUT_NOT_TAKEN): Words(
        "Said to be gone, but nobody took it", "报告已取走，实际仍在"
    ),
    (MistakeKind.WRONG_LINK, Link.ALSO_ENDS_ANOTHER): Words("One take ended two stays", "一次取走结束了两次停放"),
    (MistakeKind.WRONG_CLEARING, Clearing.OTHER_REASON): Words(
        "Alert cleared for another reason than the true one", "解除提醒的原因不对"
    ),
    (MistakeKind.WRONG_CLEARING, Clearing.NOT_CLEARED): Words(
        "Alert not cleared although it was over", "事情已了结，提醒未解除"
    ),
    (MistakeKind.WRONG_CLEARING, Clearing.WITHOUT_CAUSE): Words(
        "Alert cleared although nothing had changed", "情况未变，提醒却被解除"
    ),
    (MistakeKind.ABSTAINED, Said.UNSURE): Words("The verdict was unsure", "判断为不确定"),
    (MistakeKind.ABSTAINED, Said.NONE): Words("No verdict was given", "没有作出判断"),
}

SAID: Mapping[Said, Words] = {
    Said.LOCKED: Words("locked", "已上锁"),
    Said.UNLOCKED: Words("not locked", "未上锁"),
    Said.UNSURE: Words("unsure", "不确定"),
    Said.NONE: Words("not judged", "未判断"),
    Said.MISSED: Words("not found", "未找到"),
}
TRUTHS: Mapping[str, Words] = {
    "unlocked": Words("not locked", "未上锁"),
    "locked": Words("locked", "已上锁"),
    "invented": Words("no such visit", "并无此停放"),
}
COLUMNS = (
    Words("Clips", "录像"),
    Words("Found", "找到"),
    Words("Invented", "虚构"),
    Words("Links", "对应"),
    Words("Precision", "精确率"),
    Words("Recall", "召回率"),
    Words("Abstained", "弃判"),
    Words("Alerts right", "提醒正确"),
    Words("Delay", "延迟"),
)
RATE_COLUMNS = (Words("All bikes", "全部车辆"), WIDE_ONLY)
ALL = Words("All", "全部")
GROUPS: Mapping[str, Words] = {
    "bystanders": Words("Others at the rack", "旁人在场"),
    "crowded": Words("Full racks", "车位停满"),
    "fuss": Words("Busy at the bike, not with a lock", "在车旁做别的事"),
    "kinds": Words("Shared bikes and e-bikes", "共享单车与电动车"),
    "light": Words("Dusk, rain and changing light", "黄昏、雨天与光线变化"),
    "locks": Words("Kinds of locks", "各种车锁"),
    "low_rate": Words("Few pictures a second", "每秒画面少"),
    "nobody_parks": Words("Nobody parks", "无人停车"),
    "occlusion": Words("Out of sight for a while", "一时被遮挡"),
    "plain": Words("Plain cases", "普通情形"),
    "racks": Words("Kinds of racks", "各种车架"),
    "returns": Words("Riders who come back", "骑车人返回"),
    "small": Words("Small in the picture", "画面中很小"),
    "takes": Words("Bikes that are taken", "取走车辆"),
    "together": Words("Riders who come together", "多人同来"),
    "ungrouped": Words("Without a group", "未分组"),
}
"""Of our own scenarios; a group that somebody else names is shown as it is named."""
FIGURES: Mapping[str, Words] = {
    "stays found": Words("Parked bikes found", "找到停放车辆"),
    "found at the right bike": Words("Found, and at the right bike", "找到且认准车辆"),
    "bikes there before, found": Words("Found, of those there before", "找到原已停放的车"),
    "drop found (of dropped and taken)": Words("Drop found, of dropped and taken", "停放后取走者，停放被找到"),
    "drop-take link right": Words("Drop and take linked rightly", "停放与取走正确对应"),
    "not taken, so not closed": Words("Not taken, so not closed", "未取走且未误关"),
    "there before, not taken, not closed": Words("There before, not closed wrongly", "原已停放且未误关"),
    "first verdict: unlocked precision": Words("First verdict: not locked, and right", "首次判断：未上锁且正确"),
    "first verdict: unlocked recall": Words("First verdict: unlocked called so", "首次判断：未上锁被判出"),
    "first verdict: locked recall": Words("First verdict: locked called so", "首次判断：已上锁被判出"),
    "first verdict: abstention": Words("First verdict: unsure or none", "首次判断：不确定或无"),
    "final verdict: unlocked precision": Words("Final verdict: not locked, and right", "最终判断：未上锁且正确"),
    "final verdict: unlocked recall": Words("Final verdict: unlocked called so", "最终判断：未上锁被判出"),
    "final verdict: locked recall": Words("Final verdict: locked called so", "最终判断：已上锁被判出"),
    "final verdict: abstention": Words("Final verdict: unsure or none", "最终判断：不确定或无"),
    "alerts right": Words("Alerts that were right", "正确的提醒"),
    "alerts wanted and raised": Words("Unlocked bikes told of", "未上锁车辆已提醒"),
    "alerts cleared for the right reason": Words("Alerts cleared for the true reason", "按真实原因解除的提醒"),
}
"""Keys as `table.rates_of` has them."""

WHY_DRAWN: Mapping[str, Words] = {
    "heads": Words(
        "No pictures: heads can be hidden only with saved detections. Detect with --save-detections.",
        "无图片：只有保存检测结果才能给头部打码。请用 --save-detections 重新检测。",
    ),
    "unreadable": Words(
        "No pictures: the footage cannot be read, or is not what the truth and the result are of.",
        "无图片：录像无法读取，或与真值、结果所用录像不同。",
    ),
}
"""By `Pictures.why_none`; footage that is not there needs no word."""

PARKED = Words("Parked", "停放")
AT_THE_BIKE = Words("At the bike", "在车旁")
LEFT = Words("Left", "离开")
JUDGED = Words("Judged", "判断")
ALERT = Words("Alert", "提醒")
CLEARED = Words("Cleared", "解除")
LOCK_CLOSED = Words("Lock closed", "上锁")
TAKEN = Words("Taken", "取走")
SAID_GONE = Words("Said gone", "报告取走")
BEFORE = Words("Before", "之前")
STAYS_TO_END = Words("stays to the end", "结束时仍在")
SAID_STAYS = Words("still there at the end", "结束时仍在")
STOOD_BEFORE = Words("stood there before", "原已停放")
TRUTH, FOUND = Words("truth", "实际"), Words("found", "系统")
NOTHING = Words("nothing", "无")
LOCKED, NOT_LOCKED = Words("locked", "已上锁"), Words("not locked", "未上锁")
SHARED = Words("shared bike", "共享单车")
MOTORCYCLE = Words("e-bike or motorcycle", "电动车或摩托车")
RIDER_STAYS = Words("its rider does not leave", "骑车人未离开")


def group_named(group: str) -> Words:
    return GROUPS.get(group, Words(group, group))


def joined(parts: list[Words]) -> Words:
    """One line of several facts."""
    return Words(" · ".join(part.en for part in parts), " · ".join(part.zh for part in parts))


def at(words: Words, seconds: float) -> Words:
    """A fact and its moment, in minutes and seconds of the clip."""
    return Words(f"{words.en} {clip_moment(seconds)}", f"{words.zh} {clip_moment(seconds)}")


def clip_moment(seconds: float) -> str:
    """As a player shows it, to the tenth: 1:05.3."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02}.{rest % 10}"
