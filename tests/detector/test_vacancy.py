"""Whether places where bikes stand were seen empty. Hidden is not gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from detector.boxes import XyxyPx
from detector.trails import Moment
from detector.vacancy import Look, Vacancy, looks_at, note_visit
from detector.vocabulary import Detection, Kind
from tests.detector.films import bike_on, moment_of, person_on, when

SEEN, HIDDEN, EMPTY = Look.SEEN, Look.HIDDEN, Look.EMPTY
BIKE = bike_on(150, 160, 100, 60)
NEXT = bike_on(210, 160, 100, 60)
FAR, FURTHER = bike_on(350, 160, 100, 60), bike_on(500, 160, 100, 60)
AROUND_BOTH = XyxyPx(98, 98, 262, 162)
Found = tuple[Kind, XyxyPx]


def _moment(found: Iterable[Found], score: float = 0.06) -> Moment:
    return moment_of(0, faint=[Detection(kind, score, box) for kind, box in found])


def _bikes(*boxes: XyxyPx) -> list[Found]:
    return [(Kind.BICYCLE, box) for box in boxes]


def _looks(places: Sequence[XyxyPx], found: Iterable[Found], known: Sequence[Vacancy] = ()) -> list[Look]:
    vacancies = known or [Vacancy() for _ in places]
    named = [(str(key), box, vacancy) for key, (box, vacancy) in enumerate(zip(places, vacancies, strict=True))]
    looks = looks_at(named, _moment(found)).of
    return [looks[key] for key, _, _ in named]


ONE_PLACE: list[tuple[list[Found], Look]] = [
    # However faint its box: still there.
    (_bikes(BIKE), SEEN),
    # A motorcycle is what the model makes of some bikes.
    ([(Kind.MOTORCYCLE, BIKE)], SEEN),
    # One box drawn over it and its neighbours.
    (_bikes(XyxyPx(50, 60, 320, 200)), HIDDEN),
    # Somebody in front.
    ([(Kind.PERSON, XyxyPx(120, 60, 160, 170))], HIDDEN),
    # Somebody whose elbow is before it.
    ([(Kind.PERSON, XyxyPx(190, 60, 230, 170))], EMPTY),
    # A bike beside it says nothing about it.
    (_bikes(XyxyPx(190, 100, 290, 160)), EMPTY),
    # Nor does one that covers a third of it.
    (_bikes(XyxyPx(165, 100, 265, 160)), EMPTY),
    # Somebody elsewhere.
    ([(Kind.PERSON, XyxyPx(300, 60, 340, 170))], EMPTY),
    ([], EMPTY),
]


@pytest.mark.parametrize(("found", "look"), ONE_PLACE)
def test_hidden_is_not_empty(found: list[Found], look: Look) -> None:
    assert _looks([BIKE], found) == [look]


def test_one_box_does_not_vouch_for_two_places() -> None:
    """Both places are as much like the box as it takes; only one of them is seen."""
    between = bike_on(180, 160, 100, 60)
    assert sorted(_looks([BIKE, NEXT], _bikes(between))) == [HIDDEN, SEEN]


def test_boxes_go_to_places_so_that_most_are_seen() -> None:
    """The box between fits both, and better the first; but the first has its own one, too."""
    assert _looks([BIKE, NEXT], _bikes(bike_on(175, 160, 100, 60), bike_on(130, 160, 100, 60))) == [SEEN, SEEN]


def test_a_usual_neighbour_does_not_hide_a_place() -> None:
    near = bike_on(195, 160, 100, 60)
    places, both = [BIKE, near], _bikes(BIKE, near)
    known = [Vacancy(), Vacancy()]
    assert _looks(places, _bikes(near), known) == [HIDDEN, SEEN], "never seen beside each other: it may be before it"
    _looks(places, both, known)
    assert _looks(places, _bikes(near), known) == [HIDDEN, SEEN], "once beside each other may be chance"
    for _ in range(3):
        _looks(places, both, known)
    assert _looks(places, _bikes(near), known) == [EMPTY, SEEN]
    wider = XyxyPx(near.left - 25, near.top, near.right, near.bottom)
    assert _looks(places, _bikes(wider), known) == [HIDDEN, SEEN], "it has grown over the place"
    grown = XyxyPx(near.left - 80, near.top - 15, near.right, near.bottom)
    assert _looks(places, _bikes(grown), known)[0] is not EMPTY, "a box around both is not the neighbour's usual one"


MERGED = [
    # Always one box around both: whichever it is taken for, its box is not its own.
    ([True], True),
    # In two pictures out of three.
    ([True, True, False], True),
    # In one picture out of four.
    ([True, False, False, False], False),
]


@pytest.mark.parametrize(("rhythm", "merged"), MERGED)
def test_a_box_around_two_bikes_hides_one_and_merges_them_where_it_is_usual(
    rhythm: list[bool], *, merged: bool
) -> None:
    known = [Vacancy(), Vacancy()]
    for turn in range(40):
        around = rhythm[turn % len(rhythm)]
        looks = _looks([BIKE, NEXT], _bikes(AROUND_BOTH) if around else _bikes(BIKE, NEXT), known)
        assert sorted(looks) == ([HIDDEN, SEEN] if around else [SEEN, SEEN])
        for vacancy, look in zip(known, looks, strict=True):
            vacancy.update(look, when(turn), 1)
    assert any(vacancy.is_merged() for vacancy in known) is merged


def test_a_neighbours_own_box_over_a_part_of_a_lost_bike_is_no_merging() -> None:
    known = [Vacancy(), Vacancy()]
    for _ in range(10):
        _looks([BIKE, NEXT], _bikes(NEXT), known)
    assert not any(one.is_merged() for one in known)


ALL_LOST = [
    # So many bikes do not vanish in one picture.
    ([BIKE, FAR, FURTHER], [HIDDEN, HIDDEN, HIDDEN]),
    # Two may.
    ([BIKE, FAR], [EMPTY, EMPTY]),
]


@pytest.mark.parametrize(("places", "looks"), ALL_LOST)
def test_a_camera_that_loses_all_bikes_at_once_is_blind(places: list[XyxyPx], looks: list[Look]) -> None:
    assert _looks(places, []) == looks


def test_a_camera_that_sees_one_of_many_is_not_blind() -> None:
    assert _looks([BIKE, FAR, FURTHER], _bikes(FAR)) == [EMPTY, SEEN, EMPTY]


def test_the_boxes_of_bikes_that_stand_are_told() -> None:
    stranger = bike_on(600, 400)
    looks = looks_at([("one", BIKE, Vacancy())], _moment(_bikes(BIKE, stranger)))
    assert looks.known_boxes == {BIKE}


def test_without_places_there_is_nothing_to_see() -> None:
    looks = looks_at([], _moment(_bikes(BIKE)))
    assert (dict(looks.of), looks.known_boxes) == ({}, frozenset())


def _known(looks: int = 20) -> Vacancy:
    """A bike that was seen in every picture so far, one each second."""
    vacancy = Vacancy()
    for second in range(looks):
        vacancy.update(SEEN, when(second), 1)
    return vacancy


def _miss(vacancy: Vacancy, *looks: tuple[Look, float]) -> Vacancy:
    second = 20.0
    for look, seconds in looks:
        second += seconds
        vacancy.update(look, when(second), seconds)
    return vacancy


GONE = [
    # Seen empty for long, but in one look only.
    ([(EMPTY, 10.0)], False),
    ([(EMPTY, 10.0), (EMPTY, 0.2)], False),
    # Long and often enough.
    ([(EMPTY, 10.0), (EMPTY, 0.2), (EMPTY, 0.2)], True),
    # Often, not long.
    ([(EMPTY, 0.2)] * 20, False),
    # Hidden looks neither count nor start anew.
    ([(EMPTY, 1.0)] * 2 + [(HIDDEN, 1.0)] * 50 + [(EMPTY, 1.0)] * 3, False),
    ([(EMPTY, 1.0)] * 2 + [(HIDDEN, 1.0)] * 50 + [(EMPTY, 1.0)] * 4, True),
    # Seen again: everything starts anew.
    ([(EMPTY, 1.0)] * 5 + [(SEEN, 1.0)] + [(EMPTY, 1.0)] * 5, False),
]


@pytest.mark.parametrize(("looks", "gone"), GONE)
def test_a_place_is_vacant_only_after_it_was_seen_empty_long_and_often_enough(
    looks: list[tuple[Look, float]], *, gone: bool
) -> None:
    assert _miss(_known(), *looks).is_gone(6, taken=True) is gone


@pytest.mark.parametrize(("empty_s", "gone"), [(7, False), (60, False), (115, False), (125, True)])
def test_a_bike_that_nobody_can_have_taken_is_missed_20_times_as_long(empty_s: int, *, gone: bool) -> None:
    assert _miss(_known(), *[(EMPTY, 1.0)] * empty_s).is_gone(6, taken=False) is gone


def test_a_bike_found_in_a_third_of_the_pictures_must_be_missing_three_times_as_long() -> None:
    flickering = Vacancy()
    for turn in range(90):
        flickering.update(SEEN if turn % 3 == 0 else EMPTY, when(turn / 5), 0.2)
    flickering.update(SEEN, when(18), 0.2)
    assert not _miss(flickering, *[(EMPTY, 1.0)] * 12).is_gone(6, taken=True)
    assert _miss(flickering, *[(EMPTY, 1.0)] * 8).is_gone(6, taken=True)


@pytest.mark.parametrize(("seen", "gone"), [(1, False), (2, False), (10, True)])
def test_what_was_hardly_ever_seen_cannot_be_seen_missing(seen: int, *, gone: bool) -> None:
    assert _miss(_known(seen), *[(EMPTY, 1.0)] * 12).is_gone(6, taken=True) is gone


def test_what_was_hardly_ever_seen_is_not_waited_for_forever() -> None:
    rare = Vacancy()
    for turn in range(400):
        rare.update(SEEN if turn % 50 == 0 else EMPTY, when(turn), 1)
    rare.update(SEEN, when(400), 1)
    assert not _miss(rare, *[(EMPTY, 1.0)] * 25).is_gone(6, taken=True)
    assert _miss(rare, *[(EMPTY, 1.0)] * 20).is_gone(6, taken=True)


def test_a_place_that_was_empty_a_moment_ago_is_remembered_as_such() -> None:
    vacancy = _miss(_known(), *[(EMPTY, 1.0)] * 3, *[(SEEN, 1.0)] * 2)
    assert vacancy.was_just_empty(2, within_s=5)
    assert not vacancy.was_just_empty(4, within_s=5)
    _miss(vacancy, *[(SEEN, 1.0)] * 9)
    assert not vacancy.was_just_empty(2, within_s=5)


def test_it_is_remembered_since_when_a_place_is_empty() -> None:
    vacancy = _miss(_known(), (EMPTY, 1.0), (SEEN, 1.0), (EMPTY, 1.0), (HIDDEN, 1.0), (EMPTY, 1.0))
    assert (vacancy.last_seen_at, vacancy.empty_since) == (when(22), when(23))


def test_after_nobody_looked_emptiness_is_counted_anew() -> None:
    vacancy = _miss(_known(), *[(EMPTY, 1.0)] * 5)
    vacancy.resume()
    assert not _miss(vacancy, *[(EMPTY, 1.0)] * 5).is_gone(6, taken=True)
    assert _miss(vacancy, *[(EMPTY, 1.0)] * 2).is_gone(6, taken=True)


AT_BIKE, ELSEWHERE = person_on(150, 165), person_on(400, 165)
VISITS = [
    # Somebody at it, however faint.
    (AT_BIKE, 0.2, 19.0, True),
    # Hardly a person at all.
    (AT_BIKE, 0.1, 19.0, False),
    # Too far away.
    (ELSEWHERE, 0.9, 19.0, False),
    # At it, but long before it was last seen: that was somebody else.
    (AT_BIKE, 0.9, 5.0, False),
    # A few seconds before it was last seen: while they stood there it was still to be seen.
    (AT_BIKE, 0.9, 12.0, True),
    # At it since.
    (AT_BIKE, 0.9, 40.0, True),
]


@pytest.mark.parametrize(("person", "score", "second", "visited"), VISITS)
def test_a_visit_is_somebody_at_the_bike_about_when_it_was_last_seen(
    person: XyxyPx, score: float, second: float, *, visited: bool
) -> None:
    vacancy = _known()
    note_visit(vacancy, BIKE, moment_of(second, faint=[Detection(Kind.PERSON, score, person)]))
    assert vacancy.visited() is visited


def _after(*spells: tuple[Look, float]) -> Vacancy:
    """Looks five times a second, each spell of one kind so many seconds long."""
    vacancy, second = Vacancy(), 0.0
    for look, seconds in spells:
        for _ in range(round(5 * seconds)):
            second += 0.2
            vacancy.update(look, when(second), 0.2)
    return vacancy


FADED: list[tuple[list[tuple[Look, float]], bool]] = [
    ([(SEEN, 10)], False),
    ([(SEEN, 10), (EMPTY, 2)], True),
    # A faint box that comes up now and then does not bring it back.
    ([(SEEN, 10), (EMPTY, 2), (SEEN, 0.2), (EMPTY, 1)], True),
    # Somebody stands before it: nothing is known.
    ([(SEEN, 10), (HIDDEN, 20)], False),
    # One that was found in half of the pictures at best may be unseen for a while.
    ([*[(SEEN, 0.2), (EMPTY, 0.4)] * 10, (EMPTY, 2)], False),
]


@pytest.mark.parametrize(("spells", "faded"), FADED)
def test_a_bike_has_faded_when_it_is_seen_much_less_than_before(
    spells: list[tuple[Look, float]], *, faded: bool
) -> None:
    assert _after(*spells).has_faded() is faded


def test_a_place_that_was_empty_for_long_stays_so_in_memory_though_its_new_bike_flickers() -> None:
    vacancy = _miss(_known(), *[(EMPTY, 1.0)] * 4, (SEEN, 1.0), (EMPTY, 0.2), (SEEN, 1.0))
    assert vacancy.was_just_empty(2, within_s=5)
    later = _miss(vacancy, *[(SEEN, 1.0)] * 10, (EMPTY, 0.2), (SEEN, 1.0))
    assert not later.was_just_empty(2, within_s=5), "by now it is long ago"
