"""How often and how closely one camera's picture is looked at."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LookingConfig(BaseModel):
    """All of a view's `looking`. Seconds are seconds of the footage."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    gate: bool = Field(default=True, description="Ask the model only where something moves or a visit is open.")
    regions: bool = Field(default=False, description="Show the model the part where something moves, not all of it.")
    idle_fps: float = Field(default=2.5, gt=0, le=60, description="Pictures looked at per second while nothing moves.")
    scan_every_s: float = Field(
        default=10.0, gt=0, le=3600, description="So often the model sees all of it though nothing moves (s)."
    )
    key_every_s: float = Field(
        default=2.5,
        ge=0,
        le=10,
        description="Live, while nothing moves, key pictures will do if they come at least this often (s). 0: never.",
    )
