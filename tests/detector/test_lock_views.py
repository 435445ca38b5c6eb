from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.lock_views import (
    MOST_VIEWS,
    Flaw,
    LockBox,
    LockCount,
    LockDetector,
    LockKind,
    LockViews,
    Phase,
    ViewNeeds,
    flaw_of,
    is_on_bike,
    usable,
    view_of,
)
from tests.detector.drawn_bikes import Picture, draw_bike, lit, pavement

BIKE = XyxyPx(100, 60, 260, 160)
NEEDS = ViewNeeds()
YELLOW = (20, 190, 230)


def rack(box: XyxyPx = BIKE) -> Picture:
    picture = pavement(400, 240)
    draw_bike(picture, box, (60, 60, 170))
    return picture


# --- views -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("picture", "bike", "people", "flaw"),
    [
        pytest.param(rack(), BIKE, (), None, id="a good one"),
        pytest.param(rack(XyxyPx(100, 60, 200, 125)), XyxyPx(100, 60, 200, 125), (), Flaw.TOO_NARROW, id="far away"),
        pytest.param(rack(), XyxyPx(330, 60, 490, 160), (), Flaw.TOO_NARROW, id="half out of the picture"),
        pytest.param(rack(), BIKE, (XyxyPx(150, 20, 200, 200),), Flaw.HIDDEN, id="somebody before it"),
        pytest.param(rack(), BIKE, (XyxyPx(80, 20, 110, 200),), None, id="somebody beside it"),
        pytest.param(lit(rack(), 0.2, 4), BIKE, (), Flaw.DARK, id="at night"),
        pytest.param(lit(rack(), 0.5, 4), BIKE, (), None, id="at dusk"),
        pytest.param(
            lit(np.asarray(cv2.GaussianBlur(rack(), (0, 0), 3), dtype=np.uint8), 1, 4),
            BIKE,
            (),
            Flaw.BLURRED,
            id="out of focus, noisy",
        ),
        pytest.param(np.asarray(cv2.blur(rack(), (17, 1))), BIKE, (), Flaw.BLURRED, id="moving"),
        pytest.param(rack(), XyxyPx(500, 60, 700, 160), (), Flaw.TOO_NARROW, id="outside the picture"),
    ],
)
def test_a_view_is_usable_or_says_why_not(
    picture: Picture, bike: XyxyPx, people: Sequence[XyxyPx], flaw: Flaw | None
) -> None:
    view = view_of(picture, bike, people)
    assert flaw_of(view, NEEDS) is flaw
    assert usable(view, NEEDS) is (flaw is None)


def test_what_a_view_must_be_like_can_be_set() -> None:
    far = XyxyPx(100, 60, 200, 125)
    assert usable(view_of(rack(far), far, ()), ViewNeeds(least_width_px=90))
    assert not usable(view_of(rack(), BIKE, ()), ViewNeeds(least_sharpness=1e6))


def test_a_crop_is_not_resized_and_knows_where_the_bike_is_in_it() -> None:
    picture = rack()
    view = view_of(picture, BIKE, ())
    assert view.crop_bgr.shape == (120, 192, 3)
    left, top, right, bottom = (int(side) for side in view.bike_px)
    assert np.array_equal(view.crop_bgr[top:bottom, left:right], picture[60:160, 100:260])


def test_a_crop_at_the_pictures_edge_stays_in_it() -> None:
    view = view_of(rack(), XyxyPx(0, 150, 160, 240), ())
    assert view.crop_bgr.shape == (99, 176, 3)
    assert view.bike_px == XyxyPx(0, 9, 160, 99)


@pytest.mark.parametrize(
    ("lock", "on_bike"),
    [
        pytest.param(XyxyPx(150, 100, 170, 120), True, id="on the frame"),
        pytest.param(XyxyPx(258, 140, 278, 160), True, id="between wheel and stand"),
        pytest.param(XyxyPx(300, 100, 320, 120), False, id="on the next bike"),
        pytest.param(XyxyPx(150, 10, 170, 30), False, id="above it"),
    ],
)
def test_a_lock_belongs_to_the_bike_it_is_on(lock: XyxyPx, *, on_bike: bool) -> None:
    assert is_on_bike(lock, BIKE) is on_bike


