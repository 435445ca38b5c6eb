from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.boxes import XyxyPx
from detector.fleet import fleet_marks, which_fleet
from detector.lock_evidence import brightness_around
from detector.vocabulary import Frame
from sample_videos.render.camera import camera_of
from sample_videos.render.scenario import Scenario
from sample_videos.render.timeline import Timeline, build_timeline
from sample_videos.simulate.pictures import pictures
from sample_videos.simulate.scene import frames_at, observe


def filmed(seed: int = 1, **changes: object) -> tuple[Timeline, list[Frame]]:
    place: dict[str, Any] = {"position_m": (3.6, -8.6, 5.0), "look_at_m": (0.0, -0.9, 0.5), "view_deg": 53}
    rack = {"id": "rack", "stands": 6, "spacing_m": 2.0, "filled": (0, 4, 8), "shared_bikes": 1.0}
    whole: dict[str, Any] = {"title": "t", "seed": seed, "duration_s": 12, "fps": 5, "camera": place, "rack": rack}
    timeline = build_timeline(Scenario.model_validate(whole | changes))
    return timeline, list(pictures(timeline, camera_of(timeline.scenario), frames_at(timeline, 5), 5))


@pytest.mark.parametrize("seed", range(4))
def test_a_shared_bike_wears_its_fleets_colour_and_a_private_one_does_not(seed: int) -> None:
    rack = {"id": "rack", "stands": 6, "spacing_m": 2.0, "filled": (0, 4, 8), "shared_bikes": 0.5}
    timeline, frames = filmed(seed, rack=rack)
    scene = observe(timeline, camera_of(timeline.scenario), [0])
    for actor, bike in enumerate(timeline.bikes):
        box = XyxyPx(*scene.whole[0, actor].tolist())
        fleet = which_fleet([fleet_marks(frame.image_bgr, box) for frame in frames[:5]])
        assert (fleet is not None) == bike.shared, (bike.paint, fleet)


def test_pictures_in_which_nothing_moves_are_one_picture() -> None:
    _, frames = filmed()
    assert len(frames) == 60
    assert {id(frame.image_bgr) for frame in frames} == {id(frames[0].image_bgr)}
    assert [frame.index for frame in frames] == list(range(60))


def test_a_bike_that_comes_is_painted_where_it_is() -> None:
    rider = {"arrives_at_s": 1, "comes_from": "left", "goes_to": "right", "slot": 3, "bike": "shared"}
    _, frames = filmed(riders=(rider,), duration_s=20)
    assert (frames[0].image_bgr != frames[-1].image_bgr).any()


@pytest.mark.parametrize(("kind", "darker"), [("overcast", "rain"), ("rain", "dusk"), ("sun", "overcast")])
def test_ground_is_as_bright_as_the_light(kind: str, darker: str) -> None:
    corner = XyxyPx(0, 0, 40, 40).to_norm(854, 480)
    one, other = (brightness_around(filmed(light={"kind": k})[1][0].image_bgr, corner) for k in (kind, darker))
    assert one > other > 30


def test_the_light_jumps_when_the_scenario_says() -> None:
    _, frames = filmed(light={"kind": "sun", "jumps_at_s": 6.0, "jumps_to": 0.5})
    means = np.array([frame.image_bgr[0, 0].mean() for frame in frames])
    assert (means[:30] == means[0]).all()
    assert means[30:] == pytest.approx(means[0] / 2)
