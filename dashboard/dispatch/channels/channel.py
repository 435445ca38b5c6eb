"""What every way of reaching a volunteer has in common: a notice goes in, or one kind of error comes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class ChannelError(Exception):
    """The notice did not get through. `permanent`: this person cannot be reached this way, so it is not tried again."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent


@dataclass(frozen=True)
class Notice:
    """What one person is told about one bike. `language` is theirs: zh-CN or en."""

    alert_id: str
    account_id: int
    language: str
    rack: str
    building: str
    left_at: datetime | None


class Channel(Protocol):
    """A port: the worker hands over a notice and must get an answer well within `service.ATTEMPT_LASTS`."""

    @property
    def name(self) -> str: ...

    def send(self, notice: Notice) -> None:
        """Deliver, or raise ChannelError."""
