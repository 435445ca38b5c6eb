"""What is remembered of one open stay between frames."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from detector.attendance import AtBike, Attendance, Presence
from detector.boxes import XyxyPx
from detector.config import WHOLE_PICTURE
from detector.links import attended_by
from detector.open_stays import OpenStay, is_same_visit, makes_room
from detector.vacancy import Look, Looks
from detector.visits import Drop
from detector.vocabulary import Detection, Kind
from tests.detector.films import bike_on, followed, moment_of, person_on, when

ANNA, BEN = 1, 2
HERS, OTHER = 10, 11
LEFT_BIKE, RIGHT_BIKE = bike_on(300, 300), bike_on(400, 300)


def _place(
    box: XyxyPx = LEFT_BIKE, riders: Collection[int] = (ANNA,), *, stay_id: str = "one", preexisting: bool = False
) -> OpenStay:
    attendance = Attendance(box, when(0), set(riders), rider_seen=bool(riders))
    return OpenStay(stay_id, WHOLE_PICTURE, Kind.BICYCLE, box, when(0), preexisting, True, attendance, {HERS})


SHOWN = [
    # The same box, a little otherwise.
    (bike_on(303, 301), False, True),
    # All of the bike, of which a part was seen when it was put down.
    (XyxyPx(235, 225, 375, 305), False, True),
    # A bike that stood there before was seen whole.
    (XyxyPx(235, 225, 375, 305), True, False),
    # The next one.
    (bike_on(350, 300), False, False),
]


@pytest.mark.parametrize(("box", "preexisting", "shown"), SHOWN)
def test_a_box_may_be_of_a_bike_that_has_its_stay(box: XyxyPx, *, preexisting: bool, shown: bool) -> None:
    assert _place(preexisting=preexisting).may_show_as(box) is shown


PULLS = [
    # Somebody between two bikes: at the nearer one.
    (340, {}, "left"),
    (360, {}, "right"),
    # The rider of one of them is at that one, even where they stand nearer to the other.
    (360, {"left": ANNA}, "left"),
    (340, {"right": ANNA}, "right"),
    # Far off.
    (560, {"left": ANNA}, None),
]


@pytest.mark.parametrize(("x", "riders", "at_stay"), PULLS)
def test_who_is_within_reach_of_two_bikes_is_at_one_of_them(
    x: float, riders: dict[str, int], at_stay: str | None
) -> None:
    places = [
        _place(box, [riders[name]] if name in riders else [], stay_id=name)
        for name, box in (("left", LEFT_BIKE), ("right", RIGHT_BIKE))
    ]
    pulls = {place.stay_id: place.pull_on(ANNA, person_on(x, 305)) for place in places}
    found = attended_by({ANNA: {name: pull for name, pull in pulls.items() if pull is not None}})
    assert found == ({} if at_stay is None else {ANNA: at_stay})


def test_who_has_left_or_stands_at_a_bike_of_old_has_no_pull_of_a_rider() -> None:
    person = person_on(320, 305)
    here, old, left = _place(), _place(preexisting=True), _place()
    left.attendance.has_left = True
    pulls = [place.pull_on(ANNA, person) for place in (here, old, left)]
    assert pulls[0] is not None
    assert pulls[1] == pulls[2] == pytest.approx(pulls[0] - 2)


@pytest.mark.parametrize(
    ("certain", "seen", "confirmed"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_a_guessed_place_at_which_nobody_was_seen_is_no_stay(*, certain: bool, seen: bool, confirmed: bool) -> None:
    place = _place()
    place.certain = certain
    who = ((ANNA, person_on(300, 305)),) if seen else ()
    place.attendance.frames = [AtBike(when(second), 1.0, who) for second in range(5)]
    place.attendance.presence, place.attendance.away_since = Presence.AWAY, when(5)
    assert place.is_confirmed(when(7)) is confirmed


def test_a_box_found_standing_is_in_the_place_of_a_stay_or_the_bike_one_had_lost() -> None:
    sure, lost = _place(), _place()
    lost.certain, lost.attendance.presence = False, Presence.AWAY
    same, beside = bike_on(305, 300), bike_on(380, 300)
    assert (sure.covers(same), sure.covers(beside)) == (True, False)
    assert not sure.adopts(OTHER, beside)
    assert lost.adopts(OTHER, beside)
    assert (lost.box_px, lost.certain) == (beside, True)


def _drop(x: float, second: float = 2, riders: Collection[int] = (ANNA,), track_id: int | None = OTHER) -> Drop:
    return Drop(track_id, Kind.BICYCLE, bike_on(x, 300), when(second), frozenset(riders), rider_seen=True, certain=True)


SAME_VISIT: list[tuple[str, Drop, Look, bool]] = [
    ("the same place, a moment later", _drop(310), Look.SEEN, True),
    ("pushed on into the rack by the same rider", _drop(370), Look.EMPTY, True),
    ("beside it by the same rider, but the first one still stands where it is", _drop(370), Look.SEEN, False),
    ("pushed on, its own track says so", _drop(370, track_id=HERS), Look.SEEN, True),
    ("beside it by somebody else", _drop(370, riders=[BEN]), Look.EMPTY, False),
    ("beside it, and nobody was seen with it", _drop(370, riders=[]), Look.EMPTY, True),
    ("two bike's lengths off", _drop(520), Look.EMPTY, False),
    ("long after", _drop(370, second=30), Look.EMPTY, False),
    ("the same place, long after", _drop(300, second=30), Look.SEEN, False),
]


@pytest.mark.parametrize(
    ("drop", "look", "same"), [case[1:] for case in SAME_VISIT], ids=[one[0] for one in SAME_VISIT]
)
def test_one_rider_one_bike_one_drop(drop: Drop, look: Look, *, same: bool) -> None:
    looks = Looks({"one": look}, frozenset())
    assert is_same_visit(_place(), drop, looks) is same
    assert not is_same_visit(_place(preexisting=True), drop, looks)


@pytest.mark.parametrize(("x", "empty_s", "room"), [(300, 3, True), (300, 0, False), (420, 3, False)])
def test_a_bike_put_down_in_a_place_just_seen_empty_follows_another_one(x: float, empty_s: int, *, room: bool) -> None:
    place = _place()
    for second in range(10):
        place.look(Look.SEEN, when(second), 1)
    for second in range(empty_s):
        place.look(Look.EMPTY, when(10 + second), 1)
    place.look(Look.SEEN, when(14), 1)
    assert makes_room(place, _drop(x, second=14)) is room


def test_who_may_have_taken_the_bike_was_there_about_when_it_was_last_seen() -> None:
    place = _place()
    for second in range(40):
        people = [followed(ANNA, person_on(310, 305), second)] if second < 5 else []
        people += [followed(BEN, person_on(290, 305), second)] if second >= 33 else []
        place.note_visitors(moment_of(second, *people), 1)
        place.look(Look.SEEN if second < 36 else Look.EMPTY, when(second), 1)
    assert place.possible_takers() == {BEN: 7}


def test_without_the_rider_before_it_the_bikes_box_gets_sharper_but_never_its_neighbours() -> None:
    hidden, clear, neighbour = bike_on(280, 300, 70), bike_on(300, 300), bike_on(345, 300)
    place = _place(hidden)
    unhidden = [moment_of(20 + step / 5, faint=_found(clear, neighbour)) for step in range(5)]
    place.sharpen(unhidden[:2], [])
    assert place.box_px == hidden, "too few looks"
    place.sharpen(unhidden, [neighbour])
    assert place.box_px == place.attendance.bike_px == clear


def _found(*boxes: XyxyPx) -> list[Detection]:
    return [Detection(Kind.BICYCLE, 0.5, box) for box in boxes]


def test_after_nobody_looked_a_bike_seen_for_long_in_its_place_is_the_same() -> None:
    place = _place()
    place.look(Look.SEEN, when(5), 1)
    place.resume(when(60))
    assert place.track_ids == set()
    assert place.gone_since() == when(5), "if it is gone, then since it was known to be here last"
    for second in range(60, 69):
        place.look(Look.SEEN, when(second), 1)
    assert place.seen_again_s is not None
    place.look(Look.SEEN, when(69), 1)
    assert place.seen_again_s is None
