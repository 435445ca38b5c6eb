"""The server as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVE = [sys.executable, "-m", "pleaselock", "serve"]


@contextmanager
def serving(home: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, as soon as it listens; killed at the end if it has not ended itself."""
    process = subprocess.Popen(
        [*SERVE, "--home", str(home), "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("serving on http://127.0.0.1:"), first or process.communicate()[1]
        yield process, first.split()[-1]
    finally:
        process.kill()
        process.communicate()
