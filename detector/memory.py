"""Memory that comes and goes with every picture goes back to the system at once."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable

ONE_AT_A_TIME = threading.Lock()
"""For work on large pieces of a picture that all cameras of a worker may do at the same moment, as when somebody parks
before each of them: a few milliseconds later is soon enough, and holds a quarter of the memory."""
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BYTES, ARENAS = 1 << 20, 2


def give_back_pictures() -> bool:
    """Call once, before threads begin; gives whether the system's allocator took it (glibc's does).

    Left alone, glibc keeps freed pictures for the thread that had them, and raises by itself from which size on it does
    not. With four cameras of six megabytes a picture that is a hundred megabytes that nobody uses.
    """
    mallopt = _glibc("mallopt")
    return mallopt is not None and bool(mallopt(M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(M_ARENA_MAX, ARENAS))


def give_back_now() -> None:
    """Free pages go back wherever they lie; it takes some milliseconds. Elsewhere than in glibc nothing happens."""
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _glibc(function: str) -> Callable[..., int] | None:
    """A function of the system's allocator that only glibc has."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), function, None)
