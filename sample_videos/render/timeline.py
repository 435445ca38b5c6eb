"""From a scenario and its seed to who is where in every frame. Pure: the same input gives the same timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot

import numpy as np

from sample_videos.render.at_the_bike import Visitor, take_away
from sample_videos.render.bike import BikeStyle, LockKind
from sample_videos.render.layout import Spot, slot_spot
from sample_videos.render.passing import pass_by, ride_through
from sample_videos.render.person import Looks
from sample_videos.render.scenario import (
    Passer,
    RackSetup,
    Rider,
    Scenario,
    ScenarioError,
    Traveller,
)
from sample_videos.render.states import BikeState, PersonState, Tick
from sample_videos.render.visits import visit

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
FLEETS = ("fleet_yellow", "fleet_blue", "fleet_teal")
STYLES: tuple[BikeStyle, ...] = ("city", "sport", "classic")
LOCKS: tuple[LockKind, ...] = ("u_lock", "chain", "cable")
REACH_M = 2.0
"""A rider farther than this from the bike's middle has left it."""
_TAKEN_M = 0.6


@dataclass(frozen=True, slots=True)
class BikeActor:
    """One bike through the clip; `states` has one entry per frame, None while it is not there.

    `rider` and `taken_by` are indices into the timeline's people. `left_frame`: the rider was first out of reach.
    """

    style: BikeStyle
    paint: str
    lock: LockKind
    spot: Spot
    preexisting: bool
    states: tuple[BikeState | None, ...]
    parked_frame: int | None
    left_frame: int | None
    gone_frame: int | None
    locked_frame: int | None = None
    rider: int | None = None
    taken_by: int | None = None
    carries: LockKind = "none"

    @property
    def shared(self) -> bool:
        return self.style == "shared"

    @property
    def locked_when_left(self) -> bool:
        """Locked when its rider left it; for a bike that stood there before, at the start."""
        asked = 0 if self.preexisting else self.left_frame
        state = self.states[-1 if asked is None else asked]
        return state is not None and state.locked


