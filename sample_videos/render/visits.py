"""What one rider does, tick by tick: come in, park, fuss, lock or not, walk off, come back, take the bike away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sample_videos.render.at_the_bike import (
    Visitor,
    at_rest,
    beside,
    busy,
    come_back,
    fuss_job,
    linger,
    pushed,
    take_away,
    turn_key,
    walk_away,
)
from sample_videos.render.bike import WHEEL_RADIUS_M, BikeStyle
from sample_videos.render.layout import Spot, way_in
from sample_videos.render.poses import BESIDE_M, Pose, blend, pushing, riding, riding_scooter
from sample_videos.render.scenario import Rider, Scenario
from sample_videos.render.states import BikeState, PersonState, Tick
from sample_videos.render.tracks import Track, rounded

BRAKE_M_S2 = 1.3
GEAR_M = 5.0
_DISMOUNT_BEFORE_M = 2.6
_DISMOUNT_S = 1.3
_FETCHES_FOR_S = 4.0


@dataclass(frozen=True, slots=True)
class _Plan:
    rider: Rider
    who: Visitor
    way: Track
    ride_m_s: float
    style: BikeStyle


def visit(
    scenario: Scenario, rider: Rider, spot: Spot, dice: np.random.Generator, style: BikeStyle = "city"
) -> list[Tick]:
    """Everything a rider does from entering the lane to leaving it for good."""
    plan = _plan(scenario, rider, spot, dice, style)
    ticks = [*_come_in(plan), *_be_at_the_bike(plan)]
    ticks += walk_away(plan.who, ticks[-1])
    if rider.returns_at_s is not None:
        ticks += _wait(plan, ticks, rider.returns_at_s)
        ticks += _return(plan, _bike(ticks))
    if rider.takes_at_s is not None:
        ticks += _wait(plan, ticks, rider.takes_at_s)
        ticks += take_away(plan.who, _bike(ticks), rider.goes_to, rider.lock)
    return ticks


def _plan(scenario: Scenario, rider: Rider, spot: Spot, dice: np.random.Generator, style: BikeStyle) -> _Plan:
    way = rounded(way_in(scenario.rack, spot, rider.comes_from))
    ride_m_s, walk_m_s = float(dice.normal(3.0, 0.2)), float(np.clip(dice.normal(1.3, 0.08), 1.1, 1.5))
    kick = float(dice.uniform(0, 6))
    who = Visitor(scenario.rack, spot, 1 / scenario.fps, walk_m_s, kick, rider.posture, rider.goes_to)
    return _Plan(rider, who, way, ride_m_s, style)


def _bike(ticks: list[Tick]) -> BikeState:
    bike = ticks[-1][1]
    assert bike is not None
    return bike


def _come_in(plan: _Plan) -> Iterator[Tick]:
    """Ride until a little before the slot, step off, push the bike in; or push it all the way."""
    travelled, tick_s = 0.0, plan.who.tick_s
    if plan.rider.enters == "riding":
        stop = plan.way.length_m - _DISMOUNT_BEFORE_M
        while travelled < stop - 0.02:
            yield _on_bike(plan, travelled)
            travelled += tick_s * min(plan.ride_m_s, 0.35 + float(np.sqrt(2 * BRAKE_M_S2 * (stop - travelled))))
        for step in range(round(_DISMOUNT_S / tick_s)):
            yield _stepping_off(plan, travelled, step * tick_s / _DISMOUNT_S)
    while travelled < plan.way.length_m - 0.02:
        yield pushed(plan.who, _rolling(plan, travelled), travelled, plan.way.length_m - travelled)
        travelled += tick_s * min(0.75 * plan.who.walk_m_s, 0.15 + 1.2 * (plan.way.length_m - travelled))


def _rolling(plan: _Plan, travelled: float) -> BikeState:
    x, y = plan.way.at(travelled)
    crank = 2 * np.pi * min(travelled, plan.way.length_m - _DISMOUNT_BEFORE_M) / GEAR_M
    return BikeState(
        float(x), float(y), plan.way.yaw(travelled), travelled / WHEEL_RADIUS_M, plan.who.kick + crank, True, False
    )


def riding_pose(style: BikeStyle, crank_rad: float) -> Pose:
    return riding_scooter() if style == "ebike" else riding(crank_rad)


def _on_bike(plan: _Plan, travelled: float) -> Tick:
    bike = _rolling(plan, travelled)
    return PersonState(bike.x, bike.y, bike.yaw, riding_pose(plan.style, bike.crank_rad), "riding"), bike


def _stepping_off(plan: _Plan, travelled: float, share: float) -> Tick:
    bike, side = _rolling(plan, travelled), plan.who.spot.side
    pose = blend(riding_pose(plan.style, bike.crank_rad), pushing(0.0, side), share)
    x, y = beside(bike, side * BESIDE_M * share * share * (3 - 2 * share))
    return PersonState(x, y, bike.yaw, pose, "stepping off"), bike


def _parked(plan: _Plan) -> BikeState:
    bike, spot = _rolling(plan, plan.way.length_m), plan.who.spot
    return replace(bike, x=spot.x, y=spot.y, yaw=spot.yaw, moving=False, lean_rad=spot.lean_rad)


def _be_at_the_bike(plan: _Plan) -> Iterator[Tick]:
    who, rider, bike = plan.who, plan.rider, _parked(plan)
    person = at_rest(who, bike)
    # At least one tick, so that the bike is seen at rest with its rider whatever the frame rate.
    yield from linger(who, bike, max(rider.lingers_s, who.tick_s))
    if rider.fusses != "none":
        for fussing in busy(who, at_rest(who, bike), fuss_job(who, rider.fusses), rider.fusses_for_s):
            person = fussing
            yield person, bike
    if rider.lock != "none" and rider.returns_to != "lock":
        yield from turn_key(who, person, bike, rider.lock, rider.locks_for_s)


def _return(plan: _Plan, bike: BikeState) -> Iterator[Tick]:
    """Come back on foot for a forgotten thing in the basket, or to lock after all; then go for good."""
    who, rider = plan.who, plan.rider
    last: Tick = (at_rest(who, bike), bike)
    yield from come_back(who, bike, rider.goes_to)
    if rider.returns_to == "lock":
        for last in turn_key(who, at_rest(who, bike), bike, rider.lock, rider.locks_for_s):
            yield last
    else:
        for person in busy(who, at_rest(who, bike), fuss_job(who, "basket"), _FETCHES_FOR_S):
            last = person, bike
            yield last
    yield from walk_away(who, last)


def _wait(plan: _Plan, ticks: list[Tick], until_s: float) -> list[Tick]:
    seconds = until_s - plan.rider.arrives_at_s - len(ticks) * plan.who.tick_s
    rest: Tick = (None, ticks[-1][1])
    return [rest] * max(round(seconds / plan.who.tick_s), 0)
