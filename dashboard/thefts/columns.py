"""Which column of a foreign table holds what: header names in English and Chinese, the surer name first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum


class CaseField(StrEnum):
    CASE_NUMBER = "case_number"
    REPORTED_AT = "reported_at"
    REPORTED_TIME = "reported_time"
    HAPPENED_FROM = "happened_from"
    HAPPENED_FROM_TIME = "happened_from_time"
    HAPPENED_TO = "happened_to"
    HAPPENED_TO_TIME = "happened_to_time"
    BUILDING = "building"
    ADDRESS = "address"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    LOCKED = "locked"
    LOCK_KIND = "lock_kind"
    DISPOSITION = "disposition"
    NOTE = "note"


DATE_FIELDS = (CaseField.REPORTED_AT, CaseField.HAPPENED_FROM, CaseField.HAPPENED_TO)
CLOCK_OF = {
    CaseField.REPORTED_AT: CaseField.REPORTED_TIME,
    CaseField.HAPPENED_FROM: CaseField.HAPPENED_FROM_TIME,
    CaseField.HAPPENED_TO: CaseField.HAPPENED_TO_TIME,
}

SYNONYMS: dict[CaseField, str] = {
    CaseField.CASE_NUMBER: "case number|case no|case id|case #|case|report number|report no|report id|incident number|incident no"
    "|incident id|incident #|event unique id|event number|complaint number|file number|reference"
    "|案件编号|案号|案件号|报案编号|立案编号|警情编号|受理编号|编号",
    CaseField.REPORTED_AT: "reported at|report date time|report datetime|date time reported|datetime reported|date reported"
    "|report date|reported date|reported on|reported|report|date of report|created at|log date"
    "|报案时间|报警时间|接警时间|上报时间|受理时间|报案日期|报警日期|接报时间",
    CaseField.REPORTED_TIME: "report time|reported time|time reported|time of report|报案时刻|报警时刻|报案时分",
    CaseField.HAPPENED_FROM: "happened from|crime start|occurred from|occurrence from|occurrence start|start date time|offense start"
    "|offence start|from date time|date occurred from|occurred on|occurrence date|date occurred|occurred at|occurred"
    "|date of occurrence|occurred date|offense date|offence date|incident date|incident datetime|theft date|date of theft|stolen at"
    "|date stolen|crime date|occ date|start date|from|start|date time|datetime|date"
    "|发生时间|案发时间|被盗时间|失窃时间|丢失时间|发案时间|发生时间起|发生开始时间|开始时间|最早时间|发生日期|案发日期|被盗日期|日期|时间",
    CaseField.HAPPENED_FROM_TIME: "occurrence time|time occurred|occurred time|start time|time from|time of occurrence|time of theft"
    "|incident time|offense time|time|发生时刻|案发时刻|被盗时刻|开始时刻",
    CaseField.HAPPENED_TO: "happened to|crime end|occurred to|occurrence to|occurrence end|end date time|offense end|offence end"
    "|to date time|date occurred to|end date|to|end|发生时间止|发生结束时间|结束时间|截止时间|最晚时间|发现时间",
    CaseField.HAPPENED_TO_TIME: "end time|time to|结束时刻|截止时刻",
    CaseField.BUILDING: "building|building name|location name|building or location|楼宇|教学楼|楼名|建筑|建筑物|楼栋",
    CaseField.ADDRESS: "address|place|location|theft location|incident location|street address|where|street|block address|hundred block"
    "|location description|neighbourhood|neighborhood|area|location type"
    "|地点|地址|案发地点|发生地点|被盗地点|失窃地点|发案地点|位置|区域",
    CaseField.LATITUDE: "latitude|lat|lat wgs84|y wgs84|gps lat|纬度|y",
    CaseField.LONGITUDE: "longitude|long|lon|lng|lon wgs84|x wgs84|gps lon|经度|x",
    CaseField.LOCKED: "locked|was locked|bike locked|was it locked|lock status|is locked|是否上锁|上锁|是否锁车|有无上锁|锁车情况|上锁情况",
    CaseField.LOCK_KIND: "lock kind|lock type|type of lock|lock|locking description|锁具|锁型|锁的类型|锁类型|车锁类型|锁具类型",
    CaseField.DISPOSITION: "disposition|status|case status|outcome|result|resolution|处理结果|案件状态|处置结果|处置|状态|结果",
    CaseField.NOTE: "note|notes|comment|comments|remarks|remark|description|narrative|summary|备注|说明|描述|简要案情|案情",
}
_PUNCTUATION = re.compile(r"[\W_]+", re.UNICODE)


def _plain(header: str) -> str:
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", header).casefold())


_RANKED: Mapping[str, tuple[CaseField, int]] = {
    _plain(name): (field, rank)
    for field, names in SYNONYMS.items()
    for rank, name in enumerate(names.split("|"))
    if _plain(name)
}


def field_of(header: str) -> CaseField | None:
    found = _RANKED.get(_plain(header))
    return found[0] if found else None


def understand(headers: Sequence[str]) -> dict[CaseField, int]:
    """The column number of every field that a header names; where several do, the surer name wins, then the first."""
    best: dict[CaseField, tuple[int, int]] = {}
    for column, header in enumerate(headers):
        found = _RANKED.get(_plain(header))
        if found and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = (found[1], column)
    return {field: column for field, (_, column) in best.items()}
