from __future__ import annotations

import json
from collections import Counter
from dataclasses import MISSING, fields, is_dataclass
from datetime import timedelta
from typing import Any

import pytest

from detector.appearance import Look
from detector.attendance import AtBike, Attendance, Presence
from detector.boxes import XyxyNorm, XyxyPx
from detector.errors import CannotReadError
from detector.lock_views import LockBox, LockKind
from detector.open_stays import OpenStay, Visitor
from detector.pictured import LockLook, Pictured
from detector.reminders import Reminder
from detector.stay_memory import RememberedStay, rack_today, remembered_from
from detector.vacancy import Vacancy
from detector.vocabulary import Kind, LockState, LockVerdict, Rack, ReasonCode, Stay, StayState
from tests.detector.scenes import START

BOX, OTHER_BOX = XyxyPx(0.1, 20.25, 110.3, 85.000001), XyxyPx(1 / 3, 2 / 3, 40.0, 110.0)
RACK = Rack("r", "By the door 门口", "north", ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)))


def _at(second: float) -> Any:  # noqa: ANN401 -- used for any field
    return START + timedelta(seconds=second, microseconds=7)


def _attendance() -> Attendance:
    return Attendance(
        bike_px=BOX,
        parked_at=_at(6),
        riders={3, 4},
        rider_seen=True,
        presence=Presence.AWAY,
        last_here_at=_at(11),
        away_since=_at(12),
        has_left=True,
        left_straight=True,
        return_visits=2,
        frames=[AtBike(_at(7), 0.2, ((3, OTHER_BOX),)), AtBike(_at(7.2), 0.2, (), 1)],
        standing=[OTHER_BOX],
        last_here={3},
        not_watched_s=1.5,
        _known_as={4: 2},
        _last_seen={4: (_at(11), OTHER_BOX)},
        _at_bike={4},
        _visitors={9: _at(30)},
        _last_at=_at(31),
        _sought_since=_at(5),
    )


def _vacancy() -> Vacancy:
    return Vacancy(
        seen_looks=40,
        missed_looks=3,
        empty_s=1.25,
        empty_looks=2,
        empty_since=_at(29),
        was_empty_s=0.5,
        since_empty_s=12.0,
        last_seen_at=_at(28),
        last_visit_at=_at(12),
        merged_looks=5,
        support=0.75,
        beside=Counter({"another": 7}),
    )


def _place() -> OpenStay:
    return OpenStay(
        stay_id="one",
        rack=RACK,
        kind=Kind.MOTORCYCLE,
        box_px=BOX,
        parked_at=_at(6),
        preexisting=True,
        certain=False,
        attendance=_attendance(),
        track_ids={1, 2},
        vacancy=_vacancy(),
        left_at=_at(11),
        visitors={9: Visitor(1.5, _at(30))},
        kinds={Kind.MOTORCYCLE: 7.5, Kind.BICYCLE: 2.25},
        told=False,
        seen_again_s=0.4,
        known_until=_at(20),
    )


def _verdict() -> LockVerdict:
    return LockVerdict(LockState.UNLOCKED, 0.913, {ReasonCode.LEFT_AFTER_S: 4.0, ReasonCode.NOT_WATCHED_S: 1.5})


def _pictured() -> Pictured:
    carried = LockLook(BOX, (LockBox(LockKind.CHAIN, 0.75, OTHER_BOX),))
    return Pictured(
        ("meituan", "qingju"), [(0.5, 0.0)], arriving=[carried], parked=[carried, LockLook(BOX, ())], visits=2
    )


def _remembered() -> RememberedStay:
    stay = Stay(
        stay_id="one",
        rack_id="r",
        building_id="north",
        kind=Kind.MOTORCYCLE,
        state=StayState.LEFT,
        xyxy_norm=XyxyNorm(0.1, 0.2, 0.3, 0.4),
        preexisting=True,
        parked_at=_at(6),
        left_at=_at(11),
        visit_certain=False,
    )
    reminder = Reminder("updated", stay, _verdict(), _at(17), _at(1817), first_left_at=_at(9))
    look = Look((0.125, -3.5), (1.0,), (0.333,))
    return RememberedStay(
        width_px=640,
        height_px=480,
        place=_place(),
        look=look,
        pictured=_pictured(),
        verdict=_verdict(),
        reminder=reminder,
        reminded=True,
        untold=True,
    )


