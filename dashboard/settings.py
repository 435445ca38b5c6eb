"""The server's settings: environment variables `PLEASELOCK_…`, each with its meaning and unit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PLEASELOCK_", frozen=True, extra="ignore")

    home: Path = Field(default=Path("var"), description="The one folder where state lives.")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the home folder.")
    mqtt_url: str = Field(default="mqtt://127.0.0.1:1883", description="The broker, mqtt:// or mqtts://.")
    host: str = Field(default="127.0.0.1", description="Address the dashboard listens on.")
    port: Annotated[int, Field(ge=0, le=65535, description="Port the dashboard listens on.")] = 8000
    session_hours: Annotated[int, Field(ge=1, le=720, description="A login lasts this long (h).")] = 24
    secure_cookies: bool = Field(default=False, description="Set to true behind HTTPS.")
    answer_within_s: Annotated[float, Field(gt=0, description="No answer this long: ask the next volunteer (s).")] = 90
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="Prometheus reads /metrics with it (bearer). Empty: logged-in staff only."
    )
    retention_days: Annotated[int, Field(ge=1, le=365, description="Pictures are kept this long (days).")] = 7

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'pleaselock.db'}"

    @property
    def media(self) -> Path:
        return self.home / "media"
