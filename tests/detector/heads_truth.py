"""Where heads truly are, in made clips and in labelled photos, and whether a picture that leaves still shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.bystanders import Bystanders, look_closer
from detector.detection import Detector
from detector.evaluation.truth import read_truth
from detector.snapshots import Shown, for_strangers, part_of, without_heads
from detector.tracking import Tracker
from detector.vocabulary import Detection, Frame, Kind, Track
from sample_videos.render.camera import Camera, camera_of
from sample_videos.render.geometry import moved, standing_at
from sample_videos.render.person import Looks, bone_matrices, build_person
from sample_videos.render.scenario import scenario_for
from sample_videos.render.timeline import PersonActor, build_timeline

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
CLIPS = Path(__file__).resolve().parent.parent.parent / "sample_videos"
SMALLEST_HEAD_PX = 5
"""Below this there is nothing to recognise."""
MOST_BLOCKS = 7
"""Along a head's height; at four a face is a few patches of colour, at seven still no more than a shape."""
Image = NDArray[np.uint8]


@dataclass
class Count:
    heads: int = 0
    before: int = 0
    """Covered by the boxes of the frame's own detections and tracks alone."""
    now: int = 0
    uncertain: int = 0
    """As `now`, of pictures whose place is not certain and in which the surroundings are sharp."""

    def __str__(self) -> str:
        return f"{self.heads} heads, covered by the frame's boxes {self.before}, in the picture that leaves {self.now}, of an uncertain place {self.uncertain}"


@dataclass(frozen=True)
class Scene:
    """One frame, the bikes a picture could be asked of, and every head in it."""

    frame: Frame
    bikes: tuple[XyxyPx, ...]
    heads: tuple[XyxyPx, ...]
    counts: bool = True


def count_covered(scenes: Iterator[Scene], detector: Detector) -> Count:
    """Each bike's picture is made as for an alert; every head that lies in it for a third or more is looked for."""
    count, bystanders, tracker = Count(), Bystanders(LooksOnce(detector)), Tracker()
    for scene in scenes:
        detections = detector.detect(scene.frame)
        seen: list[Detection | Track] = [*tracker.update(detections, scene.frame.at), *detections]
        bystanders.see(scene.frame, seen)
        if not scene.counts:
            continue
        plain = without_heads(scene.frame.image_bgr, [one for one in seen if one.kind is Kind.PERSON])
        for bike in scene.bikes:
            part = XyxyPx(*part_of(scene.frame, bike))
            heads = [cut for head in scene.heads if (cut := _inside(head, part)) is not None]
            leaving, uncertain = (
                as_it_leaves(scene.frame, bike, bystanders, Shown(certain=certain)) if heads else plain
                for certain in (True, False)
            )
            for head in heads:
                count.heads += 1
                count.before += is_covered(scene.frame.image_bgr, plain, head)
                count.now += is_covered(scene.frame.image_bgr, leaving, head)
                count.uncertain += is_covered(scene.frame.image_bgr, uncertain, head)
    return count


class LooksOnce:
    """A part that is asked for twice in a row is looked at closer once: the model says the same of it again."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._last: tuple[Image, float, list[Detection]] | None = None

    def look_closer(self, image_bgr: Image, least_score: float) -> list[Detection]:
        last = self._last
        if last is None or last[1] != least_score or not np.array_equal(last[0], image_bgr):
            last = self._last = image_bgr, least_score, look_closer(self._detector, image_bgr, least_score)
        return last[2]


def as_it_leaves(frame: Frame, bike: XyxyPx, bystanders: Bystanders, shown: Shown | None = None) -> Image:
    """The frame with the part that shows the bike as it leaves the edge; what is around it stays, it never leaves."""
    left, top, right, bottom = part_of(frame, bike)
    whole = frame.image_bgr.copy()
    whole[top:bottom, left:right] = for_strangers(frame, bike, bystanders, shown)
    return whole


def is_covered(before: Image, after: Image, head: XyxyPx) -> bool:
    """Four fifths of the head's pixels are others than they were, and what is left are a few flat blocks."""
    rows = slice(max(0, int(head.top)), int(np.ceil(head.bottom)))
    columns = slice(max(0, int(head.left)), int(np.ceil(head.right)))
    one, other = before[rows, columns], after[rows, columns].astype(int)
    changed = float((one != other).any(axis=2).mean())
    steps = [float((np.diff(other, axis=axis) != 0).any(axis=2).mean()) for axis in (0, 1)]
    return changed >= 0.8 and max(steps) * head.height <= MOST_BLOCKS