@dataclass(frozen=True, slots=True)
class PersonActor:
    looks: Looks
    states: tuple[PersonState | None, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    scenario: Scenario
    bikes: tuple[BikeActor, ...]
    people: tuple[PersonActor, ...]
    """Riders first, then who comes on foot, then travellers, each in the scenario's order."""

    @property
    def frames(self) -> int:
        return self.scenario.frames


@dataclass(slots=True)
class _Bike:
    """A bike while it is worked out; somebody else may still take it away."""

    style: BikeStyle
    paint: str
    lock: LockKind
    spot: Spot
    states: list[BikeState | None]
    slot: int | None = None
    rider: int | None = None
    taken_by: int | None = None
    carries: LockKind = "none"
    rider_states: list[PersonState | None] = field(default_factory=list)


def build_timeline(scenario: Scenario) -> Timeline:
    """Raises `ScenarioError` where somebody takes a bike that is not there, or a bike comes to a place still taken."""
    bikes = [_standing_bike(scenario, slot) for slot in scenario.rack.filled]
    people = [_visit(scenario, index, rider, bikes) for index, rider in enumerate(scenario.riders)]
    for index, passer in enumerate(scenario.passers):
        people.append(_walker(scenario, index, passer, bikes))
    people += [_traveller(scenario, index, who, bikes) for index, who in enumerate(scenario.travellers)]
    actors = tuple(_actor(bike) for bike in bikes)
    _no_two_in_one_slot(scenario, bikes, actors)
    return Timeline(scenario, actors, tuple(people))


def _dice(scenario: Scenario, *stream: int) -> np.random.Generator:
    # One stream per actor, so that adding somebody to a scenario leaves everybody else as they were.
    return np.random.default_rng([scenario.seed, *stream])


def _standing_bike(scenario: Scenario, slot: int) -> _Bike:
    dice, rack = _dice(scenario, 1, slot), scenario.rack
    kind_dice = _dice(scenario, 4, slot)
    place = slot_spot(rack, slot, "left" if kind_dice.random() < 0.5 else "right")
    x, y = place.point(float(dice.normal(0, 0.07)), float(dice.normal(0, 0.015)))
    spot = Spot(float(x), float(y), place.yaw + float(dice.normal(0, 0.03)), place.side, place.lean_rad)
    lock: LockKind = str(dice.choice(LOCKS)) if dice.random() < 1 - rack.unlocked else "none"  # type: ignore[assignment]
    turned = float(dice.uniform(0, 6)), float(dice.uniform(0, 6))
    style, paint = _style(dice), str(dice.choice(PAINTS))
    style, paint = _of_kind(_other_kind(rack, kind_dice) or style, paint, kind_dice)
    if style == "shared":
        lock = "ring_lock"
    state = BikeState(spot.x, spot.y, spot.yaw, *turned, moving=False, locked=lock != "none", lean_rad=spot.lean_rad)
    return _Bike(style, paint, lock, spot, [state] * scenario.frames, slot)


def _other_kind(rack: RackSetup, dice: np.random.Generator) -> BikeStyle | None:
    chance = float(dice.random())
    if chance < rack.ebikes:
        return "ebike"
    return "shared" if chance < rack.ebikes + rack.shared_bikes else None


def _of_kind(style: BikeStyle, paint: str, dice: np.random.Generator) -> tuple[BikeStyle, str]:
    return style, str(dice.choice(FLEETS)) if style == "shared" else paint


def _visit(scenario: Scenario, index: int, rider: Rider, bikes: list[_Bike]) -> PersonActor:
    dice = _dice(scenario, 2, index)
    looks, style, paint = _looks(dice, backpack=rider.backpack), _style(dice), str(dice.choice(PAINTS))
    style, paint = _of_kind(style if rider.bike == "any" else rider.bike, paint, _dice(scenario, 6, index))
    spot = slot_spot(scenario.rack, rider.slot, rider.comes_from)
    ticks = _in_clip(scenario, rider.arrives_at_s, visit(scenario, rider, spot, dice, style))
    people, states = [person for person, _ in ticks], [bike for _, bike in ticks]
    bike = _Bike(style, paint, rider.lock, spot, states, rider.slot, index, carries=rider.carries)
    bike.rider_states = people
    if rider.takes_at_s is not None and states[-1] is None:
        bike.taken_by = index
    bikes.append(bike)
    return PersonActor(looks, tuple(people))


def _walker(scenario: Scenario, index: int, passer: Passer, bikes: list[_Bike]) -> PersonActor:
    dice = _dice(scenario, 3, index)
    looks = _looks(dice, backpack=passer.backpack)
    if passer.deed == "take":
        return PersonActor(looks, tuple(_taking(scenario, index, passer, bikes)))
    ticks = _in_clip(scenario, passer.arrives_at_s, [(who, None) for who in pass_by(scenario, passer, dice)])
    return PersonActor(looks, tuple(person for person, _ in ticks))


def _taking(scenario: Scenario, index: int, passer: Passer, bikes: list[_Bike]) -> list[PersonState | None]:
    """The states of somebody who takes the bike that stands in the slot, which is changed to go along."""
    first = min(round(passer.arrives_at_s * scenario.fps), scenario.frames - 1)
    bike = next((bike for bike in bikes if bike.slot == passer.stops_near_slot and _rests(bike.states[first])), None)
    if bike is None:
        raise ScenarioError(
            f"{scenario.title}: nothing stands in slot {passer.stops_near_slot} at {passer.arrives_at_s} s"
        )
    start = bike.states[first]
    assert start is not None
    dice = _dice(scenario, 3, index, 1)
    kick, speed = float(dice.uniform(0, 6)), float(np.clip(dice.normal(1.3, 0.08), 1.1, 1.5))
    who = Visitor(scenario.rack, bike.spot, 1 / scenario.fps, speed, kick, passer.posture, passer.goes_to)
    ticks = _in_clip(scenario, passer.arrives_at_s, list(take_away(who, start, passer.comes_from, bike.lock)))
    bike.states[first:] = [state for _, state in ticks[first:]]
    bike.taken_by = len(scenario.riders) + index
    return [person for person, _ in ticks]


def _rests(state: BikeState | None) -> bool:
    return state is not None and not state.moving


def _traveller(scenario: Scenario, index: int, who: Traveller, bikes: list[_Bike]) -> PersonActor:
    dice = _dice(scenario, 5, index)
    looks, style, paint = _looks(dice, backpack=who.backpack), _style(dice), str(dice.choice(PAINTS))
    style, paint = _of_kind(style if who.bike == "any" else who.bike, paint, dice)
    ticks = _in_clip(scenario, who.arrives_at_s, list(ride_through(scenario, who, style, dice)))
    bikes.append(_Bike(style, paint, "none", Spot(0.0, who.lane_y_m, 0.0, 1), [bike for _, bike in ticks]))
    return PersonActor(looks, tuple(person for person, _ in ticks))


def _in_clip(scenario: Scenario, arrives_at_s: float, ticks: list[Tick]) -> list[Tick]:
    """Shift to the arrival, cut at the clip's end; a bike that was left stays where it is, a person is gone."""
    nobody: Tick = (None, None)
    line = [nobody] * round(arrives_at_s * scenario.fps) + ticks
    rest: Tick = (None, line[-1][1])
    return (line + [rest] * scenario.frames)[: scenario.frames]


def _actor(bike: _Bike) -> BikeActor:
    """The bike with its moments: came to rest, rider first out of reach, its place empty again, lock closed."""
    states, first = bike.states, bike.rider is None and bike.slot is not None
    parked = next((k for k, state in enumerate(states) if _rests(state)), None)
    left = gone = locked = None
    if parked is not None:
        gone = next((k for k in range(parked, len(states)) if _moved_off(bike.spot, states[k])), None)
        if not first:
            left = next((k for k in range(parked, len(states)) if _away(bike.spot, bike.rider_states[k])), None)
            locked = next((k for k, state in enumerate(states) if state is not None and state.locked), None)
    taken_by = bike.taken_by if gone is not None else None
    moments = (None if first else parked, left, gone, locked)
    return BikeActor(
        bike.style,
        bike.paint,
        bike.lock,
        bike.spot,
        first,
        tuple(states),
        *moments,
        bike.rider,
        taken_by,
        bike.carries,
    )


def _away(spot: Spot, person: PersonState | None) -> bool:
    return person is None or hypot(person.x - spot.x, person.y - spot.y) > REACH_M


def _moved_off(spot: Spot, bike: BikeState | None) -> bool:
    return bike is None or hypot(bike.x - spot.x, bike.y - spot.y) > _TAKEN_M


def _no_two_in_one_slot(scenario: Scenario, bikes: list[_Bike], actors: tuple[BikeActor, ...]) -> None:
    stays = sorted(
        (bike.slot, actor.parked_frame or 0, actor.gone_frame or scenario.frames)
        for bike, actor in zip(bikes, actors, strict=True)
        if bike.slot is not None and (actor.preexisting or actor.parked_frame is not None)
    )
    for before, after in pairwise(stays):
        if before[0] == after[0] and after[1] <= before[2]:
            raise ScenarioError(f"{scenario.title}: a bike comes to slot {after[0]} before the one there is gone")


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
