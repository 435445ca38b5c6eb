"""How often pictures of a source are wanted, and whether key pictures will do: asked by its reader all the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.masks import Polygon, black_out


class Pace(Protocol):
    """Asked in the reader's thread, for every packet and every picture: answers must be quick and thread-safe."""

    def fps_wanted(self) -> float:
        """At most this many pictures a second are handed on; above 0."""
        ...

    def keyframes_only(self, key_every_s: float | None) -> bool:
        """Whether to decode key pictures only. The answer may change at any moment.

        On `False` after `True` the packets since the last key picture are decoded after all.

        Args:
            key_every_s: seconds from key picture to key picture in this stream; None: not yet known.
        """
        ...

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:
        """Whether a key picture, `within_s` seconds after the last one handed on, shows that something has begun.

        Then all pictures in between are handed on before it. `image_bgr` (height, width, 3) may be drawn into.
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

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True, slots=True)
class MaskedPace:
    """Looks ahead with the masked parts blacked out, as the frames themselves are."""

    pace: Pace
    masks: Sequence[Polygon]

    def fps_wanted(self) -> float:
        return self.pace.fps_wanted()

    def keyframes_only(self, key_every_s: float | None) -> bool:
        return self.pace.keyframes_only(key_every_s)

    def foresees(self, image_bgr: NDArray[np.uint8], within_s: float) -> bool:
        black_out(image_bgr, self.masks)
        return self.pace.foresees(image_bgr, within_s)
