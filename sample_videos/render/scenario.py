"""The scenario of one clip, and its file: who comes, parks, locks and goes, in front of which rack, seen by which camera."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detector.evaluation.truth import Split
from sample_videos.render.bike import BikeStyle, LockKind
from sample_videos.render.drawing import drawn

Side = Literal["left", "right"]
RackKind = Literal["sheffield", "wheel_bender", "wall"]
Posture = Literal["bend", "crouch"]
Fuss = Literal["none", "basket", "shoe", "bag", "pump"]
Deed = Literal["walk", "phone", "stand_by", "hold", "stand_in_front", "tie_shoe", "fiddle", "take"]
Seconds = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Point3 = tuple[float, float, float]
FIRST_TEST_SEED = 1000


def split_of(seed: int) -> Split:
    """Which part of the suite a seed belongs to: weights are fitted on the one and figures told of the other."""
    return "fit" if seed < FIRST_TEST_SEED else "test"


class ScenarioError(Exception):
    """The scenario cannot be used; the message says where and why in one sentence."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraSetup(_Part):
    position_m: Point3
    look_at_m: Point3
    view_deg: float = Field(gt=10, lt=120)
    noise: float = Field(default=1.5, ge=0, le=20)
    """Sensor noise: standard deviation in grey levels."""


class Light(_Part):
    kind: Literal["sun", "overcast", "dusk", "rain"] = "sun"
    sun_azimuth_deg: float = 235.0
    sun_elevation_deg: float = Field(default=42.0, gt=2, le=90)
    jumps_at_s: Seconds | None = None
    """When the whole picture's brightness changes at once, as when a lamp comes on or a cloud goes."""
    jumps_to: float = Field(default=0.55, ge=0.2, le=3)
    """Brightness from then on, relative to before."""


class RackSetup(_Part):
    """A row along x at y = 0.

    `sheffield`: slot 2i is on the left of stand i, slot 2i + 1 on its right. `wheel_bender`: one slot per stand,
    close together. `wall`: one slot per stand, bikes lean against a wall and point along it.
    """

    id: str
    kind: RackKind = "sheffield"
    stands: int = Field(ge=1, le=40)
    spacing_m: float = Field(default=1.35, ge=0.4)
    heading_deg: float = 60.0
    """Where a parked bike's front wheel points: 0 is along x, 90 is away from the lane. Of no effect at a wall."""
    filled: tuple[int, ...] = ()
    """Slots where a bike stands before the clip begins."""
    ebikes: Share = 0.0
    """Share of those that are e-bikes."""
    shared_bikes: Share = 0.0
    unlocked: Share = 0.15
    lane_left_m: float = Field(default=9.0, gt=3)
    """How far to the left of the rack's middle the lane begins: outside the picture."""
    lane_right_m: float = Field(default=9.0, gt=3)

    @property
    def slots(self) -> int:
        return 2 * self.stands if self.kind == "sheffield" else self.stands


class Rider(_Part):
    """Somebody who comes with a bike, parks it and walks off."""

    arrives_at_s: Seconds
    comes_from: Side
    goes_to: Side
    slot: int = Field(ge=0)
    enters: Literal["riding", "pushing"] = "riding"
    lingers_s: Seconds = 1.0
    """Standing upright at the bike before anything else."""
    fusses: Fuss = "none"
    """What the rider does beside the bike before locking or leaving; none of it locks anything."""
    fusses_for_s: Seconds = 0.0
    lock: LockKind = "none"
    locks_for_s: Seconds = 0.0
    posture: Posture = "bend"
    carries: Literal["none", "u_lock", "chain", "cable"] = "none"
    """The lock that is seen coiled on the frame while the bike is not locked."""
    returns_at_s: Seconds | None = None
    """When the rider comes back on foot, once."""
    returns_to: Literal["fetch", "lock"] = "fetch"
    """`fetch`: for a forgotten thing. `lock`: the lock is closed only then."""
    takes_at_s: Seconds | None = None
    """When the rider comes back into the picture to take the bike away; not given: never."""
    bike: Literal["any"] | BikeStyle = "any"
    backpack: bool = False

    @model_validator(mode="after")
    def _things_that_belong_together(self) -> Rider:
        if (self.lock == "none") != (self.locks_for_s == 0):
            raise ValueError("lock and locks_for_s belong together: give both or neither")
        if (self.fusses == "none") != (self.fusses_for_s == 0):
            raise ValueError("fusses and fusses_for_s belong together: give both or neither")
        if self.returns_to == "lock" and (self.returns_at_s is None or self.lock == "none"):
            raise ValueError('returns_to = "lock" needs returns_at_s and a lock')
        if "none" not in (self.lock, self.carries) and self.lock != self.carries:
            raise ValueError("carries and lock are two different locks: give one")
        return self


