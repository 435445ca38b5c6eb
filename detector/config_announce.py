"""`announce:` of a site's configuration: who says "please lock your bike" at the rack, how loud, and when not."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from broker_bridge.messages import Level

MINUTES_A_DAY = 24 * 60


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}; write one such as Asia/Shanghai") from error
    return name


def _clock_time(value: object) -> object:
    """YAML reads an unquoted 22:30 as the number of minutes."""
    if not isinstance(value, int):
        return value
    if not 0 <= value < MINUTES_A_DAY:
        raise ValueError('this is no time of day; write it as "22:30"')
    return time(value // 60, value % 60)


ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class AnnounceConfig(BaseModel):
    """Off where the block is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    player: tuple[str, ...] = Field(
        default=(), description="The command that plays a sound on this machine, as a list; {file} is the sound."
    )
    mqtt: bool = Field(default=False, description="Also tell MQTT speakers, on the rack's announce topic.")
    racks: tuple[Level, ...] = Field(default=(), description="Only at these racks; none named: at all.")
    languages: Annotated[tuple[Literal["zh-CN", "en"], ...], Field(min_length=1)] = Field(
        default=("zh-CN", "en"), description="What is said, in this order."
    )
    volume: int = Field(default=80, ge=1, le=100, description="How loud the player's sound is (% of the recording).")
    quiet_from: ClockTime | None = Field(default=None, description="Nothing is said from this time of day on.")
    quiet_until: ClockTime | None = Field(default=None, description="... until this time of day.")
    zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="Asia/Shanghai", description="The site's time zone, for the quiet hours."
    )
    pause_s: float = Field(default=30.0, ge=0, le=3600, description="At least so long between two announcements (s).")

    @model_validator(mode="after")
    def _somebody_says_it(self) -> AnnounceConfig:
        if not self.player and not self.mqtt:
            raise ValueError("nobody would say it; give a player, or mqtt: true")
        if self.player and sum("{file}" in part for part in self.player) != 1:
            raise ValueError("one part of player must hold {file}, as in [aplay, -q, '{file}']")
        return self

    @model_validator(mode="after")
    def _quiet_hours_begin_and_end(self) -> AnnounceConfig:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("give both quiet_from and quiet_until, or neither")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quiet_from and quiet_until are the same time; leave both out, or `announce` altogether")
        return self
