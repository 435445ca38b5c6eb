"""What one person does, tick by tick: ride in, park, lock or not, walk off, come back; or just pass by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sample_videos.render.bike import WHEEL_RADIUS_M
from sample_videos.render.geometry import Floats
from sample_videos.render.layout import LANE_Y_M, Spot, lane_end, slot_spot, way_in, way_out
from sample_videos.render.poses import (
    BESIDE_M,
    STRIDE_M,
    Pose,
    bending,
    blend,
    crouching,
    looking_at_phone,
    pushing,
    riding,
    standing,
    walking,
)
from sample_videos.render.scenario import Passer, Rider, Scenario
from sample_videos.render.tracks import Track, rounded, turned

_DISMOUNT_BEFORE_M = 2.6
_DISMOUNT_S = 1.3
_GEAR_M = 5.0
_BRAKE_M_S2 = 1.3
_STEP_ASIDE_S, _BEND_DOWN_S, _FIDGET_S = 0.8, 0.8, 2.4


@dataclass(frozen=True, slots=True)
class PersonState:
    """Where somebody is: metres, radians, and the posture in their own frame."""

    x: float
    y: float
    yaw: float
    pose: Pose
    doing: str


@dataclass(frozen=True, slots=True)
class BikeState:
    x: float
    y: float
    yaw: float
    rolled_rad: float
    crank_rad: float
    moving: bool
    locked: bool


Tick = tuple[PersonState | None, BikeState | None]


@dataclass(frozen=True, slots=True)
class _Plan:
    scenario: Scenario
    rider: Rider
    spot: Spot
    way: Track
    tick_s: float
    ride_m_s: float
    walk_m_s: float
    kick: float


def visit(scenario: Scenario, rider: Rider, spot: Spot, dice: np.random.Generator) -> list[Tick]:
    """Everything a rider does from entering the lane to leaving it for good."""
    way = rounded(way_in(scenario.rack, spot, rider.comes_from))
    speeds = float(dice.normal(3.0, 0.2)), float(np.clip(dice.normal(1.3, 0.08), 1.1, 1.5))
    plan = _Plan(scenario, rider, spot, way, 1 / scenario.fps, *speeds, float(dice.uniform(0, 6)))
    ticks = [*_come_in(plan), *_be_at_the_bike(plan)]
    ticks += _walk_away(plan, ticks[-1])
    if rider.takes_at_s is not None:
        ticks += _wait(plan, ticks[-1], rider.takes_at_s - rider.arrives_at_s - len(ticks) * plan.tick_s)
        ticks += _take_away(plan, ticks[-1])
    return ticks


def pass_by(scenario: Scenario, passer: Passer, dice: np.random.Generator) -> Iterator[PersonState]:
    """Somebody on foot from one end of the lane to the other, who may stop for a while."""
    speed, tick = float(np.clip(dice.normal(1.3, 0.1), 1.0, 1.6)), 1 / scenario.fps
    start, end = (lane_end(scenario.rack, side, passer.lane_y_m) for side in (passer.comes_from, passer.goes_to))
    if passer.stops_near_slot is None:
        yield from _walk(rounded([start, (start + end) / 2, end]), speed, tick)
        return
    spot = slot_spot(scenario.rack, passer.stops_near_slot)
    stop = spot.point(-1.35, spot.side * 0.7)
    sign = 1 if start[0] < stop[0] else -1
    yield from _walk(rounded([start, np.array([stop[0] - sign * 1.2, passer.lane_y_m + 0.2]), stop]), speed, tick)
    here = PersonState(float(stop[0]), float(stop[1]), spot.yaw + 0.5, looking_at_phone(), "standing")
    yield from _count(here, passer.stops_for_s, tick)
    yield from _walk(rounded([stop, np.array([stop[0] + 1.0, passer.lane_y_m + 0.2]), end]), speed, tick)


def _count(state: PersonState, seconds: float, tick: float) -> Iterator[PersonState]:
    for _ in range(round(seconds / tick)):
        yield state


def _walk(track: Track, speed: float, tick: float) -> Iterator[PersonState]:
    for travelled in np.arange(0.0, track.length_m, speed * tick):
        x, y = track.at(float(travelled))
        yield PersonState(
            float(x), float(y), track.yaw(float(travelled)), walking(2 * np.pi * travelled / STRIDE_M), "walking"
        )


def _come_in(plan: _Plan) -> Iterator[Tick]:
    """Ride until a little before the slot, step off, push the bike in; or push it all the way."""
    travelled = 0.0
    if plan.rider.enters == "riding":
        stop = plan.way.length_m - _DISMOUNT_BEFORE_M
        while travelled < stop - 0.02:
            yield _on_bike(plan, travelled)
            travelled += plan.tick_s * min(plan.ride_m_s, 0.35 + float(np.sqrt(2 * _BRAKE_M_S2 * (stop - travelled))))
        for step in range(round(_DISMOUNT_S / plan.tick_s)):
            yield _stepping_off(plan, travelled, step * plan.tick_s / _DISMOUNT_S)
    while travelled < plan.way.length_m - 0.02:
        yield _at_bike_side(plan, travelled)
        travelled += plan.tick_s * min(0.75 * plan.walk_m_s, 0.15 + 1.2 * (plan.way.length_m - travelled))


def _rolling(plan: _Plan, travelled: float) -> BikeState:
    x, y = plan.way.at(travelled)
    crank = 2 * np.pi * min(travelled, plan.way.length_m - _DISMOUNT_BEFORE_M) / _GEAR_M
    return BikeState(
        float(x), float(y), plan.way.yaw(travelled), travelled / WHEEL_RADIUS_M, plan.kick + crank, True, False
    )


def _on_bike(plan: _Plan, travelled: float) -> Tick:
    bike = _rolling(plan, travelled)
    return PersonState(bike.x, bike.y, bike.yaw, riding(bike.crank_rad), "riding"), bike


def _stepping_off(plan: _Plan, travelled: float, share: float) -> Tick:
    bike = _rolling(plan, travelled)
    pose = blend(riding(bike.crank_rad), pushing(0.0, plan.spot.side), share)
    x, y = _beside(bike, plan.spot.side * BESIDE_M * share * share * (3 - 2 * share))
    return PersonState(x, y, bike.yaw, pose, "stepping off"), bike


def _at_bike_side(plan: _Plan, travelled: float) -> Tick:
    bike = _rolling(plan, travelled)
    x, y = _beside(bike, plan.spot.side * BESIDE_M)
    return PersonState(x, y, bike.yaw, pushing(2 * np.pi * travelled / STRIDE_M, plan.spot.side), "pushing"), bike


def _beside(bike: BikeState, left_m: float) -> tuple[float, float]:
    x, y = Spot(bike.x, bike.y, bike.yaw, 1).point(0.0, left_m)
    return float(x), float(y)


def _parked(plan: _Plan, *, locked: bool) -> BikeState:
    bike = _rolling(plan, plan.way.length_m)
    return replace(bike, x=plan.spot.x, y=plan.spot.y, yaw=plan.spot.yaw, moving=False, locked=locked)


def _be_at_the_bike(plan: _Plan) -> Iterator[Tick]:
    bike = _parked(plan, locked=False)
    x, y = _beside(bike, plan.spot.side * BESIDE_M)
    for step in range(round(plan.rider.lingers_s / plan.tick_s)):
        pose = blend(pushing(0.0, plan.spot.side), standing(), step * plan.tick_s / 0.5)
        yield PersonState(x, y, bike.yaw, pose, "standing"), bike
    if plan.rider.lock != "none":
        yield from _bend_over(plan, bike, plan.rider.locks_for_s, locks=True)


def _bend_over(plan: _Plan, bike: BikeState, seconds: float, *, locks: bool) -> Iterator[Tick]:
    """Step beside the rear wheel, go down for `seconds`, come up; the lock changes halfway."""
    start, work = np.array(_beside(bike, plan.spot.side * BESIDE_M)), plan.spot.point(-0.30, plan.spot.side * 0.56)
    faces = plan.spot.yaw - plan.spot.side * np.pi / 2
    for step in range(round(_STEP_ASIDE_S / plan.tick_s)):
        share = step * plan.tick_s / _STEP_ASIDE_S
        x, y = start + (work - start) * share
        pose = blend(standing(), walking(4.0 * share), 0.5)
        yield PersonState(float(x), float(y), turned(plan.spot.yaw, faces, share), pose, "standing"), bike
    for step in range(round(seconds / plan.tick_s)):
        since = step * plan.tick_s
        pose = blend(standing(), _down(plan, step), min(since, seconds - since) / _BEND_DOWN_S)
        changed = replace(bike, locked=locks if since > seconds / 2 else not locks)
        yield PersonState(float(work[0]), float(work[1]), faces, pose, plan.rider.posture + "ing"), changed


def _down(plan: _Plan, step: int) -> Pose:
    # Whole ticks per round, so that the same postures come back and their pictures need no second rendering.
    ticks = round(_FIDGET_S / plan.tick_s)
    fidget = plan.kick + 2 * np.pi * (step % ticks) / ticks
    return bending(fidget) if plan.rider.posture == "bend" else crouching(fidget)


def _walk_away(plan: _Plan, last: Tick) -> Iterator[Tick]:
    person, bike = last
    assert person is not None
    start = np.array([person.x, person.y])
    track = rounded(way_out(plan.scenario.rack, plan.spot, start, plan.rider.goes_to))
    for step in range(round(0.6 / plan.tick_s)):
        yaw = turned(person.yaw, track.yaw(0.0), step * plan.tick_s / 0.6)
        pose = blend(standing(), walking(0.0), step * plan.tick_s / 0.6)
        yield PersonState(person.x, person.y, yaw, pose, "standing"), bike
    for walker in _walk(track, plan.walk_m_s, plan.tick_s):
        yield walker, bike


def _wait(plan: _Plan, last: Tick, seconds: float) -> list[Tick]:
    return [(None, last[1])] * max(round(seconds / plan.tick_s), 0)


def _take_away(plan: _Plan, last: Tick) -> Iterator[Tick]:
    """Come back on foot, unlock if need be, pull the bike out, turn it and push it away along the lane."""
    bike = last[1]
    assert bike is not None
    beside = np.array(_beside(bike, plan.spot.side * BESIDE_M))
    back = way_out(plan.scenario.rack, plan.spot, beside, plan.rider.goes_to)[::-1]
    for walker in _walk(rounded(back), plan.walk_m_s, plan.tick_s):
        yield walker, bike
    if plan.rider.lock != "none":
        yield from _bend_over(plan, bike, 4.0, locks=False)
    yield from _push_out(plan, replace(bike, locked=False, moving=True))


def _push_out(plan: _Plan, bike: BikeState) -> Iterator[Tick]:
    speed, sign = 0.75 * plan.walk_m_s, -1 if plan.rider.goes_to == "left" else 1
    for out in np.arange(0.0, 2.4, 0.6 * plan.tick_s):
        x, y = plan.spot.point(-float(out), 0.0)
        bike = replace(bike, x=float(x), y=float(y), rolled_rad=bike.rolled_rad - 0.6 * plan.tick_s / WHEEL_RADIUS_M)
        yield _pushed(plan, bike, -float(out))
    away = 0.0 if sign > 0 else np.pi
    for step in range(round(1.6 / plan.tick_s)):
        yield _pushed(plan, replace(bike, yaw=turned(plan.spot.yaw, away, step * plan.tick_s / 1.6)), step * 0.05)
    start = np.array([bike.x, bike.y])
    track = rounded(
        [start, np.array([bike.x + sign * 2.0, LANE_Y_M]), lane_end(plan.scenario.rack, plan.rider.goes_to)]
    )
    for far in np.arange(0.0, track.length_m, speed * plan.tick_s):
        yield _pushed(plan, _along(track, float(far), bike), float(far))
    yield None, None


def _along(track: Track, far: float, bike: BikeState) -> BikeState:
    point: Floats = track.at(far)
    return replace(bike, x=float(point[0]), y=float(point[1]), yaw=track.yaw(far), rolled_rad=far / WHEEL_RADIUS_M)


def _pushed(plan: _Plan, bike: BikeState, far: float) -> Tick:
    x, y = _beside(bike, plan.spot.side * BESIDE_M)
    return PersonState(x, y, bike.yaw, pushing(2 * np.pi * far / STRIDE_M, plan.spot.side), "pushing"), bike
