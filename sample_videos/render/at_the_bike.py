"""What somebody does at one bike at rest, tick by tick: stand, bend down to it, walk off, come back, take it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sample_videos.render.bike import WHEEL_RADIUS_M, LockKind
from sample_videos.render.geometry import Floats
from sample_videos.render.layout import LANE_Y_M, Spot, lane_end, way_out
from sample_videos.render.poses import (
    BESIDE_M,
    STRIDE_M,
    Pose,
    bending,
    blend,
    crouching,
    pushing,
    reaching_into_basket,
    rummaging_in_bag,
    shoving,
    standing,
    tying_shoe,
    walking,
)
from sample_videos.render.scenario import Fuss, Posture, RackSetup, Side
from sample_videos.render.states import BikeState, PersonState, Tick
from sample_videos.render.tracks import Track, rounded, turned

_STEP_ASIDE_S, _BEND_DOWN_S, _FIDGET_S = 0.8, 0.8, 2.4
_UNLOCKS_FOR_S = 4.0
_SQUEEZED_M = (-0.72, 0.28)
"""Where the rider stands, ahead and aside of the middle, when neighbours leave no room beside the bike."""
_SQUEEZES_WITHIN_M = 1.7


@dataclass(frozen=True, slots=True)
class Visitor:
    """One person at one slot. `kick` is a phase that makes everybody's hands move differently."""

    rack: RackSetup
    spot: Spot
    tick_s: float
    walk_m_s: float
    kick: float
    posture: Posture
    goes_to: Side

    @property
    def squeezed(self) -> bool:
        return self.rack.kind == "wheel_bender"


@dataclass(frozen=True, slots=True)
class Job:
    """Something done with bent back or busy hands: where one stands for it, which way one faces, how one looks."""

    place: Floats
    faces: float
    pose: Callable[[float], Pose]
    doing: str


def locking_job(who: Visitor, lock: LockKind) -> Job:
    pose, doing = (bending, "bending") if who.posture == "bend" else (crouching, "crouching")
    if who.squeezed:
        return Job(who.spot.point(-1.12, who.spot.side * 0.10), who.spot.yaw, pose, doing)
    ahead = -0.50 if lock == "ring_lock" else -0.30
    return Job(who.spot.point(ahead, who.spot.side * 0.56), _facing_the_bike(who), pose, doing)


def fuss_job(who: Visitor, fuss: Fuss) -> Job:
    """What looks like locking to a quick eye and is not."""
    spot, side = who.spot, who.spot.side
    behind = spot.point(-1.12, side * 0.10)
    if fuss == "basket":
        place = behind if who.squeezed else spot.point(0.40, side * 0.62)
        return Job(place, spot.yaw if who.squeezed else _facing_the_bike(who), reaching_into_basket, "leaning")
    if fuss == "pump":
        place = behind if who.squeezed else spot.point(0.45, side * 0.60)
        return Job(place, spot.yaw if who.squeezed else _facing_the_bike(who), bending, "bending")
    if fuss == "shoe":
        return Job(spot.point(-1.15, side * 0.55), spot.yaw + side * 0.6, tying_shoe, "crouching")
    return Job(spot.point(*_beside_at_rest(who)), spot.yaw, rummaging_in_bag, "standing")


def _facing_the_bike(who: Visitor) -> float:
    return who.spot.yaw - who.spot.side * np.pi / 2


def beside(bike: BikeState, left_m: float, ahead_m: float = 0.0) -> tuple[float, float]:
    x, y = Spot(bike.x, bike.y, bike.yaw, 1).point(ahead_m, left_m)
    return float(x), float(y)


def _beside_at_rest(who: Visitor) -> tuple[float, float]:
    ahead, aside = _SQUEEZED_M if who.squeezed else (0.0, BESIDE_M)
    return ahead, who.spot.side * aside


def pushed(who: Visitor, bike: BikeState, far_m: float, to_slot_m: float) -> Tick:
    """The bike with its pusher, `far_m` along the way and `to_slot_m` from its slot."""
    side, phase = who.spot.side, 2 * np.pi * far_m / STRIDE_M
    pose, ahead, aside = pushing(phase, side), 0.0, BESIDE_M
    if who.squeezed:
        share = min(max(1 - to_slot_m / _SQUEEZES_WITHIN_M, 0.0), 1.0)
        pose = blend(pose, shoving(phase, side), share)
        ahead, aside = share * _SQUEEZED_M[0], BESIDE_M + share * (_SQUEEZED_M[1] - BESIDE_M)
    x, y = beside(bike, side * aside, ahead)
    return PersonState(x, y, bike.yaw, pose, "pushing"), bike


def linger(who: Visitor, bike: BikeState, seconds: float) -> Iterator[Tick]:
    ahead, aside = _beside_at_rest(who)
    x, y = beside(bike, aside, ahead)
    first = shoving(0.0, who.spot.side) if who.squeezed else pushing(0.0, who.spot.side)
    for step in range(round(seconds / who.tick_s)):
        yield PersonState(x, y, bike.yaw, blend(first, standing(), step * who.tick_s / 0.5), "standing"), bike


def at_rest(who: Visitor, bike: BikeState) -> PersonState:
    """Standing upright beside the bike."""
    ahead, aside = _beside_at_rest(who)
    return PersonState(*beside(bike, aside, ahead), bike.yaw, standing(), "standing")


