"""What one frame knows of a person and of a bike."""

from __future__ import annotations

from dataclasses import dataclass

from sample_videos.render.poses import Pose


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
    lean_rad: float = 0.0
    """To the left; against the wall that it stands at."""


Tick = tuple[PersonState | None, BikeState | None]
