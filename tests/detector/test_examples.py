"""The examples hold: systemd accepts the units, and every command line in them is one of ours."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

import detector
from detector.config import SiteConfig, load_config
from pleaselock import app

FOLDER = Path(detector.__file__).parent / "examples"
UNITS = sorted(FOLDER.glob("*.service"))


def _command_lines() -> list[tuple[str, list[str]]]:
    """Where it stands, and the words after `pleaselock`."""
    lines = []
    for unit in UNITS:
        for key, value in re.findall(r"^(Exec\w+)=(.+)$", unit.read_text(), flags=re.MULTILINE):
            program, *words = shlex.split(value)
            if program.endswith("/pleaselock"):
                lines.append((f"{unit.name}: {key}", words))
    text = (FOLDER / "Containerfile").read_text()
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", text, flags=re.MULTILINE)
    assert json.loads(entry) == ["pleaselock"]
    lines += [("Containerfile: CMD", json.loads(one)) for one in re.findall(r"^CMD (.+)$", text, flags=re.MULTILINE)]
    return lines


def test_there_is_a_unit_for_each_part() -> None:
    assert len(_command_lines()) == 4
    assert [unit.stem for unit in UNITS] == ["pleaselock-bridge", "pleaselock-server", "pleaselock-worker"]


@pytest.mark.parametrize(
    ("where", "words"), _command_lines(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_flag_exists(where: str, words: list[str]) -> None:
    commands: dict[str, Any] = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert words[0] in commands, where
    flags = {flag for parameter in commands[words[0]].params for flag in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= flags


@pytest.mark.service("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_accepts_the_unit(unit: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "pleaselock"
    here = tmp_path / unit.name
    # It looks whether the program is there: ours is not in /opt where tests run, and there may be no such user.
    text = unit.read_text().replace("/opt/pleaselock/bin/pleaselock", str(program))
    here.write_text(re.sub(r"^(User|Group)=pleaselock$", r"\1=root", text, flags=re.MULTILINE))
    others = "network-online.target time-sync.target postgresql.service mosquitto.service pleaselock-server.service"
    for name in others.split():
        if name != unit.name:
            kind = "[Service]\nExecStart=/bin/true\n" if name.endswith(".service") else ""
            (tmp_path / name).write_text(f"[Unit]\nDescription=stands in\n{kind}")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(here)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert unit.name not in said.stderr, said.stderr


@pytest.mark.service("systemd-analyze")
def test_a_mistake_in_a_unit_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "pleaselock-worker.service"
    broken.write_text((FOLDER / broken.name).read_text().replace("Restart=always", "Restart=sometimes"))
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", str(broken)], capture_output=True, text=True, check=False)  # fmt: skip
    assert "Failed to parse service" in said.stderr


def test_the_example_of_a_configuration_can_be_read() -> None:
    site = load_config(FOLDER / "site.yaml", SiteConfig)
    assert [camera.id for camera in site.cameras] == ["teaching-1-east", "teaching-1-west"]


def test_the_image_holds_what_the_parts_need(project_root: Path) -> None:
    text = (FOLDER / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, flags=re.MULTILINE)
    assert [(project_root / name).exists() for name in copied] == [True] * len(copied)
    assert "USER pleaselock" in text
