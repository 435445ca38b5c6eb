"""What happened to one live camera, as plain numbers that its reader keeps up to date for whoever reports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Counts:
    """Since the start. `arrived` from the source, `taken` by the line, `skipped` because a newer one came before."""

    arrived: int = 0
    taken: int = 0
    skipped: int = 0
    last_frame_at: datetime | None = None
    """When the last picture arrived."""
    decoded: int = 0
    left_out: int = 0
    """Arrived, but decoding did not keep up with the camera."""
    damaged: int = 0
    """Could not be decoded, or only with parts missing."""
    connections: int = 0
    """How often the camera was reached."""
    stalls: int = 0
    """How often a connection gave nothing for so long that it was left."""
    lost_because: str | None = None
    """Why there is no picture just now; None: there is one, or it is the first try."""
    key_every_s: float | None = None
    """Seconds between the last two key pictures of this connection."""
