"""The scenario file: who comes, parks, locks and goes, in front of which rack, seen by which camera. TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Side = Literal["left", "right"]
Seconds = Annotated[float, Field(ge=0)]
Point3 = tuple[float, float, float]


class ScenarioError(Exception):
    """The scenario file cannot be used; the message says where and why in one sentence."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraSetup(_Part):
    position_m: Point3
    look_at_m: Point3
    view_deg: float = Field(gt=10, lt=120)
    noise: float = Field(default=1.5, ge=0, le=20)
    """Sensor noise: standard deviation in grey levels."""


class Light(_Part):
    kind: Literal["sun", "overcast", "dusk"] = "sun"
    sun_azimuth_deg: float = 235.0
    sun_elevation_deg: float = Field(default=42.0, gt=2, le=90)


class RackSetup(_Part):
    """Sheffield stands in a row along x at y = 0; slot 2i is on the left of stand i, slot 2i + 1 on its right."""

    id: str
    stands: int = Field(ge=1, le=20)
    spacing_m: float = Field(default=1.35, gt=0.5)
    heading_deg: float = 60.0
    """Where a parked bike's front wheel points: 0 is along x, 90 is away from the lane."""
    filled: tuple[int, ...] = ()
    """Slots where a bike stands before the clip begins."""
    lane_left_m: float = Field(default=9.0, gt=3)
    """How far to the left of the rack's middle the lane begins: outside the picture."""
    lane_right_m: float = Field(default=9.0, gt=3)


class Rider(_Part):
    """Somebody who comes with a bike, parks it and walks off."""

    arrives_at_s: Seconds
    comes_from: Side
    goes_to: Side
    slot: int = Field(ge=0)
    enters: Literal["riding", "pushing"] = "riding"
    lingers_s: Seconds = 1.0
    """Standing upright at the bike before walking off or locking."""
    lock: Literal["none", "u_lock", "chain", "cable"] = "none"
    locks_for_s: Seconds = 0.0
    posture: Literal["bend", "crouch"] = "bend"
    takes_at_s: Seconds | None = None
    """When the rider comes back into the picture to take the bike away; not given: never."""
    bike: Literal["any", "city", "sport", "classic"] = "any"
    backpack: bool = False

    @model_validator(mode="after")
    def _a_lock_takes_time(self) -> Rider:
        if (self.lock == "none") != (self.locks_for_s == 0):
            raise ValueError("lock and locks_for_s belong together: give both or neither")
        return self


class Passer(_Part):
    """Somebody on foot who has no bike here."""

    arrives_at_s: Seconds
    comes_from: Side
    goes_to: Side
    lane_y_m: float = -3.2
    stops_near_slot: int | None = Field(default=None, ge=0)
    stops_for_s: Seconds = 0.0
    backpack: bool = False


class Scenario(_Part):
    title: str
    seed: int = Field(ge=0)
    duration_s: float = Field(gt=0, le=600)
    fps: int = Field(default=10, ge=1, le=60)
    width: int = Field(default=854, ge=320, multiple_of=2)
    height: int = Field(default=480, ge=180, multiple_of=2)
    camera: CameraSetup
    light: Light = Light()
    rack: RackSetup
    riders: tuple[Rider, ...] = ()
    passers: tuple[Passer, ...] = ()

    @model_validator(mode="after")
    def _slots_exist_and_are_free(self) -> Scenario:
        taken = [*self.rack.filled, *(rider.slot for rider in self.riders)]
        if any(slot >= 2 * self.rack.stands for slot in taken):
            raise ValueError(f"{self.rack.stands} stands have the slots 0 to {2 * self.rack.stands - 1}")
        if len(set(taken)) < len(taken):
            raise ValueError("two bikes want the same slot")
        return self


def read_scenario(path: Path) -> Scenario:
    """Read and check a scenario file. Raises `ScenarioError`."""
    try:
        return Scenario.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise ScenarioError(f"cannot read the scenario {path}: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ScenarioError(f"scenario {path.name}, {place}: {first['msg']}") from problem
