"""What stands while nothing moves: the last looks in turn, and what is news beside them."""

from __future__ import annotations

from detector.boxes import XyxyPx
from detector.standing import MOST_LOOKS, Standing
from detector.vocabulary import Detection, Kind

PLACE = XyxyPx(100, 100, 200, 160)


def bike(score: float = 0.8, right_px: float = 0.0, kind: Kind = Kind.BICYCLE) -> Detection:
    return Detection(kind, score, XyxyPx(PLACE.left + right_px, 100, PLACE.right + right_px, 160))


def after(*looks: list[Detection]) -> Standing:
    standing = Standing()
    for look in looks:
        standing.see(look)
    return standing


def test_nothing_stands_before_anybody_looked() -> None:
    assert Standing().again() is None


def test_the_last_looks_stand_one_after_the_other() -> None:
    found, missed = [bike()], list[Detection]()
    standing = after(found, missed, found)
    looks = [standing.again() for _ in range(30)]
    assert sum(look == found for look in looks) == 20
    assert [] in looks[:3]


def test_only_the_last_few_looks_are_kept() -> None:
    standing = after([bike()], *([bike(right_px=300)] for _ in range(MOST_LOOKS)))
    assert all(standing.again() == [bike(right_px=300)] for _ in range(MOST_LOOKS))


def test_after_motion_what_was_seen_before_counts_for_nothing() -> None:
    standing = after([bike()])
    standing.start_anew()
    assert standing.again() is None


def test_trembling_and_flickering_boxes_are_no_news() -> None:
    standing = after([bike(), bike(0.1, 200)], [bike()], [bike(0.7, 4)])
    assert not standing.differs([bike(0.6, -5)])
    assert not standing.differs([bike(), bike(0.3, 500)])


def test_a_sure_box_that_nobody_has_seen_is_news() -> None:
    standing = after([bike()], [bike()])
    assert standing.differs([bike(), bike(0.6, 300)])
    assert standing.differs([bike(), Detection(Kind.PERSON, 0.4, XyxyPx(300, 50, 340, 160))])


def test_a_sure_box_that_everybody_saw_and_is_not_there_any_more_is_news() -> None:
    standing = after([bike()], [bike()], [bike()])
    assert standing.differs([])
    assert not standing.differs([bike(0.06)])


def test_a_box_missed_once_before_may_be_missed_again() -> None:
    assert not after([bike()], [], [bike()]).differs([])


def test_an_electric_bike_taken_for_a_bicycle_is_no_news() -> None:
    assert not after(*([bike(kind=Kind.MOTORCYCLE)] for _ in range(3))).differs([bike()])


def test_a_person_does_not_stand_for_a_bike() -> None:
    person = Detection(Kind.PERSON, 0.9, PLACE)
    assert after(*([bike()] for _ in range(3))).differs([person])
