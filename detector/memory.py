"""Memory that comes and goes with every picture goes back to the system at once."""

from __future__ import annotations

import ctypes
import sys

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BYTES, ARENAS = 1 << 20, 2


def give_back_pictures() -> bool:
    """Call once, before threads begin; gives whether the system's allocator took it (glibc's does).

    Left alone, glibc keeps freed pictures for the thread that had them, and raises by itself from which size on it does
    not. With four cameras of six megabytes a picture that is a hundred megabytes that nobody uses.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(M_ARENA_MAX, ARENAS))