# --- counting --------------------------------------------------------------------------------------------------------

FRAME, WHEEL, OTHER_BIKE = (0.45, 0.4), (0.2, 0.65), (1.5, 0.5)
Place = tuple[float, float]


def lock(place: Place, kind: LockKind = LockKind.CABLE, score: float = 0.7) -> LockBox:
    x, y = BIKE.left + place[0] * BIKE.width, BIKE.top + place[1] * BIKE.height
    return LockBox(kind, score, XyxyPx(x - 8, y - 8, x + 8, y + 8))


def count(arriving: Sequence[Sequence[LockBox]], parked: Sequence[Sequence[LockBox]]) -> LockCount:
    views = LockViews()
    for phase, seen in ((Phase.ARRIVING, arriving), (Phase.PARKED, parked)):
        for locks in seen:
            views.add(phase, BIKE, locks)
    return views.count()


U_ON_WHEEL = lock(WHEEL, LockKind.U_LOCK)
RING = lock((0.22, 0.5), LockKind.RING_LOCK)
HIGH_ON_WHEEL = lock((0.24, 0.6), LockKind.U_LOCK)


@pytest.mark.parametrize(
    ("arriving", "parked", "expected"),
    [
        pytest.param([[]] * 4, [[U_ON_WHEEL]] * 6, LockCount(6, 6, 0, 0, LockKind.U_LOCK), id="put on"),
        pytest.param([[lock(FRAME)]] * 4, [[lock(FRAME)]] * 6, LockCount(6, 0, 6, 0, None), id="stays coiled up"),
        pytest.param(
            [[lock(FRAME)]] * 4, [[lock(WHEEL)]] * 6, LockCount(6, 6, 0, 0, LockKind.CABLE), id="taken off and put on"
        ),
        pytest.param(
            [[lock((0.3, 0.4))]] * 4,
            [[lock((0.72, 0.45))]] * 6,
            LockCount(6, 0, 6, 0, None),
            id="coiled, seen mirrored",
        ),
        pytest.param(
            [[lock(FRAME)]] * 4,
            [[lock(FRAME), U_ON_WHEEL]] * 6,
            LockCount(6, 6, 6, 0, LockKind.U_LOCK),
            id="one of two locks put on",
        ),
        pytest.param(
            [[lock(FRAME)]] * 4,
            [[lock(FRAME, LockKind.U_LOCK)]] * 6,
            LockCount(6, 6, 0, 0, LockKind.U_LOCK),
            id="another lock where the first hung",
        ),
        pytest.param(
            [[], [], [lock(FRAME)], [], [], [], [], [lock(FRAME)]],
            [[lock(FRAME)]] * 6,
            LockCount(6, 6, 0, 0, LockKind.CABLE),
            id="hardly ever seen before: not carried",
        ),
        pytest.param([[RING]] * 4, [[RING]] * 6, LockCount(6, 0, 0, 6, None), id="a ring lock says nothing"),
        pytest.param([], [[RING, U_ON_WHEEL]] * 3, LockCount(3, 3, 0, 3, LockKind.U_LOCK), id="a ring lock and more"),
        pytest.param([[]], [[U_ON_WHEEL], [], [], []], LockCount(4, 0, 0, 0, None), id="seen once is not seen"),
        pytest.param(
            [[]],
            [[U_ON_WHEEL], [], [HIGH_ON_WHEEL], []],
            LockCount(4, 2, 0, 0, LockKind.U_LOCK),
            id="its place differs a little",
        ),
        pytest.param(
            [[]], [[lock((0.1, 0.2))], [lock((0.5, 0.9))], [lock((0.9, 0.3))]], LockCount(3, 0, 0, 0, None), id="jumps"
        ),
        pytest.param([[]], [[lock(OTHER_BIKE)]] * 6, LockCount(6, 0, 0, 0, None), id="on the neighbour"),
        pytest.param([[]], [[lock(WHEEL, score=0.2)]] * 6, LockCount(6, 0, 0, 0, None), id="too weak to believe"),
        pytest.param([[]] * 4, [[]] * 12, LockCount(12, 0, 0, 0, None), id="none"),
        pytest.param([[lock(FRAME)]] * 4, [], LockCount(0, 0, 0, 0, None), id="never seen parked"),
        pytest.param([], [], LockCount(0, 0, 0, 0, None), id="never seen"),
    ],
)
def test_what_the_views_come_to(
    arriving: Sequence[Sequence[LockBox]], parked: Sequence[Sequence[LockBox]], expected: LockCount
) -> None:
    assert count(arriving, parked) == expected