class Passer(_Part):
    """Somebody who comes on foot and has no bike here."""

    arrives_at_s: Seconds
    comes_from: Side
    goes_to: Side
    lane_y_m: float = -3.2
    does: Deed | None = None
    """Not given: walks, or stops to read a phone where `stops_near_slot` is given."""
    stops_near_slot: int | None = Field(default=None, ge=0)
    stops_for_s: Seconds = 0.0
    posture: Posture = "bend"
    backpack: bool = False

    @property
    def deed(self) -> Deed:
        return self.does or ("walk" if self.stops_near_slot is None else "phone")

    @model_validator(mode="after")
    def _a_deed_has_its_place(self) -> Passer:
        if (self.deed == "walk") != (self.stops_near_slot is None):
            raise ValueError(f"does = {self.deed!r} and stops_near_slot do not fit: only a walker stops nowhere")
        return self


class Traveller(_Part):
    """Somebody who comes through with a bike and parks none, from one end of the lane to the other."""

    arrives_at_s: Seconds
    comes_from: Side
    moves: Literal["riding", "pushing"] = "riding"
    lane_y_m: float = -3.2
    stops_near_slot: int | None = Field(default=None, ge=0)
    """Where the traveller halts, astride or holding the bike, before going on."""
    stops_for_s: Seconds = 0.0
    bike: Literal["any"] | BikeStyle = "any"
    backpack: bool = False


class Scenario(_Part):
    title: str
    group: str = "ungrouped"
    """What kind of case it is; figures are told per group."""
    seed: int = Field(ge=0)
    render: bool = False
    """Whether `make clips` makes a clip of it, with the seed in its file."""
    duration_s: float = Field(gt=0, le=3600)
    fps: int = Field(default=10, ge=1, le=60)
    width: int = Field(default=854, ge=320, multiple_of=2)
    height: int = Field(default=480, ge=180, multiple_of=2)
    camera: CameraSetup
    light: Light = Light()
    rack: RackSetup
    riders: tuple[Rider, ...] = ()
    passers: tuple[Passer, ...] = ()
    travellers: tuple[Traveller, ...] = ()

    @property
    def frames(self) -> int:
        return round(self.duration_s * self.fps)

    @model_validator(mode="after")
    def _slots_exist(self) -> Scenario:
        stops = [who.stops_near_slot for who in self.passers] + [who.stops_near_slot for who in self.travellers]
        named = [*self.rack.filled, *(rider.slot for rider in self.riders), *stops]
        if any(slot is not None and slot >= self.rack.slots for slot in named):
            raise ValueError(f"{self.rack.stands} stands have the slots 0 to {self.rack.slots - 1}")
        return self

    @model_validator(mode="after")
    def _a_place_is_freed_before_it_is_used_again(self) -> Scenario:
        for slot in {*self.rack.filled, *(rider.slot for rider in self.riders)}:
            comes = [0.0] * self.rack.filled.count(slot)
            comes += sorted(rider.arrives_at_s for rider in self.riders if rider.slot == slot)
            for before, after in pairwise(comes):
                if not any(before <= taken < after for taken in self._takes(slot)):
                    raise ValueError(f"two bikes want the same slot: nobody takes the first from slot {slot} in time")
        return self

    def _takes(self, slot: int) -> list[float]:
        own = [rider.takes_at_s for rider in self.riders if rider.slot == slot and rider.takes_at_s is not None]
        others = [who.arrives_at_s for who in self.passers if who.deed == "take" and who.stops_near_slot == slot]
        return [*own, *others]


def read_scenario(path: Path) -> Scenario:
    """The scenario that a file gives for the seed written in it.

    Raises:
        ScenarioError: it cannot be read or breaks a rule; the message says where.
    """
    raw = _read(path)
    return _settled(path, raw, raw.get("seed"))


def scenario_for(path: Path, seed: int) -> Scenario:
    """The scenario that a file gives for `seed`, whatever seed is written in it. The same for the same seed.

    Raises:
        ScenarioError: as for `read_scenario`.
    """
    return _settled(path, _read(path), seed)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ScenarioError(f"cannot read the scenario {path}: {problem}") from problem


def _settled(path: Path, raw: dict[str, Any], seed: object) -> Scenario:
    if not isinstance(seed, int) or seed < 0:
        raise ScenarioError(f"scenario {path.name}, seed: give a whole number, 0 or greater")
    try:
        return Scenario.model_validate(drawn(raw, seed) | {"seed": seed})
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ScenarioError(f"scenario {path.name}, {place}: {first['msg']}") from problem
    except ValueError as problem:
        raise ScenarioError(f"scenario {path.name}, {problem}") from problem
