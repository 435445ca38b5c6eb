"""Which moments and which part of the picture, and that nobody real can be recognised."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from broker_bridge.messages import ModelName
from detector.boxes import XyxyNorm, XyxyPx
from detector.evaluation.drawings import boxes_within, lanes_of, place_of
from detector.evaluation.found import FoundClip, FoundStay
from detector.evaluation.matching import Tolerances
from detector.evaluation.mistakes import Mistake, MistakeKind
from detector.evaluation.moments import Case, case_of, crop_of, moments_of
from detector.evaluation.outcomes import outcome_of
from detector.evaluation.pictures import Pictures, Wanted, take_pictures
from detector.evaluation.truth import ClipTruth, RackTruth
from detector.frames import read_frames
from detector.results import DETECTIONS
from detector.saved_detections import DetectionSettings, SavedHeader, SavingDetector, fingerprint
from tests.detector.drawn_footage import DrawnDetector, scene, write_video
from tests.detector.evaluation.cases import PLACES, found, locked, parked, said, stay, stood, told, truth

FPS = 5
HEAD_AT_6_S = XyxyPx(190, 50, 250, 110)
"""The drawn person stands from 200 to 236 at the sixth second, its striped head on top."""


def case(clip: ClipTruth, result: FoundClip, kind: MistakeKind, true: int | None, number: int | None) -> Case:
    mistake = Mistake(kind, clip.clip, "", true, number, 24.0)
    return case_of(mistake, outcome_of(clip, result, Tolerances()))


def test_a_wrong_alert_is_shown_from_parking_to_its_end() -> None:
    one = case(
        truth(locked(gone_at_s=60.0)),
        found(stay(verdicts=(said("unlocked"),), alerts=(told(24.0, 62.0, "gone"),), gone_at_s=62.0)),
        MistakeKind.WRONG_ALERT,
        0,
        1,
    )
    assert [(moment.at_s, moment.caption.en) for moment in moments_of(one)] == [
        (10.0, "Parked"),
        (15.0, "At the bike"),
        (20.0, "Left"),
        (24.0, "Judged · Alert"),
        (60.0, "Taken"),
        (62.0, "Cleared · Said gone"),
    ]


def test_an_invented_visit_is_shown_with_the_moment_before_it() -> None:
    one = case(truth(), found(stay(parked_at_s=1.0)), MistakeKind.INVENTED_STAY, None, 1)
    assert [(moment.at_s, moment.caption.en) for moment in moments_of(one)] == [(0.0, "Before"), (1.0, "Parked")]


boxes = st.builds(
    lambda left, top, width, height: XyxyNorm(left, top, min(1.0, left + width), min(1.0, top + height)),
    *(st.floats(0, 0.95),) * 2,
    *(st.floats(0.02, 0.9),) * 2,
)


@given(boxes, st.sampled_from([(1920, 1080), (640, 480), (480, 854)]))
def test_a_crop_lies_within_the_picture_and_shows_as_much_of_the_bike_as_its_shape_allows(
    box: XyxyNorm, size: tuple[int, int]
) -> None:
    clip = truth(parked(xyxy_norm=box), width=size[0], height=size[1])
    one = case(clip, found(), MistakeKind.MISSED_STAY, 0, None)
    crop, bike = crop_of(one), box.to_px(*size)
    assert 0 <= crop.left < crop.right <= size[0]
    assert 0 <= crop.top < crop.bottom <= size[1]
    assert crop.width == pytest.approx(crop.height * 4 / 3, abs=2)
    assert abs(crop.centre[0] - bike.centre[0]) <= size[0] / 2
    if bike.width < 0.3 * size[0] and bike.height < 0.3 * size[1]:
        assert crop.left <= bike.left + 1
        assert bike.right - 1 <= crop.right


def test_boxes_are_drawn_where_they_lie_in_the_crop() -> None:
    one = case(truth(parked()), found(stay()), MistakeKind.WRONG_VERDICT, 0, 1)
    true, seen = boxes_within(one, XyxyPx(50, 100, 450, 400))
    assert (true.tone, true.x, true.y, true.width, true.height) == ("true", 50, 100, 110, 100)
    assert seen.tone == "found"


def test_lanes_tell_truth_and_result_on_one_scale() -> None:
    one = case(
        truth(parked(locked_at_s=50.0)),
        found(stay(verdicts=(said("unlocked"),), alerts=(told(),))),
        MistakeKind.WRONG_VERDICT,
        0,
        1,
    )
    lanes = lanes_of(one)
    assert [bar.tone for bar in lanes.true] == ["attended", "unlocked", "locked"]
    assert [bar.tone for bar in lanes.found] == ["attended", "unjudged", "unlocked", "alert"]
    starts = {bar.tone: bar.x for bar in lanes.found}
    assert starts["unlocked"] == starts["alert"] > lanes.true[1].x
    assert all(0 <= bar.x <= bar.x + bar.width <= 1000 for bar in (*lanes.true, *lanes.found))
    assert 2 <= len(lanes.ticks) <= 6


def test_without_footage_the_rack_the_neighbours_and_both_boxes_are_drawn() -> None:
    rack = RackTruth(id="east", outline_norm=((0.05, 0.3), (0.9, 0.3), (0.9, 0.7), (0.05, 0.7)))
    one = case(
        truth(parked(), stood(1), parked(2, parked_at_s=70.0, left_at_s=80.0), racks=(rack,)),
        found(stay()),
        MistakeKind.WRONG_VERDICT,
        0,
        1,
    )
    place = place_of(one)
    assert [box.tone for box in place.boxes] == ["other", "true", "found"]
    assert place.outlines == ["50,150 900,150 900,350 50,350"]
    left, top, width, height = map(float, place.view.split())
    assert left <= 50
    assert top <= 150
    assert left + width >= 900
    assert top + height >= 350


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("footage") / "yard.mp4", scene, count=60, fps=FPS)


@pytest.fixture
def result(footage: Path, tmp_path: Path) -> Path:
    header = SavedHeader(
        clip="yard",
        fingerprint=fingerprint(footage),
        width_px=320,
        height_px=240,
        fps=FPS,
        model=ModelName(id="drawn", sha256=""),
        settings=DetectionSettings(score_low=0.1, score_high=0.4, iou=0.7),
    )
    with SavingDetector(DrawnDetector(), tmp_path / DETECTIONS, header) as detector:
        for frame in read_frames(footage, fps=FPS):
            detector.detect(frame)
    return tmp_path


def yard(*, rendered: bool) -> ClipTruth:
    return truth(width=320, height=240, duration_s=12.0, rendered=rendered)


WANTED = [Wanted(6.0, HEAD_AT_6_S)]


def picture(pictures: Pictures) -> NDArray[np.uint8]:
    (jpeg,) = pictures.jpegs.values()
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def stripes(image_bgr: NDArray[np.uint8]) -> float:
    """How much the head's stripes, six pixels wide, differ from their neighbours, in grey levels."""
    red = image_bgr[14:30, 12:45, 2].astype(int)
    return float(np.abs(red[:, 6:] - red[:, :-6]).mean())


