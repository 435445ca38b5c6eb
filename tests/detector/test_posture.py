from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.boxes import XyxyPx
from detector.posture import (
    JOINTS,
    Joint,
    Keypoint,
    PoseAtBike,
    Skeleton,
    bends,
    bent_s,
    hands_low,
    hands_low_s,
    is_bent,
    seen_s,
    trunk_angle_deg,
)

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
BIKE = XyxyPx(100, 200, 220, 280)
Place = tuple[float, float]
SIDES = {
    "shoulder": (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER),
    "wrist": (Joint.LEFT_WRIST, Joint.RIGHT_WRIST),
    "hip": (Joint.LEFT_HIP, Joint.RIGHT_HIP),
    "ankle": (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE),
}


def skeleton(confidence: float = 0.9, **places: Place | None) -> Skeleton:
    """Both joints of a pair at one place each, 4 px apart; those not named cannot be seen."""
    points = [Keypoint(0, 0, 0.0)] * JOINTS
    for name, place in places.items():
        for joint, aside in zip(SIDES[name], (-2, 2), strict=True):
            if place is not None:
                points[joint] = Keypoint(place[0] + aside, place[1], confidence)
    return Skeleton(tuple(points), 0.8)


def person(lean: Place, hip: Place = (160, 210), wrist: Place | None = None, legs_px: float = 60) -> Skeleton:
    """`lean` is where the shoulders are, seen from the hips."""
    shoulder = hip[0] + lean[0], hip[1] + lean[1]
    return skeleton(shoulder=shoulder, hip=hip, wrist=wrist, ankle=(hip[0], hip[1] + legs_px))


UPRIGHT, BENT = person((0, -40)), person((35, -20))
UNSEEN = skeleton()


@pytest.mark.parametrize(
    ("lean", "angle_deg"),
    [
        pytest.param((0, -40), 0, id="upright"),
        pytest.param((40, -40), 45, id="half way down"),
        pytest.param((-40, -40), 45, id="to the left is no different"),
        pytest.param((40, 0), 90, id="trunk level"),
        pytest.param((0, 30), 180, id="head below the hips"),
    ],
)
def test_the_trunk_leans_by_degrees(lean: Place, angle_deg: float) -> None:
    assert trunk_angle_deg(person(lean)) == pytest.approx(angle_deg)


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(skeleton(hip=(160, 210)), id="no shoulder"),
        pytest.param(skeleton(shoulder=(160, 170)), id="no hip"),
        pytest.param(skeleton(confidence=0.2, shoulder=(160, 170), hip=(160, 210)), id="only guesses"),
    ],
)
def test_without_shoulders_and_hips_there_is_no_angle(missing: Skeleton) -> None:
    assert trunk_angle_deg(missing) is None
    assert is_bent(missing) is None


def test_one_side_of_a_trunk_is_enough_but_not_a_diagonal() -> None:
    points = list(skeleton().points)
    points[Joint.LEFT_SHOULDER], points[Joint.RIGHT_HIP] = Keypoint(100, 100, 0.9), Keypoint(140, 140, 0.9)
    assert trunk_angle_deg(Skeleton(tuple(points), 0.8)) is None
    points[Joint.LEFT_HIP] = Keypoint(100, 140, 0.9)
    assert trunk_angle_deg(Skeleton(tuple(points), 0.8)) == pytest.approx(0)


@pytest.mark.parametrize(
    ("who", "bent"),
    [
        pytest.param(UPRIGHT, False, id="standing"),
        pytest.param(person((14, -38)), False, id="walking fast"),
        pytest.param(BENT, True, id="bent over"),
        pytest.param(person((8, -40), legs_px=15), True, id="crouched with an upright back"),
        pytest.param(person((2, -14)), True, id="bent towards the camera"),
        pytest.param(person((0, -40), legs_px=38), False, id="on a bike, a knee up"),
        pytest.param(skeleton(shoulder=(160, 170), hip=(160, 210)), False, id="legs hidden, back upright"),
    ],
)
def test_bent_or_upright(who: Skeleton, *, bent: bool) -> None:
    assert is_bent(who) is bent


