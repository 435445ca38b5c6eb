"""`metrics:` of a site's configuration: figures for Prometheus, off where the block is left out."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class MetricsConfig(BaseModel):
    """Nobody is asked for a password: leave `host` at loopback, or let only your Prometheus reach the port."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    port: Annotated[int, Field(ge=1, le=65535, description="The port of /metrics.")]
    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.")
