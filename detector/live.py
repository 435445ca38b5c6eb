"""Step 1, live: a camera becomes frames stamped with the time they were taken. The newest wins; the source never ends."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence

from detector.live_clock import Clock, SteadyClock
from detector.live_counts import Counts
from detector.live_reader import LOOK_UP_S, Camera, NewestOnly, Picture
from detector.live_sources import without_password
from detector.masks import Polygon, black_out
from detector.pace import MaskedPace, Pace
from detector.vocabulary import Frame


def live_frames(
    source: str,
    *,
    pace: Pace,
    stop: threading.Event,
    counts: Counts,
    masks: Sequence[Polygon] = (),
    clock: Clock | None = None,
) -> Generator[Frame]:
    """Frames of a live source until `stop` is set, at most `pace.fps_wanted()` a second; ends within a second of it.

    `Frame.at` is strictly rising. A source that breaks off, falls silent or cannot be opened is tried again for ever,
    with growing, jittered pauses; closing the generator lets go of it. However slow the caller is, the next frame is the newest, and memory does not grow.

    Args:
        source: rtsp://..., http://..., a device number or /dev/..., or a video file, which is replayed in a loop at its
            own speed.
        pace: how many frames are looked at, and whether key pictures will do.
        stop: set it to end.
        counts: kept up to date for whoever reports this camera's health.
        masks: polygons, 0 to 1, blacked out.
        clock: gives aware UTC and never goes back; None: this machine's.
    """
    over, newest = threading.Event(), NewestOnly(counts)
    camera = Camera(source, MaskedPace(pace, masks), over, counts, clock or SteadyClock(), newest)
    threading.Thread(target=camera.run, name=f"camera {without_password(source)}", daemon=True).start()
    try:
        while not stop.is_set():
            frame = _shown(newest.take(LOOK_UP_S), masks)
            if frame is not None:
                counts.taken += 1
                yield frame
    finally:
        over.set()


def _shown(picture: Picture | None, masks: Sequence[Polygon]) -> Frame | None:
    """In a function of its own, so that the picture as it was decoded is not held while the frame is looked at."""
    if picture is None:
        return None
    image_bgr = picture.to_bgr()
    black_out(image_bgr, masks)
    return Frame(image_bgr, picture.index, picture.at)