@given(scale=st.floats(0.2, 5), right_px=st.floats(-500, 500))
def test_a_posture_does_not_depend_on_size_or_place(scale: float, right_px: float) -> None:
    for who in (UPRIGHT, BENT, person((8, -40), legs_px=15)):
        moved = tuple(Keypoint(x * scale + right_px, y * scale, sure) for x, y, sure in who.points)
        assert is_bent(Skeleton(moved, 0.8)) is is_bent(who)


@pytest.mark.parametrize(
    ("who", "low"),
    [
        pytest.param(person((35, -20), wrist=(180, 250)), True, id="bent, hand at the frame"),
        pytest.param(person((35, -20), wrist=(228, 270)), True, id="bent, hand just outside the wheel"),
        pytest.param(person((35, -20), wrist=(180, 205)), False, id="bent, hand at the saddle"),
        pytest.param(person((35, -20), wrist=(300, 250)), False, id="bent over something else"),
        pytest.param(person((0, -40), hip=(160, 225), wrist=(165, 230)), False, id="upright, arms hanging before it"),
        pytest.param(person((0, -40), hip=(160, 225), wrist=(165, 255)), True, id="upright but reaching far down"),
        pytest.param(person((8, -40), hip=(160, 260), wrist=(180, 240), legs_px=10), True, id="crouched"),
        pytest.param(skeleton(wrist=(180, 250)), True, id="nothing but hands can be seen"),
        pytest.param(UPRIGHT, None, id="no hand can be seen"),
    ],
)
def test_hands_at_wheel_or_frame(who: Skeleton, *, low: bool | None) -> None:
    assert hands_low(who, BIKE) is low


def frames(*who: Skeleton | None, seconds: float = 0.5) -> list[PoseAtBike]:
    return [PoseAtBike(START + timedelta(seconds=seconds * n), seconds, one, BIKE) for n, one in enumerate(who)]


LOCKING, STANDING = person((35, -20), wrist=(180, 250)), person((0, -40), wrist=(165, 175))


@pytest.mark.parametrize(
    ("seen", "low_s", "bent", "told_s"),
    [
        pytest.param([LOCKING] * 4 + [STANDING] * 2, 2.0, 2.0, 3.0, id="bent down for two seconds"),
        pytest.param([STANDING] * 4, 0.0, 0.0, 2.0, id="seen, and did nothing"),
        pytest.param([None, UNSEEN], None, None, 0.0, id="nothing could be seen"),
        pytest.param([LOCKING, None, None, LOCKING], 1.0, 1.0, 1.0, id="lost moments count neither way"),
        pytest.param([], None, None, 0.0, id="nobody"),
    ],
)
def test_seconds_add_up(
    seen: Sequence[Skeleton | None], low_s: float | None, bent: float | None, told_s: float
) -> None:
    assert hands_low_s(frames(*seen)) == low_s
    assert bent_s(frames(*seen)) == bent
    assert seen_s(frames(*seen)) == told_s


@given(rate=st.sampled_from([0.1, 0.2, 0.25, 0.5]))
def test_seconds_do_not_depend_on_the_frame_rate(rate: float) -> None:
    count = round(2 / rate)
    assert hands_low_s(frames(*[LOCKING] * count, *[STANDING] * count, seconds=rate)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        pytest.param([STANDING, LOCKING, LOCKING, STANDING], 1, id="once"),
        pytest.param([LOCKING, LOCKING, STANDING, STANDING, STANDING, LOCKING], 2, id="twice"),
        pytest.param([LOCKING, None, LOCKING], 1, id="lost for a moment in between"),
        pytest.param([STANDING], 0, id="never"),
        pytest.param([None], None, id="could not be seen"),
    ],
)
def test_bends_are_counted(seen: Sequence[Skeleton | None], count: int | None) -> None:
    assert bends(frames(*seen)) == count


def test_a_skeleton_is_whole() -> None:
    with pytest.raises(ValueError, match="17 points, not 3"):
        Skeleton((Keypoint(0, 0, 0),) * 3, 0.5)
