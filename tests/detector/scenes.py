"""A tiny simulator of detections: people and bikes on paths, seen through a noisy detector at any frame rate."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from detector.boxes import XyxyPx
from detector.config import WHOLE_PICTURE, Thresholds, ViewConfig
from detector.lock import judge_lock
from detector.parking import ParkingWatch
from detector.reminders import Reminder, ReminderPolicy
from detector.tracking import Tracker
from detector.verdict_model import load_verdict_model
from detector.vocabulary import Detection, Kind, LockVerdict, Stay, StayEvent, StayEventKind

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
WIDTH_PX, HEIGHT_PX = 640, 480
Waypoint = tuple[float, float, float]
Span = tuple[float, float]


@dataclass(frozen=True)
class Actor:
    """Somebody or something on a path of (second, foot x, foot y). Outside the path's seconds it is not there.

    `bent`: a person is three fifths as high, head down. `faint`: found with a low score only. `unseen`: not found.
    """

    kind: Kind
    path: tuple[Waypoint, ...]
    width_px: float
    height_px: float
    score: float = 0.8
    bent: tuple[Span, ...] = ()
    faint: tuple[Span, ...] = ()
    unseen: tuple[Span, ...] = ()

    def box(self, second: float) -> XyxyPx | None:
        if not self.path[0][0] <= second <= self.path[-1][0] or _within(second, self.unseen):
            return None
        x, y = _on_path(self.path, second)
        height = self.height_px * (0.6 if _within(second, self.bent) else 1.0)
        width = self.width_px * (1.4 if _within(second, self.bent) else 1.0)
        return XyxyPx(x - width / 2, y - height, x + width / 2, y)


def person(
    *path: Waypoint, bent: Sequence[Span] = (), faint: Sequence[Span] = (), unseen: Sequence[Span] = ()
) -> Actor:
    return Actor(Kind.PERSON, path, 40, 110, bent=tuple(bent), faint=tuple(faint), unseen=tuple(unseen))


def bike(*path: Waypoint, unseen: Sequence[Span] = (), score: float = 0.8, kind: Kind = Kind.BICYCLE) -> Actor:
    return Actor(kind, path, 110, 65, score=score, unseen=tuple(unseen))


def _within(second: float, spans: Sequence[Span]) -> bool:
    return any(start <= second < end for start, end in spans)


def _on_path(path: Sequence[Waypoint], second: float) -> tuple[float, float]:
    for (t1, x1, y1), (t2, x2, y2) in pairwise(path):
        if t1 <= second <= t2:
            share = (second - t1) / (t2 - t1) if t2 > t1 else 1.0
            return x1 + share * (x2 - x1), y1 + share * (y2 - y1)
    return path[-1][1], path[-1][2]


@dataclass(frozen=True)
class Scene:
    actors: tuple[Actor, ...]
    seconds: float
    fps: float = 5.0
    noise_px: float = 1.0
    miss_share: float = 0.0
    seed: int = 1
    start: datetime = START

    def frames(self) -> Iterator[tuple[datetime, list[Detection]]]:
        dice = random.Random(self.seed)
        for index in range(int(self.seconds * self.fps)):
            second = index / self.fps
            found = [self._detect(actor, second, dice) for actor in self.actors]
            yield self.start + timedelta(seconds=second), [one for one in found if one is not None]

    def _detect(self, actor: Actor, second: float, dice: random.Random) -> Detection | None:
        box = actor.box(second)
        jitter = [dice.gauss(0, self.noise_px) for _ in range(4)]
        if dice.random() < self.miss_share or box is None:
            return None
        left, top, right, bottom = (side + shift for side, shift in zip(box, jitter, strict=True))
        if right <= 0 or left >= WIDTH_PX:
            return None
        score = 0.12 if _within(second, actor.faint) else actor.score
        return Detection(
            actor.kind, score, XyxyPx(max(0.0, left), max(0.0, top), min(right, WIDTH_PX), min(bottom, HEIGHT_PX))
        )


@dataclass
class Told:
    """What the watch said about a scene: (second, event, verdict, reminder), and the stays open at its end."""

    lines: list[tuple[float, StayEvent, LockVerdict | None, Reminder | None]] = field(default_factory=list)
    open_stays: tuple[Stay, ...] = ()

    def of(self, kind: StayEventKind) -> list[StayEvent]:
        return [event for _, event, _, _ in self.lines if event.kind is kind and not event.stay.preexisting]

    def verdicts(self) -> list[LockVerdict]:
        return [verdict for *_, verdict, _ in self.lines if verdict is not None]

    def reminders(self) -> list[tuple[float, Reminder]]:
        return [(second, reminder) for second, *_, reminder in self.lines if reminder is not None]

    def actions(self) -> list[str]:
        return [reminder.clear_reason or reminder.action for _, reminder in self.reminders()]


def watch(*scenes: Scene) -> Told:
    """Run steps 3 to 6 over one scene after another, as one camera sees them."""
    thresholds, verdict_model = Thresholds(), load_verdict_model(ViewConfig().verdict)
    tracker, policy = Tracker(), ReminderPolicy(thresholds)
    parking = ParkingWatch((WHOLE_PICTURE,), thresholds, seed="test")
    told = Told()
    for scene in scenes:
        for at, detections in scene.frames():
            for event in parking.update(tracker.update(detections, at), detections, at, WIDTH_PX, HEIGHT_PX):
                verdict = None
                if event.kind is StayEventKind.LEFT:
                    verdict = judge_lock(replace(event.evidence, brightness=120.0), thresholds, verdict_model)
                second = (at - scenes[0].start).total_seconds()
                told.lines.append((second, event, verdict, policy.decide(event, verdict, at)))
    told.open_stays = parking.stays
    return told


def second_of(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - START).total_seconds()


RIDES_IN: tuple[Waypoint, ...] = ((0, 30, 300), (6, 390, 300))
"""From the left edge to the rack; the bike then stands at x 400."""


def parked_bike(until: float = 120, *, unseen: Sequence[Span] = ()) -> Actor:
    return bike((0, 40, 300), (6, 400, 300), (until, 400, 300), unseen=unseen)


def rider(
    leaves: float,
    *later: Waypoint,
    bent: Sequence[Span] = (),
    faint: Sequence[Span] = (),
    unseen: Sequence[Span] = (),
) -> Actor:
    """Rides in, stands at the bike, walks off to the left at `leaves`, and does whatever comes `later`."""
    walk_off = ((leaves, 390, 305), (leaves + 5, 90, 330))
    return person(*RIDES_IN, *walk_off, *later, bent=bent, faint=faint, unseen=unseen)