def test_a_lock_keeps_its_place_on_a_bike_that_is_nearer_or_shifted() -> None:
    views = LockViews()
    for scale, right_px in ((1.0, 0.0), (1.6, 30.0), (0.7, -20.0)):
        scaled = [XyxyPx(*(side * scale for side in box)) for box in (BIKE, U_ON_WHEEL.xyxy_px)]
        bike, box = (XyxyPx(one.left + right_px, one.top, one.right + right_px, one.bottom) for one in scaled)
        views.add(Phase.PARKED, bike, [LockBox(LockKind.U_LOCK, 0.8, box)])
    assert views.count() == LockCount(3, 3, 0, 0, LockKind.U_LOCK)


def test_only_the_newest_views_count() -> None:
    assert count([], [[]] * MOST_VIEWS + [[U_ON_WHEEL]] * MOST_VIEWS).seen == MOST_VIEWS


places = st.tuples(st.floats(-0.3, 1.3), st.floats(-0.3, 1.3))
locks = st.builds(lock, places, st.sampled_from(LockKind), st.floats(0, 1))


@given(
    arriving=st.lists(st.lists(locks, max_size=3), max_size=6), parked=st.lists(st.lists(locks, max_size=3), max_size=6)
)
def test_counts_are_never_more_than_the_views(arriving: list[list[LockBox]], parked: list[list[LockBox]]) -> None:
    found = count(arriving, parked)
    assert found.views == len(parked)
    assert max(found.seen, found.carried, found.fitted) <= found.views
    assert (found.kind is None) is (found.seen == 0)
    if not arriving:
        assert found.carried == 0


# --- with a detector -------------------------------------------------------------------------------------------------


class YellowLocks:
    """Takes every yellow patch for a cable."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[LockBox]:
        yellow = cv2.inRange(crop_bgr, np.array([0, 150, 190]), np.array([60, 220, 255]))
        _, _, stats, _ = cv2.connectedComponentsWithStats(yellow)
        return [
            LockBox(LockKind.CABLE, 0.9, XyxyPx(x, y, x + width, y + height))
            for x, y, width, height, area in stats[1:].tolist()
            if area > 20
        ]


@pytest.mark.parametrize(
    ("before", "after", "seen", "carried"),
    [
        pytest.param((165, 100), (165, 100), 0, 4, id="left coiled on the frame"),
        pytest.param((165, 100), (125, 125), 4, 0, id="put through the wheel"),
        pytest.param((165, 100), None, 0, 0, id="taken off and not put on"),
        pytest.param(None, (125, 125), 4, 0, id="out of a bag"),
    ],
)
def test_from_pictures_to_counts(
    before: tuple[int, int] | None, after: tuple[int, int] | None, seen: int, carried: int
) -> None:
    detector: LockDetector = YellowLocks()
    views = LockViews()
    for phase, at in ((Phase.ARRIVING, before), (Phase.PARKED, after)):
        for seed in range(4):
            picture = rack()
            if at is not None:
                cv2.circle(picture, at, 9, YELLOW, 4)
            view = view_of(lit(picture, 1, 4, seed), BIKE, ())
            assert usable(view, NEEDS)
            views.add(phase, view.bike_px, detector.find(view.crop_bgr))
    found = views.count()
    assert (found.views, found.seen, found.carried) == (4, seen, carried)