def busy(who: Visitor, start: PersonState, job: Job, seconds: float) -> Iterator[PersonState]:
    """Step from `start` to the job's place, be busy there for `seconds`, and straighten up."""
    begin = np.array([start.x, start.y])
    for step in range(round(_STEP_ASIDE_S / who.tick_s)):
        share = step * who.tick_s / _STEP_ASIDE_S
        x, y = begin + (job.place - begin) * share
        pose = blend(standing(), walking(4.0 * share), 0.5)
        yield PersonState(float(x), float(y), turned(start.yaw, job.faces, share), pose, "standing")
    for step in range(round(seconds / who.tick_s)):
        since = step * who.tick_s
        pose = blend(standing(), job.pose(_fidget(who, step)), min(since, seconds - since) / _BEND_DOWN_S)
        yield PersonState(float(job.place[0]), float(job.place[1]), job.faces, pose, job.doing)


def _fidget(who: Visitor, step: int) -> float:
    # Whole ticks per round, so that the same postures come back and their pictures need no second rendering.
    ticks = max(round(_FIDGET_S / who.tick_s), 1)
    return who.kick + 2 * np.pi * (step % ticks) / ticks


def turn_key(who: Visitor, start: PersonState, bike: BikeState, lock: LockKind, seconds: float) -> Iterator[Tick]:
    """Lock the bike, or unlock a locked one: the lock changes in the middle of the work."""
    aside = round(_STEP_ASIDE_S / who.tick_s)
    for step, person in enumerate(busy(who, start, locking_job(who, lock), seconds)):
        changed = (step - aside) * who.tick_s > seconds / 2
        yield person, replace(bike, locked=bike.locked != changed)


def walk_away(who: Visitor, last: Tick) -> Iterator[Tick]:
    person, bike = last
    assert person is not None
    start = np.array([person.x, person.y])
    track = rounded(way_out(who.rack, who.spot, start, who.goes_to))
    for step in range(round(0.6 / who.tick_s)):
        yaw = turned(person.yaw, track.yaw(0.0), step * who.tick_s / 0.6)
        pose = blend(standing(), walking(0.0), step * who.tick_s / 0.6)
        yield PersonState(person.x, person.y, yaw, pose, "standing"), bike
    for walker in walk(track, who.walk_m_s, who.tick_s):
        yield walker, bike


def come_back(who: Visitor, bike: BikeState, side: Side) -> Iterator[Tick]:
    """On foot from the end of the lane to beside the bike."""
    goal = at_rest(who, bike)
    back = way_out(who.rack, who.spot, np.array([goal.x, goal.y]), side)[::-1]
    for walker in walk(rounded(back), who.walk_m_s, who.tick_s):
        yield walker, bike


def walk(track: Track, speed: float, tick: float) -> Iterator[PersonState]:
    for travelled in np.arange(0.0, track.length_m, speed * tick):
        x, y = track.at(float(travelled))
        yield PersonState(
            float(x), float(y), track.yaw(float(travelled)), walking(2 * np.pi * travelled / STRIDE_M), "walking"
        )


def take_away(who: Visitor, bike: BikeState, side: Side, lock: LockKind) -> Iterator[Tick]:
    """Come on foot from `side`, unlock if need be, pull the bike out, turn it and push it away along the lane."""
    yield from come_back(who, bike, side)
    if bike.locked:
        yield from turn_key(who, at_rest(who, bike), bike, lock, _UNLOCKS_FOR_S)
    yield from _push_out(who, replace(bike, locked=False, moving=True, lean_rad=0.0))


def _push_out(who: Visitor, bike: BikeState) -> Iterator[Tick]:
    end, sign = lane_end(who.rack, who.goes_to), -1 if who.goes_to == "left" else 1
    if who.rack.kind == "wall":
        start, leaves = np.array([who.spot.x, who.spot.y]), who.spot.point(0.9, who.spot.side * 0.5)
        yield from _push_along(who, bike, [start, leaves, who.spot.point(2.4, who.spot.side * 1.6), end])
        return
    for out in np.arange(0.0, 2.4, 0.6 * who.tick_s):
        x, y = who.spot.point(-float(out), 0.0)
        bike = replace(bike, x=float(x), y=float(y), rolled_rad=bike.rolled_rad - 0.6 * who.tick_s / WHEEL_RADIUS_M)
        yield pushed(who, bike, -float(out), float(out))
    away = 0.0 if sign > 0 else np.pi
    for step in range(round(1.6 / who.tick_s)):
        yaw = turned(who.spot.yaw, away, step * who.tick_s / 1.6)
        yield pushed(who, replace(bike, yaw=yaw), step * 0.05, np.inf)
    yield from _push_along(who, bike, [np.array([bike.x, bike.y]), np.array([bike.x + sign * 2.0, LANE_Y_M]), end])


def _push_along(who: Visitor, bike: BikeState, corners: list[Floats]) -> Iterator[Tick]:
    track = rounded(corners)
    for far in np.arange(0.0, track.length_m, 0.75 * who.walk_m_s * who.tick_s):
        yield pushed(who, along(track, float(far), bike), float(far), np.inf)
    yield None, None


def along(track: Track, far: float, bike: BikeState) -> BikeState:
    point: Floats = track.at(far)
    return replace(bike, x=float(point[0]), y=float(point[1]), yaw=track.yaw(far), rolled_rad=far / WHEEL_RADIUS_M)
