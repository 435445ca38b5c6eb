"""A file system of its own, small enough to be filled; only root may mount one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

SYSTEM_PATH = "/bin:/sbin:/usr/bin:/usr/sbin"


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """One mebibyte of memory, as a disk at `folder`, which must be there.

    Raises:
        CalledProcessError: it cannot be mounted here.
    """
    command = [_program("mount"), "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    subprocess.run(command, capture_output=True, check=True)
    try:
        yield folder
    finally:
        subprocess.run([_program("umount"), "--lazy", str(folder)], check=True)


@cache
def can_be_mounted() -> bool:
    """Found out by doing it: root of a container often may not, either."""
    if os.geteuid() != 0 or not all(shutil.which(name, path=SYSTEM_PATH) for name in ("mount", "umount")):
        return False
    try:
        with tempfile.TemporaryDirectory() as folder, mounted(Path(folder)):
            return True
    except subprocess.CalledProcessError:
        return False


def free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _program(name: str) -> str:
    path = shutil.which(name, path=SYSTEM_PATH)
    assert path is not None
    return path