def test_a_made_clip_is_shown_as_it_is(footage: Path) -> None:
    assert stripes(picture(take_pictures(yard(rendered=True), footage, None, WANTED))) > 60


def test_in_real_footage_the_heads_are_made_unrecognisable(footage: Path, result: Path) -> None:
    shown = picture(take_pictures(yard(rendered=False), footage, result, WANTED))
    assert shown.shape == (60, 60, 3)
    assert stripes(shown) < 20


def test_real_footage_without_saved_detections_is_not_shown(footage: Path, tmp_path: Path) -> None:
    assert take_pictures(yard(rendered=False), footage, tmp_path, WANTED) == Pictures(why_none="heads")
    assert take_pictures(yard(rendered=False), footage, None, WANTED) == Pictures(why_none="heads")


def test_real_footage_is_not_shown_with_the_detections_of_another_clip(result: Path, tmp_path: Path) -> None:
    other = write_video(tmp_path / "other.mp4", scene, count=20, fps=FPS)
    assert take_pictures(yard(rendered=False), other, result, WANTED) == Pictures(why_none="unreadable")


def test_footage_that_is_not_there_or_no_video_gives_no_picture(tmp_path: Path) -> None:
    assert take_pictures(yard(rendered=True), tmp_path / "none.mp4", None, WANTED).why_none == "no_footage"
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    assert take_pictures(yard(rendered=True), tmp_path / "text.mp4", None, WANTED).why_none == "unreadable"


def test_footage_of_another_size_than_the_truth_gives_no_picture(footage: Path) -> None:
    assert take_pictures(truth(width=640, height=480), footage, None, WANTED).why_none == "unreadable"


def test_every_wanted_moment_has_its_picture_even_beyond_the_end(footage: Path) -> None:
    wanted = [Wanted(second, XyxyPx(0, 0, 320, 240)) for second in (0.0, 5.0, 11.9, 30.0)]
    assert set(take_pictures(yard(rendered=True), footage, None, wanted[::-1]).jpegs) == set(wanted)


def test_a_found_box_may_reach_beyond_the_picture() -> None:
    beyond: FoundStay = stay(xyxy_norm=PLACES[0]._replace(left=-0.05, bottom=1.1))
    crop = crop_of(case(truth(), found(beyond), MistakeKind.INVENTED_STAY, None, 1))
    assert crop.left == 0
    assert crop.bottom <= 500
