"""The hash-pinned files that pip installs are the ones uv.lock says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)


def _locked(root: Path) -> set[tuple[str, str]]:
    lock = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))
    return {(package["name"], package["version"]) for package in lock["package"] if "version" in package}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_requirement_is_the_locked_version_and_carries_hashes(project_root: Path, name: str) -> None:
    text = (project_root / name).read_text(encoding="utf-8")
    pinned = set(PINNED.findall(text))
    assert len(pinned) > 40
    assert pinned <= _locked(project_root)
    assert text.count("--hash=sha256:") > len(pinned)


def test_the_core_needs_no_torch_and_no_index_but_pypi(project_root: Path) -> None:
    core = dict(PINNED.findall((project_root / "requirements.txt").read_text(encoding="utf-8")))
    assert not {"torch", "torchvision", "ultralytics-opencv-headless"} & set(core)
    lock = (project_root / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r'registry = "([^"]+)"', lock)) == {"https://pypi.org/simple"}


def test_every_direct_dependency_is_pinned(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=!~; ]", line)[0] for line in project["dependencies"]}
    core = dict(PINNED.findall((project_root / "requirements.txt").read_text(encoding="utf-8")))
    assert wanted <= set(core)
