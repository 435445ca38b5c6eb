"""What is freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pleaselock_start import is_edge

FREED = """
import threading
import numpy as np
from bench.measure import resident_mib
from detector.memory import give_back_pictures

if not give_back_pictures():
    raise SystemExit(3)

def work():
    for size in range(1, 30):
        np.ones(size << 20, np.uint8)

threads = [threading.Thread(target=work) for _ in range(4)]
before = resident_mib()
for thread in threads: thread.start()
for thread in threads: thread.join()
raise SystemExit(0 if resident_mib() - before < 20 else 1)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc is told so")
def test_pictures_that_threads_had_are_given_back() -> None:
    status = subprocess.run([sys.executable, "-c", FREED], check=False, timeout=60).returncode
    if status == 3:
        pytest.skip("another C library than glibc")
    assert status == 0


LOADED = """
import sys
import pleaselock_start

assert pleaselock_start.is_edge(["watch", "--config", "site.yaml"])
sys.argv = ["pleaselock", "watch", "--config", "no such file.yaml", "--home", "nowhere"]
try:
    pleaselock_start.main()
except SystemExit as said:
    assert said.code == 2, said.code
print([name for name in sys.modules if name.split(".")[0] in {"dashboard", "fastapi", "sqlalchemy", "jinja2"}])
print("scipy.optimize" in sys.modules)
"""


def test_an_edge_worker_loads_nothing_of_the_servers(project_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], check=True, capture_output=True, text=True, timeout=120, cwd=project_root
    )
    assert done.stdout.split("\n")[:2] == ["[]", "False"]
    assert "no such file.yaml" in done.stderr


@pytest.mark.parametrize("arguments", [["serve"], ["watch", "--help"], ["--help"], []])
def test_all_other_commands_come_from_the_whole_command_line(arguments: list[str]) -> None:
    assert not is_edge(arguments)
