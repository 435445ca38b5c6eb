"""Step 7: where messages go. Live: outbox and broker. Recorded footage: a file of the same messages."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from broker_bridge.messages import UpMessage


class Sink(Protocol):
    """Takes what the line says; returns only once the message is safe."""

    def send(self, message: UpMessage) -> None: ...

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None: ...


class JsonlSink:
    """One message a line into `events.jsonl`, pictures into `snapshots/<alert_id>.jpg` beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def send(self, message: UpMessage) -> None:
        self._file.write(message.model_dump_json() + "\n")

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None:  # noqa: ARG002
        folder = self._path.parent / "snapshots"
        folder.mkdir(exist_ok=True)
        (folder / f"{alert_id}.jpg").write_bytes(jpeg)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