def test_everything_comes_back_as_it_was() -> None:
    remembered = _remembered()
    back = remembered_from(remembered.to_text())
    assert back == remembered
    assert back.to_text() == remembered.to_text()
    assert isinstance(back.place.box_px, XyxyPx)
    assert back.place.vacancy.beside["never seen"] == 0


@pytest.mark.parametrize("part", [_attendance(), _vacancy(), _place(), _pictured(), _remembered().reminder])
def test_no_field_of_a_stay_is_left_at_its_default_above(part: Any) -> None:  # noqa: ANN401 -- any dataclass
    """A new field is remembered by itself; this asks whoever adds one to put it into the test above."""
    assert is_dataclass(part)
    defaults = {one.name: one.default for one in fields(part) if one.default is not MISSING}
    defaults |= {one.name: one.default_factory() for one in fields(part) if one.default_factory is not MISSING}
    same = [name for name, default in defaults.items() if getattr(part, name) == default]
    assert same == ["clear_reason"] * isinstance(part, Reminder)  # an open reminder has none


def test_what_an_older_version_did_not_know_yet_gets_its_default() -> None:
    text = json.loads(_remembered().to_text())
    del text["place"]["attendance"]["not_watched_s"], text["place"]["known_until"]
    back = remembered_from(json.dumps(text))
    assert (back.place.attendance.not_watched_s, back.place.known_until) == (0.0, None)


BROKEN = {
    "cut short": ('"version":1', '"version":1}{'),
    "another version": ('"version":1', '"version":2'),
    "a key too many": ('"untold":true', '"untold":true,"more":1'),
    "no place": ('"place"', '"plaice"'),
    "a word for a number": ('"seen_looks":40', '"seen_looks":"40"'),
    "an unknown kind": ('"motorcycle"', '"tram"'),
    "no date": ('"parked_at":"2026', '"parked_at":"yesterday'),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_said_in_a_sentence(case: str) -> None:
    text, (part, instead) = _remembered().to_text(), BROKEN[case]
    assert part in text
    with pytest.raises(CannotReadError, match="not readable"):
        remembered_from(text.replace(part, instead))


def test_boxes_follow_a_picture_of_another_size() -> None:
    place = _remembered().place_in(1280, 240)
    doubled = XyxyPx(BOX.left * 2, BOX.top / 2, BOX.right * 2, BOX.bottom / 2)
    assert place.box_px == place.attendance.bike_px == doubled
    assert place.attendance.frames[0].people == ((3, place.attendance.standing[0]),)
    assert place.attendance.standing[0].right == OTHER_BOX.right * 2
    assert place.attendance.frames[1].people == ()
    assert _remembered().place_in(640, 480) == _place()


def _square(rack_id: str, left: float, right: float) -> Rack:
    return Rack(rack_id, "new name", "south", ((left, 0.1), (right, 0.1), (right, 0.9), (left, 0.9)))


RACKS = [
    # Exactly the same outline under the same id.
    ((_square("r", 0.1, 0.9),), "r"),
    # A corner moved a little.
    ((_square("r", 0.15, 0.85),), "r"),
    # The same id, but another place.
    ((_square("r", 0.8, 1.0),), None),
    # The same place under another id is another rack.
    ((_square("s", 0.1, 0.9),), None),
    # One of several.
    ((_square("s", 0.1, 0.9), _square("r", 0.1, 0.8)), "r"),
    ((), None),
]


@pytest.mark.parametrize(("racks", "expected"), RACKS)
def test_a_rack_is_known_again_by_its_id_and_roughly_its_outline(racks: tuple[Rack, ...], expected: str | None) -> None:
    found = rack_today(RACK, racks)
    assert (found.rack_id if found else None) == expected
    assert found is None or found.name == "new name"
