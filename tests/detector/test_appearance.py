from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from detector.appearance import Look, SameBike, look_of, paint_likeness, resemblance, same_bike
from detector.boxes import XyxyNorm, XyxyPx
from tests.detector.drawn_bikes import Bgr, Picture, draw_bike, lit, pavement

RED, BLUE, GREEN, BLACK = (40, 40, 190), (190, 90, 30), (60, 150, 40), (30, 30, 30)
PLACE = XyxyPx(60, 40, 180, 120)
LIGHTS = (0.5, 0.75, 1.0, 1.3, 1.6)
NOISE_GREYS = 6.0


def rack_with(paint: Bgr | None, **more: bool) -> Picture:
    picture = pavement(240, 160)
    if paint is not None:
        draw_bike(picture, PLACE, paint, **more)
    return picture


def look_at(paint: Bgr | None, times: float = 1.0, noise_greys: float = 0.0, **more: bool) -> Look:
    return look_of(lit(rack_with(paint, **more), times, noise_greys), PLACE)


# --- drawn bikes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", LIGHTS)
@pytest.mark.parametrize("paint", [RED, BLUE, GREEN, BLACK])
def test_a_bike_is_known_again_in_other_light(paint: Bgr, times: float) -> None:
    assert same_bike(look_at(paint), look_at(paint, times, NOISE_GREYS)) is SameBike.YES


@pytest.mark.parametrize("off_px", [(4, 0, 4, 0), (-3, 2, 3, -2), (0, 3, 0, 3)])
def test_a_box_a_little_off_does_no_harm(off_px: Sequence[float]) -> None:
    off = XyxyPx(*(side + by for side, by in zip(PLACE, off_px, strict=True)))
    assert same_bike(look_at(RED), look_of(rack_with(RED), off)) is not SameBike.NO


@pytest.mark.parametrize(("one", "other"), [*combinations([RED, BLUE, GREEN], 2)])
def test_a_bike_of_another_colour_in_its_place_is_not_the_same(one: Bgr, other: Bgr) -> None:
    looks = look_at(one, fenders=True), look_at(other, 0.8, fenders=True)
    assert same_bike(*looks) is not SameBike.YES
    assert resemblance(*looks) < resemblance(looks[0], look_at(one, 0.8, fenders=True))


@pytest.mark.parametrize("paint", [RED, BLUE, GREEN, BLACK])
def test_an_empty_place_is_not_the_bike(paint: Bgr) -> None:
    assert same_bike(look_at(paint), look_at(None)) is SameBike.NO


def test_without_colours_the_shape_decides() -> None:
    grey = cv2.cvtColor(cv2.cvtColor(rack_with(RED), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    infrared = look_of(np.asarray(grey, dtype=np.uint8), PLACE)
    assert paint_likeness(look_at(RED), infrared) is None
    assert same_bike(look_at(RED), infrared) is SameBike.YES
    assert same_bike(look_at(None), infrared) is SameBike.NO


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(XyxyPx(10, 10, 20, 40), id="too narrow"),
        pytest.param(XyxyPx(500, 10, 600, 90), id="outside the picture"),
        pytest.param(XyxyPx(-100, 10, -5, 90), id="left of the picture"),
        pytest.param(XyxyPx(90, 90, 60, 60), id="inside out"),
    ],
)
def test_what_is_too_small_cannot_be_told(box: XyxyPx) -> None:
    nothing = look_of(rack_with(RED), box)
    assert same_bike(nothing, look_at(RED)) is same_bike(nothing, nothing) is SameBike.CANNOT_TELL
    assert resemblance(nothing, look_at(RED)) == 0


def test_a_look_can_be_kept_as_text() -> None:
    look = look_at(RED)
    kept = json.loads(json.dumps(asdict(look)))
    assert Look(**{name: tuple(numbers) for name, numbers in kept.items()}) == look
    assert len(json.dumps(kept)) < 1000


def test_resemblance_is_the_same_both_ways_and_whole_with_itself() -> None:
    looks = look_at(RED), look_at(BLUE)
    assert resemblance(*looks) == pytest.approx(resemblance(*reversed(looks)))
    assert resemblance(looks[0], looks[0]) == pytest.approx(1, abs=1e-5)


# --- bikes of the sample clips and of a real rack --------------------------------------------------------------------


