from __future__ import annotations

import colorsys
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.boxes import XyxyNorm, XyxyPx
from detector.fleet import FLEETS, FleetColour, fleet_marks, which_fleet
from tests.detector.drawn_bikes import Bgr, Picture, draw_bike, lit, pavement

ROOT = Path(__file__).resolve().parents[2]
PLACE = XyxyPx(80, 60, 200, 140)
LIGHTS = (0.4, 0.7, 1.0, 1.15)
MEITUAN, HELLOBIKE, QINGJU = (one.name for one in FLEETS)


def paint(hue_deg: float, saturation: float = 0.85, value: float = 0.85) -> Bgr:
    red, green, blue = colorsys.hsv_to_rgb(hue_deg / 360, saturation, value)
    return round(255 * blue), round(255 * green), round(255 * red)


def rack_with(colour: Bgr, ground: Bgr | None = None, **more: bool) -> Picture:
    picture = pavement(280, 200) if ground is None else pavement(280, 200, ground)
    draw_bike(picture, PLACE, colour, **more)
    return picture


def fleet_of(picture: Picture, box: XyxyPx = PLACE, fleets: tuple[FleetColour, ...] = FLEETS) -> str | None:
    views = [fleet_marks(lit(picture, times, 5.0, seed), box, fleets=fleets) for seed, times in enumerate(LIGHTS)]
    return which_fleet(views, fleets)


@pytest.mark.parametrize("times", LIGHTS)
@pytest.mark.parametrize(("hue_deg", "fleet"), [(48, MEITUAN), (203, HELLOBIKE), (174, QINGJU)])
def test_a_shared_bike_is_known_by_its_colour_in_any_light(hue_deg: float, fleet: str, times: float) -> None:
    picture = lit(rack_with(paint(hue_deg), fenders=True, basket=True), times, 5.0)
    assert which_fleet([fleet_marks(picture, PLACE)] * 3) == fleet


@pytest.mark.parametrize(("hue_deg", "fleet"), [(48, MEITUAN), (203, HELLOBIKE), (174, QINGJU)])
def test_paint_lost_in_glare_is_at_least_not_taken_for_another_fleets(hue_deg: float, fleet: str) -> None:
    glaring = lit(rack_with(paint(hue_deg), fenders=True), 1.8, 5.0)
    assert which_fleet([fleet_marks(glaring, PLACE)] * 3) in (fleet, None)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(rack_with(paint(0), fenders=True), id="red"),
        pytest.param(rack_with(paint(28), fenders=True), id="orange is not yellow"),
        pytest.param(rack_with(paint(220), fenders=True), id="royal blue is not sky blue"),
        pytest.param(rack_with(paint(140), fenders=True), id="green is not teal"),
        pytest.param(rack_with(paint(180, 0.45, 0.6), fenders=True), id="a dull teal"),
        pytest.param(rack_with(paint(200, 0.2), fenders=True), id="hardly blue"),
        pytest.param(rack_with((35, 35, 35), fenders=True, basket=True), id="black"),
        pytest.param(pavement(280, 200), id="no bike at all"),
        pytest.param(pavement(280, 200, paint(48)), id="a yellow floor"),
        pytest.param(rack_with((35, 35, 35), ground=paint(48, 0.7)), id="a black bike on a yellow floor"),
        pytest.param(rack_with((230, 230, 230), ground=paint(174)), id="a white bike on a teal floor"),
    ],
)
def test_a_private_bike_has_no_fleet(picture: Picture) -> None:
    assert fleet_of(picture) is None


def test_a_yellow_lock_and_a_yellow_bag_make_no_fleet() -> None:
    picture = rack_with((35, 35, 35))
    cv2.circle(picture, (132, 100), 9, paint(48), 4)
    cv2.rectangle(picture, (118, 62), (134, 80), paint(48), -1)
    assert fleet_of(picture) is None


def test_a_neighbour_of_a_fleet_does_not_rub_off() -> None:
    picture = rack_with((35, 35, 35))
    draw_bike(picture, XyxyPx(165, 70, 275, 150), paint(48), fenders=True, basket=True)
    assert fleet_of(picture) is None


def test_a_fleet_bike_beside_another_fleets_keeps_its_own() -> None:
    picture = rack_with(paint(203), fenders=True, basket=True)
    draw_bike(picture, XyxyPx(175, 70, 275, 150), paint(48), fenders=True)
    assert fleet_of(picture) == HELLOBIKE


NEIGHBOUR = XyxyPx(98, 54, 218, 134)


