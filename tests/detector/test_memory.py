"""What is freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
