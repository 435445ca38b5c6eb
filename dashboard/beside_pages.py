"""What runs beside the pages: in a thread of this process, for as long as they are served."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside_pages(name: str, run: Callable[[threading.Event], None], stop_within_s: float) -> Iterator[None]:
    """Run until the block ends: `run` is given what is set then, and `stop_within_s` seconds to come to its end."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(stop_within_s)
