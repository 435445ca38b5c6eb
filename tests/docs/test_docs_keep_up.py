"""The documents name every command, flag, setting and configuration key that there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from dashboard.settings import Settings
from detector.config import CameraConfig, FleetConfig, RackConfig, SiteConfig, Thresholds
from detector.config_announce import AnnounceConfig
from detector.config_home_assistant import HomeAssistantConfig
from detector.config_metrics import MetricsConfig
from pleaselock import app


def _commands() -> dict[str, Any]:
    """By name, those of a group after its name. Typer carries a copy of click of its own: these are not click's classes."""
    return dict(_named(typer.main.get_command(app), ""))


def _named(group: Any, before: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _named(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _flags(command: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    for parameter in command.params:
        if parameter.param_type_name == "option":
            yield max(parameter.opts, key=len)


def test_the_commands_have_flags_that_this_file_can_see() -> None:
    assert {"--out", "--config", "--from-detections"} <= set(_flags(_commands()["detect"]))


def _readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(_commands()))
def test_the_readme_names_every_command_with_its_flags(project_root: Path, name: str) -> None:
    sections = _readme(project_root).split("\n- `pleaselock ")
    mine = [
        section.split("\n- ")[0].split("\n\n#")[0]
        for section in sections
        if section.startswith((f"{name} ", f"{name}`"))
    ]
    assert mine, f"README's list of commands lacks `pleaselock {name}`"
    missing = [flag for flag in _flags(_commands()[name]) if flag not in mine[0] and flag != "--help"]
    assert not missing, f"README's entry of `pleaselock {name}` lacks {missing}"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_readme_names_every_setting(project_root: Path, name: str) -> None:
    assert f"`PLEASELOCK_{name.upper()}`" in _readme(project_root)


SECTIONS = [
    SiteConfig,
    CameraConfig,
    RackConfig,
    FleetConfig,
    Thresholds,
    AnnounceConfig,
    HomeAssistantConfig,
    MetricsConfig,
]


@pytest.mark.parametrize("model", SECTIONS)
def test_the_configuration_page_names_every_key_with_its_default(project_root: Path, model: type[BaseModel]) -> None:
    page = (project_root / "detector" / "README.md").read_text(encoding="utf-8")
    for key, about in model.model_fields.items():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{key}` |")), None)
        assert row is not None, f"detector/README.md lacks the key {key} of {model.__name__}"
        if isinstance(about.default, int | float) and not isinstance(about.default, bool):
            assert f"| {about.default:g} |" in row, f"detector/README.md: the default of {key} is {about.default:g}"
