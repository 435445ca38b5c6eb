"""What those do, tick by tick, who park no bike: on foot past the rack, to somebody's bike, or through with a bike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sample_videos.render.at_the_bike import Job, Visitor, along, busy, locking_job, walk
from sample_videos.render.bike import WHEEL_RADIUS_M, BikeStyle
from sample_videos.render.geometry import Floats, unit
from sample_videos.render.layout import Spot, lane_end, slot_spot
from sample_videos.render.poses import BESIDE_M, STRIDE_M, astride, looking_at_phone, pushing, standing, tying_shoe
from sample_videos.render.scenario import Passer, Scenario, Side, Traveller
from sample_videos.render.states import BikeState, PersonState, Tick
from sample_videos.render.tracks import rounded
from sample_videos.render.visits import BRAKE_M_S2, GEAR_M, riding_pose

_IN_FRONT_M = 1.15
_HALT_Y_M = -2.2


def pass_by(scenario: Scenario, passer: Passer, dice: np.random.Generator) -> Iterator[PersonState]:
    """Somebody on foot from one end of the lane to the other, who may stop for a while."""
    speed, tick = float(np.clip(dice.normal(1.3, 0.1), 1.0, 1.6)), 1 / scenario.fps
    start, end = (lane_end(scenario.rack, side, passer.lane_y_m) for side in (passer.comes_from, passer.goes_to))
    if passer.stops_near_slot is None:
        yield from walk(rounded(_past(start, end)), speed, tick)
        return
    stop = _stop(scenario, passer, slot_spot(scenario.rack, passer.stops_near_slot), tick)
    x = float(stop.place[0])
    sign = 1 if start[0] < x else -1
    yield from walk(rounded([start, np.array([x - sign * 1.2, passer.lane_y_m + 0.2]), stop.place]), speed, tick)
    yield from _be_there(scenario, passer, stop, tick)
    yield from walk(rounded([stop.place, np.array([x + 1.0, passer.lane_y_m + 0.2]), end]), speed, tick)


def _past(start: Floats, end: Floats) -> list[Floats]:
    """Along the lane; or, where both ends are the same, to the rack's middle and back."""
    if start[0] != end[0]:
        return [start, (start + end) / 2, end]
    turn, back = np.array([0.0, start[1]]), np.array([0.0, start[1] - 0.6])
    return [start, turn, back, end]


def _be_there(scenario: Scenario, passer: Passer, stop: Job, tick: float) -> Iterator[PersonState]:
    x, y = (float(value) for value in stop.place)
    if stop.doing == "standing":
        here = PersonState(x, y, stop.faces, stop.pose(0.0), stop.doing)
        yield from (here for _ in range(round(passer.stops_for_s / tick)))
        return
    who = _visitor(scenario, passer, tick)
    yield from busy(who, PersonState(x, y, stop.faces, standing(), "standing"), stop, passer.stops_for_s)


def _visitor(scenario: Scenario, passer: Passer, tick: float) -> Visitor:
    assert passer.stops_near_slot is not None
    spot = slot_spot(scenario.rack, passer.stops_near_slot)
    return Visitor(scenario.rack, spot, tick, 1.3, 0.7, passer.posture, passer.goes_to)


def _stop(scenario: Scenario, passer: Passer, spot: Spot, tick: float) -> Job:
    """Where and how somebody on foot stops at a slot."""
    if passer.deed == "fiddle":
        return locking_job(_visitor(scenario, passer, tick), "chain")
    if passer.deed == "stand_in_front":
        return Job(_before_the_camera(scenario, spot), _towards_lane(spot), lambda _: looking_at_phone(), "standing")
    if passer.deed == "tie_shoe":
        return Job(_in_the_open(scenario, spot, -1.35, 0.7), spot.yaw + 0.5, tying_shoe, "crouching")
    if passer.deed == "stand_by":
        place = _in_the_open(scenario, spot, -1.30, -0.55)
        return Job(place, _towards(place, spot), lambda _: standing(), "standing")
    if passer.deed == "hold":
        place = _in_the_open(scenario, spot, -0.95, -0.34)
        return Job(place, _towards(place, spot), lambda _: replace(standing(), hands=_HOLDING), "standing")
    return Job(_in_the_open(scenario, spot, -1.35, 0.7), spot.yaw + 0.5, lambda _: looking_at_phone(), "standing")


