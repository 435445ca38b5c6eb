"""Is a lock seen on the bike, carried on it, or not seen, over many views? Pure; the model is behind `LockDetector`.

A lock that hangs on the frame in the same place before and after parking is carried, so it locks nothing. A ring lock is
fitted to its bike for good and looks alike open and closed from afar: it is neither, but where one is fitted, that no
other lock is seen says nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx, intersection_px

CROP_MARGIN = 0.1
"""Of the bike's sides, on each side: a lock to the stand sticks out of the bike's box a little."""
SAME_PLACE = 0.15
"""Of the bike's sides: boxes of one lock on a parked bike differ less than this from view to view."""
SAME_PLACE_TURNED = 0.22
"""An arriving bike is seen from another side, perhaps mirrored: its lock's place is known less well."""
LEAST_SIGHTINGS = 2
LEAST_CARRIED_SHARE = 0.3
"""Of the arriving views: a model that now and then sees a lock that is not there sees it in fewer."""
MOST_VIEWS = 60
EVEN_LIGHT = 128.0


class LockKind(StrEnum):
    U_LOCK = "u_lock"
    CHAIN = "chain"
    CABLE = "cable"
    RING_LOCK = "ring_lock"
    FOLDING = "folding"


class Phase(StrEnum):
    """When a view was taken. What nobody has bent at since it came to rest may count as arriving still."""

    ARRIVING = "arriving"
    PARKED = "parked"


class Flaw(StrEnum):
    """Why no lock can be looked for in a view."""

    TOO_NARROW = "too_narrow"
    HIDDEN = "hidden"
    DARK = "dark"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True)
class LockBox:
    """One lock found in a crop; `score` 0 to 1, box in pixels of the crop."""

    kind: LockKind
    score: float
    xyxy_px: XyxyPx


class LockDetector(Protocol):
    """Finds locks in a crop around one bike."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[LockBox]:
        """Boxes in pixels of the crop (h, w, 3), strongest first."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """One look at a bike at the picture's own resolution, with what decides whether it is good for anything."""

    crop_bgr: NDArray[np.uint8]
    bike_px: XyxyPx
    """In pixels of the crop."""
    sharpness: float
    """Variance of the Laplacian at half size, as it would be in even light. Sharp bikes: 2500 to 15000."""
    brightness: float
    """Mean grey level of the bike, 0 to 255."""
    hidden: float
    """Share of the bike's box that the person most in front of it covers, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ViewNeeds:
    """What a view must be like to look for a lock in it."""

    least_width_px: float = 120.0
    least_sharpness: float = 600.0
    least_brightness: float = 40.0
    most_hidden: float = 0.15


@dataclass(frozen=True, slots=True)
class LockCount:
    """What the views of a parked bike come to. `seen` and `carried` may both be more than 0: two locks."""

    views: int
    seen: int
    """Views with a lock that was not there while the bike arrived."""
    carried: int
    """Views with a lock that still hangs where it hung while the bike arrived."""
    fitted: int
    """Views with a ring lock, open or closed."""
    kind: LockKind | None
    """Of the lock seen, by most views."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A lock's middle on its bike: 0 to 1 from the left and from the top of the bike's box."""

    kind: LockKind
    x: float
    y: float


class LockViews:
    """Gathers the usable views of one stay; the newest ones of each phase count."""

    def __init__(self, least_score: float = 0.3) -> None:
        self._least_score = least_score
        self._arriving: deque[list[_Spot]] = deque(maxlen=MOST_VIEWS)
        self._parked: deque[list[_Spot]] = deque(maxlen=MOST_VIEWS)

    def add(self, phase: Phase, bike_px: XyxyPx, locks: Sequence[LockBox]) -> None:
        """Take the locks found in one usable view; `bike_px` in pixels of the same crop as they are."""
        believed = [lock for lock in locks if lock.score >= self._least_score]
        spots = [_spot(lock, bike_px) for lock in believed if is_on_bike(lock.xyxy_px, bike_px)]
        (self._arriving if phase is Phase.ARRIVING else self._parked).append(spots)

    def count(self) -> LockCount:
        """What is known by now."""
        carried = [[spot for spot in view if self._is_carried(spot)] for view in self._parked]
        on = [[spot for spot in view if self._is_on(spot)] for view in self._parked]
        kinds = Counter(spot.kind for view in on for spot in view)
        kind = max(kinds, key=kinds.__getitem__, default=None)
        fitted = sum(any(spot.kind is LockKind.RING_LOCK for spot in view) for view in self._parked)
        return LockCount(len(self._parked), sum(map(bool, on)), sum(map(bool, carried)), fitted, kind)

    def _is_on(self, spot: _Spot) -> bool:
        """Whether a lock is in this place in several views of the parked bike, and was not before."""
        if spot.kind is LockKind.RING_LOCK or self._is_carried(spot):
            return False
        sightings = sum(any(_is_same_place(spot, one) for one in view) for view in self._parked)
        return sightings >= LEAST_SIGHTINGS

    def _is_carried(self, spot: _Spot) -> bool:
        """Whether it hung in this place in a good part of the views before."""
        if spot.kind is LockKind.RING_LOCK:
            return False
        sightings = sum(any(_is_same_while_arriving(spot, one) for one in view) for view in self._arriving)
        return sightings >= max(LEAST_SIGHTINGS, LEAST_CARRIED_SHARE * len(self._arriving))


