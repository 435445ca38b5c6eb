"""`home_assistant:` of a site's configuration: whether its racks and cameras show up in Home Assistant by themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Prefix = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/+#\x00]+(/[^/+#\x00]+)*$")]


class HomeAssistantConfig(BaseModel):
    """Off where the block is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    enabled: bool = Field(default=True, description="false: what was introduced before is taken back.")
    prefix: Prefix = Field(default="homeassistant", description="The discovery prefix set in Home Assistant.")
    language: Literal["zh-CN", "en"] = Field(default="en", description="What the entities are called in.")
