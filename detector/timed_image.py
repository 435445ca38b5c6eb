"""A picture whose time is known and whose pixels are not fetched yet: most are thinned away and never need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TimedImage:
    """One picture of a source. `to_bgr` gives (height, width, 3), uint8, the same size for every picture of a source."""

    index: int
    elapsed_s: Fraction
    """Seconds since the source's first picture."""
    to_bgr: Callable[[], NDArray[np.uint8]]
