"""Moments for tests of single steps: what is in view is followed without a tracker, under track ids of one's own choice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from detector.boxes import XyxyPx
from detector.trails import Moment, Sighting, Trail, Trails
from detector.vocabulary import Detection, Kind, Track
from tests.detector.scenes import HEIGHT_PX, START, WIDTH_PX, Actor

FAINT = 0.12


def when(second: float) -> datetime:
    return START + timedelta(seconds=second)


def person_on(x: float, y: float, width: float = 40, height: float = 110) -> XyxyPx:
    """Somebody's box with their feet at (x, y), pixels."""
    return XyxyPx(x - width / 2, y - height, x + width / 2, y)


def bike_on(x: float, y: float, width: float = 110, height: float = 65) -> XyxyPx:
    """A bike's box whose wheels stand around (x, y), pixels."""
    return XyxyPx(x - width / 2, y - height, x + width / 2, y)


def followed(track_id: int, box: XyxyPx, second: float, *, kind: Kind = Kind.PERSON, born_s: float = 0.0) -> Track:
    at = when(second)
    return Track(track_id, kind, 0.8, box, seen=True, first_seen_at=when(born_s), last_seen_at=at)


def moment_of(second: float, *tracks: Track, faint: Iterable[Detection] = ()) -> Moment:
    """One frame with these tracks, each with a box of its own, and boxes too faint to follow."""
    found = [Detection(track.kind, track.score, track.xyxy_px) for track in tracks]
    return Moment(when(second), tracks, (*found, *faint), WIDTH_PX, HEIGHT_PX)


def film(actors: Mapping[int, Actor], ends_s: float, fps: float = 5.0, begins_s: float = 0.0) -> Iterator[Moment]:
    """The moments of a scene without noise. A track id is its actor's; `faint` ones are found and not followed."""
    born: dict[int, float] = {}
    for index in range(round(begins_s * fps), round(ends_s * fps)):
        second = index / fps
        tracks, faint = [], []
        for track_id, actor in actors.items():
            box = actor.box(second)
            if box is None:
                continue
            if any(start <= second < end for start, end in actor.faint):
                faint.append(Detection(actor.kind, FAINT, box))
                continue
            born_s = born.setdefault(track_id, second)
            tracks.append(followed(track_id, box, second, kind=actor.kind, born_s=born_s))
        yield moment_of(second, *tracks, faint=faint)


def trails_of(moments: Iterable[Moment]) -> Trails:
    trails = Trails()
    for moment in moments:
        trails.update(moment)
    return trails


def trail_of(boxes: Sequence[XyxyPx], step_s: float = 0.2, begins_s: float = 0.0) -> Trail:
    """A path of one box every `step_s` seconds."""
    return [Sighting(when(begins_s + step_s * index), box, 0.8) for index, box in enumerate(boxes)]
