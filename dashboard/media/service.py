"""Where pictures lie: files under one folder, named by a key that is their path below it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

KEY = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_.:-]+\.[a-z]+")


def snapshot_key(alert_id: str) -> str:
    """The key of an alert's picture; it follows from the alert's id, so that either may arrive first.

    Raises:
        ValueError: the id cannot be part of a file's name.
    """
    return _checked(f"snapshots/{alert_id}.jpg")


def store(folder: Path, key: str, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        ValueError: the key is not one of ours.
        OSError: the folder cannot be written.
    """
    target = folder / _checked(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def exists(folder: Path, key: str) -> bool:
    return (folder / _checked(key)).is_file()


def path_of(folder: Path, key: str) -> Path:
    """Where the file of a key lies, whether or not it is there.

    Raises:
        ValueError: the key is not one of ours.
    """
    return folder / _checked(key)


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be the key of a picture; write it as folder/name.jpg")
    return key