def view_of(image_bgr: NDArray[np.uint8], bike_px: XyxyPx, people_px: Sequence[XyxyPx]) -> View:
    """Cut a bike out of a picture (h, w, 3), not resized, with some room around it."""
    height_px, width_px = image_bgr.shape[:2]
    across, down = CROP_MARGIN * bike_px.width, CROP_MARGIN * bike_px.height
    left, top = max(0, int(bike_px.left - across)), max(0, int(bike_px.top - down))
    right, bottom = min(width_px, round(bike_px.right + across)), min(height_px, round(bike_px.bottom + down))
    in_crop = XyxyPx(bike_px.left - left, bike_px.top - top, bike_px.right - left, bike_px.bottom - top)
    crop = image_bgr[top : max(top, bottom), left : max(left, right)]
    grey = _grey(crop)
    hidden = max((intersection_px(person, bike_px) for person in people_px), default=0.0) / max(1.0, bike_px.area)
    return View(crop, in_crop, sharpness_of(grey), float(grey.mean()) if grey.size else 0.0, hidden)


def flaw_of(view: View, needs: ViewNeeds) -> Flaw | None:
    """What makes a view useless; None: it is usable."""
    if min(view.bike_px.width, view.crop_bgr.shape[1]) < needs.least_width_px:
        return Flaw.TOO_NARROW
    if view.hidden > needs.most_hidden:
        return Flaw.HIDDEN
    if view.brightness < needs.least_brightness:
        return Flaw.DARK
    return Flaw.BLURRED if view.sharpness < needs.least_sharpness else None


def usable(view: View, needs: ViewNeeds) -> bool:
    return flaw_of(view, needs) is None


def sharpness_of(grey: NDArray[np.float32]) -> float:
    """Variance of the Laplacian of grey levels (h, w) at half size, where sensor noise hardly counts; 0 if too small."""
    rows, columns = grey.shape[0] // 2, grey.shape[1] // 2
    if min(rows, columns) < 3:  # noqa: PLR2004
        return 0.0
    half = grey[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    middle = half[1:-1, 1:-1]
    bend = 4 * middle - half[:-2, 1:-1] - half[2:, 1:-1] - half[1:-1, :-2] - half[1:-1, 2:]
    return float(bend.var()) * (EVEN_LIGHT / max(1.0, float(grey.mean()))) ** 2


def is_on_bike(lock_px: XyxyPx, bike_px: XyxyPx) -> bool:
    """Whether a lock's middle is in the bike's box, or hardly out of it."""
    x, y = lock_px.centre
    across, down = CROP_MARGIN * bike_px.width, CROP_MARGIN * bike_px.height
    beside = bike_px.left - across <= x <= bike_px.right + across
    return beside and bike_px.top - down <= y <= bike_px.bottom + down


def _spot(lock: LockBox, bike_px: XyxyPx) -> _Spot:
    x, y = lock.xyxy_px.centre
    width, height = max(1.0, bike_px.width), max(1.0, bike_px.height)
    return _Spot(lock.kind, (x - bike_px.left) / width, (y - bike_px.top) / height)


def _is_same_place(one: _Spot, other: _Spot) -> bool:
    return abs(one.x - other.x) <= SAME_PLACE and abs(one.y - other.y) <= SAME_PLACE


def _is_same_while_arriving(parked: _Spot, arriving: _Spot) -> bool:
    if parked.kind is not arriving.kind:
        return False
    across = min(abs(parked.x - arriving.x), abs(1 - parked.x - arriving.x))
    return across <= SAME_PLACE_TURNED and abs(parked.y - arriving.y) <= SAME_PLACE_TURNED


def _grey(image_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels (h, w) as the eye weighs the colours."""
    weights = np.array([0.114, 0.587, 0.299], dtype=np.float32)
    return np.asarray(image_bgr.astype(np.float32) @ weights, dtype=np.float32)
