"""From a scenario and its seed to who is where in every frame. Pure: the same input gives the same timeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_videos.render.bike import BikeStyle, LockKind
from sample_videos.render.layout import Spot, slot_spot
from sample_videos.render.person import Looks
from sample_videos.render.scenario import Passer, Rider, Scenario
from sample_videos.render.visits import BikeState, PersonState, Tick, pass_by, visit

PAINTS = (
    "paint_red",
    "paint_blue",
    "paint_green",
    "paint_black",
    "paint_white",
    "paint_orange",
    "paint_teal",
    "paint_silver",
)
STYLES: tuple[BikeStyle, ...] = ("city", "sport", "classic")
LOCKS: tuple[LockKind, ...] = ("u_lock", "chain", "cable")
REACH_M = 2.0
"""A rider farther than this from the bike's middle has left it."""
_TAKEN_M = 0.6


@dataclass(frozen=True, slots=True)
class BikeActor:
    """One bike through the clip; `states` has one entry per frame, None while it is not there."""

    style: BikeStyle
    paint: str
    lock: LockKind
    spot: Spot
    preexisting: bool
    states: tuple[BikeState | None, ...]
    parked_frame: int | None
    left_frame: int | None
    gone_frame: int | None


@dataclass(frozen=True, slots=True)
class PersonActor:
    looks: Looks
    states: tuple[PersonState | None, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    scenario: Scenario
    bikes: tuple[BikeActor, ...]
    people: tuple[PersonActor, ...]

    @property
    def frames(self) -> int:
        return round(self.scenario.duration_s * self.scenario.fps)


def build_timeline(scenario: Scenario) -> Timeline:
    standing = tuple(_standing_bike(scenario, slot) for slot in scenario.rack.filled)
    visits = [_visit(scenario, index, rider) for index, rider in enumerate(scenario.riders)]
    walkers = tuple(_walker(scenario, index, passer) for index, passer in enumerate(scenario.passers))
    return Timeline(scenario, (*standing, *(bike for bike, _ in visits)), (*(who for _, who in visits), *walkers))


def _dice(scenario: Scenario, *stream: int) -> np.random.Generator:
    # One stream per actor, so that adding somebody to a scenario leaves everybody else as they were.
    return np.random.default_rng([scenario.seed, *stream])


def _standing_bike(scenario: Scenario, slot: int) -> BikeActor:
    dice = _dice(scenario, 1, slot)
    place = slot_spot(scenario.rack, slot)
    x, y = place.point(float(dice.normal(0, 0.07)), float(dice.normal(0, 0.015)))
    spot = Spot(float(x), float(y), place.yaw + float(dice.normal(0, 0.03)), place.side)
    lock: LockKind = str(dice.choice(LOCKS)) if dice.random() < 0.85 else "none"  # type: ignore[assignment]
    state = BikeState(
        spot.x, spot.y, spot.yaw, float(dice.uniform(0, 6)), float(dice.uniform(0, 6)), False, lock != "none"
    )
    states = (state,) * round(scenario.duration_s * scenario.fps)
    return BikeActor(_style(dice), str(dice.choice(PAINTS)), lock, spot, True, states, None, None, None)


def _visit(scenario: Scenario, index: int, rider: Rider) -> tuple[BikeActor, PersonActor]:
    dice = _dice(scenario, 2, index)
    looks, style, paint = _looks(dice, backpack=rider.backpack), _style(dice), str(dice.choice(PAINTS))
    spot = slot_spot(scenario.rack, rider.slot)
    ticks = _in_clip(scenario, rider.arrives_at_s, visit(scenario, rider, spot, dice))
    bikes, people = tuple(bike for _, bike in ticks), tuple(person for person, _ in ticks)
    parked, left, gone = _moments(spot, bikes, people)
    chosen = style if rider.bike == "any" else rider.bike
    return BikeActor(chosen, paint, rider.lock, spot, False, bikes, parked, left, gone), PersonActor(looks, people)


def _walker(scenario: Scenario, index: int, passer: Passer) -> PersonActor:
    dice = _dice(scenario, 3, index)
    looks = _looks(dice, backpack=passer.backpack)
    ticks = _in_clip(scenario, passer.arrives_at_s, [(who, None) for who in pass_by(scenario, passer, dice)])
    return PersonActor(looks, tuple(person for person, _ in ticks))


def _in_clip(scenario: Scenario, arrives_at_s: float, ticks: list[Tick]) -> list[Tick]:
    """Shift to the arrival, cut at the clip's end; a bike that was left stays where it is, a person is gone."""
    frames = round(scenario.duration_s * scenario.fps)
    nobody: Tick = (None, None)
    line = [nobody] * round(arrives_at_s * scenario.fps) + ticks
    rest: Tick = (None, line[-1][1])
    return (line + [rest] * frames)[:frames]


def _moments(
    spot: Spot, bikes: tuple[BikeState | None, ...], people: tuple[PersonState | None, ...]
) -> tuple[int | None, int | None, int | None]:
    """The frames in which the bike came to rest, its rider was first out of reach, and its place was empty again."""
    parked = next((k for k, bike in enumerate(bikes) if bike is not None and not bike.moving), None)
    if parked is None:
        return None, None, None
    left = next((k for k in range(parked, len(people)) if _away(spot, people[k])), None)
    gone = next((k for k in range(parked, len(bikes)) if _moved_off(spot, bikes[k])), None)
    return parked, left, gone


def _away(spot: Spot, person: PersonState | None) -> bool:
    return person is None or float(np.hypot(person.x - spot.x, person.y - spot.y)) > REACH_M


def _moved_off(spot: Spot, bike: BikeState | None) -> bool:
    return bike is None or float(np.hypot(bike.x - spot.x, bike.y - spot.y)) > _TAKEN_M


def _style(dice: np.random.Generator) -> BikeStyle:
    return STYLES[int(dice.integers(len(STYLES)))]


def _looks(dice: np.random.Generator, *, backpack: bool) -> Looks:
    return Looks(
        skin=f"skin_{dice.integers(3)}",
        hair=f"hair_{dice.integers(3)}",
        top=f"top_{dice.integers(6)}",
        trousers=f"trousers_{dice.integers(4)}",
        shoes=f"shoes_{dice.integers(3)}",
        long_sleeves=bool(dice.random() < 0.6),
        long_hair=bool(dice.random() < 0.5),
        backpack=backpack,
        height_m=float(np.clip(dice.normal(1.71, 0.07), 1.55, 1.9)),
    )
