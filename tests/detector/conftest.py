from __future__ import annotations

from pathlib import Path

import pytest

from tests.detector.drawn_footage import plain, write_video
from tests.detector.running import Run, runner


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "yard.mp4", plain, count=3, fps=1)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"
