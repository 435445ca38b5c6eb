"""The clips in sample_videos/ and their truth agree with each other and with the scenarios. Nothing is rendered."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from sample_videos.render.scenario import read_scenario
from sample_videos.render.truth import ClipTruth, tell_truth

CLIPS = Path(__file__).parents[2] / "sample_videos"
SCENARIOS = CLIPS / "render" / "scenarios"
NAMES = sorted(path.name.removesuffix(".truth.json") for path in CLIPS.glob("*.truth.json"))
LIMIT_BYTES = 3_000_000


def committed_truth(name: str) -> ClipTruth:
    return ClipTruth.model_validate_json((CLIPS / f"{name}.truth.json").read_text(encoding="utf-8"))


def test_every_clip_has_a_truth_and_a_scenario_and_the_three_first_ones_are_there() -> None:
    assert {"left_unlocked", "locked", "crowded_passer_by"} <= set(NAMES)
    assert {path.stem for path in CLIPS.glob("*.mp4")} == set(NAMES)
    assert {path.stem for path in SCENARIOS.glob("*.toml")} == set(NAMES)


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
def test_boxes_and_outlines_lie_in_the_picture_and_bikes_are_wide_enough_to_judge(name: str) -> None:
    truth = committed_truth(name)
    for stay in truth.stays:
        left, top, right, bottom = stay.xyxy_norm
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert (right - left) * truth.width >= 90
    assert all(0 <= value <= 1 for rack in truth.racks for point in rack.outline_norm for value in point)


@pytest.mark.parametrize("name", NAMES)
def test_every_bike_stands_inside_its_rack_outline(name: str) -> None:
    truth = committed_truth(name)
    outline = truth.racks[0].outline_norm
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    for stay in truth.stays:
        left, top, right, bottom = stay.xyxy_norm
        assert min(xs) - 0.02 <= left < right <= max(xs) + 0.02
        assert min(ys) - 0.02 <= top < bottom <= max(ys) + 0.02


@pytest.mark.parametrize("name", NAMES)
def test_a_stay_in_a_clip_is_either_there_from_the_start_or_parked_and_left_in_order(name: str) -> None:
    truth = committed_truth(name)
    arrived = [stay for stay in truth.stays if not stay.preexisting]
    assert arrived
    for stay in arrived:
        assert stay.parked_at_s is not None
        assert stay.left_at_s is not None
        assert 2 < stay.parked_at_s < stay.left_at_s < truth.duration_s - 8, "quiet time must follow the rider"
    assert all(stay.parked_at_s is None for stay in truth.stays if stay.preexisting)


def test_the_named_clips_show_what_their_names_say() -> None:
    locked = {name: [stay.locked for stay in committed_truth(name).stays if not stay.preexisting] for name in NAMES}
    assert locked["left_unlocked"] == [False]
    assert locked["locked"] == [True]
    assert locked["crowded_passer_by"] == [True]
