"""Shared bikes, known by their fleet's paint."""

from __future__ import annotations

import pytest

from detector.boxes import XyxyPx
from detector.config import FleetConfig, ViewConfig
from detector.fleet import FLEETS
from detector.picture_evidence import PictureEvidence, fleets_of
from detector.pictured import Pictured
from tests.detector.drawn_bikes import Bgr, Picture
from tests.detector.filmed import GREY, VIEW, YELLOW, film, look, painted
from tests.detector.scenes import Scene, bike, parked_bike, rider


@pytest.mark.parametrize(
    ("paint", "fleets", "shared"),
    [
        pytest.param(YELLOW, None, True, id="a fleet's"),
        pytest.param(GREY, None, False, id="a private bike's"),
        pytest.param(YELLOW, (), False, id="no fleets here"),
    ],
)
def test_a_shared_bike_is_known_by_its_paint(
    paint: Bgr, fleets: tuple[FleetConfig, ...] | None, *, shared: bool
) -> None:
    (evidence,) = look(Scene((parked_bike(), rider(10)), 25), view=ViewConfig(fleets=fleets), paint=paint)
    assert evidence.shared_bike is shared


def test_a_yellow_bike_beside_a_grey_one_does_not_rub_off_on_it() -> None:
    yellow = bike((0, 330, 296), (60, 330, 296))
    scene = Scene((yellow, parked_bike(), rider(10)), 25)

    def draw(image: Picture, number: int, box: XyxyPx, second: float) -> None:
        painted(GREY if number else YELLOW)(image, number, box, second)

    _, told = film(scene, PictureEvidence(VIEW), draw)
    assert [one.shared_bike for one in told] == [False]


def test_fleets_are_those_built_in_unless_others_are_named() -> None:
    mine = FleetConfig(name="mobike", hue_from_deg=350, hue_to_deg=20, least_saturation=0.5)
    assert fleets_of(ViewConfig()) == FLEETS
    assert fleets_of(ViewConfig(fleets=())) == ()
    (fleet,) = fleets_of(ViewConfig(fleets=(mine,)))
    assert (fleet.name, fleet.hue_from_deg, fleet.hue_to_deg, fleet.least_saturation) == ("mobike", 350, 20, 0.5)


def test_marks_against_other_fleets_are_not_taken_over() -> None:
    after = PictureEvidence(ViewConfig(fleets=(FleetConfig(name="one", hue_from_deg=0, hue_to_deg=9),)))
    after.restore("stay", Pictured(("meituan", "hellobike", "qingju"), [(0.9, 0.0, 0.0)] * 5))
    kept = after.remembered("stay")
    assert kept is not None
    assert (kept.fleets, kept.marks) == (("one",), [])
