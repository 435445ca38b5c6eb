"""Logs speak one language: JSON where no person reads, and only the keys that README lists."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
TELL = """
import logging, structlog, pleaselock_log
pleaselock_log.log_plainly()
log = structlog.get_logger()
log.warning("摄像头 lost", camera="gate", reason="no route")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broke", count=3)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("uvicorn.error").exception("a library's %s", "words")
logging.getLogger("alembic").info("not asked for")
"""


def _calls(root: Path) -> Iterator[tuple[str, ast.Call]]:
    for package in ("detector", "broker_bridge", "dashboard"):
        for file in sorted((root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                function = node.func if isinstance(node, ast.Call) else None
                if isinstance(function, ast.Attribute) and function.attr in METHODS:
                    owner = function.value
                    if isinstance(owner, ast.Name) and owner.id.lower() == "log":
                        assert isinstance(node, ast.Call)
                        yield f"{file.relative_to(root)}:{node.lineno}", node


def _listed(root: Path) -> set[str]:
    section = (root / "README.md").read_text(encoding="utf-8").split("## Logs")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


def test_every_key_of_every_log_line_is_listed_and_every_listed_key_is_used(project_root: Path) -> None:
    listed, used = _listed(project_root), {"timestamp", "level", "event", "exception"}
    calls = list(_calls(project_root))
    assert len(calls) > 30
    for where, call in calls:
        for keyword in call.keywords:
            if keyword.arg in {None, "exc_info"}:
                continue
            assert keyword.arg in listed, f"{where}: the key {keyword.arg} is not in README's list"
            used.add(str(keyword.arg))
    assert listed - used <= {"worker"}, "listed, and nobody uses it"


def test_what_happened_is_said_in_words_and_details_are_keys(project_root: Path) -> None:
    for where, call in _calls(project_root):
        assert call.args, where
        assert not isinstance(call.args[0], ast.BinOp), f"{where}: put what changes into a key"


def test_a_pipe_gets_json(project_root: Path) -> None:
    said = subprocess.run([sys.executable, "-c", TELL], cwd=project_root, capture_output=True, text=True, check=True)
    assert said.stdout == ""
    first, second, third = (json.loads(line) for line in said.stderr.splitlines())
    assert list(first)[:3] == ["timestamp", "level", "event"]
    assert (first["level"], first["event"], first["camera"]) == ("warning", "摄像头 lost", "gate")
    assert "ZeroDivisionError" in second["exception"]
    assert second["count"] == 3
    assert (third["level"], third["event"]) == ("error", "a library's words")
    assert "ZeroDivisionError" in third["exception"]
    assert list(third)[:3] == ["timestamp", "level", "event"]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_terminal_gets_words(project_root: Path) -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", TELL], cwd=project_root, stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert "摄像头 lost" in said
    assert "camera" in said
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(said.splitlines()[0])
