"""Where a line's messages go when only the line is looked at."""

from __future__ import annotations

from broker_bridge.messages import UpMessage


class Forgetful:
    """Keeps nothing: only the line is timed."""

    def send(self, message: UpMessage) -> None: ...

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None: ...


class Kept:
    """Keeps the messages, not the pictures."""

    def __init__(self) -> None:
        self.messages: list[UpMessage] = []

    def send(self, message: UpMessage) -> None:
        self.messages.append(message)

    def send_snapshot(self, camera: str, alert_id: str, jpeg: bytes) -> None: ...
