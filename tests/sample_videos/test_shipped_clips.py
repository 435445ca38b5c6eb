"""The clips in sample_videos/ and their truth agree with each other and with the scenarios. Nothing is rendered."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from detector.evaluation.truth import ClipTruth, read_truth
from sample_videos.render.scenario import read_scenario
from sample_videos.render.truth import tell_truth

CLIPS = Path(__file__).parents[2] / "sample_videos"
SCENARIOS = CLIPS / "render" / "scenarios"
NAMES = sorted(path.name.removesuffix(".truth.json") for path in CLIPS.glob("*.truth.json"))
FIRST = ("crowded_passer_by", "left_unlocked", "locked")
LIMIT_BYTES = 2_500_000
LIMIT_ALL_BYTES = 30_000_000


def committed_truth(name: str) -> ClipTruth:
    return read_truth(CLIPS / f"{name}.truth.json")


def parked_within(truth: ClipTruth) -> list[bool]:
    return [stay.locked for stay in truth.stays if not stay.preexisting]


def test_every_clip_has_a_truth_and_a_scenario_that_says_it_is_rendered() -> None:
    assert set(FIRST) <= set(NAMES)
    assert {path.stem for path in CLIPS.glob("*.mp4")} == set(NAMES)
    assert all(read_scenario(SCENARIOS / f"{name}.toml").render for name in NAMES)


def test_all_clips_together_stay_small_enough_to_be_cloned() -> None:
    assert sum(path.stat().st_size for path in CLIPS.glob("*.mp4")) <= LIMIT_ALL_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_truth_is_what_the_scenario_and_its_seed_say(name: str) -> None:
    assert committed_truth(name) == tell_truth(name, read_scenario(SCENARIOS / f"{name}.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_the_clip_is_a_small_h264_file_of_the_size_rate_and_length_its_truth_tells(name: str) -> None:
    truth = committed_truth(name)
    with av.open(str(CLIPS / f"{name}.mp4")) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (truth.width, truth.height)
        assert float(video.average_rate or 0) == truth.fps
        times_s = [float(packet.pts * packet.time_base) for packet in container.demux(video) if packet.pts is not None]
    assert len(times_s) == round(truth.duration_s * truth.fps)
    assert max(times_s) == pytest.approx(truth.duration_s - 1 / truth.fps, abs=0.01)
    assert (CLIPS / f"{name}.mp4").stat().st_size <= LIMIT_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_can_start_the_clip_before_it_has_all_of_it(name: str) -> None:
    data = (CLIPS / f"{name}.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("name", NAMES)
def test_boxes_lie_in_the_picture_and_a_parked_bike_is_wide_enough_to_be_seen(name: str) -> None:
    truth = committed_truth(name)
    for stay in truth.stays:
        left, top, right, bottom = stay.xyxy_norm
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert stay.width_px == pytest.approx((right - left) * truth.width, abs=0.1)
    assert all(stay.width_px >= 40 for stay in truth.stays if stay.width_px and not stay.preexisting)


@pytest.mark.parametrize("name", NAMES)
def test_every_bike_stands_inside_its_rack_outline(name: str) -> None:
    truth = committed_truth(name)
    outline = truth.racks[0].outline_norm
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    for stay in truth.stays:
        left, top, right, bottom = stay.xyxy_norm
        assert min(xs) - 0.03 <= left < right <= max(xs) + 0.03
        assert min(ys) - 0.03 <= top < bottom <= max(ys) + 0.03


@pytest.mark.parametrize("name", NAMES)
def test_a_stay_in_a_clip_is_either_there_from_the_start_or_parked_and_left_in_order(name: str) -> None:
    truth = committed_truth(name)
    for stay in truth.stays:
        if stay.preexisting:
            assert (stay.parked_at_s, stay.left_at_s) == (None, None)
            continue
        assert stay.parked_at_s is not None
        assert stay.left_at_s is not None
        assert 2 < stay.parked_at_s < stay.left_at_s < truth.duration_s - 8, "quiet time must follow the rider"


def test_the_named_clips_show_what_their_names_say() -> None:
    assert parked_within(committed_truth("left_unlocked")) == [False]
    assert parked_within(committed_truth("locked")) == [True]
    assert parked_within(committed_truth("crowded_passer_by")) == [True]