def rendered_scenes(name: str, *, every_s: float) -> Iterator[Scene]:
    """A clip at five frames a second, the heads computed from its scenario; every so often a scene counts."""
    truth = read_truth(CLIPS / f"{name}.truth.json")
    timeline = build_timeline(scenario_for(CLIPS / "render" / "scenarios" / truth.scenario, truth.seed))
    camera, step = camera_of(timeline.scenario), max(1, round(truth.fps / 5))
    for index, image in enumerate(images(CLIPS / truth.clip)):
        if index % step:
            continue
        at_s = index / truth.fps
        bikes = tuple(
            XyxyPx(*(side * (truth.width, truth.height)[number % 2] for number, side in enumerate(stay.xyxy_norm)))
            for stay in truth.stays
            if stay.preexisting or (stay.parked_at_s is not None and stay.parked_at_s <= at_s)
        )
        heads = [head for one in timeline.people if (head := _head(one, camera, index)) is not None]
        yield Scene(
            Frame(image, index, AT + timedelta(seconds=at_s)),
            bikes,
            tuple(heads),
            counts=(index // step) % round(every_s * 5) == 0,
        )


def photo_scenes(folder: Path) -> Iterator[Scene]:
    """Labelled photos, hours apart. A person's head is the top sixth of the box; a helmet is one as it is."""
    for number, file in enumerate(sorted((folder / "images" / "val").glob("*.jpg"))):
        image = np.asarray(cv2.imread(str(file)), np.uint8)
        boxes = _labels(folder / "labels" / "val" / f"{file.stem}.txt", image.shape[1], image.shape[0])
        heads = tuple(_top_of(box) if kind == 0 else box for kind, box in boxes if kind in (0, 3))
        bikes = tuple(box for kind, box in boxes if kind == 1)
        yield Scene(Frame(image, number, AT + timedelta(hours=number)), bikes, heads)


def _labels(file: Path, width: int, height: int) -> list[tuple[int, XyxyPx]]:
    found = []
    for line in file.read_text().splitlines():
        kind, x, y, w, h = (float(part) for part in line.split()[:5])
        box = XyxyPx((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        found.append((int(kind), box))
    return found


def _top_of(person: XyxyPx) -> XyxyPx:
    share = 1 / 6 if person.height > person.width else 1 / 4
    return XyxyPx(person.left, person.top, person.right, person.top + share * person.height)


def _inside(head: XyxyPx, part: XyxyPx) -> XyxyPx | None:
    """What of the head lies in the picture; None: too little of it, or too small to know anybody by."""
    cut = XyxyPx(
        max(head.left, part.left), max(head.top, part.top), min(head.right, part.right), min(head.bottom, part.bottom)
    )
    if cut.right <= cut.left or cut.bottom <= cut.top or cut.area < head.area / 3:
        return None
    return cut if min(head.width, head.height) >= SMALLEST_HEAD_PX else None


def _head(person: PersonActor, camera: Camera, index: int) -> XyxyPx | None:
    state = person.states[min(index, len(person.states) - 1)]
    if state is None:
        return None
    bone = bone_matrices(state.pose, person.looks.height_m)["head"]
    world = moved(moved(_head_vertices(person.looks), bone), standing_at(state.x, state.y, state.yaw))
    found = camera.extent_px(world)
    return None if found is None else XyxyPx(*found)


@cache
def _head_vertices(looks: Looks) -> NDArray[np.float64]:
    return np.concatenate([mesh.vertices for mesh in build_person(looks)["head"]])


def images(path: Path) -> Iterator[Image]:
    video = cv2.VideoCapture(str(path))
    try:
        while True:
            there, image = video.read()
            if not there:
                return
            yield np.asarray(image, np.uint8)
    finally:
        video.release()
