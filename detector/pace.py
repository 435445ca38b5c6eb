"""How often a live camera's pictures are wanted, and whether key pictures will do: asked by its reader all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Pace(Protocol):
    """Asked in the reader's thread for every packet and every picture, so both answers must be instant and thread-safe."""

    def fps_wanted(self) -> float:
        """At most this many pictures a second are handed on; above 0."""
        ...

    def keyframes_only(self, key_every_s: float | None) -> bool:
        """Whether to decode key pictures only. The answer may change at any moment.

        On `False` after `True` the packets since the last key picture are decoded at once, so nothing is waited for.

        Args:
            key_every_s: seconds from key picture to key picture in this stream; None: not yet known.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConstantPace:
    """Every picture is decoded and `fps` a second are looked at, whatever happens before the camera."""

    fps: float

    def fps_wanted(self) -> float:
        return self.fps

    def keyframes_only(self, key_every_s: float | None) -> bool:  # noqa: ARG002
        return False