class Pairs(NamedTuple):
    """Resemblances and answers of pairs of looks, the second of each in other light, with noise, its box a little off."""

    alike: list[float]
    answers: list[SameBike]

    def add(self, one: Look, other: Look) -> None:
        self.alike.append(resemblance(one, other))
        self.answers.append(same_bike(one, other))

    def share(self, answer: SameBike) -> float:
        return self.answers.count(answer) / len(self.answers)

    def __str__(self) -> str:
        shown = np.round(np.percentile(self.alike, [1, 5, 50, 95, 99]), 2).tolist()
        return f"{len(self.alike)} pairs, percentiles 1 5 50 95 99: {shown}, yes {self.share(SameBike.YES):.3f}"


class Seen(NamedTuple):
    bike: str
    plain: Look
    varied: list[Look]


def stills(video: Path, every: int, most: int) -> Iterator[Picture]:
    capture = cv2.VideoCapture(str(video))
    for number in range(most * every):
        is_read, picture = capture.read()
        if not is_read:
            return
        if number % every == 0:
            yield np.asarray(picture, dtype=np.uint8)


def see(bike: str, picture: Picture, box: XyxyPx, random: np.random.Generator) -> Seen:
    def nudged(share: float) -> XyxyPx:
        off = random.normal(0, share, 4) * [box.width, box.height, box.width, box.height]
        return XyxyPx(*(np.array(box) + off).tolist())

    varied = [look_of(lit(picture, times, NOISE_GREYS, seed), nudged(0.03)) for seed, times in enumerate(LIGHTS)]
    return Seen(bike, look_of(picture, nudged(0.02)), varied)


def compare(seen: Sequence[Seen]) -> tuple[Pairs, Pairs]:
    """All pairs of one bike at two moments, and of two bikes."""
    same, other = Pairs([], []), Pairs([], [])
    for one, two in combinations(seen, 2):
        for look in two.varied:
            (same if one.bike == two.bike else other).add(one.plain, look)
    return same, other


def rendered_bikes(project_root: Path) -> list[Seen]:
    """Bikes that stood there from the start, while nobody is near: in each clip's first and last seconds."""
    random, seen = np.random.default_rng(1), []
    for name in ("left_unlocked", "locked", "crowded_passer_by"):
        facts = json.loads((project_root / f"sample_videos/{name}.truth.json").read_text())
        standing = [stay for stay in facts["stays"] if stay["preexisting"]]
        pictures = list(stills(project_root / "sample_videos" / facts["clip"], 25, 1000))
        for picture in (pictures[0], pictures[-1]):
            for number, stay in enumerate(standing):
                box = XyxyNorm(*stay["xyxy_norm"]).to_px(facts["width"], facts["height"])
                seen.append(see(f"{facts['clip']} {number}", picture, box, random))
    return seen


def test_rendered_bikes_are_told_apart(project_root: Path) -> None:
    same, other = compare(rendered_bikes(project_root))
    assert same.share(SameBike.NO) == 0, str(same)
    assert same.share(SameBike.YES) > 0.85, str(same)
    assert other.share(SameBike.YES) < 0.02, str(other)
    assert other.share(SameBike.NO) > 0.75, str(other)


REAL_BIKES = [
    XyxyPx(206, 152, 284, 199),
    XyxyPx(198, 77, 273, 114),
    XyxyPx(206, 30, 271, 78),
    XyxyPx(183, 4, 243, 39),
    XyxyPx(212, 206, 303, 247),
    XyxyPx(199, 121, 267, 152),
    XyxyPx(244, 4, 297, 43),
]


@pytest.mark.shared
def test_real_bikes_are_told_apart(shared_dir: Path) -> None:
    """Seven bikes of a real rack that nobody walks in front of, 53 to 91 px wide, over 37 s."""
    random = np.random.default_rng(2)
    pictures = list(stills(shared_dir / "data/leeds-rack/rack.avi", 150, 7))
    seen = [see(str(n), picture, box, random) for picture in pictures for n, box in enumerate(REAL_BIKES)]
    same, other = compare(seen)
    assert same.share(SameBike.NO) == 0, str(same)
    assert same.share(SameBike.YES) > 0.85, str(same)
    assert other.share(SameBike.YES) < 0.01, str(other)