_HOLDING = np.array([[0.45, 0.06, 0.98], [0.06, -0.25, 0.86]])


def _in_the_open(scenario: Scenario, spot: Spot, ahead_m: float, aside_m: float) -> Floats:
    # At a wall the room is beside the bikes and not behind them.
    if scenario.rack.kind == "wall":
        return spot.point(aside_m, spot.side * -ahead_m)
    return spot.point(ahead_m, spot.side * aside_m)


def _towards(place: Floats, spot: Spot) -> float:
    return float(np.arctan2(spot.y - place[1], spot.x - place[0]))


def _towards_lane(spot: Spot) -> float:
    return -np.pi / 2 + 0.3 * spot.side


def _before_the_camera(scenario: Scenario, spot: Spot) -> Floats:
    middle = np.array([spot.x, spot.y])
    return np.asarray(middle + unit(np.array(scenario.camera.position_m[:2]) - middle) * _IN_FRONT_M)


def ride_through(scenario: Scenario, who: Traveller, style: BikeStyle, dice: np.random.Generator) -> Iterator[Tick]:
    """Somebody with a bike from one end of the lane to the other, who may halt for a while without parking."""
    top = float(dice.normal(3.0, 0.2)) if who.moves == "riding" else float(np.clip(dice.normal(1.0, 0.08), 0.8, 1.2))
    tick, kick = 1 / scenario.fps, float(dice.uniform(0, 6))
    goes_to: Side = "right" if who.comes_from == "left" else "left"
    ends = [lane_end(scenario.rack, side, who.lane_y_m) for side in (who.comes_from, goes_to)]
    halt = (ends[0] + ends[1]) / 2 if who.stops_near_slot is None else _halt(scenario, who.stops_near_slot)
    track = rounded([ends[0], halt - unit(ends[1] - ends[0]) * 0.5, halt + unit(ends[1] - ends[0]) * 0.5, ends[1]])
    halt_at = float(track.travelled[int(np.argmin(np.linalg.norm(track.points - halt, axis=1)))])
    still = BikeState(0.0, 0.0, 0.0, 0.0, kick, True, False)
    far, halted = 0.0, who.stops_for_s == 0
    while far < track.length_m:
        yield _travelling(who, style, along(track, far, still), kick)
        far += tick * (top if halted else min(top, 0.25 + float(np.sqrt(2 * BRAKE_M_S2 * max(halt_at - far, 0)))))
        if not halted and far >= halt_at - 0.05:
            yield from _halting(who, along(track, far, still), round(who.stops_for_s / tick))
            halted = True
    yield None, None


def _halt(scenario: Scenario, slot: int) -> Floats:
    return np.array([slot_spot(scenario.rack, slot).x, _HALT_Y_M])


def _travelling(who: Traveller, style: BikeStyle, bike: BikeState, kick: float) -> Tick:
    far = bike.rolled_rad * WHEEL_RADIUS_M
    if who.moves == "riding":
        bike = replace(bike, crank_rad=kick + 2 * np.pi * far / GEAR_M)
        return PersonState(bike.x, bike.y, bike.yaw, riding_pose(style, bike.crank_rad), "riding"), bike
    return _held(bike, 2 * np.pi * far / STRIDE_M), bike


def _halting(who: Traveller, bike: BikeState, ticks: int) -> list[Tick]:
    if who.moves == "riding":
        return [(PersonState(bike.x, bike.y, bike.yaw, astride(), "astride"), bike)] * ticks
    return [(replace(_held(bike, 0.0), doing="holding"), bike)] * ticks


def _held(bike: BikeState, phase: float) -> PersonState:
    x, y = Spot(bike.x, bike.y, bike.yaw, 1).point(0.0, BESIDE_M)
    return PersonState(float(x), float(y), bike.yaw, pushing(phase, 1), "pushing")
