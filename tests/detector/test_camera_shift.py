from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.camera_shift import CameraShift, CameraState, ShiftWatch, detail, is_blind, small_grey

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
EVERY_S = 5.0
WIDTH_PX, HEIGHT_PX = 640, 360
Picture = NDArray[np.uint8]
Change = Callable[[Picture], Picture]


def drawn_scene() -> Picture:
    """A square of many things, each of another shade, on a ground that is not flat."""
    random = np.random.default_rng(5)
    ground = cv2.resize(random.uniform(60, 160, (9, 16)), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    picture = np.repeat(ground[:, :, None], 3, axis=2).astype(np.uint8)
    for _ in range(90):
        left, top = (int(random.integers(0, side)) for side in (WIDTH_PX, HEIGHT_PX))
        right, bottom = left + int(random.integers(10, 70)), top + int(random.integers(10, 70))
        cv2.rectangle(picture, (left, top), (right, bottom), random.integers(0, 255, 3).tolist(), -1)
    return picture


SCENE = drawn_scene()


def warped(degrees: float = 0, zoom: float = 1, right_px: float = 0, down_px: float = 0) -> Change:
    turn = np.asarray(cv2.getRotationMatrix2D((WIDTH_PX / 2, HEIGHT_PX / 2), degrees, zoom), dtype=np.float64)
    turn[:, 2] += np.array([right_px, down_px])

    def change(picture: Picture) -> Picture:
        seen = cv2.warpAffine(picture, turn, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(seen, dtype=np.uint8)

    return change


def lit(times: float) -> Change:
    return lambda picture: np.clip(picture * times, 0, 255).astype(np.uint8)


def lit_from_the_side(picture: Picture) -> Picture:
    across = np.linspace(0.4, 1.5, picture.shape[1])[None, :, None]
    return np.clip(picture * across, 0, 255).astype(np.uint8)


def noisy(greys: float) -> Change:
    random = np.random.default_rng(6)
    return lambda picture: np.clip(picture + random.normal(0, greys, picture.shape), 0, 255).astype(np.uint8)


def rained_on(picture: Picture) -> Picture:
    random = np.random.default_rng(7)
    seen = (picture * 0.6 + 60).astype(np.uint8)
    for _ in range(400):
        x, y = int(random.integers(0, WIDTH_PX)), int(random.integers(0, HEIGHT_PX))
        cv2.line(seen, (x, y), (x + 3, y + 18), (200, 200, 200), 1)
    return noisy(8)(seen)


def people(count: int) -> list[XyxyPx]:
    random = np.random.default_rng(8)
    corners = [(float(random.integers(0, WIDTH_PX)), float(random.integers(0, HEIGHT_PX))) for _ in range(count)]
    return [XyxyPx(x, y, x + 40, y + 110) for x, y in corners]


def crowded(count: int) -> Change:
    def change(picture: Picture) -> Picture:
        seen, random = picture.copy(), np.random.default_rng(9)
        for left, top, right, bottom in people(count):
            shade = random.integers(0, 255, 3).tolist()
            cv2.rectangle(seen, (int(left), int(top)), (int(right), int(bottom)), shade, -1)
        return seen

    return change


def watch(pictures: Sequence[Picture], *, ignore: Sequence[XyxyPx] = (), of: ShiftWatch | None = None) -> CameraShift:
    """Look at these one after the other, as often as a watch looks."""
    watch = of or ShiftWatch(EVERY_S)
    begins = START + timedelta(days=len(vars(watch)["_looks"]))
    told = [watch.update(one, begins + timedelta(seconds=EVERY_S * n), ignore) for n, one in enumerate(pictures)]
    return told[-1]


@pytest.fixture(scope="module")
def rendered(project_root: Path) -> list[Picture]:
    """Twenty seconds of a sample clip: somebody comes, parks and bends."""
    capture = cv2.VideoCapture(str(project_root / "sample_videos/locked.mp4"))
    return [np.asarray(cv2.resize(capture.read()[1], (WIDTH_PX, HEIGHT_PX)), dtype=np.uint8) for _ in range(200)]


CHANGES = [
    pytest.param(lit(0.4), CameraState.STEADY, id="a cloud"),
    pytest.param(lit(1.5), CameraState.STEADY, id="the lamps go on"),
    pytest.param(lit_from_the_side, CameraState.STEADY, id="the sun has gone round"),
    pytest.param(noisy(15), CameraState.STEADY, id="sensor noise"),
    pytest.param(rained_on, CameraState.STEADY, id="rain"),
    pytest.param(crowded(12), CameraState.STEADY, id="a crowd"),
    pytest.param(warped(right_px=4), CameraState.STEADY, id="less than one in a hundred"),
    pytest.param(warped(right_px=20), CameraState.MOVED, id="to the right"),
    pytest.param(warped(down_px=-20), CameraState.MOVED, id="up"),
    pytest.param(lambda picture: noisy(8)(lit(0.6)(warped(right_px=40)(picture))), CameraState.MOVED, id="at dusk"),
    pytest.param(lambda picture: crowded(12)(warped(right_px=40)(picture)), CameraState.MOVED, id="behind a crowd"),
    pytest.param(warped(right_px=250), CameraState.MOVED, id="far"),
    pytest.param(warped(degrees=6), CameraState.MOVED, id="tilted"),
    pytest.param(warped(zoom=1.12), CameraState.MOVED, id="zoomed in"),
    pytest.param(warped(zoom=0.8), CameraState.MOVED, id="zoomed out"),
    pytest.param(lambda picture: picture[:, ::-1].copy(), CameraState.MOVED, id="another place"),
    pytest.param(lit(0.03), CameraState.BLIND, id="night without lamps"),
    pytest.param(lambda picture: noisy(3)(np.full_like(picture, 90)), CameraState.BLIND, id="a covered lens"),
]


@pytest.mark.parametrize(("change", "state"), CHANGES)
def test_a_drawn_scene(change: Change, state: CameraState) -> None:
    assert watch([SCENE] * 3 + [change(SCENE)] * 3).state is state


@pytest.mark.parametrize(("change", "state"), CHANGES)
def test_a_rendered_rack(change: Change, state: CameraState, rendered: list[Picture]) -> None:
    assert watch(rendered[:3] + [change(one) for one in rendered[-3:]]).state is state


@pytest.mark.parametrize(("right_px", "down_px"), [(30, 0), (-30, 0), (0, 25), (60, -30), (120, 20)])
def test_the_shift_is_told_in_pixels_of_the_picture(right_px: float, down_px: float) -> None:
    told = watch([SCENE] * 3 + [warped(right_px=right_px, down_px=down_px)(SCENE)] * 3)
    assert told.shift_px == pytest.approx((right_px, down_px), abs=2)


def test_where_a_turned_view_went_is_not_made_up() -> None:
    assert watch([SCENE] * 3 + [warped(degrees=90)(SCENE)] * 3) == CameraShift(CameraState.MOVED, None)


def test_one_or_two_looks_are_not_believed() -> None:
    elsewhere = warped(right_px=40)(SCENE)
    assert watch([SCENE] * 3 + [elsewhere] * 2).state is CameraState.STEADY
    assert watch([SCENE] * 3 + [elsewhere] * 2 + [SCENE] + [elsewhere] * 2).state is CameraState.STEADY


def test_a_camera_put_back_is_steady_again() -> None:
    assert watch([SCENE] * 3 + [warped(right_px=40)(SCENE)] * 30 + [SCENE] * 3).state is CameraState.STEADY


def test_a_new_view_is_right_once_somebody_says_so() -> None:
    elsewhere, of = warped(right_px=40)(SCENE), ShiftWatch(EVERY_S)
    assert watch([SCENE] * 3 + [elsewhere] * 3, of=of).state is CameraState.MOVED
    of.accept_view()
    assert watch([elsewhere] * 3, of=of).state is CameraState.STEADY
    assert watch([SCENE] * 3, of=of).state is CameraState.MOVED


def test_after_a_night_the_view_is_compared_with_the_evening_before() -> None:
    night, of = [lit(0.03)(SCENE)] * 20, ShiftWatch(EVERY_S)
    assert watch([SCENE] * 3 + night, of=of).state is CameraState.BLIND
    assert watch([SCENE] * 3, of=of).state is CameraState.STEADY
    assert watch(night + [warped(right_px=40)(SCENE)] * 3, of=of).state is CameraState.MOVED


def test_a_crowd_too_thick_to_see_through_is_told_apart_by_its_boxes() -> None:
    crowd = [crowded(40)(SCENE)] * 3
    assert watch([SCENE] * 3 + crowd, ignore=people(40)).state is CameraState.STEADY


def test_what_changes_for_good_becomes_part_of_the_scene() -> None:
    """After hours of nothing lorry after lorry parks; little is left of the first view, but the camera has not moved."""
    pictures, seen = [SCENE] * 900, SCENE
    for column in range(0, WIDTH_PX, 80):
        seen = seen.copy()
        seen[:, column : column + 80] = seen[::-1, column : column + 80]
        pictures += [seen] * 20
    of = ShiftWatch(60)
    states = {of.update(one, START + timedelta(minutes=n)).state for n, one in enumerate(pictures)}
    assert states == {CameraState.STEADY}


def test_a_procession_marching_on_is_not_the_camera() -> None:
    """Rows of people fill most of the view, and all of them go the same way at the same pace."""
    crowd = SCENE[::-1, ::-1]
    of = ShiftWatch(EVERY_S)
    for number in range(8):
        picture, boxes = SCENE.copy(), []
        for left in range(0, WIDTH_PX, 100):
            x = (left + 25 * number) % (WIDTH_PX - 80)
            picture[40:340, x : x + 80] = crowd[40:340, left % (WIDTH_PX - 80) :][:, :80]
            boxes.append(XyxyPx(x, 40, x + 80, 340))
        told = of.update(picture, START + timedelta(seconds=EVERY_S * number), boxes)
    assert told.state is CameraState.STEADY


def test_a_view_with_nothing_in_it_but_what_comes_and_goes_says_nothing() -> None:
    """An even ground: a bike that is put down beside where the first one stood is not the camera that moved."""
    empty = np.full((HEIGHT_PX, WIDTH_PX, 3), 120, np.uint8)
    first, second = empty.copy(), empty.copy()
    first[200:280, 100:180] = SCENE[200:280, 100:180]
    second[210:290, 300:380] = SCENE[200:280, 100:180]
    assert watch([first] * 3 + [second] * 4).state is not CameraState.MOVED


def test_nothing_is_looked_at_before_it_is_time() -> None:
    of = ShiftWatch(60)
    pictures = [SCENE] + [warped(right_px=40)(SCENE)] * 10
    told = [of.update(one, START + timedelta(seconds=5 * n)) for n, one in enumerate(pictures)]
    assert {one.state for one in told} == {CameraState.STEADY}


def test_light_leaves_what_is_drawn_as_it_is() -> None:
    plain, dim = (detail(small_grey(one)) for one in (SCENE, lit(0.5)(SCENE)))
    assert float(np.corrcoef(plain.ravel(), dim.ravel())[0, 1]) > 0.98


@pytest.mark.parametrize(("width_px", "height_px"), [(3840, 2160), (360, 288), (100, 80), (200, 1000)])
def test_any_size_of_picture_will_do(width_px: int, height_px: int) -> None:
    picture = np.asarray(cv2.resize(SCENE, (width_px, height_px)), dtype=np.uint8)
    assert not is_blind(small_grey(picture))
    assert watch([picture] * 4).state is CameraState.STEADY


def test_another_size_of_picture_starts_again() -> None:
    small = np.asarray(cv2.resize(SCENE, (320, 240)), dtype=np.uint8)
    assert watch([SCENE] * 3 + [small] * 3).state is CameraState.STEADY