@pytest.mark.parametrize(
    ("ours", "theirs", "fleet"),
    [
        pytest.param((215, 215, 215), paint(203), None, id="a silver one before a blue fleet's"),
        pytest.param(paint(203), (215, 215, 215), HELLOBIKE, id="a blue fleet's before a silver one"),
        pytest.param(paint(48), paint(203), MEITUAN, id="two fleets"),
    ],
)
def test_of_two_bikes_in_each_others_box_each_has_its_own_colour(ours: Bgr, theirs: Bgr, fleet: str | None) -> None:
    picture = pavement(280, 200)
    draw_bike(picture, NEIGHBOUR, theirs, fenders=True)
    draw_bike(picture, PLACE, ours, fenders=True)
    assert which_fleet([fleet_marks(picture, PLACE, [NEIGHBOUR])] * 3) == fleet


def test_a_bike_wholly_among_others_cannot_be_told() -> None:
    picture = rack_with(paint(48), fenders=True, basket=True)
    assert fleet_marks(picture, PLACE, [XyxyPx(70, 50, 210, 150)]) == (0, 0, 0)


def test_grass_around_does_not_hide_a_fleets_colour() -> None:
    assert fleet_of(rack_with(paint(48), ground=paint(100, 0.6, 0.4), fenders=True)) == MEITUAN


@pytest.mark.parametrize(
    ("views", "fleet"),
    [
        pytest.param([(0.9, 0, 0)] * 3, MEITUAN, id="all agree"),
        pytest.param([(0.9, 0, 0), (0.8, 0, 0), (0, 0, 0)], MEITUAN, id="a passer-by in one view"),
        pytest.param([(0.9, 0, 0), (0, 0, 0), (0, 0, 0)], None, id="a yellow coat in one view"),
        pytest.param([(0.4, 0.45, 0)] * 5, None, id="as much of one colour as of another"),
        pytest.param([(0.3, 0.7, 0)] * 3, HELLOBIKE, id="mostly one"),
        pytest.param([(0.9, 0, 0)] * 2, None, id="too few views"),
        pytest.param([], None, id="no view"),
    ],
)
def test_several_views_decide(views: list[tuple[float, ...]], fleet: str | None) -> None:
    assert which_fleet(views) == fleet


def test_other_fleets_can_be_named_and_red_goes_round_the_circle() -> None:
    mobike = (FleetColour("mobike", 350, 20),)
    assert fleet_of(rack_with(paint(8), fenders=True), fleets=mobike) == "mobike"
    assert fleet_of(rack_with(paint(355), fenders=True), fleets=mobike) == "mobike"
    assert fleet_of(rack_with(paint(48), fenders=True), fleets=mobike) is None
    assert which_fleet([(), (), ()], ()) is None


@pytest.mark.parametrize("box", [XyxyPx(10, 10, 15, 60), XyxyPx(900, 10, 990, 60), XyxyPx(60, 60, 20, 20)])
def test_a_box_that_shows_nothing_speaks_for_nobody(box: XyxyPx) -> None:
    assert fleet_marks(rack_with(paint(48)), box) == (0, 0, 0)


CLIPS = ("left_unlocked", "locked", "crowded_passer_by", "shared_locked")
CLIPS_HERE = [clip for clip in CLIPS if (ROOT / f"sample_videos/{clip}.mp4").is_file()]


@pytest.mark.parametrize("clip", CLIPS_HERE)
def test_just_the_shared_bikes_of_a_sample_clip_have_a_fleet(clip: str) -> None:
    facts = json.loads((ROOT / f"sample_videos/{clip}.truth.json").read_text())
    capture = cv2.VideoCapture(str(ROOT / f"sample_videos/{clip}.mp4"))
    last = capture.get(cv2.CAP_PROP_FRAME_COUNT) - 1
    views: list[Picture] = []
    for number in range(3):
        capture.set(cv2.CAP_PROP_POS_FRAMES, last - 5 * number)
        views.append(np.asarray(capture.read()[1], dtype=np.uint8))
    standing = [stay for stay in facts["stays"] if stay["gone_at_s"] is None]
    boxes = [XyxyNorm(*stay["xyxy_norm"]).to_px(facts["width"], facts["height"]) for stay in standing]
    for stay, box in zip(standing, boxes, strict=True):
        others = [other for other in boxes if other is not box]
        fleet = which_fleet([fleet_marks(picture, box, others) for picture in views])
        assert (fleet is not None) is stay.get("shared", False), f"{stay}: {fleet}"
