"""Who brings a bike, as their way shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from detector.boxes import XyxyPx
from detector.carriers import Carriers, is_moving
from detector.trails import Sighting, Trails
from detector.vocabulary import Kind
from tests.detector.films import bike_on, film, person_on, trail_of, when
from tests.detector.scenes import Actor, bike, person

ANNA, BEN = 1, 2
FRAME_RATES = [2.0, 5.0, 15.0]
RACKED_X = (100, 230, 360, 490)
RACK = {10 + place: bike((0, x, 300), (60, x, 300)) for place, x in enumerate(RACKED_X)}
RACKED = tuple(bike_on(x, 300) for x in RACKED_X)
ALONG_THE_RACK = person((4, 20, 320), (14, 620, 320))


def _walk(
    actors: Mapping[int, Actor],
    ends_s: float,
    *,
    fps: float = 5.0,
    known: Collection[XyxyPx] = (),
    unseen: Sequence[XyxyPx] = (),
) -> Carriers:
    carriers, trails = Carriers(), Trails()
    for moment in film(actors, ends_s, fps):
        trails.update(moment)
        carriers.update(moment, trails, known, unseen)
    return carriers


def _pushes(bike_from: float, bike_to: float, ends_s: float = 4.0) -> dict[int, Actor]:
    return {
        ANNA: person((0, bike_from + 20, 310), (ends_s, bike_to + 20, 310)),
        10: bike((0, bike_from, 300), (ends_s, bike_to, 300)),
    }


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("known", [RACKED, ()])
def test_who_walks_along_standing_bikes_brings_none_of_them(fps: float, known: Collection[XyxyPx]) -> None:
    """Neither where they are known to stand there nor where they have merely stood for some seconds."""
    for ends_s in (6, 8, 10, 12, 14):
        assert not _walk(RACK | {ANNA: ALONG_THE_RACK}, ends_s, fps=fps, known=known).bringing()


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("speed", [30.0, 60.0, 120.0])
def test_who_pushes_or_rides_a_bike_brings_it(fps: float, speed: float) -> None:
    carriers = _walk(_pushes(100, 100 + 4 * speed), 4, fps=fps)
    (carrier,) = carriers.bringing().values()
    assert carrier.kind is Kind.BICYCLE
    assert carrier.first is not None
    assert carrier.last is not None
    assert carrier.last.xyxy_px.left - carrier.first.xyxy_px.left > 60


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_brings_a_bike_past_standing_ones_brings_just_that(fps: float) -> None:
    pushed = {10: bike((0, 30, 340), (8, 420, 340)), ANNA: person((0, 60, 350), (8, 450, 350))}
    rack = {number + 20: one for number, one in RACK.items()}
    (carrier,) = _walk(rack | pushed, 8, fps=fps, known=RACKED).bringing().values()
    assert carrier.last is not None
    assert carrier.last.xyxy_px.bottom == 340


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_out_of_a_known_place_is_taken_not_brought(fps: float) -> None:
    away = _pushes(360, 600)
    assert not _walk(away, 4, fps=fps, unseen=[bike_on(360, 300)]).bringing()
    assert _walk(away, 4, fps=fps, unseen=[bike_on(100, 300)]).bringing(), "another place was empty, not this one"


BRINGS_NOTHING = {
    "stands beside a bike that somebody else rolls by": {
        ANNA: person((0, 300, 310), (6, 300, 310)),
        10: bike((0, 260, 300), (6, 340, 300)),
    },
    "moves a bike by less than half of its size": _pushes(300, 350),
    "passes the bike of somebody who is coming": {
        ANNA: person((0, 620, 310), (5, 20, 310)),
        BEN: person((0, 120, 312), (5, 420, 312)),
        10: bike((0, 100, 300), (5, 400, 300)),
    },
    "walks far off from a bike that rolls": {
        ANNA: person((0, 100, 460), (4, 500, 460)),
        10: bike((0, 100, 200), (4, 500, 200)),
    },
}


@pytest.mark.parametrize("what", BRINGS_NOTHING)
@pytest.mark.parametrize("fps", FRAME_RATES)
def test_it_is_not_brought_by_who(what: str, fps: float) -> None:
    assert ANNA not in _walk(BRINGS_NOTHING[what], 4, fps=fps).bringing()


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_long_walk_with_a_bike_for_a_moment_brings_nothing(fps: float) -> None:
    """A box that is drawn beside somebody for a second is a mistake, not their bike."""
    walker = person((0, 20, 310), (10, 620, 310))
    stray = bike((4.0, 260, 300), (5.0, 320, 300))
    assert not _walk({ANNA: walker, 10: stray}, 10, fps=fps).bringing()


TO_AND_FRO = tuple((second, 100 if second % 8 == 0 else 500, 310) for second in range(0, 29, 4))
"""Ends at second 28 at x 500."""
COURSES: dict[str, tuple[dict[int, Actor], float, bool]] = {
    "a box is beside them for a moment": (
        {ANNA: person((0, 60, 310), (6, 540, 310)), 10: bike((3, 280, 300), (3.5, 320, 300))},
        6,
        False,
    ),
    "the model misses the bike in every third look": (
        {
            ANNA: person((0, 60, 310), (6, 540, 310)),
            10: bike((0, 40, 300), (6, 520, 300), unseen=[(at / 5, at / 5 + 0.2) for at in range(0, 30, 3)]),
        },
        6,
        True,
    ),
    "they walked about for long, and then fetched it: they came on foot and take it": (
        {ANNA: person(*TO_AND_FRO, (34, 20, 310)), 10: bike((28, 480, 300), (34, 0, 300))},
        34,
        False,
    ),
}


@pytest.mark.parametrize("what", COURSES)
def test_who_is_mostly_seen_with_a_bike_of_late_brings_it(what: str) -> None:
    actors, ends_s, brings = COURSES[what]
    assert bool(_walk(actors, ends_s).bringing()) is brings


def test_who_walked_long_without_a_bike_came_on_foot_and_who_pushed_one_did_not() -> None:
    walked, _, _ = COURSES["they walked about for long, and then fetched it: they came on foot and take it"]
    assert _walk(walked, 34).brought_nothing() == {ANNA}
    assert not _walk(_pushes(100, 580, 8), 8).brought_nothing()
    assert not _walk({ANNA: person((0, 60, 310), (1.8, 168, 310))}, 1.8).brought_nothing(), "too short a walk to say so"
    assert _walk({ANNA: person((0, 60, 310), (3, 240, 310))}, 3).brought_nothing() == {ANNA}, "and never with one"


def _changes_hands(second: float) -> dict[int, Actor]:
    """A bike rolls along at x 60 a second; Anna is at it until `second`, and Ben, who waited there, from then on."""
    x = 60 + 60 * second
    return {
        ANNA: person((0, 60, 310), (second, x, 310), (10, x, 310)),
        BEN: person((0, x + 30, 310), (second, x + 30, 310), (10, 60 + 600, 310)),
        10: bike((0, 60, 300), (10, 660, 300)),
    }


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_bike_belongs_to_whom_it_goes_along_with_and_to_nobody_else(fps: float) -> None:
    actors = _changes_hands(4)
    before, after = _walk(actors, 3.6, fps=fps).bringing(), _walk(actors, 8, fps=fps).bringing()
    assert set(before) == {ANNA}
    assert set(after) == {BEN}
    first, bens_first = before[ANNA].first, after[BEN].first
    assert first is not None
    assert bens_first is not None
    assert bens_first.xyxy_px == first.xyxy_px, "its way began with Anna"


def test_two_people_with_a_bike_each_keep_their_own() -> None:
    side_by_side = _pushes(100, 340) | {
        BEN: person((0, 120, 410), (4, 360, 410)),
        11: bike((0, 100, 400), (4, 340, 400)),
    }
    carriers = _walk(side_by_side, 4).bringing()
    assert {who: carrier.bike_track for who, carrier in carriers.items()} == {ANNA: 10, BEN: 11}


def test_two_with_a_bike_each_are_told_from_one_with_a_friend() -> None:
    two = {ANNA: person((0, 120, 210), (4, 520, 210)), 10: bike((0, 100, 200), (4, 500, 200))}
    two |= {BEN: person((0, 120, 410), (4, 520, 410)), 11: bike((0, 100, 400), (4, 500, 400))}
    assert _walk(two, 4).had_one_each() == {ANNA: {BEN}, BEN: {ANNA}}
    friends = _pushes(100, 500) | {BEN: person((0, 130, 330), (4, 530, 330))}
    assert _walk(friends, 4).had_one_each() == {ANNA: set(), BEN: set()}


def test_who_only_halted_brings_the_bike_still() -> None:
    carriers = _walk(_pushes(100, 340), 4)
    carriers.put_down([ANNA])
    halt = Sighting(when(4), bike_on(340, 300), 0.0)
    carriers.go_on([ANNA, BEN], halt)
    assert {who: carrier.last for who, carrier in carriers.bringing().items()} == {ANNA: halt}, "Ben was never seen"


def test_what_is_put_down_is_not_brought_any_more() -> None:
    carriers = _walk(_pushes(100, 340), 4)
    carriers.put_down([BEN])
    assert set(carriers.bringing()) == {ANNA}
    carriers.put_down([ANNA])
    assert not carriers.bringing()


def test_who_is_long_out_of_view_is_forgotten() -> None:
    assert not _walk(_pushes(100, 340), 40).bringing()


def test_how_long_somebody_walks_without_the_bike_is_counted() -> None:
    lost = {ANNA: person((0, 100, 310), (10, 600, 310)), 10: bike((0, 80, 300), (4, 280, 300))}
    carrier = _walk(lost, 9).bringing()[ANNA]
    assert carrier.without_s == pytest.approx(4.8, abs=0.5)


WALKS = [
    # 60 pixels a second: a walk.
    (60.0, True),
    # 30 pixels a second: slow, as beside a bike.
    (30.0, True),
    # Boxes jitter; nobody walks 10 pixels a second.
    (10.0, False),
    (0.0, False),
]


@pytest.mark.parametrize("step_s", [0.07, 0.2, 0.5])
@pytest.mark.parametrize(("px_per_s", "moving"), WALKS)
def test_who_moves_their_feet_is_moving_at_any_frame_rate(step_s: float, px_per_s: float, *, moving: bool) -> None:
    way = trail_of([person_on(100 + px_per_s * step_s * step, 300) for step in range(int(2 / step_s))], step_s)
    assert is_moving(way) is moving


def test_one_look_shows_no_movement() -> None:
    assert not is_moving(trail_of([person_on(100, 300)]))


def test_it_is_remembered_with_whom_a_box_went_along() -> None:
    moments = list(film(_pushes(100, 340), 4))
    carriers = _walk(_pushes(100, 340), 4)
    boxes = {one.at: box.xyxy_px for one in moments for box in one.bikes()}
    owners = [carriers.owner(box, at) for at, box in boxes.items()]
    assert owners[5:] == [ANNA] * (len(owners) - 5)
    assert carriers.owner(bike_on(600, 300), moments[-1].at) is None


def _comes_on_foot_and_rides_off() -> dict[int, Actor]:
    return {
        ANNA: person((0, 20, 312), (4, 250, 312), (8, 250, 312), (12, 600, 312)),
        10: bike((0, 230, 300), (8, 230, 300), (12, 580, 300)),
    }


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_came_on_foot_and_goes_off_with_a_bike_took_it_from_where_it_was_first_seen_with_them(fps: float) -> None:
    carriers = _walk(_comes_on_foot_and_rides_off(), 11, fps=fps)
    assert carriers.took_from(bike_on(230, 300)) == {ANNA}
    assert carriers.took_from(bike_on(520, 300)) == set(), "there it only went by"
    assert _walk(_comes_on_foot_and_rides_off(), 8, fps=fps).took_from(bike_on(230, 300)) == set(), "not yet"


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_brings_a_bike_takes_none_but_came_with_one(fps: float) -> None:
    carriers = _walk(_pushes(100, 500), 4, fps=fps)
    assert carriers.took_from(bike_on(100, 300)) == set()
    (until,) = carriers.came_with_bike().values()
    assert (until - when(0)).total_seconds() == pytest.approx(4, abs=0.6)
