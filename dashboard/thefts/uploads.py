"""An uploaded table between its preview and its import: on disk, bound to who sent it, gone after two hours."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

KEPT = timedelta(hours=2)
MAX_NAME = 120
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}\Z")


@dataclass(frozen=True)
class Upload:
    token: str
    name: str
    data: bytes


def keep_upload(folder: Path, data: bytes, name: str, account_id: int) -> str:
    """The token under which the same account finds the file again."""
    token = secrets.token_urlsafe(24)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / f"{token}.csv").write_bytes(data)
    owner = {"account_id": account_id, "name": name[-MAX_NAME:]}
    (folder / f"{token}.json").write_text(json.dumps(owner), encoding="utf-8")
    return token


def read_upload(folder: Path, token: str, account_id: int) -> Upload | None:
    """The file, or None: no such token, swept, or another account's."""
    if not _TOKEN.match(token):
        return None
    try:
        owner = json.loads((folder / f"{token}.json").read_text(encoding="utf-8"))
        data = (folder / f"{token}.csv").read_bytes()
    except FileNotFoundError:
        return None
    return Upload(token, str(owner["name"]), data) if owner["account_id"] == account_id else None


def sweep_uploads(folder: Path, at: datetime) -> int:
    """Delete what is older than two hours; how many files went."""
    old = [path for path in folder.glob("*") if path.stat().st_mtime < (at - KEPT).timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
